/* What can answer. Lists are read from the snapshot of the configuration; a refresh asks the
 * servers first. */
#include "gateway/methods/method.h"
#include "gateway/view/model_rows.h"
#include "model/provider/refresh.h"
#include "model/provider/refresh_service.h"

/* Whether a model is in the memory of its server; NULL = the server does not tell. */
static const char *state_of(const struct oc_provider *p, const struct oc_discovery *d,
			    const char *id)
{
	const struct oc_listed_model *m = oc_discovered_model(&d->list, id);

	if (m && m->loaded) return m->loaded == OC_TRUE ? "loaded" : "not-loaded";
	return m && !p->kind->lists_unloaded ? "loaded" : NULL;
}

static void put_states(json_t *rows, const struct oc_provider *p, const struct oc_discovery *d,
		       bool reachable)
{
	json_t *row;
	size_t i;

	json_array_foreach (rows, i, row) {
		const char *state;

		if (!oc_str_eq(oc_json_str(row, "provider"), oc_str(p->id))) continue;
		state = reachable ? state_of(p, d, oc_json_cstr(row, "id")) : "unreachable";
		if (state) oc_json_put(row, "state", json_string(state));
	}
}

/* Asks the servers of this network. Hosted ones have everything in memory, or do not say. */
static enum oc_rc ask_states_wait(struct oc_snapshot *snap, const char *only, json_t *rows)
{
	for (size_t i = 0; i < snap->catalog.n; i++) {
		const struct oc_provider *p = &snap->catalog.providers[i];
		struct oc_discovery found;
		enum oc_rc rc;

		if (!p->local || !p->base_url || (only && !oc_str_ieq(oc_str(only), oc_str(p->id))))
			continue;
		rc = oc_provider_ask_wait(&snap->catalog, p, &found, NULL);
		if (rc == OC_CANCELLED) return rc;
		put_states(rows, p, &found, rc == OC_OK);
		if (!rc) oc_discovery_deinit(&found);
	}
	return OC_OK;
}

static enum oc_rc list_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	bool looked;

	(void)e;
	if (oc_json_bool(r->params, "refresh", false) && r->gw->refresh &&
	    oc_refresh_service_tick_wait(r->gw->refresh, &looked, &(struct oc_err){ 0 }) ==
		OC_CANCELLED)
		return OC_CANCELLED;
	const char *only = oc_json_cstr(r->params, "provider");
	struct oc_snapshot *snap = oc_gateway_snapshot(r->gw);
	json_t *rows = oc_model_rows(&snap->catalog, only);
	enum oc_rc rc = oc_json_bool(r->params, "includeDetails", false)
			    ? ask_states_wait(snap, only, rows)
			    : OC_OK;

	*result = json_pack("{s:o}", "models", rows);
	oc_snapshot_unref(snap);
	return rc;
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
