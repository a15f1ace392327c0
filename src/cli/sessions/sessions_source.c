/* Sessions from the gateway or from its store. */
#include "cli/sessions/sessions_source.h"

#include <stdlib.h>

#include "agent/session/sessions.h"
#include "base/mem.h"
#include "rt/file.h"

enum { HISTORY_PAGE = 500, MAX_PAGES = 10000 };

/* ---- which ---- */

enum oc_rc oc_sessions_source_direct_wait(struct oc_sessions_source *s, struct oc_err *e)
{
	char *path = oc_asprintf("%s/gateway.sqlite", s->rpc.config.paths.state_dir);
	enum oc_rc rc = OC_OK;

	s->direct = true;
	if (!s->store && oc_file_exists(path)) rc = oc_store_open_wait(path, &s->store, e);
	free(path);
	return rc;
}

enum oc_rc oc_sessions_source_init_wait(struct oc_sessions_source *s, const struct oc_args *a,
					struct oc_err *e)
{
	enum oc_rc rc;

	*s = (struct oc_sessions_source){ 0 };
	rc = oc_rpc_command_init(&s->rpc, a, OC_RPC_TIMEOUT_MS, e);
	if (!rc) rc = oc_rpc_command_connect_wait(&s->rpc, e);
	if (rc == OC_E_UPSTREAM && s->rpc.target.local) rc = oc_sessions_source_direct_wait(s, e);
	return rc;
}

void oc_sessions_source_deinit_wait(struct oc_sessions_source *s)
{
	oc_store_close_wait(s->store);
	oc_rpc_command_deinit_wait(&s->rpc);
}

/* ---- rows ---- */

static void put_text(json_t *o, const char *key, const char *text)
{
	if (text) oc_json_put(o, key, oc_json_new_str(oc_str(text)));
}

static json_t *row_of(const struct oc_session_record *r)
{
	json_t *row = json_pack("{s:s,s:s,s:I}", "key", r->key, "kind", "direct", "updatedAt",
				(json_int_t)r->updated_ms);

	put_text(row, "sessionId", r->id);
	put_text(row, "agentId", r->agent);
	put_text(row, "label", r->label);
	put_text(row, "derivedTitle", r->title);
	put_text(row, "model", r->model);
	put_text(row, "modelProvider", r->provider);
	put_text(row, "status", r->last_status);
	oc_json_put(row, "createdAt", json_integer(r->created_ms));
	oc_json_put(row, "inputTokens", json_integer(r->input_tokens));
	oc_json_put(row, "outputTokens", json_integer(r->output_tokens));
	oc_json_put(row, "totalTokens", json_integer(r->prompt_tokens));
	oc_json_put(row, "archived", json_boolean(r->archived_ms > 0));
	oc_json_put(row, "pinned", json_boolean(r->pinned_ms > 0));
	return row;
}

static enum oc_rc direct_page_wait(struct oc_sessions_source *s, const struct oc_sessions_wish *w,
				   json_t **out, struct oc_err *e)
{
	struct oc_session_query q = { .agent = w->agent,
				      .search = w->search,
				      .limit = (size_t)w->limit };
	struct oc_session_page page = { 0 };
	json_t *rows = json_array();
	enum oc_rc rc = OC_OK;

	if (w->active_minutes) q.active_since_ms = oc_wall_ms() - w->active_minutes * 60000;
	if (s->store) rc = oc_store_sessions_wait(s->store, &q, &page, e);
	for (size_t i = 0; !rc && i < page.n; i++) json_array_append_new(rows, row_of(&page.v[i]));
	if (rc) {
		json_decref(rows);
		return rc;
	}
	char *path = oc_asprintf("%s/gateway.sqlite", s->rpc.config.paths.state_dir);
	*out = json_pack("{s:s,s:i,s:i,s:I,s:b,s:o}", "path", path, "count",
			 (int)json_array_size(rows), "totalCount", (int)page.total, "limitApplied",
			 (json_int_t)w->limit, "hasMore", page.total > page.n, "sessions", rows);
	free(path);
	oc_session_page_deinit(&page);
	return OC_OK;
}

enum oc_rc oc_sessions_page_wait(struct oc_sessions_source *s, const struct oc_sessions_wish *w,
				 json_t **out, struct oc_err *e)
{
	json_t *params;

	if (s->direct) return direct_page_wait(s, w, out, e);
	params = json_pack("{s:I,s:b}", "limit", (json_int_t)w->limit, "includeDerivedTitles", 1);
	put_text(params, "agentId", w->agent);
	put_text(params, "search", w->search);
	if (w->active_minutes)
		oc_json_put(params, "activeMinutes", json_integer(w->active_minutes));
	return oc_rpc_command_call_wait(&s->rpc, "sessions.list", params, out, e);
}

/* ---- one ---- */

static enum oc_rc missing(const char *name, struct oc_err *e)
{
	return oc_fail(e, OC_E_NOT_FOUND,
		       "there is no session %.200s (openclaw sessions list shows them)", name);
}

/* By its key, in its short form too, or by its id. */
static enum oc_rc direct_row_wait(struct oc_sessions_source *s, const char *name, json_t **out,
				  struct oc_err *e)
{
	struct oc_session_record r = { 0 };
	char *key = NULL;
	enum oc_rc rc = OC_E_NOT_FOUND;

