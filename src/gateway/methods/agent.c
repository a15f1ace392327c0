/* The method agent, which answers twice, and agent.wait. */
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/rand.h"
#include "gateway/events/run_payload.h"
#include "gateway/methods/chat_input.h"
#include "gateway/methods/chat_send.h"
#include "gateway/methods/command_run.h"
#include "gateway/methods/method.h"
#include "gateway/methods/rpc_session.h"
#include "model/provider/select.h"

enum { DEFAULT_WAIT_MS = 30000 };

/* The key that the parameters name, the session with their sessionId, else the agent's main one. */
static enum oc_rc session_wait(struct oc_rpc *r, char **out, struct oc_rpc_error *e)
{
	const char *key = oc_json_cstr(r->params, "sessionKey"),
		   *id = oc_json_cstr(r->params, "sessionId"),
		   *agent = oc_json_cstr(r->params, "agentId");
	struct oc_session_record record;

	if ((!key || !*key) && id && *id &&
	    oc_store_session_by_id_wait(r->gw->store, id, &record, NULL) == OC_OK) {
		enum oc_rc rc = oc_rpc_session_key(r, record.key, agent, out, e);
		oc_session_record_deinit(&record);
		return rc;
	}
	return oc_rpc_session_key(r, key && *key ? key : "main", agent, out, e);
}

/* provider and model as one reference; free with free(). */
static char *model_ref(const json_t *params)
{
	const char *provider = oc_json_cstr(params, "provider"),
		   *model = oc_json_cstr(params, "model");

	if (!model || !*model) return NULL;
	return provider && *provider ? oc_ref_key(provider, model) : oc_strdup(model);
}

static json_t *outcome_meta(const struct oc_run_outcome *o)
{
	json_t *agent = json_object(), *meta = json_object();

	if (o->session_id) oc_json_put(agent, "sessionId", json_string(o->session_id));
	if (o->provider) oc_json_put(agent, "provider", json_string(o->provider));
	if (o->model) oc_json_put(agent, "model", oc_json_new_str(oc_str(o->model)));
	if (o->usage.present) oc_json_put(agent, "usage", oc_usage_json(&o->usage));
	oc_json_put(meta, "durationMs",
		    json_integer(o->ended_ms > o->started_ms ? o->ended_ms - o->started_ms : 0));
	oc_json_put(meta, "agentMeta", agent);
	if (!strcmp(o->status, "aborted")) oc_json_put(meta, "aborted", json_true());
	oc_json_put(
	    meta, "stopReason",
	    json_string(!strcmp(o->status, "aborted") ? "aborted" : oc_stop_reason(o->finish)));
	return meta;
}

static json_t *completed(const char *run_id, const struct oc_run_outcome *o)
{
	bool ok = !strcmp(o->status, "ok");
	json_t *payloads = json_array();

	if (o->text && *o->text)
		json_array_append_new(
		    payloads,
		    json_pack("{s:o,s:n}", "text", oc_json_new_str(oc_str(o->text)), "mediaUrl"));
	return json_pack("{s:o,s:s,s:s,s:{s:o,s:o}}", "runId", oc_json_new_str(oc_str(run_id)),
			 "status", ok ? "ok" : o->status, "summary", ok ? "completed" : o->status,
			 "result", "payloads", payloads, "meta", outcome_meta(o));
}

static enum oc_rc outcome_wait(struct oc_rpc *r, const char *run_id, json_t **result,
			       struct oc_rpc_error *e)
{
	struct oc_run_outcome o;
	enum oc_rc rc = oc_sessions_outcome_wait(r->gw->sessions, run_id, OC_NO_DEADLINE, &o);

	if (rc == OC_CANCELLED) return rc;
	if (rc) return oc_rpc_unavailable(e, "run %.80s is not known any more", run_id);
	if (!strcmp(o.status, "error"))
		rc = oc_rpc_unavailable(e, "%s", o.error ? o.error : "the run failed");
	else
		*result = completed(run_id, &o);
	oc_run_outcome_deinit(&o);
	return rc;
}

