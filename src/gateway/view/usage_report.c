/* Sums over finished runs. */
#include "gateway/view/usage_report.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/mem.h"

struct sum {
	int64_t input, output, cached, runs, errors;
	int64_t first_ms, last_ms;
	double cost;
};

static void add(struct sum *s, const struct oc_run_record *r)
{
	int64_t cached = r->cached > 0 && r->cached <= r->input ? r->cached : 0;

	s->input += r->input - cached;
	s->output += r->output;
	s->cached += cached;
	s->cost += r->cost;
	s->runs++;
	if (r->status && !strcmp(r->status, "error")) s->errors++;
	if (!s->first_ms || r->started_ms < s->first_ms) s->first_ms = r->started_ms;
	if (r->ended_ms > s->last_ms) s->last_ms = r->ended_ms;
}

static json_t *sum_json(const struct sum *s)
{
	return json_pack("{s:I,s:I,s:I,s:i,s:I,s:f,s:i,s:i,s:i,s:i,s:i}", "input",
			 (json_int_t)s->input, "output", (json_int_t)s->output, "cacheRead",
			 (json_int_t)s->cached, "cacheWrite", 0, "totalTokens",
			 (json_int_t)(s->input + s->output + s->cached), "totalCost", s->cost,
			 "inputCost", 0, "outputCost", 0, "cacheReadCost", 0, "cacheWriteCost", 0,
			 "missingCostEntries", 0);
}

/* ---- groups: runs that share a name ---- */

struct group {
	const char *name;
	const struct oc_run_record *example;
	struct sum sum;
	char date[11];
};
struct groups {
	struct group *v;
	size_t n;
};
typedef const char *name_fn(const struct oc_run_record *r, char date[11]);

static const char *session_name(const struct oc_run_record *r, char date[11])
{
	(void)date;
	return r->session_key;
}

static const char *model_name(const struct oc_run_record *r, char date[11])
{
	(void)date;
	return r->model;
}

static const char *provider_name(const struct oc_run_record *r, char date[11])
{
	(void)date;
	return r->provider;
}

static const char *day_name(const struct oc_run_record *r, char date[11])
{
	oc_date_format(r->started_ms, date);
	return date;
}

static struct group *group_of(struct groups *g, const char *name)
{
	for (size_t i = g->n; i-- > 0;) /* neighbours in time are often of one group */
		if (!strcmp(g->v[i].name ? g->v[i].name : g->v[i].date, name)) return &g->v[i];
	return NULL;
}

static void group_runs(const struct oc_run_records *runs, name_fn *name_of, struct groups *g)
{
	for (size_t i = 0; i < runs->n; i++) {
		char date[11] = "";
		const char *name = name_of(&runs->v[i], date);
		if (!name) continue;
		struct group *at = group_of(g, name);
		if (!at) {
			g->v = oc_realloc_array(g->v, g->n + 1, sizeof *g->v);
			at = &g->v[g->n++];
			*at = (struct group){ .name = *date ? NULL : name, .example = &runs->v[i] };
			memcpy(at->date, date, sizeof date);
		}
		add(&at->sum, &runs->v[i]);
	}
}

static int more_tokens(const void *a, const void *b)
{
	const struct sum *x = &((const struct group *)a)->sum, *y = &((const struct group *)b)->sum;
	int64_t n = x->input + x->output + x->cached, m = y->input + y->output + y->cached;

	return n > m ? -1 : n < m;
}

static int earlier_day(const void *a, const void *b)
{
	return strcmp(((const struct group *)a)->date, ((const struct group *)b)->date);
}

/* ---- days ---- */

bool oc_date_parse(const char *text, int64_t *ms)
{
	struct tm tm = { 0 };
	char rest;

	if (!text ||
	    sscanf(text, "%4d-%2d-%2d%c", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &rest) != 3)
		return false;
	if (tm.tm_year < 1970 || tm.tm_mon < 1 || tm.tm_mon > 12 || tm.tm_mday < 1 ||
	    tm.tm_mday > 31)
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	*ms = (int64_t)timegm(&tm) * 1000;
	return true;
}

void oc_date_format(int64_t ms, char out[11])
{
	time_t t = (time_t)(ms / 1000);
	struct tm tm = { 0 };

	gmtime_r(&t, &tm);
	if (!strftime(out, 11, "%Y-%m-%d", &tm)) memcpy(out, "0000-00-00", 11);
}

/* ---- reports ---- */

