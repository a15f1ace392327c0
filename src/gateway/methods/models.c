/* What can answer. Lists are read from the snapshot of the configuration; a refresh asks the
 * servers first. */
#include "gateway/methods/method.h"
#include "gateway/view/model_rows.h"
#include "model/provider/refresh_service.h"

static enum oc_rc list_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	bool looked;

	(void)e;
	if (oc_json_bool(r->params, "refresh", false) && r->gw->refresh &&
	    oc_refresh_service_tick_wait(r->gw->refresh, &looked, &(struct oc_err){ 0 }) ==
		OC_CANCELLED)
		return OC_CANCELLED;
	struct oc_snapshot *snap = oc_gateway_snapshot(r->gw);
	*result = json_pack("{s:o}", "models",
			    oc_model_rows(&snap->catalog, oc_json_cstr(r->params, "provider")));
	oc_snapshot_unref(snap);
	return OC_OK;
}

static enum oc_rc auth_status_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	(void)r, (void)e;
	*result = json_pack("{s:I,s:[],s:[]}", "ts", (json_int_t)oc_wall_ms(), "providers",
			    "providerCapabilities");
	return OC_OK;
}

const struct oc_method oc_methods_models[] = {
	{ "models.list", OC_SCOPE_READ,
	  "view?:(\"default\"|\"configured\"|\"provider-config\"|\"all\"), agentId?:str, "
	  "sessionKey?:str, provider?:str, includeDetails?:bool, refresh?:bool, "
	  "preparedOnly?:bool, authProfileId?:str",
	  list_wait },
	{ "models.authStatus", OC_SCOPE_READ, "agentId?:str, refresh?:bool", auth_status_wait },
	{ 0 },
};
