/* Sessions as clients list them. */
#include "gateway/view/session_row.h"

#include <stdlib.h>

#include "agent/run/settings.h"
#include "base/mem.h"
#include "gateway/view/history_message.h"
#include "gateway/view/model_rows.h"

enum { PREVIEW_CHARS = 160, PREVIEW_MESSAGES = 4 };

/* What a person chose for a session, shown as it is kept. */
static const char *const chosen[] = { "displayName",	"verboseLevel",	  "reasoningLevel",
				      "responseUsage",	"fastMode",	  "elevatedLevel",
				      "traceLevel",	"sendPolicy",	  "thinkingLevel",
				      "permissionMode", "groupActivation" };
/* The same, but of no use beside every event. */
static const char *const decoration[] = { "icon",	  "color",	  "category", "boardFace",
					  "attention",	  "statusNote",	  "execHost", "execAsk",
					  "execSecurity", "toolOverrides" };

static void put_text(json_t *o, const char *key, const char *value)
{
	if (value && *value) oc_json_put(o, key, oc_json_new_str(oc_str(value)));
}

static void put_time(json_t *o, const char *key, int64_t ms)
{
	if (ms) oc_json_put(o, key, json_integer(ms));
}

static void copy_members(json_t *row, const json_t *settings, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		json_t *v = json_object_get(settings, names[i]);
		if (v && !json_is_null(v)) json_object_set(row, names[i], v);
	}
}

static const char *kind_of(const char *key)
{
	if (strstr(key, ":group:") || strstr(key, ":channel:")) return "group";
	if (!strcmp(key, "global") || !strcmp(key, "unknown")) return key;
	return "direct";
}

static bool is_main(const char *key)
{
	size_t n = strlen(key);

	return n > 5 && !strncmp(key, "agent:", 6) && !strcmp(key + n - 5, ":main");
}

static void put_names(json_t *row, const struct oc_session_record *r)
{
	const char *kind = kind_of(r->key);

	oc_json_put(row, "key", oc_json_new_str(oc_str(r->key)));
	oc_json_put(row, "kind", json_string(kind));
	oc_json_put(row, "updatedAt", json_integer(r->updated_ms));
	put_text(row, "sessionId", r->id);
	put_text(row, "agentId", r->agent);
	oc_json_put(row, "isMain", json_boolean(is_main(r->key)));
	put_text(row, "label", r->label);
	put_text(row, "displayName", r->label);
	put_text(row, "derivedTitle", r->title);
	oc_json_put(row, "chatType", json_string(!strcmp(kind, "group") ? "group" : "direct"));
	put_time(row, "createdAt", r->created_ms);
	oc_json_put(row, "archived", json_boolean(r->archived_ms != 0));
	oc_json_put(row, "pinned", json_boolean(r->pinned_ms != 0));
	oc_json_put(row, "unread", json_boolean(r->unread));
}

static void put_run(json_t *row, const struct oc_gateway *gw, const struct oc_session_record *r)
{
	struct oc_strv active = { 0 };
	json_t *ids = json_array();

	if (gw->sessions) oc_sessions_runs(gw->sessions, r->key, &active);
	for (size_t i = 0; i < active.n; i++) json_array_append_new(ids, json_string(active.v[i]));
	put_text(row, "status", active.n ? "running" : r->last_status);
	put_time(row, "startedAt", r->run_started_ms);
	if (!active.n) put_time(row, "endedAt", r->run_ended_ms);
	if (!active.n && r->run_ended_ms >= r->run_started_ms && r->run_started_ms)
		oc_json_put(row, "runtimeMs", json_integer(r->run_ended_ms - r->run_started_ms));
	put_text(row, "lastRunId", active.n ? active.v[0] : r->last_run);
	oc_json_put(row, "hasActiveRun", json_boolean(active.n > 0));
	oc_json_put(row, "activeRunIds", ids);
	oc_json_put(row, "abortedLastRun",
		    json_boolean(!active.n && r->last_status && !strcmp(r->last_status, "killed")));
	oc_strv_deinit(&active);
}

static json_t *budget(int64_t used, int64_t context)
{
	int64_t reserve = context / 4 < 20000 ? context / 4 : 20000;
	int64_t prompt = context - reserve, left = prompt > used ? prompt - used : 0;

	return json_pack("{s:I,s:I,s:I,s:I,s:I,s:s,s:b}", "estimatedPromptTokens", (json_int_t)used,
			 "contextTokenBudget", (json_int_t)context, "promptBudgetBeforeReserve",
			 (json_int_t)prompt, "reserveTokens", (json_int_t)reserve,
			 "remainingPromptBudgetTokens", (json_int_t)left, "route", "fits",
			 "shouldCompact", used > prompt);
}

static void put_tokens(json_t *row, const struct oc_session_record *r, int64_t context,
		       enum oc_row_size size)
{
	oc_json_put(row, "inputTokens", json_integer(r->input_tokens));
	oc_json_put(row, "outputTokens", json_integer(r->output_tokens));
	oc_json_put(row, "totalTokens", json_integer(r->prompt_tokens));
	oc_json_put(row, "totalTokensFresh", json_boolean(r->prompt_tokens > 0));
	oc_json_put(row, "estimatedCostUsd", json_integer(0));
	if (!context) return;
	oc_json_put(row, "contextTokens", json_integer(context));
	if (size == OC_ROW_FULL)
		oc_json_put(row, "contextBudgetStatus", budget(r->prompt_tokens, context));
}

