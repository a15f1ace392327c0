#ifndef OC_USAGE_REPORT_H
#define OC_USAGE_REPORT_H
#include "store/store.h"
/* Sums over finished runs (spec 02 §2.7 sessions.usage, usage.cost). Pure. Days are those of UTC.
 */
enum { OC_DAY_MS = 86400000 };
/* "2026-11-21" as the moment it begins; false for what is no date. */
bool oc_date_parse(const char *text, int64_t *ms);
void oc_date_format(int64_t ms, char out[11]);

/* {input, output, cacheRead, cacheWrite, totalTokens, totalCost, …} of all of them. */
json_t *oc_usage_totals(const struct oc_run_records *runs);
/* [{date, input, …}] of the days that had runs, in order. */
json_t *oc_usage_daily(const struct oc_run_records *runs);
/* [{key, sessionId, usage: {…}}], the most tokens first, at most limit. key NULL = all. */
json_t *oc_usage_sessions(const struct oc_run_records *runs, const char *key, size_t limit);
/* {byModel, byProvider, messages, daily}: what the usage page of the UI reads. */
json_t *oc_usage_aggregates(const struct oc_run_records *runs);
#endif
