/* Sessions: what is asked about them. What changes them: sessions_change.c. */
#include "gateway/methods/sessions.h"

#include <stdlib.h>

#include "base/mem.h"
#include "gateway/methods/chat_send.h"
#include "gateway/methods/rpc_session.h"
#include "gateway/view/history_message.h"
#include "gateway/view/model_rows.h"
#include "gateway/view/session_row.h"

enum {
	DEFAULT_LIMIT = 100,
	MAX_LIMIT = 1000,
	ROWS_AT_ONCE = 32, /* then others have a turn */
	PREVIEW_ITEMS = 12,
	PREVIEW_CHARS = 240,
	MAX_PREVIEWS = 64,
	SHORT_ID_SEARCH = 10000,
};

/* ---- sessions.list ---- */

static int archived_filter(const json_t *params)
{
	const json_t *v = json_object_get(params, "archived");

	return json_is_string(v) ? -1 : json_is_true(v) ? 1 : 0;
}

static struct oc_session_query query_of(const json_t *params)
{
	int64_t minutes = oc_json_positive(params, "activeMinutes");
	int64_t limit = oc_json_int(params, "limit", DEFAULT_LIMIT);

	return (struct oc_session_query){
		.agent = oc_json_cstr(params, "agentId"),
		.search = oc_json_cstr(params, "search"),
		.label = oc_json_cstr(params, "label"),
		.active_since_ms = minutes ? oc_wall_ms() - minutes * 60000 : 0,
		.archived = archived_filter(params),
		.limit = (size_t)(limit < MAX_LIMIT ? limit : MAX_LIMIT),
		.offset = (size_t)oc_json_positive(params, "offset"),
	};
}

static json_t *rows_wait(struct oc_rpc *r, const struct oc_session_page *page)
{
	bool titles = oc_json_bool(r->params, "includeDerivedTitles", false);
	bool last = oc_json_bool(r->params, "includeLastMessage", false);
	json_t *rows = json_array();

	for (size_t i = 0; i < page->n; i++) {
		if (i % ROWS_AT_ONCE == ROWS_AT_ONCE - 1 && oc_sleep_wait(0)) break;
		json_t *row = oc_session_row(r->gw, &page->v[i], OC_ROW_FULL);
		if (titles || last)
			oc_session_row_titles_wait(r->gw, &page->v[i], titles, last, row);
		json_array_append_new(rows, row);
	}
	return rows;
}

static json_t *store_path(const struct oc_rpc *r)
{
	return json_sprintf("%s/gateway.sqlite", r->gw->snapshot->config.paths.state_dir);
}

static json_t *list_page(struct oc_rpc *r, const struct oc_session_query *q,
			 const struct oc_session_page *page)
{
	size_t next = q->offset + page->n;
	bool more = next < page->total;
	json_t *o = json_object();

	oc_json_put(o, "ts", json_integer(oc_wall_ms()));
	oc_json_put(o, "path", store_path(r));
	oc_json_put(o, "count", json_integer((json_int_t)page->n));
	oc_json_put(o, "totalCount", json_integer((json_int_t)page->total));
	oc_json_put(o, "limitApplied", json_integer((json_int_t)q->limit));
	oc_json_put(o, "nextOffset", more ? json_integer((json_int_t)next) : json_null());
	oc_json_put(o, "hasMore", json_boolean(more));
	oc_json_put(o, "owners", json_array());
	oc_json_put(o, "defaults", oc_model_defaults(&r->gw->snapshot->catalog, NULL));
	oc_json_put(o, "sessions", rows_wait(r, page));
	return o;
}

static enum oc_rc list_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	struct oc_session_query q = query_of(r->params);
	struct oc_session_page page = { 0 };
	struct oc_err why = { 0 };
	enum oc_rc rc = OC_OK;

	if (oc_json_cstr(r->params, "spawnedBy")) /* nothing is spawned by a session */
		page.total = 0;
	else
		rc = oc_store_sessions_wait(r->gw->store, &q, &page, &why);
	if (rc) return oc_rpc_fail(e, rc, &why);
	*result = list_page(r, &q, &page);
	oc_session_page_deinit(&page);
	return OC_OK;
}

/* ---- one session ---- */

