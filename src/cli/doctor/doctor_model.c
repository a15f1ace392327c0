/* Checks of the model half: a default model, a context that is large enough, servers that answer.
 */
#include <stdio.h>
#include <stdlib.h>

#include "agent/run/context_guard.h"
#include "base/mem.h"
#include "cli/doctor/doctor.h"
#include "model/provider/credential.h"
#include "model/provider/refresh.h"

static enum oc_rc check_default(struct oc_doctor *d, const struct oc_check *check)
{
	struct oc_catalog catalog;
	struct oc_selection s;
	struct oc_context_guard guard;
	struct oc_err e = { 0 };
	enum oc_rc rc = oc_catalog_load(&catalog, &d->config, &e);

	if (!rc) rc = oc_select_default(&catalog, &s, NULL, &e);
	if (rc) {
		oc_doctor_find(d, check, OC_SEVERITY_WARNING, NULL,
			       "run: openclaw onboard, or openclaw models set <provider/model>",
			       "no default model: %s", e.msg);
		oc_catalog_deinit(&catalog);
		return OC_OK;
	}
	oc_context_guard_init(&guard, &d->config, NULL, &s);
	if (guard.tokens && guard.block_below && guard.tokens < guard.block_below)
		oc_doctor_find(
		    d, check, OC_SEVERITY_ERROR, NULL,
		    "load the model with a larger context, or change "
		    "agents.defaults.contextGuard",
		    "%s has a context of %lld tokens: agent turns are blocked below %lld", s.key,
		    (long long)guard.tokens, (long long)guard.block_below);
	else if (guard.tokens && guard.warn_below && guard.tokens < guard.warn_below)
		oc_doctor_find(d, check, OC_SEVERITY_WARNING, NULL,
			       "load the model with a larger context",
			       "%s has a context of %lld tokens: %lld or more are advised", s.key,
			       (long long)guard.tokens, (long long)guard.warn_below);
	else if (!guard.tokens)
		oc_doctor_find(d, check, OC_SEVERITY_INFO, NULL, NULL,
			       "nobody says how large the context of %s is", s.key);
	oc_selection_deinit(&s);
	oc_catalog_deinit(&catalog);
	return OC_OK;
}

/* ---- servers ---- */

static bool is_used(const struct oc_provider *p, const struct oc_selection *chosen)
{
	return p->entry != NULL || (chosen && chosen->provider == p);
}

static enum oc_rc check_server_wait(struct oc_doctor *d, const struct oc_check *check,
				    const struct oc_catalog *catalog, const struct oc_provider *p)
{
	struct oc_discovery found;
	struct oc_err e = { 0 };
	bool on_demand = json_object_get(p->entry, "localService") != NULL;

	if (!p->base_url) {
		oc_doctor_find(d, check, OC_SEVERITY_ERROR, NULL, NULL, "provider %s: %s", p->id,
			       p->problem ? p->problem : "no address");
		return OC_OK;
	}
	if (on_demand) return OC_OK; /* started when it is needed */
	enum oc_rc rc = oc_provider_ask_wait(catalog, p, &found, &e);
	if (rc == OC_CANCELLED) return rc;
	if (!rc)
		oc_discovery_deinit(&found);
	else
		oc_doctor_find(d, check, OC_SEVERITY_WARNING, NULL,
			       "start the server, or correct models.providers",
			       "provider %s does not answer: %s", p->id, e.msg);
	return OC_OK;
}

static enum oc_rc check_servers(struct oc_doctor *d, const struct oc_check *check)
{
	struct oc_catalog catalog;
	struct oc_selection s;
	struct oc_err e = { 0 };
	enum oc_rc rc = oc_catalog_load(&catalog, &d->config, &e);

	if (rc) {
		oc_catalog_deinit(&catalog);
		return OC_OK; /* said by model.default */
	}
	bool chosen = oc_select_default(&catalog, &s, NULL, &e) == OC_OK;
	for (size_t i = 0; !rc && i < catalog.n; i++)
		if (is_used(&catalog.providers[i], chosen ? &s : NULL))
			rc = check_server_wait(d, check, &catalog, &catalog.providers[i]);
	if (chosen) oc_selection_deinit(&s);
	oc_catalog_deinit(&catalog);
	return rc;
}

static enum oc_rc check_keys(struct oc_doctor *d, const struct oc_check *check)
{
	struct oc_catalog catalog;
	struct oc_err e = { 0 };

	if (oc_catalog_load(&catalog, &d->config, &e) == OC_OK)
		for (size_t i = 0; i < catalog.n; i++) {
			struct oc_credential cred;
			if (!catalog.providers[i].entry) continue;
			if (oc_credential_resolve(&catalog, &catalog.providers[i], NULL, &cred,
						  &e) == OC_OK)
				oc_credential_deinit(&cred);
			else
				oc_doctor_find(d, check, OC_SEVERITY_WARNING, NULL, NULL, "%s",
					       e.msg);
		}
	oc_catalog_deinit(&catalog);
	return OC_OK;
}

const struct oc_check oc_checks_model[] = {
	{ .id = "model.default",
	  .title = "Default model",
	  .needs_config = true,
	  .run_wait = check_default },
	{ .id = "model.keys", .title = "Keys", .needs_config = true, .run_wait = check_keys },
	{ .id = "model.servers",
	  .title = "Model servers",
	  .needs_config = true,
	  .run_wait = check_servers },
	{ 0 },
};
