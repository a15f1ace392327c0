#ifndef OC_PARAMS_H
#define OC_PARAMS_H
#include "config/config.h"
/*
 * Request parameters from the configuration, later sources win (spec 01 §1.6):
 * agents.defaults.params, agents.defaults.models[key].params, the agent's own models[key].params,
 * the agent's params. Keys come out in snake case. New reference, an object, maybe empty.
 */
json_t *oc_params_merge(const struct oc_config *config, const char *agent_id,
			const char *model_key);
/* The configured agent entry (agents.entries.<id> or agents.list[] with that id), borrowed, or
 * NULL. */
json_t *oc_agent_entry(const struct oc_config *config, const char *agent_id);
#endif
