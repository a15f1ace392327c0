/* The conversation methods (spec 02 §2.6, §2.7). */
#include <stdlib.h>

#include "base/mem.h"
#include "gateway/commands/chat_command.h"
#include "gateway/events/run_events.h"
#include "gateway/methods/chat_send.h"
#include "gateway/methods/command_run.h"
#include "gateway/methods/method.h"
#include "gateway/methods/rpc_session.h"
#include "gateway/view/agent_rows.h"
#include "gateway/view/history_message.h"
#include "gateway/view/history_page.h"
#include "gateway/view/model_rows.h"
#include "gateway/view/text_blocks.h"

static enum oc_rc send_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	char *key;
	enum oc_rc rc = oc_rpc_session_param(r, "sessionKey", &key, e);

	if (rc) return rc;
	rc = oc_chat_send_wait(r, key, result, e);
	free(key);
	return rc;
}

static bool wants_blocks(const struct oc_rpc *r)
{
	return r->connection && oc_connection_has_cap(r->connection, "rendered-blocks");
}

static enum oc_rc history_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	char *key;
	struct oc_err why = { 0 };
	enum oc_rc rc = oc_rpc_session_param(r, "sessionKey", &key, e);

	if (rc) return rc;
	const struct oc_history_ask ask = {
		.session_key = key,
		.limit = oc_json_positive(r->params, "limit"),
		.offset = oc_json_positive(r->params, "offset"),
		.max_chars = oc_json_positive(r->params, "maxChars"),
		.max_bytes = oc_json_positive(r->params, "maxBytes"),
		.message_id = oc_json_cstr(r->params, "messageId"),
		.rendered =
		    r->connection && oc_connection_has_cap(r->connection, "rendered-blocks"),
		.had_cursor = json_object_get(r->params, "cursor") != NULL,
	};
	rc = oc_history_page_wait(r->gw, &ask, result, &why);
	free(key);
	return rc ? oc_rpc_fail(e, rc, &why) : OC_OK;
}

static json_t *metadata(struct oc_rpc *r)
{
	return json_pack("{s:o,s:o}", "models", oc_model_rows(&r->gw->snapshot->catalog, NULL),
			 "commands", oc_chat_command_list(true));
}

static enum oc_rc startup_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	enum oc_rc rc = history_wait(r, result, e);

	if (rc) return rc;
	oc_json_put(*result, "metadata", metadata(r));
	oc_json_put(*result, "agentsList", oc_agent_list(&r->gw->snapshot->catalog));
	return OC_OK;
}

static enum oc_rc metadata_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	(void)e;
	*result = metadata(r);
	return OC_OK;
}

/* ---- one message ---- */

static json_t *unavailable(const char *reason)
{
	return json_pack("{s:b,s:s}", "ok", false, "unavailableReason", reason);
}

static json_t *found(const struct oc_rpc *r, const struct oc_stored_message *m)
{
	int64_t max_chars = oc_json_positive(r->params, "maxChars");
	json_t *body = oc_history_message(m);
	size_t bytes = json_dumpb(body, NULL, 0, JSON_COMPACT);

	if (max_chars && bytes > (size_t)max_chars * 4) {
		json_decref(body);
		return unavailable("oversized");
	}
	json_t *shown = wants_blocks(r) ? oc_message_with_blocks(body) : json_incref(body);

	json_decref(body);
	return json_pack("{s:b,s:o}", "ok", true, "message", shown);
}

static enum oc_rc message_get_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	struct oc_session_record record;
	struct oc_stored_message m;
	char *key;
	enum oc_rc rc = oc_rpc_session_param(r, "sessionKey", &key, e);

	if (rc) return rc;
	*result = unavailable("not_found");
	if (oc_store_session_wait(r->gw->store, key, &record, NULL) == OC_OK) {
		if (oc_store_message_wait(r->gw->store, record.id,
					  oc_json_cstr(r->params, "messageId"), &m,
					  NULL) == OC_OK) {
			json_decref(*result);
			*result = found(r, &m);
			oc_stored_message_deinit(&m);
		}
		oc_session_record_deinit(&record);
	}
	free(key);
	return OC_OK;
}

/* ---- abort and inject ---- */

