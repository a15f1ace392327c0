/* Sessions of isolated jobs do not stay for ever: their runs are in the history. */
#include "agent/cron/cron_run.h"
#include "base/log.h"

enum { RETENTION_MS = 86400000, PAGE = 1000 };

/* false switches it off; "24h". */
static int64_t retention_ms(const struct oc_cron_spec *spec)
{
	struct oc_snapshot *snapshot = spec->snapshot(spec->arg);
	const json_t *set = oc_config_get(&snapshot->config, "cron.sessionRetention");
	int64_t ms = RETENTION_MS;

	if (json_is_false(set)) ms = 0;
	if (json_is_string(set) && (!oc_parse_duration(oc_json_text(set), &ms) || ms <= 0))
		ms = RETENTION_MS;
	oc_snapshot_unref(snapshot);
	return ms;
}

/* agent:<agent>:cron:<id> */
static bool is_of_job(struct oc_str key)
{
	size_t colon = oc_str_find(key, OC_LIT(":"), strlen("agent:"));

	return oc_str_starts(key, OC_LIT("agent:")) && colon != SIZE_MAX &&
	       oc_str_starts(oc_str_from(key, colon), OC_LIT(":cron:"));
}

static void remove_wait(const struct oc_cron_spec *spec, const struct oc_session_record *r,
			int64_t before_ms)
{
	struct oc_strv runs = { 0 };
	struct oc_err e = { 0 };

	if (!is_of_job(oc_str(r->key)) || r->updated_ms >= before_ms || r->pinned_ms) return;
	oc_sessions_runs(spec->sessions, r->key, &runs);
	if (!runs.n && oc_sessions_delete_wait(spec->sessions, r->key, &e) != OC_OK)
		oc_log(OC_LOG_WARN, "cron", "%s is not removed: %s", r->key, e.msg);
	oc_strv_deinit(&runs);
}

void oc_cron_prune_sessions_wait(const struct oc_cron_spec *spec)
{
	int64_t keep_ms = retention_ms(spec), before_ms = oc_wall_ms() - keep_ms;
	const struct oc_session_query query = { .search = ":cron:", .archived = -1, .limit = PAGE };
	struct oc_session_page page;
	struct oc_err e = { 0 };

	if (!keep_ms) return;
	if (oc_store_sessions_wait(spec->store, &query, &page, &e) != OC_OK) return;
	for (size_t i = 0; i < page.n; i++) remove_wait(spec, &page.v[i], before_ms);
	oc_session_page_deinit(&page);
}
