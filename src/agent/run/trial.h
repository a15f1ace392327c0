#ifndef OC_AGENT_TRIAL_H
#define OC_AGENT_TRIAL_H
#include "agent/memory/memory.h"
#include "agent/run/agent.h"
#include "agent/run/loop.h"
#include "agent/skill/skills.h"
#include "model/call/call.h"
#include "tool/settings.h"
/* Between agent.c, trial.c, compose.c and compact.c: one run, and its tries with one model each. */

struct oc_job {
	const struct oc_agent_spec *spec;
	struct oc_agent_result *result;
	const struct oc_conversation *conversation;
	struct oc_tool_context tools;
	struct oc_memory_scope memory;	       /* for the tools */
	struct oc_tool_settings tool_settings; /* for the model that is tried */
	char *time_zone;
	struct oc_strv callers_tools; /* names of spec->callers_tools */
	unsigned calls_run;
	bool shown, answered;
	struct oc_skills skills;
	bool skills_found;
	struct oc_strv skill_env; /* for the commands of skills, outside the sandbox */
	struct oc_call_breaker breaker;
};

/* One candidate and what was found out about it. */
struct oc_trial {
	struct oc_job *job;
	const struct oc_selection *target;
	struct oc_compat compat;
	char *request_model;	/* what a preload said */
	bool preloaded;		/* just now, for the plan: the first request needs no other look */
	int64_t loaded_ctx;	/* 0 = unknown */
	int64_t told_ctx;	/* the server corrected us; 0 = it did not */
	double chars_per_token; /* measured in earlier runs; 0 = never */
	struct oc_call_error error; /* of the last reply that was one */
	const char *thinking;
	struct oc_model_port port;    /* who answers */
	bool babbled;		      /* it was stopped because it said the same for ever */
	json_t *params_with_tools;    /* the caller's, and what it chose; NULL = none */
	json_t *params_without_calls; /* the same when no tool may be called any more */
	json_t *sent;		      /* body of the last request, until somebody looked at it */
};

/* *movable: the next candidate may try. error: what the model's server said, initialised. */
OC_MUST_USE enum oc_rc oc_trial_wait(struct oc_job *job, const struct oc_selection *target,
				     bool *movable, struct oc_call_error *error, struct oc_err *e);

/* Plan, system text, tools and conversation. What does not fit is shortened where the conversation
 * allows it; the rest is judged by the loop, which names the numbers. */
OC_MUST_USE enum oc_rc oc_compose_wait(const struct oc_trial *c, struct oc_run *run,
				       struct oc_err *e);
/* The opening and the conversation once more, after it was shortened. */
OC_MUST_USE enum oc_rc oc_recompose_wait(const struct oc_trial *c, struct oc_run *run,
					 struct oc_err *e);
/* Shortens the conversation that the run is composed of (spec 03 §5.4): always when the run is for
 * that alone, else when the context is so full that it is due. */
OC_MUST_USE enum oc_rc oc_compact_wait(const struct oc_trial *c, struct oc_run *run,
				       struct oc_err *e);
/* The skills of the agent, as they were when a run first asked for them. Borrowed. */
const struct oc_skills *oc_job_skills_wait(struct oc_job *job);
/* It will soon be due. */
bool oc_compact_is_near(const struct oc_run *run);
/* What the person may see of the run's course. */
void oc_job_notice(const struct oc_job *job, const char *text);
#endif
