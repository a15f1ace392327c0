/* How the gateway is. */
#include <stdlib.h>
#include <unistd.h>

#include "agent/cron/heartbeat.h"
#include "agent/session/session_events.h"
#include "base/mem.h"
#include "channel/channels.h"
#include "gateway/methods/chat_send.h"
#include "gateway/methods/method.h"
#include "gateway/methods/rpc_session.h"
#include "gateway/process/event_loop.h"
#include "gateway/process/wake.h"
#include "gateway/view/agent_rows.h"
#include "gateway/view/model_rows.h"
#include "gateway/view/session_row.h"
#include "rt/memory.h"

enum { RECENT = 5, RESTART_MS = 250 };

/* ---- sessions, as health and status show them ---- */

static char *store_path(const struct oc_gateway *gw)
{
	return oc_asprintf("%s/gateway.sqlite", gw->snapshot->config.paths.state_dir);
}

static void recent_wait(struct oc_gateway *gw, const char *agent, struct oc_session_page *page)
{
	const struct oc_session_query q = { .agent = agent, .limit = RECENT };

	if (oc_store_sessions_wait(gw->store, &q, page, NULL))
		*page = (struct oc_session_page){ 0 };
}

/* {path, count, recent: [{key, updatedAt, age}]} */
static json_t *health_sessions_wait(struct oc_gateway *gw, const char *agent)
{
	struct oc_session_page page;
	json_t *recent = json_array();
	int64_t now = oc_wall_ms();
	char *path = store_path(gw);

	recent_wait(gw, agent, &page);
	for (size_t i = 0; i < page.n; i++)
		json_array_append_new(recent,
				      json_pack("{s:s,s:I,s:I}", "key", page.v[i].key, "updatedAt",
						(json_int_t)page.v[i].updated_ms, "age",
						(json_int_t)(now - page.v[i].updated_ms)));
	json_t *o = json_pack("{s:o,s:I,s:o}", "path", oc_json_new_str(oc_str(path)), "count",
			      (json_int_t)page.total, "recent", recent);
	oc_session_page_deinit(&page);
	free(path);
	return o;
}

/* ---- what both tell ---- */

