#ifndef OC_CRON_H
#define OC_CRON_H
#include "agent/cron/delivery.h"
#include "agent/cron/natural.h"
#include "agent/session/sessions.h"
/*
 * Scheduled jobs (spec 02 §2.7 cron.*, spec 03 §8.1): kept in the store, run by one task that
 * sleeps until the next is due. Jobs are JSON objects of the protocol's form, checked here.
 */
struct oc_cron;
struct oc_cron_spec {
	struct oc_store *store;
	struct oc_sessions *sessions;
	struct oc_snapshot *(*snapshot)(void *arg);
	/* event cron: {jobId, action, job}; borrowed */
	void (*told)(void *arg, const json_t *event);
	void *arg;
	struct oc_delivery_port delivery;
};
OC_MUST_USE enum oc_rc oc_cron_start_wait(const struct oc_cron_spec *spec, struct oc_cron **out,
					  struct oc_err *e);
void oc_cron_stop_wait(struct oc_cron *c); /* accepts NULL */
/* A job may say `when` in place of `schedule`; the result then has nextRuns, a text. Results are
 * new references. OC_E_INPUT: what is wrong with the job; OC_E_NOT_FOUND. */
OC_MUST_USE enum oc_rc oc_cron_add_wait(struct oc_cron *c, const json_t *job, json_t **out,
					struct oc_err *e);
OC_MUST_USE enum oc_rc oc_cron_update_wait(struct oc_cron *c, const char *id, const json_t *patch,
					   json_t **out, struct oc_err *e);
OC_MUST_USE enum oc_rc oc_cron_remove_wait(struct oc_cron *c, const char *id, bool *removed,
					   struct oc_err *e);
OC_MUST_USE enum oc_rc oc_cron_get(struct oc_cron *c, const char *id, json_t **out,
				   struct oc_err *e);
/* params of cron.list / cron.runs, checked; the page as the protocol shows it. */
OC_MUST_USE enum oc_rc oc_cron_list(struct oc_cron *c, const json_t *params, json_t **out,
				    struct oc_err *e);
OC_MUST_USE enum oc_rc oc_cron_runs_wait(struct oc_cron *c, const json_t *params, json_t **out,
					 struct oc_err *e);
/* force = also when it is not due or disabled. {ok, enqueued, runId} */
OC_MUST_USE enum oc_rc oc_cron_run_wait(struct oc_cron *c, const char *id, bool force, json_t **out,
					struct oc_err *e);
/* A time as the agent's person says it, in that person's zone. */
OC_MUST_USE enum oc_rc oc_cron_read_when(struct oc_cron *c, const char *agent, struct oc_str text,
					 struct oc_natural *out, struct oc_err *e);
/* Appends the next n times of a job, as people read them. */
void oc_cron_echo(struct oc_cron *c, const json_t *job, size_t n, struct oc_buf *out);
json_t *oc_cron_status(struct oc_cron *c);
#endif
