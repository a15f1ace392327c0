/* Model servers as they are now: asked when a person wants to know. */
#include <stdlib.h>

#include "base/mem.h"
#include "gateway/methods/chat_send.h"
#include "gateway/methods/method.h"
#include "model/call/probe.h"
#include "model/provider/credential.h"
#include "model/provider/discovery.h"
#include "model/provider/lmstudio.h"

enum { FIND_MS = 2000 };

/* ---- x.servers.find ---- */

static json_t *model_row(const struct oc_listed_model *m)
{
	json_t *o = json_object();

	oc_json_put(o, "id", oc_json_new_str(oc_str(m->id)));
	if (m->name) oc_json_put(o, "name", oc_json_new_str(oc_str(m->name)));
	if (m->ctx || m->ctx_max)
		oc_json_put(o, "contextWindow", json_integer(m->ctx ? m->ctx : m->ctx_max));
	if (m->loaded) oc_json_put(o, "loaded", json_boolean(m->loaded == OC_TRUE));
	if (m->vision) oc_json_put(o, "vision", json_boolean(m->vision == OC_TRUE));
	if (m->tools) oc_json_put(o, "tools", json_boolean(m->tools == OC_TRUE));
	if (m->reasoning) oc_json_put(o, "reasoning", json_boolean(m->reasoning == OC_TRUE));
	return o;
}

static json_t *server_row(const struct oc_provider_kind *kind, const char *base_url,
			  const struct oc_discovery *d)
{
	const struct oc_provider_kind *shown = d->shows ? oc_provider_kind_called(d->shows) : NULL;
	json_t *o = json_object(), *models = json_array();

	if (shown) kind = shown;
	oc_json_put(o, "kind", json_string(kind->id));
	oc_json_put(o, "label", json_string(kind->label));
	oc_json_put(o, "api", json_string(kind->api ? kind->api : "openai-completions"));
	oc_json_put(o, "baseUrl", oc_json_new_str(oc_str(base_url)));
	oc_json_put(o, "reachable", json_boolean(d->reachable));
	if (d->error) oc_json_put(o, "error", oc_json_new_str(oc_str(d->error)));
	for (size_t i = 0; i < d->list.n; i++)
		if (oc_listed_can_chat(&d->list.v[i]))
			json_array_append_new(models, model_row(&d->list.v[i]));
	oc_json_put(o, "models", models);
	return o;
}

/* Asks one address. NULL: nobody answers there, and `quiet`. */
static json_t *look_wait(const struct oc_provider_kind *kind, const char *base_url, const char *key,
			 bool quiet, struct oc_err *e)
{
	struct oc_strv headers = { 0 };
	struct oc_discovery found = { 0 };
	struct oc_guard g;
	json_t *row = NULL;

	if (oc_guard_init(&g, oc_str(base_url), OC_UNSET, e)) return NULL;
	if (key && *key) oc_strv_addf(&headers, "Authorization: Bearer %s", key);
	const struct oc_server server = { kind, base_url, &g, &headers };
	oc_discover_wait(&server, FIND_MS, &found);
	if (found.reachable || !quiet) row = server_row(kind, base_url, &found);
	for (size_t i = 0; i < headers.n; i++) memset(headers.v[i], 0, strlen(headers.v[i]));
	oc_strv_deinit(&headers);
	oc_discovery_deinit(&found);
	oc_guard_deinit(&g);
	return row;
}

static void look_around_wait(json_t *list)
{
	for (size_t i = 0; i < oc_provider_kinds_n; i++) {
		const struct oc_provider_kind *k = &oc_provider_kinds[i];
		json_t *row;

		if (!k->onboarding || k->hosted || !k->base_url) continue;
		row = look_wait(k, k->base_url, NULL, true, NULL);
		if (row) json_array_append_new(list, row);
	}
}

static enum oc_rc find_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	const char *url = oc_json_cstr(r->params, "url"), *kind = oc_json_cstr(r->params, "kind");
	json_t *list = json_array(), *row;
	struct oc_err why = { 0 };

	if (!url) {
		look_around_wait(list);
	} else {
		row = look_wait(kind ? oc_provider_kind(kind) : oc_custom_kind, url,
				oc_json_cstr(r->params, "apiKey"), false, &why);
		if (!row) {
			json_decref(list);
			return oc_rpc_fail(e, OC_E_INPUT, &why);
		}
		json_array_append_new(list, row);
	}
	*result = json_pack("{s:o}", "servers", list);
	return OC_OK;
}

/* ---- models.probe ---- */

static const char *probe_status(const json_t *report)
{
	const json_t *feature;
	const char *name;

	json_object_foreach ((json_t *)(uintptr_t)report, name, feature)
		if (!json_is_null(json_object_get(feature, "value"))) return "ok";
	return "unknown";
}

static const char *a_model_of(const struct oc_provider *p)
{
	for (size_t i = 0; i < p->n_models; i++)
		if (p->models[i].can_chat) return p->models[i].id;
	return NULL;
}

static enum oc_rc probe_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	const char *id = oc_json_cstr(r->params, "provider");
	const char *model = oc_json_cstr(r->params, "model");
	struct oc_snapshot *snap = oc_gateway_snapshot(r->gw);
	struct oc_provider *p = oc_catalog_provider(&snap->catalog, oc_str(id));
	uint64_t began = oc_now_ms();
	json_t *report = NULL;
	enum oc_rc rc = OC_OK;

	if (p && !model) model = a_model_of(p);
	if (!p || !p->base_url)
		rc = oc_rpc_invalid(e, "unknown provider: %.100s", id);
	else if (!model)
		rc = oc_rpc_invalid(e, "%.100s has no model yet; load one, then try again", id);
	else
		rc = oc_probe_wait(&snap->catalog, p, model, oc_json_bool(r->params, "ask", false),
				   &report);
	if (!rc)
		*result =
		    json_pack("{s:s,s:s,s:s,s:I,s:[],s:O}", "provider", p->id, "model", model,
			      "status", probe_status(report), "latencyMs",
			      (json_int_t)(oc_now_ms() - began), "results", "features", report);
	json_decref(report);
	oc_snapshot_unref(snap);
	return rc;
}

const struct oc_method oc_methods_servers[] = {
	{ "models.probe", OC_SCOPE_ADMIN,
	  "provider:str min1, profileId?:str, timeoutMs?:int>=1, agentId?:str, model?:str min1, "
	  "ask?:bool",
	  probe_wait },
	{ "x.servers.find", OC_SCOPE_ADMIN, "url?:str min1 max2048, kind?:str, apiKey?:str",
	  find_wait },
	{ 0 },
};
