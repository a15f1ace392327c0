#ifndef OC_CRON_STATE_H
#define OC_CRON_STATE_H
#include "agent/cron/cron.h"
#include "agent/cron/cron_job.h"
/* Between cron.c, cron_begin.c and cron_ask.c: the jobs in memory. */
struct oc_cron {
	struct oc_cron_spec spec;
	json_t **jobs; /* owned references, in the order of their making */
	size_t n, cap;
	uint64_t revision;
	struct oc_scope *scope;
	struct oc_wait *sleeping; /* the scheduler's, NULL while it looks */
	size_t running[2];	  /* without and with a model */
	size_t begun[2];	  /* by this look, so not counted as running yet */
	int64_t ahead_ms;	  /* wall clock minus monotonic clock */
	bool clock_known;
};

/* ---- cron.c ---- */
size_t oc_cron_index(const struct oc_cron *c, const char *id); /* SIZE_MAX: there is none */
void oc_cron_append(struct oc_cron *c, json_t *job);	       /* takes the reference */
void oc_cron_take_out(struct oc_cron *c, size_t i);
void oc_cron_wake(struct oc_cron *c); /* something changed: the scheduler looks */
void oc_cron_tell(struct oc_cron *c, const char *action, json_t *job);
OC_MUST_USE enum oc_rc oc_cron_save_wait(struct oc_cron *c, json_t *job, struct oc_err *e);
bool oc_cron_is_once(const json_t *job);
bool oc_cron_is_enabled(struct oc_cron *c);

/* ---- cron_begin.c ---- */
/* Begins a run in a task of its own; due_ms 0 = by hand, skip: static, why it is only noted. run_id
 * (OC_ID_CHARS + 1) is filled and returned. */
const char *oc_cron_begin(struct oc_cron *c, json_t *job, int64_t due_ms, const char *skip,
			  char *run_id);
bool oc_cron_is_running(json_t *job);
#endif