/* "30m" in seconds; 0 for what is no time. */
static int64_t seconds_of(const char *text)
{
	static const struct {
		char unit;
		int64_t seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
	struct oc_str s = oc_str(text);
	int64_t n;

	for (size_t i = 0; s.n && i < sizeof units / sizeof *units; i++)
		if (s.p[s.n - 1] == units[i].unit &&
		    oc_parse_int(oc_str_head(s, s.n - 1), 0, 1000000, &n))
			return n * units[i].seconds;
	return 0;
}

static json_t *heartbeat_of(const struct oc_config *c, int64_t *seconds)
{
	const char *every = json_string_value(oc_config_get(c, "agents.defaults.heartbeat.every"));

	*seconds = seconds_of(every);
	return json_pack("{s:b,s:s,s:o}", "enabled", *seconds > 0, "every",
			 *seconds ? every : "disabled", "everyMs",
			 *seconds ? json_integer(*seconds * 1000) : json_null());
}

static void add_endpoint(void *arg, const struct oc_endpoint_state *s)
{
	json_t *o = json_pack("{s:i,s:i,s:i}", "slots", (int)s->slots, "busy", (int)s->busy,
			      "waiting", (int)s->waiting);

	oc_json_put(o, "origin", oc_json_new_str(oc_str(s->origin)));
	json_array_append_new(arg, o);
}

static json_t *model_runtime(const struct oc_gateway *gw)
{
	json_t *endpoints = json_array();

	oc_endpoint_each(add_endpoint, endpoints);
	return json_pack("{s:I,s:o}", "activeRuns",
			 (json_int_t)(gw->sessions ? oc_sessions_active(gw->sessions) : 0),
			 "endpoints", endpoints);
}

/* ---- health ---- */

static json_t *health_agents_wait(struct oc_gateway *gw, const struct oc_snapshot *snap)
{
	struct oc_strv ids = { 0 };
	json_t *list = json_array();
	int64_t seconds;

	oc_agent_ids(&snap->config, &ids);
	for (size_t i = 0; i < ids.n; i++) {
		json_t *row = oc_agent_identity(&snap->config, ids.v[i]);
		bool is_default =
		    !strcmp(ids.v[i], "main") || (i == 0 && !oc_strv_has(&ids, OC_LIT("main")));
		json_object_del(row, "nameSource");
		json_object_del(row, "avatar");
		oc_json_put(row, "isDefault", json_boolean(is_default));
		oc_json_put(row, "heartbeat", heartbeat_of(&snap->config, &seconds));
		oc_json_put(row, "sessions", health_sessions_wait(gw, ids.v[i]));
		json_array_append_new(list, row);
	}
	oc_strv_deinit(&ids);
	return list;
}

static void add_channels_wait(struct oc_gateway *gw, json_t *out)
{
	static const char *const members[] = { "channels", "channelOrder", "channelLabels" };
	json_t *status = oc_channels_status_wait(gw->channels, NULL, false);

	for (size_t i = 0; i < sizeof members / sizeof *members; i++)
		oc_json_put(out, members[i], json_incref(json_object_get(status, members[i])));
	json_decref(status);
}

/* A line for each account, and what of the outbox asks for a person. */
static void add_channel_summary_wait(struct oc_gateway *gw, json_t *out)
{
	json_t *status = oc_channels_status_wait(gw->channels, NULL, false), *list, *account;
	json_t *lines = json_array();
	const char *channel;
	size_t i;

	json_object_foreach (json_object_get(status, "channelAccounts"), channel, list) {
		json_array_foreach (list, i, account) {
			const char *error = oc_json_cstr(account, "lastError");

			json_array_append_new(lines,
					      json_sprintf("%s (%s): %s%s%s", channel,
							   oc_json_cstr(account, "accountId"),
							   oc_json_cstr(account, "state"),
							   error ? ": " : "", error ? error : ""));
		}
	}
	oc_json_put(out, "channelSummary", lines);
	if (json_object_get(status, "outbox"))
		oc_json_put(out, "channelOutbox", json_incref(json_object_get(status, "outbox")));
	json_decref(status);
}

static enum oc_rc health_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	struct oc_snapshot *snap = oc_gateway_snapshot(r->gw);
	uint64_t began = oc_now_ms();
	json_t *o = json_object(), *agents;
	int64_t seconds;

	(void)e;
	json_decref(heartbeat_of(&snap->config, &seconds));
	oc_json_put(o, "ok", json_true());
	oc_json_put(o, "ts", json_integer(oc_wall_ms()));
	oc_json_put(o, "plugins", json_pack("{s:[],s:[],s:[]}", "loaded", "errors", "unavailable"));
	oc_json_put(o, "configReload", json_pack("{s:s}", "status", "ok"));
	add_channels_wait(r->gw, o);
	oc_json_put(o, "heartbeatSeconds", json_integer(seconds));
	agents = health_agents_wait(r->gw, snap);
	oc_json_put(o, "defaultAgentId",
		    json_incref(json_object_get(json_array_get(agents, 0), "agentId")));
	oc_json_put(o, "agents", agents);
	oc_json_put(o, "sessions", health_sessions_wait(r->gw, NULL));
	oc_json_put(o, "modelRuntime", model_runtime(r->gw));
	oc_json_put(o, "eventLoop", oc_event_loop_view(r->gw));
	oc_json_put(o, "durationMs", json_integer((json_int_t)(oc_now_ms() - began)));
	oc_snapshot_unref(snap);
	*result = o;
	return OC_OK;
}

/* ---- status ---- */

static json_t *queued_events_wait(struct oc_gateway *gw)
{
	struct oc_documents l;
	json_t *list = json_array();

	if (oc_store_list_wait(gw->store, OC_SYSTEM_EVENT, NULL, OC_SESSION_EVENTS, 0, &l, NULL))
		return list;
	for (size_t i = l.n; i-- > 0;)
		json_array_append(list, json_object_get(l.v[i].value, "text"));
	oc_documents_deinit(&l);
	return list;
}

