/*
 * POST /v1/responses for an agent (spec 02 §4.3): a run, told as a response. The order of the
 * events of a stream is that of the API; a stream begins with the first words, as in chat.c.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "gateway/http/responses_kept.h"
#include "gateway/http/run_follow.h"

enum { MAX_ID = 48 };

struct answer {
	struct oc_gateway *gw;
	struct oc_exchange *x;
	const struct oc_api_ask *ask;
	struct oc_follow *run;
	const char *session;
	char id[MAX_ID], message_id[MAX_ID];
	int64_t created, sequence;
	bool begun, speaking;
	struct oc_buf out, said;
};

static void make_id(const char *prefix, char out[MAX_ID])
{
	char uuid[OC_ID_CHARS + 1];

	oc_uuid(uuid);
	snprintf(out, MAX_ID, "%s%s", prefix, uuid);
}

/* ---- shapes ---- */

static json_t *text_part(struct oc_str text)
{
	json_t *part = json_pack("{s:s}", "type", "output_text");

	oc_json_put(part, "text", oc_json_new_str(text));
	oc_json_put(part, "annotations", json_array());
	return part;
}

/* content is stolen. */
static json_t *message_item(const struct answer *a, const char *status, json_t *content)
{
	return json_pack("{s:s,s:s,s:s,s:o,s:s,s:s}", "type", "message", "id", a->message_id,
			 "role", "assistant", "content", content, "phase", "final_answer", "status",
			 status);
}

static json_t *whole_message(const struct answer *a, struct oc_str text)
{
	json_t *content = json_array();

	json_array_append_new(content, text_part(text));
	return message_item(a, "completed", content);
}

static json_t *call_item(const json_t *call, const char *status, bool empty)
{
	const json_t *function = json_object_get(call, "function");
	struct oc_str arguments = oc_json_str(function, "arguments");
	json_t *item = json_pack("{s:s}", "type", "function_call");
	char id[MAX_ID];

	make_id("fc_", id);
	oc_json_put(item, "id", json_string(id));
	oc_json_put(item, "call_id", oc_json_new_str(oc_json_str(call, "id")));
	oc_json_put(item, "name", oc_json_new_str(oc_json_str(function, "name")));
	oc_json_put(item, "arguments", oc_json_new_str(empty ? OC_LIT("") : arguments));
	oc_json_put(item, "status", json_string(status));
	return item;
}

static json_t *usage_of(const struct oc_usage *u)
{
	return json_pack("{s:I,s:{s:I,s:i},s:I,s:{s:I},s:I}", "input_tokens", (json_int_t)u->input,
			 "input_tokens_details", "cached_tokens",
			 (json_int_t)(u->cached > 0 ? u->cached : 0), "cache_write_tokens", 0,
			 "output_tokens", (json_int_t)u->output, "output_tokens_details",
			 "reasoning_tokens", (json_int_t)(u->reasoning > 0 ? u->reasoning : 0),
			 "total_tokens", (json_int_t)(u->input + u->output));
}

/* output is stolen. */
static json_t *response(const struct answer *a, const char *status, json_t *output)
{
	json_t *r = json_pack("{s:s,s:s,s:I,s:s}", "id", a->id, "object", "response", "created_at",
			      (json_int_t)a->created, "status", status);
	const char *previous = a->ask->previous;

	oc_json_put(r, "model", oc_json_new_str(oc_str(a->ask->model)));
	oc_json_put(r, "output", output);
	oc_json_put(r, "error", json_null());
	oc_json_put(r, "incomplete_details", json_null());
	oc_json_put(r, "previous_response_id",
		    previous ? oc_json_new_str(oc_str(previous)) : json_null());
	return r;
}

static const char *status_of(const struct oc_run_outcome *o)
{
	if (!oc_outcome_ok(o)) return "failed";
	return o->finish == OC_FINISH_LENGTH || o->finish == OC_FINISH_CONTENT_FILTER ? "incomplete"
										      : "completed";
}

/* items (stolen): what stands in output. */
static json_t *final_response(const struct answer *a, const struct oc_run_outcome *o, json_t *items)
{
	json_t *r = response(a, status_of(o), items);

	oc_json_put(r, "usage", usage_of(&o->usage));
	if (!oc_outcome_ok(o)) oc_json_put(r, "error", oc_outcome_error(o));
	if (oc_outcome_ok(o) && o->finish == OC_FINISH_LENGTH)
		oc_json_put(r, "incomplete_details",
			    json_pack("{s:s}", "reason", "max_output_tokens"));
	if (oc_outcome_ok(o) && o->finish == OC_FINISH_CONTENT_FILTER)
		oc_json_put(r, "incomplete_details",
			    json_pack("{s:s}", "reason", "content_filter"));
	return r;
}

/* ---- events ---- */

