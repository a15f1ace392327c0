/*
 * A message of a client to a session. Commands run in a task of their own after the
 * acknowledgement, because some of them (/compact) ask a model; only /stop is answered by the
 * acknowledgement itself.
 */
#include "gateway/chat_send.h"

#include <stdlib.h>

#include "base/mem.h"
#include "gateway/chat_command.h"
#include "gateway/chat_input.h"
#include "gateway/rpc_session.h"
#include "gateway/run_events.h"

enum oc_rc oc_rpc_fail(struct oc_rpc_error *e, enum oc_rc rc, const struct oc_err *why)
{
	switch (rc) {
	case OC_E_INPUT:
	case OC_E_NOT_FOUND:
	case OC_E_DENIED:
	case OC_E_LIMIT: return oc_rpc_invalid(e, "%s", why->msg);
	case OC_CANCELLED: return OC_CANCELLED;
	default: return oc_rpc_unavailable(e, "%s", why->msg);
	}
}

json_t *oc_gateway_message(struct oc_str text)
{
	return json_pack("{s:s,s:[{s:s,s:o}],s:I,s:s,s:s,s:s,s:s}", "role", "assistant", "content",
			 "type", "text", "text", text.n ? oc_json_new_str(text) : json_string(""),
			 "timestamp", (json_int_t)oc_wall_ms(), "api", "openclaw", "provider",
			 "openclaw", "model", "gateway-injected", "stopReason", "stop");
}

/* ---- what a run needs ---- */

struct ask {
	struct oc_ask ask;
	char run_id[OC_ID_CHARS + 1]; /* of our own making */
};

static void fill_ask(struct ask *a, struct oc_rpc *r, const char *session_key)
{
	const char *id = oc_json_cstr(r->params, "idempotencyKey");
	const char *queue = oc_json_cstr(r->params, "queueMode");

	*a =
	    (struct ask){ .ask = { .session_key = session_key,
				   .run_id = id,
				   .thinking = oc_json_cstr(r->params, "thinking"),
				   .channel = "webchat",
				   .origin = oc_connection_id(r->connection),
				   .timeout_ms = (uint64_t)oc_json_positive(r->params, "timeoutMs"),
				   .priority = OC_PRIORITY_INTERACTIVE } };
	if (queue && !oc_queue_mode_parse(queue, &a->ask.queue)) a->ask.queue = OC_QUEUE_CONFIGURED;
	if (id) return;
	oc_uuid(a->run_id);
	a->ask.run_id = a->run_id;
}

static bool wants_timing(const struct oc_rpc *r)
{
	const char *id = oc_connection_client_id(r->connection);

	return !strcmp(id, "openclaw-tui") || !strcmp(id, "openclaw-control-ui");
}

static json_t *acknowledged(const struct oc_rpc *r, const char *run_id, const char *status)
{
	json_t *ack =
	    json_pack("{s:o,s:s}", "runId", oc_json_new_str(oc_str(run_id)), "status", status);

	if (wants_timing(r))
		oc_json_put(ack, "serverTiming",
			    json_pack("{s:I,s:i}", "receivedToAckMs",
				      (json_int_t)(oc_now_ms() - r->received_ms), "loadSessionMs",
				      0));
	return ack;
}

static const char *status_name(enum oc_ask_result result)
{
	return result == OC_ASK_STARTED	    ? "started"
	       : result == OC_ASK_IN_FLIGHT ? "in_flight"
					    : "ok";
}

static enum oc_rc ask_wait(struct oc_rpc *r, const struct oc_ask *ask, json_t **result,
			   struct oc_rpc_error *e)
{
	struct oc_asked asked = { 0 };
	struct oc_err why = { 0 };
	enum oc_rc rc = oc_sessions_ask_wait(r->gw->sessions, ask, &asked, &why);

	if (rc) return oc_rpc_fail(e, rc, &why);
	*result = acknowledged(r, asked.run_id, status_name(asked.result));
	if (asked.interrupted) oc_json_put(*result, "interruptedActiveRun", json_true());
	return OC_OK;
}

/* ---- commands ---- */

struct command {
	struct oc_gateway *gw;
	char *session_key, *run_id, *text, *origin;
	bool admin;
};

static void command_free(struct command *c)
{
	free(c->session_key);
	free(c->run_id);
	free(c->text);
	free(c->origin);
	free(c);
}

static bool inject_wait(struct command *c, json_t *body)
{
	struct oc_stored_message stored;
	bool ok = oc_sessions_inject_wait(c->gw->sessions, c->session_key, body, &stored,
					  &(struct oc_err){ 0 }) == OC_OK;

	if (ok) oc_stored_message_deinit(&stored);
	return ok;
}

static json_t *typed_message(const struct command *c)
{
	return json_pack("{s:s,s:o,s:I,s:o,s:b}", "role", "user", "content",
			 oc_json_new_str(oc_str(c->text)), "timestamp", (json_int_t)oc_wall_ms(),
			 "idempotencyKey", json_sprintf("%s:user", c->run_id), "excludeFromContext",
			 true);
}