static json_t *status_row(struct oc_gateway *gw, const struct oc_session_record *record)
{
	json_t *row = oc_session_row(gw, record, OC_ROW_COMPACT);
	int64_t used = record->prompt_tokens, all = oc_json_int(row, "contextTokens", 0);

	oc_json_put(row, "age", json_integer(oc_wall_ms() - record->updated_ms));
	oc_json_put(row, "percentUsed", all ? json_integer(used * 100 / all) : json_null());
	oc_json_put(row, "remainingTokens",
		    all ? json_integer(all > used ? all - used : 0) : json_null());
	return row;
}

static json_t *status_sessions_wait(struct oc_gateway *gw)
{
	struct oc_session_page page;
	json_t *recent = json_array(), *by_agent = json_array(), *o;
	json_t *defaults = oc_model_defaults(&gw->snapshot->catalog, NULL);
	struct oc_strv ids = { 0 };
	char *path = store_path(gw);

	oc_agent_ids(&gw->snapshot->config, &ids);
	for (size_t i = 0; i < ids.n; i++) {
		json_t *row = health_sessions_wait(gw, ids.v[i]);
		oc_json_put(row, "agentId", json_string(ids.v[i]));
		json_array_append_new(by_agent, row);
	}
	recent_wait(gw, NULL, &page);
	for (size_t i = 0; i < page.n; i++)
		json_array_append_new(recent, status_row(gw, &page.v[i]));
	o = json_pack("{s:[s],s:I,s:o,s:o,s:o}", "paths", path, "count", (json_int_t)page.total,
		      "defaults", defaults, "recent", recent, "byAgent", by_agent);
	oc_session_page_deinit(&page);
	oc_strv_deinit(&ids);
	free(path);
	return o;
}

static json_t *heartbeats(const struct oc_config *c)
{
	struct oc_strv ids = { 0 };
	json_t *agents = json_array();
	int64_t seconds;

	oc_agent_ids(c, &ids);
	for (size_t i = 0; i < ids.n; i++) {
		json_t *row = heartbeat_of(c, &seconds);
		oc_json_put(row, "agentId", json_string(ids.v[i]));
		json_array_append_new(agents, row);
	}
	json_t *o =
	    json_pack("{s:s,s:o}", "defaultAgentId",
		      oc_strv_has(&ids, OC_LIT("main")) ? "main" : ids.v[0], "agents", agents);
	oc_strv_deinit(&ids);
	return o;
}

static json_t *process_memory(void)
{
	struct oc_memory m = oc_memory_now();

	return json_pack("{s:I,s:I,s:I}", "rssBytes", (json_int_t)m.rss, "heapTotalBytes",
			 (json_int_t)m.heap_total, "heapUsedBytes", (json_int_t)m.heap_used);
}

static json_t *no_tasks(void)
{
	return json_pack("{s:i,s:i,s:i,s:i,s:{},s:{}}", "total", 0, "active", 0, "terminal", 0,
			 "failures", 0, "byStatus", "byRuntime");
}

static enum oc_rc status_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	json_t *o = json_object();

	(void)e;
	oc_json_put(o, "runtimeVersion", json_string(r->gw->version));
	oc_json_put(o, "heartbeat", heartbeats(&r->gw->snapshot->config));
	add_channel_summary_wait(r->gw, o);
	oc_json_put(o, "queuedSystemEvents", queued_events_wait(r->gw));
	oc_json_put(o, "sessions", status_sessions_wait(r->gw));
	oc_json_put(o, "tasks", no_tasks());
	oc_json_put(
	    o, "taskAudit",
	    json_pack("{s:i,s:i,s:i,s:{}}", "total", 0, "warnings", 0, "errors", 0, "byCode"));
	oc_json_put(o, "modelRuntime", model_runtime(r->gw));
	oc_json_put(o, "eventLoop", oc_event_loop_view(r->gw));
	oc_json_put(o, "processMemory", process_memory());
	oc_json_put(o, "promptPrefixes", oc_sessions_prefixes(r->gw->sessions, NULL));
	*result = o;
	return OC_OK;
}

static enum oc_rc presence_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	(void)e;
	*result = oc_broker_presence(r->gw->broker);
	return OC_OK;
}

/* ---- wake and heartbeats ---- */

