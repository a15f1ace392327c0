/*
 * What happens to runs, as events of the protocol: one function for each kind. Whatever must not be
 * overtaken by live text flushes it first.
 */
#include "gateway/events/run_events.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "gateway/events/run_live.h"
#include "gateway/view/history_message.h"
#include "gateway/view/text_blocks.h"
#include "gateway/wire/recent_keys.h"

/* ---- what happens ---- */

static void send_status(struct oc_run_events *re, struct oc_live_run *r, const char *phase)
{
	struct oc_run_names n = oc_live_names(r);
	json_t *payload = oc_chat_payload(&n, ++r->seq, "status");

	oc_json_put(payload, "phase", json_string(phase));
	oc_live_send(re, r, "chat", payload, NULL, NULL);
}

static void on_started(struct oc_run_events *re, struct oc_live_run *r,
		       const struct oc_run_event *e)
{
	r->started = true;
	send_status(re, r, "preparing_workspace");
	send_status(re, r, "preparing_context");
	oc_live_send_agent(
	    re, r, "lifecycle",
	    json_pack("{s:s,s:I}", "phase", "start", "startedAt", (json_int_t)e->run->started_ms));
}

static void on_model(struct oc_run_events *re, struct oc_live_run *r, const struct oc_run_event *e)
{
	json_t *data = json_pack("{s:s}", "phase", "model");

	send_status(re, r, "starting_model");
	if (e->run->provider) oc_json_put(data, "provider", json_string(e->run->provider));
	if (e->run->model) oc_json_put(data, "model", oc_json_new_str(oc_str(e->run->model)));
	oc_live_send_agent(re, r, "lifecycle", data);
}

static void on_progress(struct oc_run_events *re, struct oc_live_run *r,
			const struct oc_run_event *e)
{
	if (e->progress) oc_live_send_agent(re, r, "progress", oc_progress_data(e->progress));
}

static void on_thinking(struct oc_run_events *re, struct oc_live_run *r,
			const struct oc_run_event *e)
{
	oc_buf_add(&r->thinking.text, e->delta);
	oc_live_speak(re, &r->thinking);
}

static void on_text(struct oc_run_events *re, struct oc_live_run *r, const struct oc_run_event *e)
{
	if (e->segment != r->segment) {
		oc_live_flush(re, r);
		oc_live_next_segment(r, e->segment);
	}
	oc_live_flush_thinking(re, r); /* thoughts come before what they led to */
	oc_buf_add(&r->text.text, e->delta);
	oc_live_speak(re, &r->text);
}

/* Text that stands before tool calls is a comment on them. */
static void tell_preamble(struct oc_run_events *re, struct oc_live_run *r)
{
	if (!r->text.text.n || r->preamble_told) return;
	r->preamble_told = true;
	oc_live_send_agent(re, r, "item",
			   json_pack("{s:s,s:s,s:o,s:o}", "kind", "preamble", "phase", "update",
				     "progressText", oc_json_new_str(oc_buf_view(&r->text.text)),
				     "itemId",
				     json_sprintf("commentary-%u-%s", r->segment, r->id)));
}

static struct oc_live_call *live_call(struct oc_live_run *r, const char *id)
{
	for (struct oc_live_call *c = r->calls; c; c = c->next)
		if (!strcmp(c->id, id)) return c;
	return NULL;
}

static void on_tool_start(struct oc_run_events *re, struct oc_live_run *r,
			  const struct oc_run_event *e)
{
	struct oc_live_call *c = oc_new(struct oc_live_call);

	oc_live_flush(re, r);
	tell_preamble(re, r);
	c->id = oc_strdup(e->call->id ? e->call->id : "");
	c->name = oc_strdup(e->call->name ? e->call->name : "");
	oc_buf_init(&c->output.text, OC_MAX_EXEC_OUTPUT_BYTES);
	c->next = r->calls;
	r->calls = c;
	oc_live_send_agent(re, r, "item", oc_tool_item_data(e->call, "start", "running"));
	oc_live_send_tool(re, r, oc_tool_start_data(e->call));
}

static void on_tool_output(struct oc_run_events *re, struct oc_live_run *r,
			   const struct oc_run_event *e)
{
	struct oc_live_call *c = live_call(r, e->call->id ? e->call->id : "");

	if (!c) return;
	oc_buf_add(&c->output.text, e->delta);
	oc_live_speak(re, &c->output);
}

static void on_tool_end(struct oc_run_events *re, struct oc_live_run *r,
			const struct oc_run_event *e)
{
	struct oc_live_call **at = &r->calls;

	oc_live_flush(re, r);
	oc_live_send_tool(re, r, oc_tool_result_data(e->call, e->tool_result, e->tool_ms));
	oc_live_send_agent(
	    re, r, "item",
	    oc_tool_item_data(e->call, "end", e->tool_result->is_error ? "failed" : "completed"));
	while (*at && strcmp((*at)->id, e->call->id ? e->call->id : "") != 0) at = &(*at)->next;
	if (!*at) return;
	struct oc_live_call *c = *at;
	*at = c->next;
	oc_live_call_free(c);
}

