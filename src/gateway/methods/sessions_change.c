/* Sessions: what changes them. */
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/rand.h"
#include "gateway/methods/chat_send.h"
#include "gateway/methods/rpc_session.h"
#include "gateway/methods/sessions.h"
#include "gateway/view/model_rows.h"
#include "gateway/view/session_row.h"

static enum oc_rc need_scope(struct oc_rpc *r, enum oc_client_scope scope, struct oc_rpc_error *e)
{
	const char *name = oc_scope_name(scope);

	if (oc_connection_has_scope(r->connection, scope)) return OC_OK;
	e->code = "FORBIDDEN";
	e->details = json_pack("{s:s,s:s,s:[s]}", "code", "MISSING_SCOPE", "missingScope", name,
			       "requiredScopes", name);
	return oc_fail(&e->why, OC_E_DENIED, "missing scope: %s", name);
}

/* ---- patch ---- */

/* What write may change; the rest is for admin. */
static const char *const writable[] = {
	"key",
	"agentId",
	"expectedSessionId",
	"expectedLifecycleRevision",
	"label",
	"icon",
	"color",
	"category",
	"boardFace",
	"pinned",
	"archived",
	"unread",
	"model",
	"thinkingLevel",
	"fastMode",
	"permissionMode",
	"expectedPermissionMode",
	"expectedMarkedUnreadAt",
};
/* What says where and under which condition, and is no change itself. */
static const char *const envelope[] = {
	"key",
	"agentId",
	"expectedSessionId",
	"expectedLifecycleRevision",
	"expectedPermissionMode",
	"expectedToolOverrides",
	"expectedMarkedUnreadAt",
};

static bool is_one_of(const char *name, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(name, list[i])) return true;
	return false;
}

static enum oc_rc check_patch_scope(struct oc_rpc *r, struct oc_rpc_error *e)
{
	const char *mode = oc_json_cstr(r->params, "permissionMode"), *key;
	json_t *value;
	bool admin = mode && !strcmp(mode, "full");

	json_object_foreach (r->params, key, value)
		admin = admin || !is_one_of(key, writable, sizeof writable / sizeof *writable);
	return admin ? need_scope(r, OC_SCOPE_ADMIN, e) : OC_OK;
}

static json_t *patch_of(const json_t *params)
{
	json_t *patch = json_copy((json_t *)(uintptr_t)params);

	for (size_t i = 0; i < sizeof envelope / sizeof *envelope; i++)
		json_object_del(patch, envelope[i]);
	return patch;
}

/* {ok, key, entry, resolved} of a session as it is now. */
static enum oc_rc changed_wait(struct oc_rpc *r, const char *key, json_t **result,
			       struct oc_rpc_error *e)
{
	struct oc_session_record record;
	struct oc_err why = { 0 };
	enum oc_rc rc = oc_store_session_wait(r->gw->store, key, &record, &why);

	if (rc) return oc_rpc_fail(e, rc, &why);
	*result = json_pack(
	    "{s:b,s:s,s:s,s:o,s:o}", "ok", true, "key", key, "sessionId", record.id, "entry",
	    oc_session_row(r->gw, &record, OC_ROW_FULL), "resolved",
	    oc_model_resolved(&r->gw->snapshot->catalog, oc_json_cstr(record.settings, "model")));
	oc_session_record_deinit(&record);
	return OC_OK;
}

/* The client believes that the key means another conversation: nothing is changed. */
static enum oc_rc check_expected_wait(struct oc_rpc *r, const char *key, struct oc_rpc_error *e)
{
	const char *expected = oc_json_cstr(r->params, "expectedSessionId");
	struct oc_session_record record;

	if (!expected) return OC_OK;
	bool same = oc_store_session_wait(r->gw->store, key, &record, NULL) == OC_OK;
	if (same) {
		same = !strcmp(record.id, expected);
		oc_session_record_deinit(&record);
	}
	return same ? OC_OK : oc_rpc_invalid(e, "session %.200s has changed; list it again", key);
}

/* A model that nobody listed is taken at the person's word, with a warning. */
static void put_warnings(const struct oc_rpc *r, json_t *result)
{
	const char *model = oc_json_cstr(r->params, "model");
	struct oc_strv warnings = { 0 };
	struct oc_selection chosen;
	json_t *list = json_array();

	if (model &&
	    oc_select(&r->gw->snapshot->catalog, oc_str(model), &chosen, &warnings, NULL) == OC_OK)
		oc_selection_deinit(&chosen);
	for (size_t i = 0; i < warnings.n; i++)
		json_array_append_new(list, oc_json_new_str(oc_str(warnings.v[i])));
	if (warnings.n) oc_json_put(result, "warnings", json_incref(list));
	json_decref(list);
	oc_strv_deinit(&warnings);
}

