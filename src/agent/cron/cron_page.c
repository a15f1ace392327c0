/* Which jobs and runs a client sees: filters, order, pages. */
#include "agent/cron/cron_page.h"

#include <stdlib.h>

#include "agent/cron/cron_job.h"
#include "base/mem.h"

enum { PAGE = 50, MAX_PAGE = 200 };

/* ---- filters: a member that is absent or "all" keeps everything ---- */

static bool wants(const json_t *params, const char *key, const char *value)
{
	const char *wanted = oc_json_cstr(params, key);

	if (!wanted || !strcmp(wanted, "all")) return true;
	return value && !strcmp(wanted, value);
}

static bool in_list(const json_t *list, const char *value)
{
	size_t i;
	json_t *one;

	if (!json_array_size(list)) return true;
	json_array_foreach (list, i, one)
		if (value && json_is_string(one) && !strcmp(json_string_value(one), value))
			return true;
	return false;
}

static bool has_text(const json_t *v, const char *query)
{
	static const char *const members[] = { "id",	"name",	   "description", "text",
					       "error", "message", "summary",	  "jobId" };

	for (size_t i = 0; i < sizeof members / sizeof *members; i++)
		if (oc_str_ihas(oc_json_str(v, members[i]), query)) return true;
	return false;
}

static bool has_query(const json_t *v, const json_t *params)
{
	const char *query = oc_json_cstr(params, "query");

	return !query || !*query || has_text(v, query) ||
	       has_text(json_object_get(v, "payload"), query);
}

static bool shows_disabled(const json_t *params)
{
	return oc_json_bool(params, "includeDisabled", false) || oc_json_cstr(params, "enabled");
}

static bool shown(const json_t *job, const json_t *params)
{
	const char *status = oc_json_cstr(json_object_get(job, "state"), "lastRunStatus");
	bool enabled = oc_cron_job_enabled(job);

	if (!enabled && !shows_disabled(params)) return false;
	return wants(params, "enabled", enabled ? "enabled" : "disabled") &&
	       wants(params, "scheduleKind",
		     oc_json_cstr(json_object_get(job, "schedule"), "kind")) &&
	       wants(params, "lastRunStatus", status ? status : "unknown") &&
	       wants(params, "trigger", "unconditional") &&
	       wants(params, "agentId", oc_json_cstr(job, "agentId")) && has_query(job, params);
}

/* ---- order ---- */

struct order {
	const char *by;
	int sign;
};

static int64_t number_of(const json_t *job, const char *by)
{
	int64_t next = oc_cron_job_next(job);

	if (!strcmp(by, "updatedAtMs")) return oc_json_int(job, "updatedAtMs", 0);
	return next ? next : INT64_MAX; /* what never runs comes last */
}

static int compare(const void *a, const void *b, void *arg)
{
	const json_t *x = *(json_t *const *)a, *y = *(json_t *const *)b;
	const struct order *order = arg;
	int64_t m, n;

	if (!strcmp(order->by, "name")) {
		const char *s = oc_json_cstr(x, "name"), *t = oc_json_cstr(y, "name");
		return order->sign * strcmp(s ? s : "", t ? t : "");
	}
	m = number_of(x, order->by);
	n = number_of(y, order->by);
	if (m != n) return order->sign * (m < n ? -1 : 1);
	m = oc_json_int(x, "createdAtMs", 0);
	n = oc_json_int(y, "createdAtMs", 0);
	return m == n ? 0 : m < n ? -1 : 1;
}

static void sort(json_t **v, size_t n, const json_t *params)
{
	const char *by = oc_json_cstr(params, "sortBy"), *dir = oc_json_cstr(params, "sortDir");
	struct order order = { by ? by : "nextRunAtMs", dir && !strcmp(dir, "desc") ? -1 : 1 };

	if (n) qsort_r(v, n, sizeof *v, compare, &order);
}

/* ---- pages ---- */

static size_t limit_of(const json_t *params)
{
	int64_t limit = oc_json_int(params, "limit", PAGE);

	return (size_t)(limit < 1 ? 1 : limit > MAX_PAGE ? MAX_PAGE : limit);
}

static size_t offset_of(const json_t *params)
{
	int64_t offset = oc_json_int(params, "offset", 0);

	return offset < 0 ? 0 : (size_t)offset;
}

static void put_paging(json_t *page, size_t total, size_t offset, size_t limit)
{
	bool more = offset < total && total - offset > limit;

	oc_json_put(page, "total", json_integer((json_int_t)total));
	oc_json_put(page, "offset", json_integer((json_int_t)offset));
	oc_json_put(page, "limit", json_integer((json_int_t)limit));
	oc_json_put(page, "hasMore", json_boolean(more));
	json_object_set_new(page, "nextOffset",
			    more ? json_integer((json_int_t)(offset + limit)) : json_null());
}

json_t *oc_cron_page(json_t *const *jobs, size_t n, const json_t *params, uint64_t snapshot)
{
	json_t **v = oc_realloc_array(NULL, n + 1, sizeof *v), *page = json_object(),
	       *list = json_array();
	size_t offset = offset_of(params), limit = limit_of(params), total = 0;

	for (size_t i = 0; i < n; i++)
		if (shown(jobs[i], params)) v[total++] = jobs[i];
	sort(v, total, params);
	for (size_t i = offset; i < total && i - offset < limit; i++)
		json_array_append_new(list, json_deep_copy(v[i]));
	free(v);
	oc_json_put(page, "jobs", list);
	oc_json_put(page, "snapshotRevision", json_sprintf("%llu", (unsigned long long)snapshot));
	put_paging(page, total, offset, limit);
	oc_json_put(page, "deliveryPreviews", json_object());
	return page;
}

static bool shows_run(const json_t *run, const json_t *params)
{
	const char *status = oc_json_cstr(run, "status"),
		   *delivery = oc_json_cstr(run, "deliveryStatus");

	return wants(params, "status", status) &&
	       in_list(json_object_get(params, "statuses"), status) &&
	       wants(params, "deliveryStatus", delivery) &&
	       in_list(json_object_get(params, "deliveryStatuses"), delivery) &&
	       wants(params, "runId", oc_json_cstr(run, "runId")) &&
	       wants(params, "agentId", oc_json_cstr(run, "agentId")) && has_query(run, params);
}

json_t *oc_cron_runs_page(const struct oc_documents *runs, const json_t *params)
{
	json_t *page = json_object(), *list = json_array();
	size_t offset = offset_of(params), limit = limit_of(params), total = 0;
	const char *dir = oc_json_cstr(params, "sortDir");
	bool oldest_first = dir && !strcmp(dir, "asc");

	for (size_t i = 0; i < runs->n; i++) {
		json_t *run = runs->v[oldest_first ? runs->n - 1 - i : i].value;

		if (!shows_run(run, params)) continue;
		if (total >= offset && total - offset < limit) json_array_append(list, run);
		total++;
	}
	oc_json_put(page, "entries", list);
	put_paging(page, total, offset, limit);
	return page;
}
