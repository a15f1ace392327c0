#ifndef OC_AGENT_CONTEXT_GUARD_H
#define OC_AGENT_CONTEXT_GUARD_H
#include "model/provider/select.h"
/*
 * Is the model's context window large enough for an agent (D4, spec 01 §10)? Decided from what the
 * config and discovery say, before any request.
 */
struct oc_context_guard {
	int64_t tokens;	    /* 0 = nobody said: the guard is silent */
	const char *source; /* "modelsConfig", "model", "default", "agentContextTokens"; static */
	int64_t warn_below, block_below; /* 0 = switched off */
};
/* agent: the agent's own entry of the config, may be NULL. */
void oc_context_guard_init(struct oc_context_guard *g, const struct oc_config *config,
			   const json_t *agent, const struct oc_selection *target);
/* Logs what is to be said. OC_E_DENIED: too small, e holds the message for the person. */
OC_MUST_USE enum oc_rc oc_context_guard_check(const struct oc_context_guard *g,
					      const struct oc_selection *target, struct oc_err *e);
#endif
