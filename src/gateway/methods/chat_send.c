/*
 * A message of a client to a session. Commands run in a task of their own after the
 * acknowledgement, because some of them (/compact) ask a model; only /stop is answered by the
 * acknowledgement itself.
 */
#include "gateway/methods/chat_send.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "gateway/events/run_events.h"
#include "gateway/methods/chat_input.h"
#include "gateway/methods/command_run.h"
#include "gateway/methods/rpc_session.h"
#include "gateway/wire/recent_keys.h"

enum { RETRY_AFTER_MS = 2000 };

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

enum oc_rc oc_rpc_need_running(const struct oc_rpc *r, struct oc_rpc_error *e)
{
	if (r->gw->phase != OC_GATEWAY_DRAINING) return OC_OK;
	e->retryable = true;
	e->retry_after_ms = RETRY_AFTER_MS;
	return oc_rpc_unavailable(e, "the gateway is shutting down; try again in a moment");
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

/* What is left of a command is asked; who waits for the run learns when it cannot be. */
static void pass_on_wait(struct command *c, const char *message)
{
	struct oc_asked asked;
	struct oc_err why = { 0 };
	const struct oc_ask ask = { .session_key = c->session_key,
				    .run_id = c->run_id,
				    .message = oc_str(message),
				    .channel = "webchat",
				    .origin = c->origin,
				    .priority = OC_PRIORITY_INTERACTIVE };

	if (oc_sessions_ask_wait(c->gw->sessions, &ask, &asked, &why) == OC_OK) return;
	char *agent = oc_session_key_agent(c->session_key);
	json_t *said = oc_gateway_message(oc_str(why.msg));
	oc_run_events_reply(c->gw->run_events, c->run_id, c->session_key, agent, said);
	json_decref(said);
	free(agent);
}

static void command_task(void *arg)
{
	struct command *c = arg;
	const struct oc_command_run run = { .gw = c->gw,
					    .session_key = c->session_key,
					    .run_id = c->run_id,
					    .text = oc_str(c->text),
					    .channel = "webchat",
					    .admin = c->admin };
	struct oc_buf reply;
	char *rest;

	oc_buf_init(&reply, OC_MAX_REPLY_BYTES);
	oc_command_run_wait(&run, &reply, &rest);
	if (rest) pass_on_wait(c, rest);
	free(rest);
	oc_buf_deinit(&reply);
	command_free(c);
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

/* Returns the status of the acknowledgement. */
static const char *run_command(struct oc_rpc *r, const struct oc_ask *ask)
{
	if (!oc_recent_keys_add(oc_run_events_commands(r->gw->run_events), ask->run_id))
		return "ok";
	struct command *c = oc_new(struct command);
	*c = (struct command){ .gw = r->gw,
			       .session_key = oc_strdup(ask->session_key),
			       .run_id = oc_strdup(ask->run_id),
			       .text = oc_strndup(ask->message.p, ask->message.n),
			       .origin = oc_strdup(ask->origin),
			       .admin = oc_connection_has_scope(r->connection, OC_SCOPE_ADMIN) };
	oc_run_events_spawn(r->gw->run_events, command_task, c);
	return "started";
}

static bool is_stop(struct oc_str text)
{
	text = oc_str_trim(text);
	return oc_str_ieq(text, OC_LIT("/stop")) || oc_str_ieq(text, OC_LIT("/abort"));
}

/* ---- both ---- */

enum oc_rc oc_chat_send_wait(struct oc_rpc *r, const char *session_key, json_t **result,
			     struct oc_rpc_error *e)
{
	struct oc_chat_input in;
	struct ask a;
	enum oc_rc rc = oc_rpc_need_running(r, e);

	if (rc || (rc = oc_chat_input_init(&in, r->params, e))) return rc;
	fill_ask(&a, r, session_key);
	a.ask.message = in.message;
	a.ask.images = in.images;
	a.ask.n_images = in.n_images;
	bool plain = oc_json_bool(r->params, "suppressCommandInterpretation", false) || in.n_images;
	if (!plain && is_stop(in.message))
		rc = stop_wait(r, session_key, result);
	else if (!plain && oc_command_is_wait(r->gw, session_key, in.message))
		*result = acknowledged(r, a.ask.run_id, run_command(r, &a.ask));
	else
		rc = ask_wait(r, &a.ask, result, e);
	oc_chat_input_deinit(&in);
	return rc;
}