static enum oc_rc describe_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	struct oc_session_record record;
	json_t *row = NULL;
	char *key;
	enum oc_rc rc = oc_rpc_session_param(r, "key", &key, e);

	if (rc) return rc;
	if (oc_store_session_wait(r->gw->store, key, &record, NULL) == OC_OK) {
		row = oc_session_row(r->gw, &record, OC_ROW_FULL);
		oc_session_row_titles_wait(
		    r->gw, &record, oc_json_bool(r->params, "includeDerivedTitles", false),
		    oc_json_bool(r->params, "includeLastMessage", false), row);
		oc_session_record_deinit(&record);
	}
	free(key);
	*result = json_pack("{s:o}", "session", row ? row : json_null());
	return OC_OK;
}

/* The first session that `fits`; NULL = none. Free with free(). */
static char *find_session_wait(struct oc_rpc *r, const char *label, const char *short_id)
{
	const struct oc_session_query q = { .label = label,
					    .agent = oc_json_cstr(r->params, "agentId"),
					    .archived = -1,
					    .limit = label ? 1 : SHORT_ID_SEARCH };
	struct oc_session_page page;
	char *key = NULL;

	if (oc_store_sessions_wait(r->gw->store, &q, &page, NULL)) return NULL;
	for (size_t i = 0; i < page.n && !key; i++)
		if (!short_id || oc_str_istarts(oc_str(page.v[i].id), oc_str(short_id)))
			key = oc_strdup(page.v[i].key);
	oc_session_page_deinit(&page);
	return key;
}

static char *by_id_wait(struct oc_rpc *r, const char *id)
{
	struct oc_session_record record;

	if (oc_store_session_by_id_wait(r->gw->store, id, &record, NULL)) return NULL;
	char *key = oc_strdup(record.key);
	oc_session_record_deinit(&record);
	return key;
}

static char *existing_key_wait(struct oc_rpc *r, const char *key, struct oc_rpc_error *e,
			       enum oc_rc *rc)
{
	struct oc_session_record record;
	char *canonical;

	*rc = oc_rpc_session_key(r, key, oc_json_cstr(r->params, "agentId"), &canonical, e);
	if (*rc) return NULL;
	if (oc_store_session_wait(r->gw->store, canonical, &record, NULL)) {
		free(canonical);
		return NULL;
	}
	oc_session_record_deinit(&record);
	return canonical;
}

static enum oc_rc resolve_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	const char *key = oc_json_cstr(r->params, "key"),
		   *id = oc_json_cstr(r->params, "sessionId"),
		   *label = oc_json_cstr(r->params, "label"),
		   *short_id = oc_json_cstr(r->params, "shortId");
	const char *asked = key ? key : id ? id : label ? label : short_id;
	enum oc_rc rc = OC_OK;

	if (!asked) return oc_rpc_invalid(e, "either key, sessionId, label or shortId is required");
	char *found = key  ? existing_key_wait(r, key, e, &rc)
		      : id ? by_id_wait(r, id)
			   : find_session_wait(r, label, short_id);
	if (rc) return rc;
	if (!found && oc_json_bool(r->params, "allowMissing", false)) {
		*result = json_pack("{s:b}", "ok", false);
		return OC_OK;
	}
	if (!found) return oc_rpc_invalid(e, "No session found: %.200s", asked);
	char *agent = oc_session_key_agent(found);
	*result = json_pack("{s:b,s:s,s:s}", "ok", true, "key", found, "agentId", agent);
	free(agent);
	free(found);
	return OC_OK;
}

/* ---- sessions.preview ---- */

static const char *preview_role(const json_t *body)
{
	const char *role = oc_json_cstr(body, "role");

	return role && !strcmp(role, "toolResult") ? "tool" : role ? role : "other";
}

static json_t *preview_items(const struct oc_stored_messages *l, size_t limit, size_t max_chars)
{
	json_t *items = json_array();

	for (size_t i = 0; i < l->n; i++) {
		char *text = oc_history_text(l->v[i].body, max_chars, true);
		if (*text)
			json_array_append_new(items, json_pack("{s:s,s:o}", "role",
							       preview_role(l->v[i].body), "text",
							       oc_json_new_str(oc_str(text))));
		free(text);
	}
	while (json_array_size(items) > limit) json_array_remove(items, 0);
	return items;
}

