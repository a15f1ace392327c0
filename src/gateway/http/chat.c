/*
 * POST /v1/chat/completions for an agent (spec 02 §4.2): a run, told as a chat completion. A stream
 * begins with the first words, so that a failure before them is a status and not a part of a stream
 * (D26); when the model takes long, it begins all the same, and comments keep it alive.
 */
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "gateway/http/run_follow.h"

struct chat {
	struct oc_exchange *x;
	const struct oc_api_ask *ask;
	struct oc_follow *run;
	char id[OC_ID_CHARS + sizeof "chatcmpl_"];
	int64_t created;
	bool begun, spoke;
	struct oc_buf out;
};

/* ---- shapes ---- */

static json_t *envelope(const struct chat *c, const char *object)
{
	json_t *o = json_object();

	oc_json_put(o, "id", json_string(c->id));
	oc_json_put(o, "object", json_string(object));
	oc_json_put(o, "created", json_integer(c->created));
	oc_json_put(o, "model", oc_json_new_str(oc_str(c->ask->model)));
	return o;
}

static const char *finish_of(const struct oc_run_outcome *o)
{
	if (json_array_size(o->client_calls)) return "tool_calls";
	switch (o->finish) {
	case OC_FINISH_LENGTH: return "length";
	case OC_FINISH_CONTENT_FILTER: return "content_filter";
	default: return "stop";
	}
}

static json_t *usage_of(const struct oc_usage *u)
{
	json_t *usage =
	    json_pack("{s:I,s:I,s:I}", "prompt_tokens", (json_int_t)u->input, "completion_tokens",
		      (json_int_t)u->output, "total_tokens", (json_int_t)(u->input + u->output));

	if (u->cached >= 0)
		oc_json_put(usage, "prompt_tokens_details",
			    json_pack("{s:I}", "cached_tokens", (json_int_t)u->cached));
	return usage;
}

/* delta is stolen; finish NULL = null. */
static json_t *chunk(const struct chat *c, json_t *delta, const char *finish)
{
	json_t *o = envelope(c, "chat.completion.chunk");
	json_t *reason = finish ? json_string(finish) : json_null();

	oc_json_put(
	    o, "choices",
	    json_pack("[{s:i,s:o,s:o}]", "index", 0, "delta", delta, "finish_reason", reason));
	return o;
}

static json_t *reply(const struct chat *c, const struct oc_run_outcome *r)
{
	json_t *o = envelope(c, "chat.completion"), *message = json_object();

	oc_json_put(message, "role", json_string("assistant"));
	oc_json_put(message, "content", oc_json_new_str(oc_str(r->text ? r->text : "")));
	if (json_array_size(r->client_calls))
		oc_json_put(message, "tool_calls", json_incref(r->client_calls));
	oc_json_put(o, "choices",
		    json_pack("[{s:i,s:o,s:s}]", "index", 0, "message", message, "finish_reason",
			      finish_of(r)));
	oc_json_put(o, "usage", usage_of(&r->usage));
	return o;
}

/* ---- stream ---- */

static enum oc_rc flush_wait(struct chat *c)
{
	enum oc_rc rc = oc_exchange_stream_wait(c->x, oc_buf_view(&c->out));

	oc_buf_clear(&c->out);
	return rc;
}

static void begin(void *arg)
{
	struct chat *c = arg;

	if (c->begun) return;
	c->begun = true;
	oc_exchange_set_header(c->x, "Cache-Control", "no-cache");
	oc_exchange_stream_begin(c->x, 200, "text/event-stream; charset=utf-8");
	oc_sse_write(&c->out, NULL, chunk(c, json_pack("{s:s}", "role", "assistant"), NULL));
}

static void say(void *arg, struct oc_str text)
{
	struct chat *c = arg;

	json_t *delta = json_object();

	if (!text.n) {
		json_decref(delta);
		return;
	}
	begin(c);
	c->spoke = true;
	oc_json_put(delta, "content", oc_json_new_str(text));
	oc_sse_write(&c->out, NULL, chunk(c, delta, NULL));
}