static void accepted(struct oc_rpc *r, const char *run_id, const char *key)
{
	char *agent = oc_session_key_agent(key);

	oc_rpc_respond_early(r, json_pack("{s:o,s:s,s:s,s:s,s:I}", "runId",
					  oc_json_new_str(oc_str(run_id)), "sessionKey", key,
					  "agentId", agent, "status", "accepted", "acceptedAt",
					  (json_int_t)oc_wall_ms()));
	free(agent);
}

static const char *channel_of(const struct oc_rpc *r)
{
	const char *asked = oc_json_cstr(r->params, "channel");

	if (asked && *asked) return asked;
	return !strcmp(oc_connection_client_mode(r->connection), "cli") ? "cli" : "webchat";
}

static enum oc_rc ask_wait(struct oc_rpc *r, const char *key, const struct oc_chat_input *in,
			   struct oc_asked *asked, struct oc_rpc_error *e)
{
	char *model = model_ref(r->params);
	struct oc_err why = { 0 };
	const struct oc_ask ask = {
		.session_key = key,
		.run_id = oc_json_cstr(r->params, "idempotencyKey"),
		.message = in->message,
		.images = in->images,
		.n_images = in->n_images,
		.model = model,
		.thinking = oc_json_cstr(r->params, "thinking"),
		.channel = channel_of(r),
		.origin = oc_connection_id(r->connection),
		.extra_system = oc_json_cstr(r->params, "extraSystemPrompt"),
		.timeout_ms = (uint64_t)oc_json_positive(r->params, "timeout") * 1000,
		.priority = OC_PRIORITY_INTERACTIVE,
		.own_turn = true,
	};
	enum oc_rc rc = oc_sessions_ask_wait(r->gw->sessions, &ask, asked, &why);

	free(model);
	return rc ? oc_rpc_fail(e, rc, &why) : OC_OK;
}

/* A command has no run: its reply is the result. *rest: what is to be asked after it. */
static json_t *command_wait(struct oc_rpc *r, const char *key, struct oc_str text, char *run_id,
			    char **rest)
{
	const struct oc_command_run run = { .gw = r->gw,
					    .session_key = key,
					    .run_id = run_id,
					    .text = text,
					    .channel = channel_of(r),
					    .admin = oc_connection_has_scope(r->connection,
									     OC_SCOPE_ADMIN) };
	int64_t now = oc_wall_ms();
	struct oc_buf reply;

	oc_buf_init(&reply, OC_MAX_REPLY_BYTES);
	oc_command_run_wait(&run, &reply, rest);
	const struct oc_run_outcome o = { .status = "ok",
					  .text = (char *)(uintptr_t)oc_buf_cstr(&reply),
					  .provider = (char *)(uintptr_t) "openclaw",
					  .model = (char *)(uintptr_t) "gateway-injected",
					  .finish = OC_FINISH_STOP,
					  .started_ms = now,
					  .ended_ms = oc_wall_ms() };
	json_t *result = completed(run_id, &o);
	oc_buf_deinit(&reply);
	return result;
}

static enum oc_rc run_wait(struct oc_rpc *r, const char *key, const struct oc_chat_input *in,
			   bool early, json_t **result, struct oc_rpc_error *e)
{
	struct oc_asked asked = { 0 };
	enum oc_rc rc = ask_wait(r, key, in, &asked, e);

	if (rc) return rc;
	if (!early) accepted(r, asked.run_id, key);
	return outcome_wait(r, asked.run_id, result, e);
}