enum oc_rc oc_sessions_patch_method_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	struct oc_err why = { 0 };
	char *key;
	enum oc_rc rc = check_patch_scope(r, e);

	if (rc || (rc = oc_rpc_session_param(r, "key", &key, e))) return rc;
	if (!(rc = check_expected_wait(r, key, e))) {
		json_t *patch = patch_of(r->params);
		rc = oc_sessions_patch_wait(r->gw->sessions, key, patch, &why);
		json_decref(patch);
		rc = rc ? oc_rpc_fail(e, rc, &why) : changed_wait(r, key, result, e);
	}
	if (!rc) {
		oc_json_put(
		    *result, "path",
		    json_sprintf("%s/gateway.sqlite", r->gw->snapshot->config.paths.state_dir));
		put_warnings(r, *result);
	}
	free(key);
	return rc;
}

/* ---- create ---- */

static enum oc_rc new_key(struct oc_rpc *r, char **out, struct oc_rpc_error *e)
{
	const char *key = oc_json_cstr(r->params, "key"),
		   *agent = oc_json_cstr(r->params, "agentId");
	char id[OC_ID_CHARS + 1];

	if (key) return oc_rpc_session_key(r, key, agent, out, e);
	oc_uuid(id);
	char *made = oc_asprintf("agent:%s:dashboard:%s", agent ? agent : "main", id);
	enum oc_rc rc = oc_rpc_session_key(r, made, NULL, out, e);
	free(made);
	return rc;
}

static json_t *first_settings(const json_t *params)
{
	static const char *const names[] = { "label",	      "displayName",   "model",
					     "category",      "thinkingLevel", "fastMode",
					     "permissionMode" };
	json_t *patch = json_object();

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		json_t *v = json_object_get(params, names[i]);
		if (v && !json_is_null(v)) json_object_set(patch, names[i], v);
	}
	return patch;
}

/* The first message of a new session. */
static enum oc_rc start_wait(struct oc_rpc *r, const char *key, json_t *result,
			     struct oc_rpc_error *e)
{
	const char *message = oc_json_cstr(r->params, "message");
	json_t *ack;

	if (!message || !*message) return OC_OK;
	enum oc_rc rc = oc_chat_send_wait(r, key, &ack, e);
	if (rc) return rc;
	oc_json_put(result, "runStarted", json_true());
	oc_json_put(result, "runId", json_incref(json_object_get(ack, "runId")));
	json_decref(ack);
	return OC_OK;
}

enum oc_rc oc_sessions_create_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	const char *mode = oc_json_cstr(r->params, "permissionMode");
	struct oc_err why = { 0 };
	char *key;
	enum oc_rc rc = mode && !strcmp(mode, "full") ? need_scope(r, OC_SCOPE_ADMIN, e) : OC_OK;

	if (rc || (rc = new_key(r, &key, e))) return rc;
	json_t *patch = first_settings(r->params);
	rc = oc_sessions_patch_wait(r->gw->sessions, key, patch, &why);
	json_decref(patch);
	rc = rc ? oc_rpc_fail(e, rc, &why) : changed_wait(r, key, result, e);
	if (!rc) {
		oc_json_put(*result, "runStarted", json_false());
		if ((rc = start_wait(r, key, *result, e))) json_decref(*result);
		if (rc) *result = NULL;
	}
	free(key);
	return rc;
}

/* ---- fork ---- */

enum oc_rc oc_sessions_fork_method_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	struct oc_err why = { 0 };
	struct oc_buf question;
	char *key, *agent, *made, id[OC_ID_CHARS + 1];
	enum oc_rc rc = oc_rpc_session_param(r, "sessionKey", &key, e);

	if (rc) return rc;
	oc_uuid(id);
	agent = oc_session_key_agent(key);
	made = oc_asprintf("agent:%s:dashboard:%s", agent, id);
	oc_buf_init(&question, OC_MAX_MESSAGE_BYTES);
	rc = oc_sessions_fork_wait(r->gw->sessions, key, oc_json_cstr(r->params, "entryId"), made,
				   &question, &why);
	if (rc == OC_E_NOT_FOUND)
		rc = oc_rpc_invalid(e, "no such session or message");
	else if (rc)
		rc = oc_rpc_fail(e, rc, &why);
	else
		rc = changed_wait(r, made, result, e);
	if (!rc) oc_json_put(*result, "sessionKey", json_string(made));
	if (!rc && question.n)
		oc_json_put(*result, "editorText", oc_json_new_str(oc_buf_view(&question)));
	oc_buf_deinit(&question);
	free(made);
	free(agent);
	free(key);
	return rc;
}

/* ---- reset, delete, compact ---- */

