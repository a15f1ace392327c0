/* Which session a client means. */
#include "gateway/methods/rpc_session.h"

#include "base/mem.h"

enum oc_rc oc_rpc_session_key(struct oc_rpc *r, const char *key, const char *agent, char **out,
			      struct oc_rpc_error *e)
{
	struct oc_err why = { 0 };

	if (oc_session_key_canonical(&r->gw->snapshot->config, key, agent, out, &why) == OC_OK)
		return OC_OK;
	return oc_rpc_invalid(e, "%s", why.msg);
}

enum oc_rc oc_rpc_session_param(struct oc_rpc *r, const char *member, char **out,
				struct oc_rpc_error *e)
{
	const char *key = oc_json_cstr(r->params, member);

	if (!key) return oc_rpc_invalid(e, "%s required", member);
	return oc_rpc_session_key(r, key, oc_json_cstr(r->params, "agentId"), out, e);
}