static enum oc_rc abort_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	struct oc_strv aborted = { 0 };
	json_t *ids = json_array();
	char *key;
	enum oc_rc rc = oc_rpc_session_param(r, "sessionKey", &key, e);

	if (!rc) {
		oc_sessions_abort_wait(r->gw->sessions, key, oc_json_cstr(r->params, "runId"),
				       false, "rpc", &aborted);
		for (size_t i = 0; i < aborted.n; i++)
			json_array_append_new(ids, json_string(aborted.v[i]));
		*result =
		    json_pack("{s:b,s:b,s:O}", "ok", true, "aborted", aborted.n > 0, "runIds", ids);
		free(key);
	}
	json_decref(ids);
	oc_strv_deinit(&aborted);
	return rc;
}

static json_t *injected_body(const json_t *params)
{
	const char *label = oc_json_cstr(params, "label");
	struct oc_buf text;

	oc_buf_init(&text, 1 << 26);
	if (label) oc_buf_addf(&text, "[%s]\n\n", label);
	oc_buf_add(&text, oc_json_str(params, "message"));
	json_t *body = oc_gateway_message(oc_buf_view(&text));
	oc_buf_deinit(&text);
	return body;
}

static enum oc_rc inject_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	struct oc_stored_message stored;
	struct oc_err why = { 0 };
	char *key, *agent, *run_id;
	enum oc_rc rc = oc_rpc_session_param(r, "sessionKey", &key, e);

	if (rc) return rc;
	json_t *body = injected_body(r->params);
	rc = oc_sessions_inject_wait(r->gw->sessions, key, body, &stored, &why);
	if (!rc) {
		agent = oc_session_key_agent(key);
		run_id = oc_asprintf("inject-%s", stored.id);
		oc_run_events_reply(r->gw->run_events, run_id, key, agent, body);
		*result = json_pack("{s:b,s:s}", "ok", true, "messageId", stored.id);
		oc_stored_message_deinit(&stored);
		free(run_id);
		free(agent);
	}
	json_decref(body);
	free(key);
	return rc ? oc_rpc_fail(e, rc, &why) : OC_OK;
}

#define HISTORY                                                                                    \
	"sessionKey:str min1, agentId?:str min1, cursor?:str, limit?:int>=1<=1000, "               \
	"offset?:int>=0, pendingBefore?:int>=1, inputRunIds?:str max256[], messageId?:str min1, "  \
	"sessionId?:str, maxChars?:int>=1<=500000, maxBytes?:int>=1"

const struct oc_method oc_methods_chat[] = {
	{ "chat.send", OC_SCOPE_WRITE,
	  "sessionKey:str min1 max512, message:str, idempotencyKey?:str min1 max256, "
	  "sessionId?:str, agentId?:str min1, thinking?:str, fastMode?:(bool|\"auto\"), "
	  "fastAutoOnSeconds?:int>=1, deliver?:bool, "
	  "queueMode?:(\"steer\"|\"followup\"|\"collect\"|\"interrupt\"), attachments?:{...}[], "
	  "timeoutMs?:int>=0, replyToId?:str, expectedLeafEntryId?:(str|null), "
	  "suppressCommandInterpretation?:bool, mentions?:any, workContext?:any, intent?:any, "
	  "originatingChannel?:str, originatingTo?:str, originatingAccountId?:str, "
	  "originatingThreadId?:str, toolBindings?:object, systemInputProvenance?:any, "
	  "systemProvenanceReceipt?:str, expectedSessionRoutingContract?:str, "
	  "expectedPermissionMode?:(str|null), expectedToolOverrides?:(object|null)",
	  send_wait },
	{ "chat.history", OC_SCOPE_READ, HISTORY, history_wait },
	{ "chat.startup", OC_SCOPE_READ, HISTORY, startup_wait },
	{ "chat.metadata", OC_SCOPE_READ, "agentId?:str, sessionKey?:str", metadata_wait },
	{ "chat.message.get", OC_SCOPE_READ,
	  "sessionKey:str min1, agentId?:str, messageId:str min1, maxChars?:int>=1<=2000000",
	  message_get_wait },
	{ "chat.abort", OC_SCOPE_WRITE,
	  "sessionKey:str min1, agentId?:str, runId?:str min1, preserveSideRuns?:bool",
	  abort_wait },
	{ "chat.inject", OC_SCOPE_ADMIN,
	  "sessionKey:str min1, agentId?:str, message:str min1, label?:str max100", inject_wait },
	{ 0 },
};