/* more (stolen) is joined to the event. */
static void event(struct answer *a, const char *type, json_t *more)
{
	json_t *body =
	    json_pack("{s:s,s:I}", "type", type, "sequence_number", (json_int_t)a->sequence++);

	json_object_update(body, more);
	json_decref(more);
	oc_sse_write(&a->out, type, body);
}

/* An event about the text: its place, and one member more (stolen). */
static void text_event(struct answer *a, const char *type, const char *key, json_t *value)
{
	json_t *more = json_pack("{s:s,s:i,s:i}", "item_id", a->message_id, "output_index", 0,
				 "content_index", 0);

	oc_json_put(more, key, value);
	event(a, type, more);
}

static void item_event(struct answer *a, const char *type, size_t index, json_t *item)
{
	event(a, type, json_pack("{s:I,s:o}", "output_index", (json_int_t)index, "item", item));
}

static void begin(void *arg)
{
	struct answer *a = arg;

	static const char *const opening[] = { "response.created", "response.in_progress" };

	if (a->begun) return;
	a->begun = true;
	oc_exchange_set_header(a->x, "Cache-Control", "no-cache");
	oc_exchange_stream_begin(a->x, 200, "text/event-stream; charset=utf-8");
	for (int i = 0; i < 2; i++)
		event(a, opening[i],
		      json_pack("{s:o}", "response", response(a, "in_progress", json_array())));
}

static void say(void *arg, struct oc_str text)
{
	struct answer *a = arg;

	if (!text.n) return;
	begin(a);
	if (!a->speaking) {
		a->speaking = true;
		item_event(a, "response.output_item.added", 0,
			   message_item(a, "in_progress", json_array()));
		text_event(a, "response.content_part.added", "part", text_part(OC_LIT("")));
	}
	oc_buf_add(&a->said, text);
	text_event(a, "response.output_text.delta", "delta", oc_json_new_str(text));
}

static void end_text(struct answer *a, json_t *items)
{
	struct oc_str text = oc_buf_view(&a->said);

	if (!a->speaking) return;
	text_event(a, "response.output_text.done", "text", oc_json_new_str(text));
	text_event(a, "response.content_part.done", "part", text_part(text));
	json_array_append_new(items, whole_message(a, text));
	item_event(a, "response.output_item.done", 0, json_deep_copy(json_array_get(items, 0)));
}

static void hand_call(struct answer *a, const json_t *call, json_t *items)
{
	size_t index = json_array_size(items);
	json_t *whole = call_item(call, "completed", false), *open = json_deep_copy(whole);
	json_t *arguments = json_object_get(whole, "arguments");
	const json_t *id = json_object_get(whole, "id");

	oc_json_put(open, "arguments", json_string(""));
	oc_json_put(open, "status", json_string("in_progress"));
	item_event(a, "response.output_item.added", index, open);
	event(a, "response.function_call_arguments.delta",
	      json_pack("{s:O,s:I,s:O}", "item_id", id, "output_index", (json_int_t)index, "delta",
			arguments));
	event(a, "response.function_call_arguments.done",
	      json_pack("{s:O,s:I,s:O}", "item_id", id, "output_index", (json_int_t)index,
			"arguments", arguments));
	item_event(a, "response.output_item.done", index, json_deep_copy(whole));
	json_array_append_new(items, whole);
}

static void finish(struct answer *a, const struct oc_run_outcome *o)
{
	json_t *items = json_array(), *call;
	char type[40];
	size_t i;

	begin(a);
	if (oc_outcome_ok(o) && !a->speaking) say(a, oc_str(o->text));
	end_text(a, items);
	json_array_foreach (o->client_calls, i, call) {
		hand_call(a, call, items);
	}
	snprintf(type, sizeof type, "response.%s", status_of(o));
	event(a, type, json_pack("{s:o}", "response", final_response(a, o, items)));
	oc_buf_adds(&a->out, "data: [DONE]\n\n");
}

/* ---- keeping ---- */

static json_t *answer_message(const struct oc_run_outcome *o)
{
	json_t *message = json_pack("{s:s}", "role", "assistant"), *calls = json_array(), *call;
	size_t i;

	json_array_foreach (o->client_calls, i, call) {
		const json_t *function = json_object_get(call, "function");
		json_t *kept = json_object();

		oc_json_put(kept, "id", oc_json_new_str(oc_json_str(call, "id")));
		oc_json_put(kept, "name", oc_json_new_str(oc_json_str(function, "name")));
		oc_json_put(kept, "arguments", oc_json_new_str(oc_json_str(function, "arguments")));
		json_array_append_new(calls, kept);
	}
	oc_json_put(message, "text", oc_json_new_str(oc_str(o->text)));
	oc_json_put(message, "calls", calls);
	return message;
}

