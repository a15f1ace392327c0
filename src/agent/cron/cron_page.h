#ifndef OC_CRON_PAGE_H
#define OC_CRON_PAGE_H
#include "store/store.h"
/* Pages of jobs and of runs as the protocol shows them (spec 02 §2.7, Appendix A). Pure. */

/* params of cron.list. snapshot: counts up with every change. New reference. */
json_t *oc_cron_page(json_t *const *jobs, size_t n, const json_t *params, uint64_t snapshot);
/* params of cron.runs; entries newest first. New reference. */
json_t *oc_cron_runs_page(const struct oc_documents *runs, const json_t *params);
#endif