static enum oc_rc answer_wait(struct oc_rpc *r, const char *key, struct oc_chat_input *in,
			      json_t **result, struct oc_rpc_error *e)
{
	const char *id = oc_json_cstr(r->params, "idempotencyKey");
	char made[OC_ID_CHARS + 1], *run_id, *rest = NULL;
	enum oc_rc rc = OC_OK;

	if (in->n_images || !oc_command_is_wait(r->gw, key, in->message))
		return run_wait(r, key, in, false, result, e);
	oc_uuid(made);
	run_id = oc_strdup(id ? id : made);
	accepted(r, run_id, key);
	*result = command_wait(r, key, in->message, run_id, &rest);
	if (rest) {
		json_decref(*result);
		*result = NULL;
		in->message = oc_str(rest);
		rc = run_wait(r, key, in, true, result, e);
	}
	free(rest);
	free(run_id);
	return rc;
}

static enum oc_rc agent_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	struct oc_chat_input in;
	char *key;
	enum oc_rc rc = oc_rpc_need_running(r, e);

	if (rc || (rc = session_wait(r, &key, e))) return rc;
	if (!(rc = oc_chat_input_init(&in, r->params, e))) {
		rc = answer_wait(r, key, &in, result, e);
		oc_chat_input_deinit(&in);
	}
	free(key);
	return rc;
}

/* ---- agent.wait ---- */

static json_t *waited(const char *run_id, const struct oc_run_outcome *o)
{
	bool aborted = !strcmp(o->status, "aborted");
	bool ended = !strcmp(o->status, "ok") || !strcmp(o->status, "error");
	json_t *w = json_pack("{s:o,s:s}", "runId", oc_json_new_str(oc_str(run_id)), "status",
			      ended ? o->status : "timeout");

	if (o->started_ms) oc_json_put(w, "startedAt", json_integer(o->started_ms));
	if (o->ended_ms) oc_json_put(w, "endedAt", json_integer(o->ended_ms));
	if (aborted)
		oc_json_put(w, "stopReason", json_string("aborted"));
	else if (ended)
		oc_json_put(w, "stopReason", json_string(oc_stop_reason(o->finish)));
	if (o->error) oc_json_put(w, "error", oc_json_new_str(oc_str(o->error)));
	return w;
}

static enum oc_rc wait_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	const char *run_id = oc_json_cstr(r->params, "runId");
	uint64_t ms = (uint64_t)oc_json_int(r->params, "timeoutMs", DEFAULT_WAIT_MS);
	struct oc_run_outcome o;
	enum oc_rc rc = oc_sessions_outcome_wait(r->gw->sessions, run_id, oc_deadline_in(ms), &o);

	(void)e;
	if (rc == OC_CANCELLED) return rc;
	if (rc) {
		*result = json_pack("{s:o,s:s}", "runId", oc_json_new_str(oc_str(run_id)), "status",
				    "timeout");
		return OC_OK;
	}
	*result = waited(run_id, &o);
	oc_run_outcome_deinit(&o);
	return OC_OK;
}

const struct oc_method oc_methods_agent[] = {
	{ "agent", OC_SCOPE_WRITE,
	  "message:str, idempotencyKey?:str min1 max256, sessionKey?:str, sessionId?:str, "
	  "agentId?:str min1, to?:str, model?:str, provider?:str, thinking?:str, deliver?:bool, "
	  "timeout?:int>=0, attachments?:any[], extraSystemPrompt?:str, channel?:str, lane?:str, "
	  "cwd?:str, replyTo?:str, expectedExistingSessionId?:str, replyChannel?:str, "
	  "accountId?:str, replyAccountId?:str, threadId?:str, groupId?:str, groupChannel?:str, "
	  "groupSpace?:str, bestEffortDeliver?:bool, cleanupBundleMcpOnRunEnd?:bool, "
	  "modelRun?:bool, promptMode?:(\"full\"|\"minimal\"|\"none\"), "
	  "bootstrapContextMode?:str, bootstrapContextRunKind?:str, internalEvents?:any, "
	  "inputProvenance?:any, label?:str, spawnedBy?:str",
	  agent_wait },
	{ "agent.wait", OC_SCOPE_WRITE, "runId:str min1, timeoutMs?:int>=0", wait_wait },
	{ 0 },
};