/* Before the client is told the id: it may use it at once. */
static void keep_wait(struct answer *a, const struct oc_run_outcome *o)
{
	if (!a->ask->store || !oc_outcome_ok(o)) return;
	json_t *messages = oc_api_messages_json(&a->ask->messages, 0);

	json_array_append_new(messages, answer_message(o));
	oc_response_keep_wait(a->gw, a->id, a->ask->previous, a->session, messages);
	json_decref(messages);
}

/* ---- stream ---- */

static enum oc_rc flush_wait(struct answer *a)
{
	enum oc_rc rc = oc_exchange_stream_wait(a->x, oc_buf_view(&a->out));

	oc_buf_clear(&a->out);
	return rc;
}

static enum oc_rc stream_wait(struct answer *a)
{
	const struct oc_follow_sink sink = { begin, say, a, &a->out };
	struct oc_run_outcome o = { 0 };
	enum oc_rc rc = oc_follow_tell_wait(a->run, a->x, &sink);

	if (rc != OC_OK) return rc;
	rc = oc_follow_outcome_wait(a->run, &o);
	if (rc != OC_CANCELLED && !a->begun && !oc_outcome_ok(&o)) {
		oc_outcome_refuse(a->x, &o);
	} else if (rc != OC_CANCELLED) {
		keep_wait(a, &o);
		finish(a, &o);
		rc = flush_wait(a);
		if (rc == OC_OK) rc = oc_exchange_stream_end_wait(a->x);
	}
	oc_run_outcome_deinit(&o);
	return rc;
}

/* ---- whole ---- */

static enum oc_rc whole_wait(struct answer *a)
{
	struct oc_run_outcome o = { 0 };
	enum oc_rc rc = oc_follow_outcome_wait(a->run, &o);
	json_t *items, *call;
	size_t i;

	if (rc == OC_CANCELLED) return rc;
	if (!oc_outcome_ok(&o)) {
		oc_outcome_refuse(a->x, &o);
	} else {
		items = json_array();
		if (o.text && *o.text)
			json_array_append_new(items, whole_message(a, oc_str(o.text)));
		json_array_foreach (o.client_calls, i, call) {
			json_array_append_new(items, call_item(call, "completed", false));
		}
		keep_wait(a, &o);
		oc_route_json(a->x, 200, final_response(a, &o, items));
	}
	oc_run_outcome_deinit(&o);
	return OC_OK;
}

/* ---- the request ---- */

static void answer_wait(struct answer *a, const char *agent, const struct oc_messages *before)
{
	const struct oc_follow_ask follow = {
		.ask = a->ask, .agent = agent, .session = a->session, .before = before
	};

	a->created = oc_wall_ms() / 1000;
	make_id("resp_", a->id);
	make_id("msg_", a->message_id);
	oc_buf_init(&a->out, 4 * OC_MAX_REPLY_BYTES);
	oc_buf_init(&a->said, OC_MAX_REPLY_BYTES);
	a->run = oc_follow_start_wait(a->gw, a->x, &follow);
	if (a->run)
		(void)!(a->ask->stream ? stream_wait(a) : whole_wait(a)); /* cancelled: it left */
	oc_follow_end_wait(a->run);
	oc_buf_deinit(&a->said);
	oc_buf_deinit(&a->out);
}

/* What the earlier response was about. False: answered. */
static bool load_previous_wait(struct answer *a, struct oc_messages *before, char **session)
{
	struct oc_err e = { 0 };

	if (!a->ask->previous) return true;
	enum oc_rc rc = oc_response_load_wait(a->gw, a->ask->previous, before, session, &e);

	if (rc == OC_OK) return true;
	if (rc == OC_E_NOT_FOUND)
		oc_route_refuse(a->x, 400, "invalid_request_error", "previous_response_not_found",
				"there is no response \"%.80s\" to go on from: each is kept for 24 "
				"hours, unless \"store\" is false",
				a->ask->previous);
	else if (rc != OC_CANCELLED)
		oc_route_fail(a->x, 500, "api_error", "%s", e.msg);
	return false;
}

static void serve_wait(struct oc_gateway *gw, struct oc_exchange *x, const struct oc_api_ask *ask,
		       const char *agent)
{
	struct answer a = { .gw = gw, .x = x, .ask = ask };
	struct oc_messages before = { 0 };
	char *earlier = NULL, *named = NULL;

	if (oc_http_session(gw, x, agent, "openresponses", ask->user, &named) &&
	    load_previous_wait(&a, &before, &earlier)) {
		a.session = named ? named : earlier;
		answer_wait(&a, agent, &before);
	}
	oc_messages_deinit(&before);
	free(earlier);
	free(named);
}

void oc_responses_run_wait(struct oc_gateway *gw, struct oc_exchange *x, struct oc_body *body,
			   const char *agent)
{
	struct oc_api_ask ask;

	if (oc_api_ask_take_wait(x, body, oc_responses_ask_read, &ask))
		serve_wait(gw, x, &ask, agent);
	oc_api_ask_deinit(&ask);
}
