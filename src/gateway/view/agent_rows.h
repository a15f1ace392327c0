#ifndef OC_AGENT_ROWS_H
#define OC_AGENT_ROWS_H
#include "agent/run/settings.h"
#include "model/provider/catalog.h"
/* Agents as clients list them (spec 02 §2.7 agents.list). New references. */
json_t *oc_agent_list(const struct oc_catalog *c);
/* Ids of the configured agents; "main" alone when there is none. */
void oc_agent_ids(const struct oc_config *c, struct oc_strv *out);
/* {agentId, name, nameSource, avatar}; agent is configured. */
json_t *oc_agent_identity(const struct oc_config *c, const char *agent);
#endif