static bool calls_tools(const json_t *body)
{
	const json_t *part;
	size_t i;

	json_array_foreach (json_object_get(body, "content"), i, part)
		if (oc_str_eq(oc_json_str(part, "type"), OC_LIT("toolCall"))) return true;
	return false;
}

/* What is known of a session while its run is under way is newer than the row. */
static json_t *live_row(const struct oc_live_run *r, const struct oc_stored_message *m)
{
	if (!r || !r->row) return NULL;
	json_t *row = json_copy(r->row);
	if (r->started) {
		oc_json_put(row, "hasActiveRun", json_true());
		oc_json_put(row, "status", json_string("running"));
	}
	oc_json_put(row, "updatedAt", json_integer(m->created_ms));
	return row;
}

static void send_message(struct oc_run_events *re, const struct oc_live_run *r,
			 const struct oc_run_event *e)
{
	const struct oc_stored_message *m = e->message;
	const char *agent = r ? r->agent : e->run ? e->run->agent : NULL;
	json_t *payload = json_pack("{s:s}", "sessionKey", e->session_key);
	struct oc_event out = { .name = "session.message",
				.payload = payload,
				.scope = OC_SCOPE_READ,
				.session_key = e->session_key,
				.to = OC_TO_MESSAGES };

	if (agent) oc_json_put(payload, "agentId", json_string(agent));
	json_t *message = oc_history_message(m), *rendered = NULL;

	if (oc_live_wants_blocks(re))
		rendered = json_pack("{s:o}", "message", oc_message_with_blocks(message));
	out.rendered = rendered;
	oc_json_put(payload, "message", message);
	oc_json_put(payload, "messageId", json_string(m->id));
	oc_json_put(payload, "messageSeq", json_integer(m->seq));
	oc_json_put(payload, "session", live_row(r, m));
	oc_run_post(re, &out);
	json_decref(payload);
	json_decref(rendered);
}

static void on_message(struct oc_run_events *re, struct oc_live_run *r,
		       const struct oc_run_event *e)
{
	if (r) {
		oc_live_flush(re, r);
		if (calls_tools(e->message->body)) tell_preamble(re, r);
	}
	if (e->session_key && !(e->message->flags & OC_MSG_HIDDEN_FROM_PEOPLE))
		send_message(re, r, e);
}

static void on_usage(struct oc_run_events *re, struct oc_live_run *r, const struct oc_run_event *e)
{
	if (!e->usage || !e->usage->present) return;
	oc_live_flush(re, r);
	oc_live_send_agent(re, r, "usage",
			   json_pack("{s:I,s:I}", "inputTokens", (json_int_t)e->usage->input,
				     "outputTokens", (json_int_t)e->usage->output));
}

static void on_notice(struct oc_run_events *re, struct oc_live_run *r, const struct oc_run_event *e)
{
	oc_live_flush(re, r);
	oc_live_send_agent(re, r, "notice", json_pack("{s:o}", "text", oc_json_new_str(e->text)));
}

static void put_message(json_t *payload, struct oc_str text)
{
	if (text.n) oc_json_put(payload, "message", oc_chat_text_message(text));
}

/* A run that was taken in by another one has no life of its own, only this end. */
static json_t *ended(struct oc_run_events *re, struct oc_live_run *r, const char *state,
		     json_t *data)
{
	struct oc_run_names n = oc_live_names(r);

	if (r->started)
		oc_live_send_agent(re, r, "lifecycle", data);
	else {
		json_decref(data);
		r->seq++;
	}
	return oc_chat_payload(&n, r->seq, state);
}

static void on_done(struct oc_run_events *re, struct oc_live_run *r, const struct oc_run_event *e)
{
	oc_live_flush(re, r);
	if (r->started)
		oc_live_send_agent(re, r, "lifecycle", json_pack("{s:s}", "phase", "finishing"));
	json_t *payload = ended(re, r, "final", oc_lifecycle_end_data(e, false));
	put_message(payload, e->text);
	if (e->usage && e->usage->present) oc_json_put(payload, "usage", oc_usage_json(e->usage));
	oc_json_put(payload, "stopReason", json_string(oc_stop_reason(e->finish)));
	oc_live_send(re, r, "chat", payload, NULL, oc_live_rendered_end(re, r, e->text));
}

static void on_aborted(struct oc_run_events *re, struct oc_live_run *r,
		       const struct oc_run_event *e)
{
	oc_live_flush(re, r);
	json_t *payload = ended(re, r, "aborted", oc_lifecycle_end_data(e, true));
	put_message(payload, e->text);
	oc_json_put(payload, "stopReason", json_string(e->reason ? e->reason : "aborted"));
	oc_live_send(re, r, "chat", payload, NULL, oc_live_rendered_end(re, r, e->text));
}