static json_t *preview_wait(struct oc_rpc *r, const char *key)
{
	size_t limit = (size_t)oc_json_int(r->params, "limit", PREVIEW_ITEMS);
	size_t chars = (size_t)oc_json_int(r->params, "maxChars", PREVIEW_CHARS);
	struct oc_session_record record;
	struct oc_stored_messages l = { 0 };
	const char *status = "missing";
	json_t *items = NULL;

	if (limit > DEFAULT_LIMIT) limit = DEFAULT_LIMIT;
	if (oc_store_session_wait(r->gw->store, key, &record, NULL) == OC_OK) {
		const struct oc_message_query q = { .session_id = record.id,
						    .after_seq = record.boundary_seq,
						    .limit = limit * 4 };
		status = "error";
		if (oc_store_messages_wait(r->gw->store, &q, &l, NULL) == OC_OK) {
			items = preview_items(&l, limit, chars);
			status = json_array_size(items) ? "ok" : "empty";
			oc_stored_messages_deinit(&l);
		}
		oc_session_record_deinit(&record);
	}
	return json_pack("{s:s,s:s,s:o}", "key", key, "status", status, "items",
			 items ? items : json_array());
}

static enum oc_rc previews_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	json_t *list = json_array();
	const json_t *keys = json_object_get(r->params, "keys"), *key;
	size_t i;

	json_array_foreach (keys, i, key) {
		char *canonical;
		if (i == MAX_PREVIEWS) break;
		if (oc_rpc_session_key(r, json_string_value(key), NULL, &canonical, e)) continue;
		json_t *preview = preview_wait(r, canonical);
		json_object_set(preview, "key", (json_t *)(uintptr_t)key); /* as it was asked */
		json_array_append_new(list, preview);
		free(canonical);
	}
	*result = json_pack("{s:I,s:o}", "ts", (json_int_t)oc_wall_ms(), "previews", list);
	return OC_OK;
}

/* ---- subscriptions ---- */

static enum oc_rc subscribe_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	json_t *list = NULL;
	enum oc_rc rc = OC_OK;

	oc_connection_subscribe_sessions(r->connection, true);
	if (json_object_size(r->params)) rc = list_wait(r, &list, e);
	if (rc) return rc;
	*result = json_pack("{s:b}", "subscribed", true);
	oc_json_put(*result, "list", list);
	return OC_OK;
}

static enum oc_rc unsubscribe_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	(void)e;
	oc_connection_subscribe_sessions(r->connection, false);
	*result = json_pack("{s:b}", "subscribed", false);
	return OC_OK;
}

static enum oc_rc messages(struct oc_rpc *r, bool on, json_t **result, struct oc_rpc_error *e)
{
	char *key;
	enum oc_rc rc = oc_rpc_session_param(r, "key", &key, e);

	if (rc) return rc;
	oc_connection_subscribe_messages(r->connection, key, on);
	*result = json_pack("{s:b,s:s}", "subscribed", on, "key", key);
	free(key);
	return OC_OK;
}

static enum oc_rc messages_subscribe_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	return messages(r, true, result, e);
}

static enum oc_rc messages_unsubscribe_wait(struct oc_rpc *r, json_t **result,
					    struct oc_rpc_error *e)
{
	return messages(r, false, result, e);
}

/* ---- the table ---- */

#define LIST                                                                                        \
	"limit?:int>=1, offset?:int>=0, activeMinutes?:int>=1, requireLastInteraction?:bool, "      \
	"sortBy?:(\"updatedAt\"|\"lastInteractionAt\"|\"activity\"), includeGlobal?:bool, "         \
	"includeUnknown?:bool, configuredAgentsOnly?:bool, includeDerivedTitles?:bool, "            \
	"includeLastMessage?:bool, label?:str max512, boardFace?:(\"chat\"|\"dashboard\"), "        \
	"creatorId?:str, ownerId?:str, ownerFirst?:bool, involvingMe?:bool, "                       \
	"involvingProfileId?:str, includePeople?:bool, spawnedBy?:str, agentId?:str, search?:str, " \
	"archived?:(bool|\"all\"), activeOnly?:bool, includeActivitySummary?:bool"
#define MODE "(\"read-only\"|\"guarded\"|\"workspace\"|\"full\")"
#define OVERRIDES                                                                                  \
	"({mcpServers?:object, mcpToolsDeny?:object, skills?:object, webSearch?:bool}|null)"
#define ATTACHMENTS                                                                                \
	"attachments?:{type?:str, mimeType?:str, fileName?:str, content?:any, sizeBytes?:num, "    \
	"durationMs?:num, width?:num, height?:num}[]"

