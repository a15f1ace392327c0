#ifndef OC_CRON_RUN_H
#define OC_CRON_RUN_H
#include "agent/cron/cron.h"
/*
 * One run of a job (spec 03 §8.1): a text, a command or a model's turn, and where its words go.
 * Writes nothing about the job. For agent/cron alone.
 */
struct oc_cron_work {
	const struct oc_cron_spec *spec;
	const json_t *job; /* as it was when it became due */
	const char *run_id;
	int64_t due_ms; /* 0 = asked for by hand */
};
struct oc_cron_outcome {
	const char *status;  /* static: "ok" "error" "skipped" */
	struct oc_err error; /* of the run, or why it was skipped; msg "" = none */
	bool passing;	     /* the error may be gone in a while */
	char *session_key;   /* NULL = none */
	char *text;	     /* what it has to say, NULL = nothing */
	bool foreign;	     /* text repeats what strangers wrote */
	char *provider, *model;
	const char *delivery; /* static: "delivered" "not-delivered" "not-requested" "unknown" */
	struct oc_err delivery_error;
};
void oc_cron_work_wait(const struct oc_cron_work *w, struct oc_cron_outcome *out);
void oc_cron_outcome_deinit(struct oc_cron_outcome *o);
/* The canonical session that a job speaks to. NULL: e says why. Free with free(). */
char *oc_cron_session(const struct oc_cron_spec *spec, const json_t *job, struct oc_err *e);

/* That of the job's agent, for what concerns its person. Free with free(). */
char *oc_cron_main_session(const struct oc_cron_spec *spec, const json_t *job, struct oc_err *e);

/* ---- cron.c, cron_tool.c ---- */
const struct oc_cron_spec *oc_cron_spec_of(const struct oc_cron *c);
void oc_cron_tool_register(void);

/* ---- cron_prune.c ---- */
/* Sessions of isolated jobs go when nothing happened in them for cron.sessionRetention (24 h). */
void oc_cron_prune_sessions_wait(const struct oc_cron_spec *spec);

/* ---- cron_deliver.c ---- */
/* Words that people read and no model: they stand in the session as they are. */
OC_MUST_USE enum oc_rc oc_cron_say_wait(const struct oc_cron_spec *spec, const char *session_key,
					struct oc_str text, struct oc_err *e);
/* Where the job's `delivery` says; sets delivery and delivery_error. */
void oc_cron_deliver_wait(const struct oc_cron_work *w, struct oc_cron_outcome *o,
			  int64_t began_ms);
/* The member `delivery` of a job: mode, channel, to. OC_E_INPUT. */
OC_MUST_USE enum oc_rc oc_cron_delivery_check(const json_t *delivery, struct oc_err *e);
/* The entry of a run in the history. New reference. */
json_t *oc_cron_entry(const struct oc_cron_work *w, const struct oc_cron_outcome *o,
		      int64_t began_ms);

/* ---- cron_command.c ---- */
/* *text NULL: there is nothing to say. */
OC_MUST_USE enum oc_rc oc_cron_command_wait(const struct oc_cron_work *w, char **text,
					    bool *foreign, struct oc_err *e);
OC_MUST_USE enum oc_rc oc_cron_command_check(const json_t *payload, struct oc_err *e);
/* Whether the output of a command is worth a message: {regex?, above?, below?}, all of which have
 * to hold; above and below compare the first number in it. NULL condition: always. Pure. */
bool oc_cron_condition_holds(const json_t *condition, struct oc_str output);
#endif