static void hand_calls(struct chat *c, json_t *calls)
{
	json_t *list = json_array(), *call;
	size_t i;

	if (!json_array_size(calls)) {
		json_decref(list);
		return;
	}
	json_array_foreach (calls, i, call) {
		json_t *copy = json_pack("{s:i}", "index", (int)i);

		json_object_update(copy, call);
		json_array_append_new(list, copy);
	}
	oc_sse_write(&c->out, NULL, chunk(c, json_pack("{s:o}", "tool_calls", list), NULL));
}

static void finish(struct chat *c, const struct oc_run_outcome *r)
{
	begin(c);
	if (!oc_outcome_ok(r)) {
		oc_sse_write(&c->out, NULL, json_pack("{s:o}", "error", oc_outcome_error(r)));
		oc_buf_adds(&c->out, "data: [DONE]\n\n");
		return;
	}
	if (!c->spoke && r->text) say(c, oc_str(r->text));
	hand_calls(c, r->client_calls);
	oc_sse_write(&c->out, NULL, chunk(c, json_object(), finish_of(r)));
	if (c->ask->usage) {
		json_t *last = envelope(c, "chat.completion.chunk");

		oc_json_put(last, "choices", json_array());
		oc_json_put(last, "usage", usage_of(&r->usage));
		oc_sse_write(&c->out, NULL, last);
	}
	oc_buf_adds(&c->out, "data: [DONE]\n\n");
}

static enum oc_rc stream_wait(struct chat *c)
{
	const struct oc_follow_sink sink = { begin, say, c, &c->out };
	struct oc_run_outcome r = { 0 };
	enum oc_rc rc = oc_follow_tell_wait(c->run, c->x, &sink);

	if (rc != OC_OK) return rc;
	rc = oc_follow_outcome_wait(c->run, &r);
	if (rc != OC_CANCELLED && !c->begun && !oc_outcome_ok(&r)) {
		oc_outcome_refuse(c->x, &r);
	} else if (rc != OC_CANCELLED) {
		finish(c, &r);
		rc = flush_wait(c);
		if (rc == OC_OK) rc = oc_exchange_stream_end_wait(c->x);
	}
	oc_run_outcome_deinit(&r);
	return rc;
}

/* ---- whole ---- */

static enum oc_rc whole_wait(struct chat *c)
{
	struct oc_run_outcome r = { 0 };
	enum oc_rc rc = oc_follow_outcome_wait(c->run, &r);

	if (rc == OC_CANCELLED) return rc;
	if (oc_outcome_ok(&r))
		oc_route_json(c->x, 200, reply(c, &r));
	else
		oc_outcome_refuse(c->x, &r);
	oc_run_outcome_deinit(&r);
	return OC_OK;
}

static void answer_wait(struct oc_gateway *gw, struct oc_exchange *x, const struct oc_api_ask *ask,
			const char *agent)
{
	struct chat c = { .x = x, .ask = ask, .created = oc_wall_ms() / 1000 };
	struct oc_follow_ask follow = { .ask = ask, .agent = agent };
	char uuid[OC_ID_CHARS + 1], *session;

	if (!oc_http_session(gw, x, agent, "openai", ask->user, &session)) return;
	follow.session = session;
	oc_uuid(uuid);
	memcpy(c.id, "chatcmpl_", sizeof "chatcmpl_" - 1);
	memcpy(c.id + sizeof "chatcmpl_" - 1, uuid, sizeof uuid);
	oc_buf_init(&c.out, 4 * OC_MAX_REPLY_BYTES);
	c.run = oc_follow_start_wait(gw, x, &follow);
	if (c.run) (void)!(ask->stream ? stream_wait(&c) : whole_wait(&c)); /* cancelled: it left */
	oc_follow_end_wait(c.run);
	oc_buf_deinit(&c.out);
	free(session);
}

void oc_chat_run_wait(struct oc_gateway *gw, struct oc_exchange *x, struct oc_body *body,
		      const char *agent)
{
	struct oc_api_ask ask;

	if (oc_api_ask_take_wait(x, body, oc_chat_ask_read, &ask)) answer_wait(gw, x, &ask, agent);
	oc_api_ask_deinit(&ask);
}