	if (s->store && !oc_session_key_canonical(&s->rpc.config, name, NULL, &key, e))
		rc = oc_store_session_wait(s->store, key, &r, e);
	if (s->store && rc == OC_E_NOT_FOUND)
		rc = oc_store_session_by_id_wait(s->store, name, &r, e);
	free(key);
	if (rc == OC_E_NOT_FOUND) return missing(name, e);
	if (rc) return rc;
	*out = row_of(&r);
	oc_session_record_deinit(&r);
	return OC_OK;
}

/* The key that the gateway gives a name: sessions.resolve takes keys and ids apart. */
static enum oc_rc resolve_wait(struct oc_sessions_source *s, const char *name, json_t **answer,
			       struct oc_err *e)
{
	static const char *const members[] = { "key", "sessionId" };
	enum oc_rc rc = OC_E_NOT_FOUND;

	for (size_t i = 0; rc && rc != OC_CANCELLED && i < 2; i++) {
		json_t *params = json_pack("{s:o,s:b}", members[i], oc_json_new_str(oc_str(name)),
					   "allowMissing", 1);
		rc = oc_rpc_command_call_wait(&s->rpc, "sessions.resolve", params, answer, e);
		if (!rc && !oc_json_bool(*answer, "ok", false)) {
			json_decref(*answer);
			*answer = NULL;
			rc = OC_E_NOT_FOUND;
		}
	}
	return rc == OC_E_NOT_FOUND ? missing(name, e) : rc;
}

enum oc_rc oc_sessions_row_wait(struct oc_sessions_source *s, const char *name, json_t **out,
				struct oc_err *e)
{
	json_t *answer = NULL, *described = NULL;

	if (s->direct) return direct_row_wait(s, name, out, e);
	enum oc_rc rc = resolve_wait(s, name, &answer, e);
	if (rc) return rc;
	const char *key = oc_json_cstr(answer, "key");
	rc = oc_rpc_command_call_wait(
	    &s->rpc, "sessions.describe",
	    json_pack("{s:s,s:b}", "key", key ? key : name, "includeDerivedTitles", 1), &described,
	    e);
	json_decref(answer);
	if (rc) return rc;
	json_t *row = json_object_get(described, "session");
	if (json_is_object(row))
		*out = json_incref(row);
	else
		rc = missing(name, e);
	json_decref(described);
	return rc;
}

/* ---- messages ---- */

static json_t *message_of(const struct oc_stored_message *m)
{
	json_t *message = json_deep_copy(m->body);
	json_t *own = json_pack("{s:s,s:I,s:I}", "id", m->id, "seq", (json_int_t)m->seq,
				"recordTimestampMs", (json_int_t)m->created_ms);

	put_text(own, "runId", m->run);
	oc_json_put(message, "__openclaw", own);
	return message;
}

static enum oc_rc direct_messages_wait(struct oc_sessions_source *s, const json_t *row,
				       int64_t limit, json_t **out, struct oc_err *e)
{
	const struct oc_message_query q = { .session_id = oc_json_cstr(row, "sessionId"),
					    .limit = (size_t)limit };
	struct oc_stored_messages messages = { 0 };
	enum oc_rc rc = oc_store_messages_wait(s->store, &q, &messages, e);

	if (rc) return rc;
	*out = json_array();
	for (size_t i = 0; i < messages.n; i++)
		json_array_append_new(*out, message_of(&messages.v[i]));
	oc_stored_messages_deinit(&messages);
	return OC_OK;
}

/* Puts a page of history, which counts from the newest, before what is there. */
static void prepend(json_t *list, const json_t *page)
{
	json_t *message;
	size_t i;

	json_array_foreach (page, i, message) json_array_insert(list, i, message);
}

enum oc_rc oc_sessions_messages_wait(struct oc_sessions_source *s, const json_t *row, int64_t limit,
				     json_t **out, struct oc_err *e)
{
	const char *key = oc_json_cstr(row, "key");
	json_t *list, *page = NULL;
	enum oc_rc rc = OC_OK;
	bool more = true;

	if (s->direct) return direct_messages_wait(s, row, limit, out, e);
	list = json_array();
	for (size_t i = 0; more && !rc && i < MAX_PAGES; i++) {
		int64_t left = limit ? limit - (int64_t)json_array_size(list) : HISTORY_PAGE;
		int64_t ask = left < HISTORY_PAGE ? left : HISTORY_PAGE;
		rc = oc_rpc_command_call_wait(&s->rpc, "chat.history",
					      json_pack("{s:s,s:I,s:I}", "sessionKey", key, "limit",
							(json_int_t)ask, "offset",
							(json_int_t)json_array_size(list)),
					      &page, e);
		if (rc) break;
		const json_t *messages = json_object_get(page, "messages");
		prepend(list, messages);
		more = oc_json_bool(page, "hasMore", false) && json_array_size(messages) > 0 &&
		       (!limit || (int64_t)json_array_size(list) < limit);
		json_decref(page);
	}
	if (rc)
		json_decref(list);
	else
		*out = list;
	return rc;
}
