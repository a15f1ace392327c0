#ifndef OC_CRON_JOB_H
#define OC_CRON_JOB_H
#include "agent/cron/cron_time.h"
/*
 * A job as the protocol shows it (spec 02 §2.7): what a client may write, checked, and what the
 * scheduler keeps in its `state`. Pure.
 */

/* The whole job of what a client sent for a new one: id, defaults and an empty state added. New
 * reference. OC_E_INPUT: e names the member. */
OC_MUST_USE enum oc_rc oc_cron_job_new(const json_t *wanted, int64_t now_ms, json_t **out,
				       struct oc_err *e);
/* A copy of the job with the patch applied and checked. id, createdAtMs and state stay. */
OC_MUST_USE enum oc_rc oc_cron_job_patch(const json_t *job, const json_t *patch, int64_t now_ms,
					 json_t **out, struct oc_err *e);
/* Works out state.nextRunAtMs anew, after this moment; removed when there is none or the job is
 * switched off. */
void oc_cron_job_plan(json_t *job, int64_t after_ms);
int64_t oc_cron_job_next(const json_t *job); /* 0 = none */
/* The first moment after this one by schedule, notBefore and place in its window; 0 = never. */
int64_t oc_cron_job_after(const json_t *job, int64_t after_ms);
int64_t oc_cron_job_not_before(const json_t *job, int64_t now_ms); /* 0 = not said */
/* It waits until the person was quiet for so long; 0 = it does not. */
int64_t oc_cron_job_quiet_ms(const json_t *job);
bool oc_cron_job_needs_model(const json_t *job);
/* After an error: whether it is time to tell a person. Notes that it was told. */
bool oc_cron_job_alerts(json_t *job, int64_t now_ms);
/* A one-shot failed for a reason that may pass: again, a few times. After oc_cron_job_ended. */
void oc_cron_job_retry(json_t *job, int64_t ended_ms);
bool oc_cron_job_enabled(const json_t *job);
/* Writes down how a run ended: state, back-off after errors, the end of a one-shot job. status:
 * "ok", "error", "skipped". True when the job has done what it was for and is to be removed. */
bool oc_cron_job_ended(json_t *job, const char *status, const char *error, int64_t started_ms,
		       int64_t ended_ms);
json_t *oc_cron_job_state(json_t *job); /* borrowed */
#endif
