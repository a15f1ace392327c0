/* Discovery for a catalog that is in use. */
#include "model/provider/refresh.h"

#include <stdlib.h>

#include "base/log.h"
#include "model/provider/credential.h"
#include "model/provider/lmstudio.h"
#include "model/provider/models_json.h"

enum oc_rc oc_provider_ask_wait(const struct oc_catalog *c, const struct oc_provider *p,
				struct oc_discovery *found, struct oc_err *e)
{
	struct oc_strv headers = { 0 };
	struct oc_credential cred;
	struct oc_guard g;
	enum oc_rc rc = oc_provider_guard(c, p, &g, e);

	if (rc) return rc;
	rc = oc_credential_resolve(c, p, NULL, &cred, e);
	if (!rc) {
		oc_provider_headers(c, p, &cred, NULL, &headers);
		oc_credential_deinit(&cred);
		const struct oc_server server = { p->kind, p->base_url, &g, &headers };
		oc_discover_wait(&server, OC_DISCOVERY_TIMEOUT_MS, found);
		rc = found->rc;
		if (rc && rc != OC_CANCELLED)
			oc_fail(e, rc, "model discovery at %s: %s", p->base_url, found->error);
		if (rc) oc_discovery_deinit(found);
	}
	for (size_t i = 0; i < headers.n; i++) memset(headers.v[i], 0, strlen(headers.v[i]));
	oc_strv_deinit(&headers);
	oc_guard_deinit(&g);
	return rc;
}

static enum oc_rc remember(struct oc_catalog *c, struct oc_provider *p,
			   const struct oc_discovery *found, struct oc_err *e)
{
	json_t *all = json_object(), *news = json_object();
	enum oc_rc rc;

	oc_json_put(news, "baseUrl", json_string(p->base_url));
	oc_json_put(news, "api", json_string(p->api));
	oc_json_put(news, "models", oc_discovered_records(&found->list, p->kind, 0, false));
	json_object_set(all, p->id, news);
	rc = oc_models_json_update(c->config, all, NULL, e);
	if (!rc) rc = oc_provider_reload(c, p, e);
	json_decref(news);
	json_decref(all);
	return rc;
}

enum oc_rc oc_catalog_refresh_wait(struct oc_catalog *c, struct oc_provider *p, struct oc_err *e)
{
	struct oc_discovery found;
	enum oc_rc rc = oc_provider_ask_wait(c, p, &found, e);

	if (rc) return rc;
	if (found.shows) oc_provider_shows(c, p, found.shows);
	/* An empty list is no information: a server that is just starting answers so (spec 01
	 * §13.2). */
	if (found.list.n > 0) rc = remember(c, p, &found, e);
	oc_discovery_deinit(&found);
	return rc;
}

static enum oc_rc select_now(const struct oc_catalog *c, struct oc_str input,
			     struct oc_selection *out, struct oc_strv *warnings, struct oc_err *e)
{
	return oc_str_trim(input).n > 0 ? oc_select(c, input, out, warnings, e)
					: oc_select_default(c, out, warnings, e);
}

static bool list_may_change(const struct oc_provider *p)
{
	return oc_provider_kind(p->id)->live_list ||
	       (p->entry && json_array_size(json_object_get(p->entry, "models")) == 0);
}

enum oc_rc oc_select_wait(struct oc_catalog *c, struct oc_str input, struct oc_selection *out,
			  struct oc_strv *warnings, struct oc_err *e)
{
	struct oc_provider *ask = NULL;
	struct oc_err why = { 0 };
	struct oc_strv first_warnings = { 0 };
	enum oc_rc rc = select_now(c, input, out, &first_warnings, e);

	if (rc == OC_OK && !out->model && list_may_change(out->provider)) ask = out->provider;
	if (rc == OC_E_INPUT) ask = oc_catalog_stand_in(c);
	if (!ask) {
		for (size_t i = 0; warnings && i < first_warnings.n; i++)
			oc_strv_add(warnings, oc_str(first_warnings.v[i]));
		oc_strv_deinit(&first_warnings);
		return rc;
	}
	oc_strv_deinit(&first_warnings);
	enum oc_rc asked = oc_catalog_refresh_wait(c, ask, &why);
	if (rc == OC_OK) oc_selection_deinit(out);
	if (asked == OC_CANCELLED) return asked;
	if (asked) oc_log(ask->entry ? OC_LOG_WARN : OC_LOG_DEBUG, "models", "%s", why.msg);
	return select_now(c, input, out, warnings, e);
}