static void on_failed(struct oc_run_events *re, struct oc_live_run *r, const struct oc_run_event *e)
{
	oc_live_flush(re, r);
	json_t *payload = ended(re, r, "error", oc_lifecycle_error_data(e));
	put_message(payload, e->text);
	oc_chat_put_error(payload, e);
	oc_json_put(payload, "stopReason", json_string("error"));
	oc_live_send(re, r, "chat", payload, NULL, oc_live_rendered_end(re, r, e->text));
}

/* Known from now on, so that its first message has a row already. */
static void on_accepted(struct oc_run_events *re, struct oc_live_run *r,
			const struct oc_run_event *e)
{
	(void)re, (void)r, (void)e;
}

static const struct {
	void (*tell)(struct oc_run_events *re, struct oc_live_run *r, const struct oc_run_event *e);
	bool last; /* of its run */
} kinds[] = {
	[OC_RUN_ACCEPTED] = { on_accepted, false },
	[OC_RUN_STARTED] = { on_started, false },
	[OC_RUN_MODEL] = { on_model, false },
	[OC_RUN_PROGRESS] = { on_progress, false },
	[OC_RUN_THINKING] = { on_thinking, false },
	[OC_RUN_TEXT] = { on_text, false },
	[OC_RUN_TOOL_START] = { on_tool_start, false },
	[OC_RUN_TOOL_OUTPUT] = { on_tool_output, false },
	[OC_RUN_TOOL_END] = { on_tool_end, false },
	[OC_RUN_MESSAGE] = { on_message, false },
	[OC_RUN_USAGE] = { on_usage, false },
	[OC_RUN_NOTICE] = { on_notice, false },
	[OC_RUN_DONE] = { on_done, true },
	[OC_RUN_ABORTED] = { on_aborted, true },
	[OC_RUN_FAILED] = { on_failed, true },
};

void oc_run_events_watch(void *arg, const struct oc_run_event *e)
{
	struct oc_run_events *re = arg;
	bool stateless = e->run && !e->run->session_key;

	if (e->kind == OC_SESSION_CHANGED) {
		if (e->session_key)
			oc_run_change(re, e->session_key, e->reason ? e->reason : "update",
				      e->run ? e->run->agent : NULL);
		return;
	}
	if (e->kind >= sizeof kinds / sizeof *kinds || !kinds[e->kind].tell || stateless) return;
	bool message = e->kind == OC_RUN_MESSAGE; /* may come without a run, and after its end */
	struct oc_live_run *r = e->run ? oc_live_run_of(re, e->run, !message) : NULL;
	if (!r && !message) return;
	kinds[e->kind].tell(re, r, e);
	if (kinds[e->kind].last) oc_live_run_forget(re, r);
}

void oc_run_events_reply(struct oc_run_events *re, const char *run_id, const char *session_key,
			 const char *agent, const json_t *message)
{
	struct oc_run_names n = { run_id, session_key, NULL, agent };
	json_t *payload = oc_chat_payload(&n, 1, "final");
	struct oc_event e = { .name = "chat",
			      .payload = payload,
			      .scope = OC_SCOPE_READ,
			      .session_key = session_key,
			      .to = OC_TO_ALL };

	json_t *copy = json_deep_copy(message), *rendered = NULL;

	if (copy) oc_json_put(payload, "message", copy);
	if (copy && oc_live_wants_blocks(re))
		rendered = json_pack("{s:o}", "message", oc_message_with_blocks(copy));
	e.rendered = rendered;
	oc_json_put(payload, "stopReason", json_string("stop"));
	oc_run_post(re, &e);
	json_decref(payload);
	json_decref(rendered);
}

/* ---- life ---- */

struct oc_run_events *oc_run_events_new(const struct oc_run_events_spec *spec)
{
	struct oc_run_events *re = oc_new(struct oc_run_events);

	re->spec = *spec;
	re->scope = oc_scope_new();
	re->last = &re->first;
	re->commands = oc_recent_keys_new();
	return re;
}

void oc_run_events_stop_wait(struct oc_run_events *re)
{
	if (!re) return;
	oc_scope_cancel(re->scope);
	oc_scope_join_wait(re->scope);
	oc_scope_free(re->scope);
	oc_run_outbox_clear(re);
	oc_recent_keys_free(re->commands);
	while (re->runs) oc_live_run_forget(re, re->runs);
	free(re);
}

void oc_run_events_spawn(struct oc_run_events *re, oc_task_fn *fn, void *arg)
{
	oc_scope_spawn(re->scope, fn, arg);
}

struct oc_recent_keys *oc_run_events_commands(struct oc_run_events *re)
{
	return re->commands;
}
