/* Who answers: the configured agents. */
#include <stdlib.h>

#include "gateway/methods/method.h"
#include "gateway/methods/rpc_session.h"
#include "gateway/view/agent_rows.h"

static enum oc_rc list_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	(void)e;
	*result = oc_agent_list(&r->gw->snapshot->catalog);
	return OC_OK;
}

static enum oc_rc identity_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	const char *key = oc_json_cstr(r->params, "sessionKey");
	char *canonical, *agent;
	enum oc_rc rc = oc_rpc_session_key(r, key ? key : "main",
					   oc_json_cstr(r->params, "agentId"), &canonical, e);

	if (rc) return rc;
	agent = oc_session_key_agent(canonical);
	*result = oc_agent_identity(&r->gw->snapshot->config, agent);
	free(agent);
	free(canonical);
	return OC_OK;
}

const struct oc_method oc_methods_agents[] = {
	{ "agents.list", OC_SCOPE_READ, "", list_wait },
	{ "agent.identity.get", OC_SCOPE_READ, "agentId?:str min1, sessionKey?:str",
	  identity_wait },
	{ 0 },
};