const struct oc_method oc_methods_sessions[] = {
	{ "sessions.list", OC_SCOPE_READ, LIST, list_wait },
	{ "sessions.describe", OC_SCOPE_READ,
	  "key:str min1, agentId?:str, includeDerivedTitles?:bool, includeLastMessage?:bool",
	  describe_wait },
	{ "sessions.resolve", OC_SCOPE_READ,
	  "key?:str min1, sessionId?:str min1, label?:str max512, shortId?:str min1, "
	  "slugHint?:str, agentId?:str, spawnedBy?:str, includeGlobal?:bool, "
	  "includeUnknown?:bool, allowMissing?:bool",
	  resolve_wait },
	{ "sessions.preview", OC_SCOPE_READ, "keys:str min1[], limit?:int>=1, maxChars?:int>=20",
	  previews_wait },
	{ "sessions.subscribe", OC_SCOPE_READ, LIST, subscribe_wait },
	{ "sessions.unsubscribe", OC_SCOPE_READ, "", unsubscribe_wait },
	{ "sessions.messages.subscribe", OC_SCOPE_READ,
	  "key:str min1, agentId?:str, includeApprovals?:true", messages_subscribe_wait },
	{ "sessions.messages.unsubscribe", OC_SCOPE_READ,
	  "key:str min1, agentId?:str, includeApprovals?:true", messages_unsubscribe_wait },
	{ "sessions.create", OC_SCOPE_WRITE, "key?:str min1, agentId?:str min1, ...",
	  oc_sessions_create_wait },
	{ "sessions.fork", OC_SCOPE_WRITE,
	  "sessionKey:str min1, agentId?:str min1, entryId:str min1",
	  oc_sessions_fork_method_wait },
	{ "sessions.patch", OC_SCOPE_WRITE,
	  "key:str min1, agentId?:str, expectedSessionId?:str, expectedLifecycleRevision?:str, "
	  "expectedPermissionMode?:(" MODE "|null), expectedToolOverrides?:" OVERRIDES
	  ", expectedMarkedUnreadAt?:(num>=0|null), label?:(str max512|null), icon?:(str|null), "
	  "color?:(str|null), category?:(str max512|null), boardFace?:(\"chat\"|\"dashboard\"), "
	  "statusNote?:(str max120|null), "
	  "attention?:(\"hand\"|\"key\"|\"alert\"|\"flag\"|\"lock\"|\"hourglass\"|null), "
	  "ttlMinutes?:int>=1<=120, archived?:bool, pinned?:bool, unread?:bool, "
	  "contextWindow?:(str|null), thinkingLevel?:(str|null), fastMode?:(bool|\"auto\"|null), "
	  "toolOverrides?:" OVERRIDES ", verboseLevel?:(str|null), traceLevel?:(str|null), "
	  "reasoningLevel?:(str|null), "
	  "responseUsage?:(\"off\"|\"tokens\"|\"full\"|\"on\"|null), elevatedLevel?:(str|null), "
	  "execHost?:(str|null), execSecurity?:(str|null), execAsk?:(str|null), "
	  "execNode?:(str|null), permissionMode?:(" MODE "|null), model?:(str|null), "
	  "completionOwnerSessionKey?:(str|null), inheritedToolPolicyVersion?:(1|null), "
	  "inheritedToolAllow?:(str[]|null), inheritedToolDeny?:(str[]|null), "
	  "sendPolicy?:(\"allow\"|\"deny\"|null), groupActivation?:(\"mention\"|\"always\"|null)",
	  oc_sessions_patch_method_wait },
	{ "sessions.reset", OC_SCOPE_ADMIN,
	  "key:str min1, agentId?:str, reason?:(\"new\"|\"reset\"), expectedSessionId?:str",
	  oc_sessions_reset_method_wait },
	{ "sessions.delete", OC_SCOPE_WRITE,
	  "key:str min1, agentId?:str, deleteTranscript?:bool, expectedSessionId?:str, "
	  "expectedLifecycleRevision?:str, expectedSessionUpdatedAt?:num>=0, "
	  "emitLifecycleHooks?:bool, archivedOnly?:bool",
	  oc_sessions_delete_method_wait },
	{ "sessions.compact", OC_SCOPE_ADMIN, "key:str min1, agentId?:str, maxLines?:int>=1",
	  oc_sessions_compact_method_wait },
	{ "sessions.send", OC_SCOPE_WRITE,
	  "key:str min1, agentId?:str, message:str, thinking?:str, " ATTACHMENTS
	  ", timeoutMs?:int>=0, idempotencyKey?:str min1 max256",
	  oc_sessions_send_wait },
	{ "sessions.abort", OC_SCOPE_WRITE,
	  "key?:str min1, runId?:str min1, agentId?:str, clearQueued?:bool",
	  oc_sessions_abort_method_wait },
	{ 0 },
};
