/* What was used, by session and by day. */
#include <stdlib.h>

#include "gateway/methods/chat_send.h"
#include "gateway/methods/method.h"
#include "gateway/methods/rpc_session.h"
#include "gateway/view/usage_report.h"

enum { DEFAULT_DAYS = 30, DEFAULT_SESSIONS = 50 };

struct period {
	int64_t from_ms, to_ms; /* [from, to) */
};

static const struct {
	const char *name;
	int64_t days; /* 0 = since ever */
} ranges[] = { { "7d", 7 }, { "30d", 30 }, { "90d", 90 }, { "1y", 365 }, { "all", 0 } };

static int64_t days_asked(const json_t *params)
{
	const char *range = oc_json_cstr(params, "range");
	int64_t days = oc_json_positive(params, "days");

	for (size_t i = 0; range && i < sizeof ranges / sizeof *ranges; i++)
		if (!strcmp(ranges[i].name, range)) return ranges[i].days;
	return days ? days : DEFAULT_DAYS;
}

static enum oc_rc read_period(const json_t *params, struct period *p, struct oc_rpc_error *e)
{
	const char *from = oc_json_cstr(params, "startDate"), *to = oc_json_cstr(params, "endDate");
	int64_t today = oc_wall_ms() / OC_DAY_MS * OC_DAY_MS, days = days_asked(params);

	p->to_ms = today;
	if (to && !oc_date_parse(to, &p->to_ms))
		return oc_rpc_invalid(e, "endDate must be YYYY-MM-DD");
	p->from_ms = days ? p->to_ms - (days - 1) * OC_DAY_MS : 0;
	if (from && !oc_date_parse(from, &p->from_ms))
		return oc_rpc_invalid(e, "startDate must be YYYY-MM-DD");
	p->to_ms += OC_DAY_MS;
	if (p->from_ms >= p->to_ms) return oc_rpc_invalid(e, "startDate is after endDate");
	return OC_OK;
}

static enum oc_rc runs_wait(struct oc_rpc *r, struct period *p, struct oc_run_records *runs,
			    struct oc_rpc_error *e)
{
	struct oc_err why = { 0 };
	enum oc_rc rc = read_period(r->params, p, e);

	if (rc) return rc;
	rc = oc_store_runs_between_wait(r->gw->store, p->from_ms, p->to_ms, runs, &why);
	return rc ? oc_rpc_fail(e, rc, &why) : OC_OK;
}

static json_t *report(const struct period *p)
{
	char from[11], to[11];

	oc_date_format(p->from_ms, from);
	oc_date_format(p->to_ms - OC_DAY_MS, to);
	return json_pack("{s:I,s:s,s:s}", "updatedAt", (json_int_t)oc_wall_ms(), "startDate", from,
			 "endDate", to);
}

/* A year of runs is too much for the loop: it is added up on another thread. */
struct summing {
	const struct oc_run_records *runs;
	const char *key;
	size_t limit;
	json_t *report;
};

static void sum_sessions(void *arg)
{
	struct summing *s = arg;

	oc_json_put(s->report, "sessions", oc_usage_sessions(s->runs, s->key, s->limit));
	oc_json_put(s->report, "totals", oc_usage_totals(s->runs));
	oc_json_put(s->report, "aggregates", oc_usage_aggregates(s->runs));
}

static void sum_days(void *arg)
{
	struct summing *s = arg;

	oc_json_put(s->report, "daily", oc_usage_daily(s->runs));
	oc_json_put(s->report, "totals", oc_usage_totals(s->runs));
}

static enum oc_rc sessions_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	const char *asked = oc_json_cstr(r->params, "key");
	size_t limit = (size_t)oc_json_int(r->params, "limit", DEFAULT_SESSIONS);
	struct oc_run_records runs;
	struct period p;
	char *key = NULL;
	enum oc_rc rc = asked ? oc_rpc_session_param(r, "key", &key, e) : OC_OK;

	if (!rc) rc = runs_wait(r, &p, &runs, e);
	if (!rc) {
		struct summing s = { &runs, key, limit, report(&p) };
		oc_work_wait(sum_sessions, &s);
		*result = s.report;
		oc_run_records_deinit(&runs);
	}
	free(key);
	return rc;
}

static enum oc_rc cost_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	struct oc_run_records runs;
	struct period p;
	enum oc_rc rc = runs_wait(r, &p, &runs, e);

	if (rc) return rc;
	struct summing s = { &runs, NULL, 0, report(&p) };
	oc_json_put(s.report, "days", json_integer((p.to_ms - p.from_ms) / OC_DAY_MS));
	oc_work_wait(sum_days, &s);
	*result = s.report;
	oc_run_records_deinit(&runs);
	return OC_OK;
}

/* Nobody is asked how much is left of a subscription. */
static enum oc_rc status_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	(void)r, (void)e;
	*result = json_pack("{s:I,s:[]}", "updatedAt", (json_int_t)oc_wall_ms(), "providers");
	return OC_OK;
}

const struct oc_method oc_methods_usage[] = {
	{ "sessions.usage", OC_SCOPE_READ,
	  "key?:str, agentId?:str, agentScope?:\"all\", startDate?:str, endDate?:str, "
	  "mode?:(\"utc\"|\"gateway\"|\"specific\"), "
	  "range?:(\"7d\"|\"30d\"|\"90d\"|\"1y\"|\"all\"), groupBy?:(\"instance\"|\"family\"), "
	  "includeHistorical?:bool, utcOffset?:str, timeZone?:str, limit?:int>=1, "
	  "includeContextWeight?:bool",
	  sessions_wait },
	{ "usage.cost", OC_SCOPE_READ, "...", cost_wait },
	{ "usage.status", OC_SCOPE_READ, "...", status_wait },
	{ 0 },
};
