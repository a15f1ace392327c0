#ifndef OC_CRON_JOB_H
#define OC_CRON_JOB_H
#include "cli/command.h"
#include "json/json.h"
/* Jobs of `openclaw cron` between options and protocol objects (spec 02 §2.7, 03 §8.1). */
extern const struct oc_option oc_cron_job_options[];
/* What the options say, as a job (add) or as a patch of one (edit). *out is a new reference. */
OC_MUST_USE enum oc_rc oc_cron_job_read(const struct oc_args *a, bool add, int64_t now_ms,
					json_t **out, struct oc_err *e);
/* "every 10m", "0 9 * * 1 (Europe/Berlin)", "at 2026-11-22 09:00". */
void oc_cron_schedule_text(const json_t *schedule, struct oc_buf *out);
#endif