static enum oc_rc wake_session_wait(struct oc_rpc *r, struct oc_str text, bool now,
				    struct oc_rpc_error *e)
{
	const char *key = oc_json_cstr(r->params, "sessionKey");
	struct oc_err why = { 0 };
	char *canonical;
	enum oc_rc rc = oc_rpc_session_key(r, key ? key : "main",
					   oc_json_cstr(r->params, "agentId"), &canonical, e);

	if (rc) return rc;
	rc = now ? oc_wake_now_wait(r->gw, canonical, text, &why)
		 : oc_wake_later_wait(r->gw, canonical, text, &why);
	free(canonical);
	return rc ? oc_rpc_fail(e, rc, &why) : OC_OK;
}

static enum oc_rc wake_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	struct oc_str text = oc_str_trim(oc_json_str(r->params, "text"));
	const char *mode = oc_json_cstr(r->params, "mode");
	enum oc_rc rc;

	if (!text.n) return oc_rpc_invalid(e, "text required");
	rc = wake_session_wait(r, text, mode && !strcmp(mode, "now"), e);
	if (!rc) *result = json_pack("{s:b}", "ok", true);
	return rc;
}

static enum oc_rc last_heartbeat_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	(void)e;
	*result = r->gw->heartbeat ? oc_heartbeat_last(r->gw->heartbeat) : NULL;
	if (!*result) *result = json_null();
	return OC_OK;
}

static enum oc_rc set_heartbeats_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	bool on = json_is_true(json_object_get(r->params, "enabled"));
	struct oc_err why = { 0 };
	enum oc_rc rc;

	if (!r->gw->heartbeat) return oc_rpc_unavailable(e, "heartbeats are not available");
	rc = oc_heartbeat_enable_wait(r->gw->heartbeat, on, &why);
	if (rc) return oc_rpc_fail(e, rc, &why);
	*result = json_pack("{s:b,s:b}", "ok", true, "enabled", on);
	return OC_OK;
}

/* ---- restart ---- */

static json_t *restart_preflight(const struct oc_gateway *gw)
{
	size_t active = oc_sessions_active(gw->sessions);

	return json_pack(
	    "{s:b,s:{s:I,s:I},s:o,s:o}", "safe", active == 0, "counts", "activeRuns",
	    (json_int_t)active, "totalActive", (json_int_t)active, "blockers",
	    active ? json_pack("[{s:s,s:I}]", "kind", "active-runs", "count", (json_int_t)active)
		   : json_array(),
	    "summary",
	    active ? json_sprintf("%zu run(s) under way", active)
		   : json_string("safe to restart now"));
}

static enum oc_rc preflight_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	(void)e;
	*result = restart_preflight(r->gw);
	return OC_OK;
}

static enum oc_rc restart_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	(void)e;
	*result = json_pack("{s:b,s:s,s:I,s:i,s:o}", "ok", true, "status", "scheduled", "pid",
			    (json_int_t)getpid(), "delayMs", RESTART_MS, "preflight",
			    restart_preflight(r->gw));
	oc_gateway_ask_restart(r->gw, RESTART_MS); /* late enough for the answer to leave */
	return OC_OK;
}

const struct oc_method oc_methods_status[] = {
	{ "health", OC_SCOPE_NONE, "probe?:bool, includeSensitive?:bool", health_wait },
	{ "status", OC_SCOPE_READ, "includeChannelSummary?:bool, includeCliProjection?:bool",
	  status_wait },
	{ "system-presence", OC_SCOPE_READ, "", presence_wait },
	{ "wake", OC_SCOPE_WRITE,
	  "mode:(\"now\"|\"next-heartbeat\"), text:str, sessionKey?:str, agentId?:str", wake_wait },
	{ "system-event", OC_SCOPE_WRITE,
	  "text:str, mode?:(\"now\"|\"next-heartbeat\"), sessionKey?:str, agentId?:str, ...",
	  wake_wait },
	{ "last-heartbeat", OC_SCOPE_READ, NULL, last_heartbeat_wait },
	{ "set-heartbeats", OC_SCOPE_ADMIN, "enabled:bool, ...", set_heartbeats_wait },
	{ "gateway.restart.preflight", OC_SCOPE_READ, NULL, preflight_wait },
	{ "gateway.restart.request", OC_SCOPE_ADMIN, NULL, restart_wait },
	{ 0 },
};