json_t *oc_usage_totals(const struct oc_run_records *runs)
{
	struct sum sum = { 0 };

	for (size_t i = 0; i < runs->n; i++) add(&sum, &runs->v[i]);
	return sum_json(&sum);
}

json_t *oc_usage_daily(const struct oc_run_records *runs)
{
	struct groups g = { 0 };
	json_t *list = json_array();

	group_runs(runs, day_name, &g);
	if (g.n) qsort(g.v, g.n, sizeof *g.v, earlier_day);
	for (size_t i = 0; i < g.n; i++) {
		json_t *row = sum_json(&g.v[i].sum);
		oc_json_put(row, "date", json_string(g.v[i].date));
		json_array_append_new(list, row);
	}
	free(g.v);
	return list;
}

static json_t *session_row(const struct group *g)
{
	const struct oc_run_record *r = g->example;
	json_t *usage = sum_json(&g->sum), *row = json_object();

	oc_json_put(usage, "firstActivity", json_integer(g->sum.first_ms));
	oc_json_put(usage, "lastActivity", json_integer(g->sum.last_ms));
	oc_json_put(usage, "durationMs", json_integer(g->sum.last_ms - g->sum.first_ms));
	oc_json_put(usage, "messageCounts",
		    json_pack("{s:I,s:I,s:I,s:i,s:i,s:I}", "total", (json_int_t)(g->sum.runs * 2),
			      "user", (json_int_t)g->sum.runs, "assistant", (json_int_t)g->sum.runs,
			      "toolCalls", 0, "toolResults", 0, "errors",
			      (json_int_t)g->sum.errors));
	oc_json_put(row, "key", oc_json_new_str(oc_str(g->name)));
	if (r->session_id) oc_json_put(row, "sessionId", json_string(r->session_id));
	if (r->provider) oc_json_put(row, "modelProvider", json_string(r->provider));
	if (r->model) oc_json_put(row, "model", oc_json_new_str(oc_str(r->model)));
	oc_json_put(row, "updatedAt", json_integer(g->sum.last_ms));
	oc_json_put(row, "usage", usage);
	return row;
}

json_t *oc_usage_sessions(const struct oc_run_records *runs, const char *key, size_t limit)
{
	struct groups g = { 0 };
	json_t *list = json_array();

	group_runs(runs, session_name, &g);
	if (g.n) qsort(g.v, g.n, sizeof *g.v, more_tokens);
	for (size_t i = 0; i < g.n && json_array_size(list) < limit; i++)
		if (!key || !strcmp(g.v[i].name, key))
			json_array_append_new(list, session_row(&g.v[i]));
	free(g.v);
	return list;
}

static json_t *named_sums(const struct oc_run_records *runs, name_fn *name_of, const char *member)
{
	struct groups g = { 0 };
	json_t *list = json_array();

	group_runs(runs, name_of, &g);
	if (g.n) qsort(g.v, g.n, sizeof *g.v, more_tokens);
	for (size_t i = 0; i < g.n; i++) {
		json_t *row = json_pack("{s:I,s:o}", "count", (json_int_t)g.v[i].sum.runs, "totals",
					sum_json(&g.v[i].sum));
		oc_json_put(row, member, oc_json_new_str(oc_str(g.v[i].name)));
		if (g.v[i].example->provider && name_of == model_name)
			oc_json_put(row, "provider", json_string(g.v[i].example->provider));
		json_array_append_new(list, row);
	}
	free(g.v);
	return list;
}

json_t *oc_usage_aggregates(const struct oc_run_records *runs)
{
	struct sum sum = { 0 };

	for (size_t i = 0; i < runs->n; i++) add(&sum, &runs->v[i]);
	return json_pack("{s:{s:I,s:I,s:I,s:i,s:i,s:I},s:{s:i,s:i,s:[]},s:o,s:o,s:[],s:[],s:o}",
			 "messages", "total", (json_int_t)(sum.runs * 2), "user",
			 (json_int_t)sum.runs, "assistant", (json_int_t)sum.runs, "toolCalls", 0,
			 "toolResults", 0, "errors", (json_int_t)sum.errors, "tools", "totalCalls",
			 0, "uniqueTools", 0, "tools", "byModel",
			 named_sums(runs, model_name, "model"), "byProvider",
			 named_sums(runs, provider_name, "provider"), "byAgent", "byChannel",
			 "daily", oc_usage_daily(runs));
}