enum oc_rc oc_sessions_reset_method_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	const char *reason = oc_json_cstr(r->params, "reason");
	struct oc_err why = { 0 };
	char *key;
	enum oc_rc rc = oc_rpc_session_param(r, "key", &key, e);

	if (rc) return rc;
	if (!(rc = check_expected_wait(r, key, e))) {
		rc = oc_sessions_reset_wait(r->gw->sessions, key, reason ? reason : "reset", &why);
		rc = rc ? oc_rpc_fail(e, rc, &why) : changed_wait(r, key, result, e);
	}
	free(key);
	return rc;
}

static bool is_archived_wait(struct oc_rpc *r, const char *key)
{
	struct oc_session_record record;

	if (oc_store_session_wait(r->gw->store, key, &record, NULL)) return false;
	bool archived = record.archived_ms != 0;
	oc_session_record_deinit(&record);
	return archived;
}

static bool is_main(const char *key)
{
	char *agent = oc_session_key_agent(key), *own = oc_asprintf("agent:%s:main", agent);
	bool same = !strcmp(key, own);

	free(own);
	free(agent);
	return same;
}

static enum oc_rc delete_wait(struct oc_rpc *r, const char *key, bool *deleted,
			      struct oc_rpc_error *e)
{
	bool archived_only = oc_json_bool(r->params, "archivedOnly", false);
	struct oc_err why = { 0 };

	if (is_main(key)) return oc_rpc_invalid(e, "Cannot delete the main session (%.200s).", key);
	if (archived_only && !is_archived_wait(r, key)) return OC_OK;
	enum oc_rc rc = oc_sessions_delete_wait(r->gw->sessions, key, &why);
	*deleted = rc == OC_OK;
	return rc == OC_E_NOT_FOUND ? OC_OK : rc ? oc_rpc_fail(e, rc, &why) : OC_OK;
}

enum oc_rc oc_sessions_delete_method_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	bool deleted = false;
	char *key;
	enum oc_rc rc = oc_json_bool(r->params, "archivedOnly", false)
			    ? OC_OK
			    : need_scope(r, OC_SCOPE_ADMIN, e);

	if (rc || (rc = oc_rpc_session_param(r, "key", &key, e))) return rc;
	if (!(rc = check_expected_wait(r, key, e))) rc = delete_wait(r, key, &deleted, e);
	if (!rc)
		*result = json_pack("{s:b,s:s,s:b,s:[]}", "ok", true, "key", key, "deleted",
				    deleted, "archived");
	free(key);
	return rc;
}

enum oc_rc oc_sessions_compact_method_wait(struct oc_rpc *r, json_t **result,
					   struct oc_rpc_error *e)
{
	struct oc_compacted done = { 0 };
	struct oc_err why = { 0 };
	char *key;
	enum oc_rc rc = oc_rpc_session_param(r, "key", &key, e);

	if (rc) return rc;
	rc = oc_sessions_compact_wait(r->gw->sessions, key, NULL, &done, &why);
	if (!rc) {
		*result = json_pack("{s:b,s:s,s:b,s:{s:I,s:I}}", "ok", true, "key", key,
				    "compacted", done.compacted, "result", "tokensBefore",
				    (json_int_t)done.tokens_before, "tokensAfter",
				    (json_int_t)done.tokens_after);
		if (done.summary)
			oc_json_put(json_object_get(*result, "result"), "summary",
				    oc_json_new_str(oc_str(done.summary)));
	}
	free(done.summary);
	free(key);
	return rc ? oc_rpc_fail(e, rc, &why) : OC_OK;
}

/* ---- send and abort ---- */

enum oc_rc oc_sessions_send_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	struct oc_session_record record;
	char *key;
	enum oc_rc rc = oc_rpc_session_param(r, "key", &key, e);

	if (rc) return rc;
	if (oc_store_session_wait(r->gw->store, key, &record, NULL))
		rc = oc_rpc_invalid(e, "session not found: %.200s", key);
	else {
		oc_session_record_deinit(&record);
		rc = oc_chat_send_wait(r, key, result, e);
	}
	free(key);
	return rc;
}

enum oc_rc oc_sessions_abort_method_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	const char *run_id = oc_json_cstr(r->params, "runId");
	bool queued = oc_json_bool(r->params, "clearQueued", false);
	struct oc_strv aborted = { 0 };
	char *key = NULL;
	enum oc_rc rc = OC_OK;

	if (!oc_json_cstr(r->params, "key") && !run_id)
		return oc_rpc_invalid(e, "key or runId required");
	if (oc_json_cstr(r->params, "key")) rc = oc_rpc_session_param(r, "key", &key, e);
	if (rc) return rc;
	oc_sessions_abort_wait(r->gw->sessions, key, run_id, queued, "rpc", &aborted);
	*result = json_pack("{s:b,s:o,s:s}", "ok", true, "abortedRunId",
			    aborted.n ? json_string(aborted.v[0]) : json_null(), "status",
			    aborted.n ? "aborted" : "no-active-run");
	oc_strv_deinit(&aborted);
	free(key);
	return OC_OK;
}
