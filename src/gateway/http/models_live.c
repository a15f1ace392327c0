/*
 * Which models are loaded now. The catalog does not know: it remembers what servers have, not what
 * they hold in memory. So local servers are asked, all at once and briefly, and what they said
 * holds for some seconds.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "gateway/http/models.h"
#include "model/provider/credential.h"
#include "model/provider/discovery.h"
#include "rt/exit.h"

enum { ASK_MS = 1000, FRESH_MS = 5000 };

static json_t *known; /* provider id -> {"at": ms, "models": {id: loaded, or null}} */

static void forget(void)
{
	json_decref(known);
	known = NULL;
}

static bool is_fresh(const struct oc_provider *p)
{
	const json_t *entry = json_object_get(known, p->id);

	return entry && (uint64_t)oc_json_int(entry, "at", 0) + FRESH_MS > oc_now_ms();
}

static bool worth_asking(const struct oc_provider *p)
{
	return p->base_url && p->local && !p->kind->hosted &&
	       !json_object_get(p->entry, "localService");
}

static void keep(const struct oc_provider *p, const struct oc_discovery *d)
{
	json_t *models = json_object();

	for (size_t i = 0; d->rc == OC_OK && i < d->list.n; i++) {
		const struct oc_listed_model *m = &d->list.v[i];
		json_t *loaded =
		    m->loaded == OC_UNSET ? json_null() : json_boolean(m->loaded == OC_TRUE);
		json_object_set_new(models, m->id, loaded);
	}
	if (!known) {
		known = json_object();
		oc_rt_on_exit(forget);
	}
	json_object_set_new(
	    known, p->id, json_pack("{s:I,s:o}", "at", (json_int_t)oc_now_ms(), "models", models));
}

struct question {
	const struct oc_catalog *catalog;
	const struct oc_provider *provider;
};

static void ask_wait(void *arg)
{
	const struct question *q = arg;
	const struct oc_provider *p = q->provider;
	struct oc_strv headers = { 0 };
	struct oc_credential cred;
	struct oc_discovery d;
	struct oc_guard guard;

	if (oc_provider_guard(q->catalog, p, &guard, NULL) != OC_OK) return;
	if (oc_credential_resolve(q->catalog, p, NULL, &cred, NULL) == OC_OK) {
		const struct oc_server server = { p->kind, p->base_url, &guard, &headers };

		oc_provider_headers(q->catalog, p, &cred, NULL, &headers);
		oc_discover_wait(&server, ASK_MS, &d);
		if (d.rc != OC_CANCELLED) keep(p, &d);
		oc_discovery_deinit(&d);
		oc_credential_deinit(&cred);
	}
	oc_strv_deinit(&headers);
	oc_guard_deinit(&guard);
}

void oc_models_ask_wait(const struct oc_catalog *c)
{
	struct question *questions = oc_realloc_array(NULL, c->n + 1, sizeof *questions);
	struct oc_scope *scope = oc_scope_new();

	for (size_t i = 0; i < c->n; i++) {
		questions[i] = (struct question){ c, &c->providers[i] };
		if (worth_asking(&c->providers[i]) && !is_fresh(&c->providers[i]))
			oc_scope_spawn(scope, ask_wait, &questions[i]);
	}
	oc_scope_join_wait(scope);
	oc_scope_free(scope);
	free(questions);
}

const json_t *oc_models_live(const struct oc_provider *p)
{
	return json_object_get(json_object_get(known, p->id), "models");
}