static void pass_on_wait(struct command *c, struct oc_str message)
{
	struct oc_asked asked;
	const struct oc_ask ask = { .session_key = c->session_key,
				    .run_id = c->run_id,
				    .message = message,
				    .channel = "webchat",
				    .origin = c->origin,
				    .priority = OC_PRIORITY_INTERACTIVE };

	struct oc_err ignored = { 0 };
	if (oc_sessions_ask_wait(c->gw->sessions, &ask, &asked, &ignored) != OC_OK) {
		json_t *said = oc_gateway_message(oc_str(ignored.msg));
		oc_run_events_reply(c->gw->run_events, c->run_id, c->session_key, NULL, said);
		json_decref(said);
	}
}

static void answer_wait(struct command *c, const struct oc_chat_answer *a)
{
	json_t *said = a->text.n ? oc_gateway_message(oc_buf_view(&a->text)) : NULL;
	char *agent = oc_session_key_agent(c->session_key);

	if (!a->message)
		oc_run_events_reply(c->gw->run_events, c->run_id, c->session_key, agent, said);
	if (said) inject_wait(c, said);
	if (a->message) pass_on_wait(c, oc_str(a->message));
	json_decref(said);
	free(agent);
}

static void command_task(void *arg)
{
	struct command *c = arg;
	const struct oc_chat_ask ask = { .gw = c->gw,
					 .session_key = c->session_key,
					 .text = oc_str(c->text),
					 .admin = c->admin,
					 .channel = "webchat" };
	struct oc_chat_answer answer;
	json_t *typed = typed_message(c);

	inject_wait(c, typed);
	json_decref(typed);
	if (oc_chat_command_wait(&ask, &answer) == OC_OK) {
		if (answer.is_command)
			answer_wait(c, &answer);
		else
			pass_on_wait(c, oc_str(c->text));
	}
	oc_chat_answer_deinit(&answer);
	command_free(c);
}

static struct oc_str first_word(struct oc_str text)
{
	size_t n = 0;

	text = oc_str_trim(text);
	while (n < text.n && !oc_is_space(text.p[n])) n++;
	return oc_str_head(text, n);
}

static bool names_command(struct oc_str word)
{
	json_t *rows = oc_chat_command_list(false), *row, *alias;
	bool found = false;
	size_t i, k;

	if (!oc_str_starts(word, OC_LIT("/"))) word = (struct oc_str){ 0 };
	word = oc_str_head(word, oc_str_find(word, OC_LIT(":"), 0)); /* "/think: low" */
	json_array_foreach (rows, i, row) {
		found = found || oc_str_ieq(oc_str_from(word, 1), oc_json_str(row, "name"));
		json_array_foreach (json_object_get(row, "textAliases"), k, alias)
			found = found || oc_str_ieq(word, oc_json_text(alias));
	}
	json_decref(rows);
	return word.n > 1 && found;
}

static enum oc_rc stop_wait(struct oc_rpc *r, const char *session_key, json_t **result)
{
	struct oc_strv aborted = { 0 };
	json_t *ids = json_array();

	oc_sessions_abort_wait(r->gw->sessions, session_key, NULL, true, "stop", &aborted);
	for (size_t i = 0; i < aborted.n; i++)
		json_array_append_new(ids, json_string(aborted.v[i]));
	*result = json_pack("{s:b,s:b,s:o}", "ok", true, "aborted", aborted.n > 0, "runIds", ids);
	oc_strv_deinit(&aborted);
	return OC_OK;
}

static void run_command(struct oc_rpc *r, const struct oc_ask *ask, struct oc_str text)
{
	struct command *c = oc_new(struct command);

	*c = (struct command){ .gw = r->gw,
			       .session_key = oc_strdup(ask->session_key),
			       .run_id = oc_strdup(ask->run_id),
			       .text = oc_strndup(text.p, text.n),
			       .origin = oc_strdup(ask->origin),
			       .admin = oc_connection_has_scope(r->connection, OC_SCOPE_ADMIN) };
	oc_run_events_spawn(r->gw->run_events, command_task, c);
}

/* ---- both ---- */

enum oc_rc oc_chat_send_wait(struct oc_rpc *r, const char *session_key, json_t **result,
			     struct oc_rpc_error *e)
{
	struct oc_chat_input in;
	struct ask a;
	enum oc_rc rc = oc_chat_input_init(&in, r->params, e);

	if (rc) return rc;
	fill_ask(&a, r, session_key);
	a.ask.message = in.message;
	a.ask.images = in.images;
	a.ask.n_images = in.n_images;
	struct oc_str word = first_word(in.message);
	if (oc_json_bool(r->params, "suppressCommandInterpretation", false) || in.n_images)
		word = (struct oc_str){ 0 };
	if (oc_str_ieq(word, OC_LIT("/stop")) || oc_str_ieq(word, OC_LIT("/abort")))
		rc = stop_wait(r, session_key, result);
	else if (names_command(word)) {
		run_command(r, &a.ask, in.message);
		*result = acknowledged(r, a.ask.run_id, "started");
	} else
		rc = ask_wait(r, &a.ask, result, e);
	oc_chat_input_deinit(&in);
	return rc;
}