/* Returns the context that a turn has. */
static int64_t put_model(json_t *row, const struct oc_snapshot *snap,
			 const struct oc_session_record *r, enum oc_row_size size)
{
	const char *ref = oc_json_cstr(r->settings, "model");
	struct oc_agent_settings agent;
	struct oc_selection s;
	bool has_agent = oc_agent_settings_init(&agent, &snap->config, r->agent, NULL) == OC_OK;
	bool has_model =
	    oc_session_model(&snap->catalog, ref || !has_agent ? ref : agent.model, &s);

	if (has_agent) oc_agent_settings_deinit(&agent);
	if (!has_model) {
		put_text(row, "modelProvider", r->provider);
		put_text(row, "model", r->model);
		return 0;
	}
	put_text(row, "modelProvider", s.provider->id);
	put_text(row, "model", s.model_id);
	if (ref) oc_json_put(row, "modelOverrideSource", json_string("user"));
	if (!json_object_get(row, "thinkingLevel"))
		put_text(row, "thinkingLevel", oc_thinking_default(&snap->config, s.model));
	if (size == OC_ROW_FULL) oc_json_put(row, "thinkingLevels", oc_thinking_rows(s.model));
	int64_t context = oc_model_context(&snap->config, s.model);
	oc_selection_deinit(&s);
	return context;
}

static const char *effective(const json_t *settings, const char *key,
			     const struct oc_config *config, const char *path, const char *built_in)
{
	const char *own = oc_json_cstr(settings, key);
	const char *configured = json_string_value(oc_config_get(config, path));

	return own ? own : configured ? configured : built_in;
}

json_t *oc_session_row(const struct oc_gateway *gw, const struct oc_session_record *r,
		       enum oc_row_size size)
{
	json_t *row = json_object();

	put_names(row, r);
	copy_members(row, r->settings, chosen, sizeof chosen / sizeof *chosen);
	if (size == OC_ROW_FULL)
		copy_members(row, r->settings, decoration, sizeof decoration / sizeof *decoration);
	put_run(row, gw, r);
	int64_t context = put_model(row, gw->snapshot, r, size);
	put_tokens(row, r, context, size);
	put_text(row, "effectiveResponseUsage",
		 effective(r->settings, "responseUsage", &gw->snapshot->config,
			   "messages.responseUsage", "off"));
	put_text(row, "effectiveQueueMode",
		 effective(r->settings, "queueMode", &gw->snapshot->config, "messages.queue.mode",
			   oc_queue_mode_name(OC_QUEUE_STEER)));
	if (size == OC_ROW_FULL) put_time(row, "snapshotAt", oc_wall_ms());
	return row;
}

json_t *oc_session_row_wait(const struct oc_gateway *gw, const char *key, enum oc_row_size size)
{
	const struct oc_session_record *known = oc_sessions_record(gw->sessions, key);
	struct oc_session_record r;

	if (known) return oc_session_row(gw, known, size);
	if (oc_store_session_wait(gw->store, key, &r, NULL)) return NULL;
	json_t *row = oc_session_row(gw, &r, size);
	oc_session_record_deinit(&r);
	return row;
}

/* ---- from its messages ---- */

static bool speaks(const struct oc_stored_message *m, const char *role)
{
	return !(m->flags & (OC_MSG_HIDDEN_FROM_MODEL | OC_MSG_HIDDEN_FROM_PEOPLE)) &&
	       oc_str_eq(oc_json_str(m->body, "role"), oc_str(role));
}

static void put_first_user_text(json_t *row, const struct oc_stored_messages *l)
{
	for (size_t i = 0; i < l->n; i++) {
		if (!speaks(&l->v[i], "user")) continue;
		char *text = oc_history_text(l->v[i].body, PREVIEW_CHARS / 2, true);
		put_text(row, "derivedTitle", text);
		free(text);
		return;
	}
}

static void put_last_text(json_t *row, const struct oc_stored_messages *l)
{
	for (size_t i = l->n; i-- > 0;) {
		if (oc_str_eq(oc_json_str(l->v[i].body, "role"), OC_LIT("toolResult"))) continue;
		char *text = oc_history_text(l->v[i].body, PREVIEW_CHARS, true);
		bool said = *text;
		put_text(row, "lastMessagePreview", text);
		free(text);
		if (said) return;
	}
}

void oc_session_row_titles_wait(const struct oc_gateway *gw, const struct oc_session_record *r,
				bool title, bool last_message, json_t *row)
{
	struct oc_message_query q = { .session_id = r->id, .after_seq = r->boundary_seq };
	struct oc_stored_messages l;

	if (title && !r->title) {
		q.before_seq = r->boundary_seq + PREVIEW_MESSAGES;
		if (oc_store_messages_wait(gw->store, &q, &l, NULL) == OC_OK) {
			put_first_user_text(row, &l);
			oc_stored_messages_deinit(&l);
		}
	}
	if (!last_message) return;
	q.before_seq = 0;
	q.limit = PREVIEW_MESSAGES;
	if (oc_store_messages_wait(gw->store, &q, &l, NULL)) return;
	put_last_text(row, &l);
	oc_stored_messages_deinit(&l);
}
