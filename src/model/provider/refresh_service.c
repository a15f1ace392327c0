/* The tick: which server, with which key, what it lists, and whether that is news. */
#include "model/provider/refresh_service.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "model/provider/credential.h"
#include "model/provider/lmstudio.h"
#include "model/provider/models_json.h"
#include "model/provider/refresh_records.h"
#include "rt/file.h"

struct oc_refresh_service {
	struct oc_refresh_hooks hooks;
	struct oc_scope *scope;
	bool busy, failing;
	uint64_t warned_ms;
	char *base;	   /* where the sets below come from, NULL = nothing known yet */
	json_t *persisted; /* set of ids that models.json holds */
	json_t *shown;	   /* set of ids of the catalog in memory */
};

/* ---- whom to ask ---- */

struct target {
	const struct oc_config *config;
	const json_t *entry; /* models.providers.lmstudio, NULL */
	char *base, *marker;
	struct oc_guard guard;
	struct oc_strv headers;
	bool quiet; /* nobody said that there is an LM Studio */
};

static const json_t *providers_of(const struct oc_config *c)
{
	return json_object_get(json_object_get(c->value, "models"), "providers");
}

/* Provider ids are the same in any case. */
static const json_t *lmstudio_entry(const struct oc_config *c)
{
	const char *id;
	json_t *entry;

	json_object_foreach ((json_t *)(uintptr_t)providers_of(c), id, entry) {
		if (oc_str_ieq(oc_str_trim(oc_str(id)), OC_LIT(OC_LMSTUDIO_ID))) return entry;
	}
	return NULL;
}

/* What models.json says in the place of the key. */
static const char *marker_of(const struct oc_credential *cred)
{
	static const char *const variables[] = { "OPENAI_API_KEY", "LM_API_TOKEN" };

	for (size_t i = 0; cred->key && i < sizeof variables / sizeof *variables; i++)
		if (!strcmp(cred->source, variables[i])) return variables[i];
	return "lmstudio-local";
}

static enum oc_rc target_key(struct target *t, struct oc_err *e)
{
	char id[] = OC_LMSTUDIO_ID, api[] = "openai-completions";
	const struct oc_catalog catalog = { .config = t->config };
	const struct oc_provider provider = {
		.id = id, .api = api, .base_url = t->base, .entry = t->entry, .local = true
	};
	struct oc_credential cred;
	enum oc_rc rc = oc_credential_resolve(&catalog, &provider, NULL, &cred, e);

	if (rc) return rc;
	oc_provider_headers(&catalog, &provider, &cred, NULL, &t->headers);
	t->marker = oc_strdup(marker_of(&cred));
	oc_credential_deinit(&cred);
	return OC_OK;
}

static void target_deinit(struct target *t)
{
	for (size_t i = 0; i < t->headers.n; i++)
		memset(t->headers.v[i], 0, strlen(t->headers.v[i]));
	oc_strv_deinit(&t->headers);
	oc_guard_deinit(&t->guard);
	free(t->marker);
	free(t->base);
}

static enum oc_rc target_init(struct target *t, const struct oc_config *c, struct oc_err *e)
{
	const json_t *entry = lmstudio_entry(c);
	bool from_openai = oc_lmstudio_is_from_openai(c, entry);
	enum oc_tri allow = oc_entry_allow_private(
	    from_openai ? json_object_get(providers_of(c), "openai") : entry);

	*t = (struct target){ .config = c,
			      .entry = entry,
			      .base = oc_lmstudio_base_of(c, entry),
			      .quiet = !entry && !from_openai &&
				       json_object_size(providers_of(c)) > 0 &&
				       !oc_env_get(c->env, "LM_API_TOKEN") };
	enum oc_rc rc = oc_guard_init(&t->guard, oc_str(t->base), allow, e);
	if (rc == OC_OK) rc = target_key(t, e);
	if (rc != OC_OK) target_deinit(t);
	return rc;
}

/* ---- what is known ---- */

static bool file_is_there(const struct oc_config *c)
{
	char *path = oc_models_json_path(c->paths.agent_dir);
	bool there = oc_file_exists(path);

	free(path);
	return there;
}

static void forget(struct oc_refresh_service *s)
{
	json_decref(s->persisted);
	json_decref(s->shown);
	free(s->base);
	s->persisted = s->shown = NULL;
	s->base = NULL;
}

/* At the first tick, and when the server is another one: what models.json holds of it. A file that
 * cannot be read holds nothing. */
static void recall(struct oc_refresh_service *s, const struct target *t)
{
	struct oc_err e = { 0 };
	json_t *doc = NULL;

	if (s->base && !strcmp(s->base, t->base)) return;
	if (oc_models_json_load(t->config->paths.agent_dir, &doc, &e) != OC_OK)
		oc_log(OC_LOG_DEBUG, "lmstudio", "%s", e.msg);
	const json_t *known = json_object_get(json_object_get(doc, "providers"), OC_LMSTUDIO_ID);
	bool same = oc_str_eq(oc_json_str(known, "baseUrl"), oc_str(t->base));
	forget(s);
	s->base = oc_strdup(t->base);
	s->persisted = oc_id_set_of_records(same ? json_object_get(known, "models") : NULL);
	s->shown = json_incref(s->persisted);
	json_decref(doc);
}

static void replace_set(json_t **set, json_t *by)
{
	json_incref(by);
	json_decref(*set);
	*set = by;
}

/* ---- news ---- */

static enum oc_rc ask_wait(const struct target *t, const char *suffix, struct oc_discovery *found,
			   struct oc_err *e)
{
	char *server = oc_lmstudio_server_base(oc_str(t->base), false);
	char *url = oc_asprintf("%s%s", server, suffix);

	oc_discover_list_wait(url, &t->guard, &t->headers, OC_DISCOVERY_TIMEOUT_MS,
			      "lmstudio discovery", found);
	free(url);
	free(server);
	if (found->rc == OC_OK && found->list.null) {
		found->rc = OC_E_UPSTREAM;
		found->error = oc_strdup("the answer is no model list");
	}
	return found->rc ? oc_fail(e, found->rc, "%s", found->error) : OC_OK;
}

/* {"providers": {"lmstudio": …}}; new reference. */
static json_t *news_of(const struct target *t, const struct oc_model_list *list,
		       const struct oc_model_list *native)
{
	json_t *records = oc_refresh_records(list, native, json_object_get(t->entry, "models"));

	return json_pack("{s:{s:{s:s,s:s,s:s,s:o}}}", "providers", OC_LMSTUDIO_ID, "baseUrl",
			 t->base, "api", "openai-completions", "apiKey", t->marker, "models",
			 records);
}

/* Writes and shows the list. A file that cannot be written does not keep it from memory. */
static enum oc_rc publish_wait(struct oc_refresh_service *s, const struct target *t,
			       const struct oc_model_list *list, json_t *ids, struct oc_err *e)
{
	struct oc_discovery native;
	struct oc_err why = { 0 };
	size_t previous = json_object_size(s->persisted);
	enum oc_rc rc = ask_wait(t, "/api/v1/models", &native, &why);

	if (rc == OC_CANCELLED) {
		oc_discovery_deinit(&native);
		return rc;
	}
	json_t *news = news_of(t, list, rc == OC_OK ? &native.list : NULL);
	oc_discovery_deinit(&native);
	rc = oc_models_json_update(t->config, json_object_get(news, "providers"), NULL, e);
	if (rc == OC_OK) {
		replace_set(&s->persisted, ids);
		oc_log(OC_LOG_INFO, "lmstudio",
		       "LM Studio models refreshed (discoveredCount %zu, previousCount %zu)",
		       json_object_size(ids), previous);
	}
	if (s->hooks.changed && (rc == OC_OK || !oc_id_set_equal(ids, s->shown)))
		s->hooks.changed(s->hooks.arg, news);
	replace_set(&s->shown, ids);
	json_decref(news);
	return rc;
}

/* An empty list is no information: a server that is just starting answers so. */
static enum oc_rc take_wait(struct oc_refresh_service *s, const struct target *t,
			    const struct oc_model_list *list, struct oc_err *e)
{
	json_t *ids = oc_id_set_of_list(list);
	enum oc_rc rc = OC_OK;

	if (json_object_size(ids) > 0 &&
	    (!oc_id_set_equal(ids, s->persisted) || !file_is_there(t->config)))
		rc = publish_wait(s, t, list, ids, e);
	json_decref(ids);
	return rc;
}

/* ---- a tick ---- */

static void report(struct oc_refresh_service *s, enum oc_rc rc, bool quiet, const char *why)
{
	bool warned_lately =
	    s->failing && s->warned_ms && oc_now_ms() - s->warned_ms < OC_REFRESH_WARN_EVERY_MS;

	if (rc == OC_CANCELLED) return;
	if (rc == OC_OK) {
		s->failing = false;
		return;
	}
	bool loud = !quiet && !warned_lately;
	oc_log(loud ? OC_LOG_WARN : OC_LOG_DEBUG, "lmstudio",
	       "LM Studio model discovery failed: %s", why);
	if (loud) s->warned_ms = oc_now_ms();
	s->failing = true;
}

static enum oc_rc look_wait(struct oc_refresh_service *s, struct target *t, struct oc_err *e)
{
	struct oc_discovery found;

	recall(s, t);
	enum oc_rc rc = ask_wait(t, "/v1/models", &found, e);
	if (rc == OC_OK) rc = take_wait(s, t, &found.list, e);
	oc_discovery_deinit(&found);
	return rc;
}

enum oc_rc oc_refresh_service_tick_wait(struct oc_refresh_service *s, bool *looked,
					struct oc_err *e)
{
	struct target t;
	bool quiet = false;

	*looked = false;
	if (s->busy) return OC_OK;
	if (s->hooks.active_tasks && s->hooks.active_tasks(s->hooks.arg) > 0) return OC_OK;
	*looked = s->busy = true;
	enum oc_rc rc = target_init(&t, s->hooks.config(s->hooks.arg), e);
	if (rc == OC_OK) {
		quiet = t.quiet;
		rc = look_wait(s, &t, e);
		target_deinit(&t);
	}
	report(s, rc, quiet, e->msg);
	s->busy = false;
	return rc;
}

/* ---- start and stop ---- */

static void run(void *arg)
{
	struct oc_refresh_service *s = arg;
	uint64_t next = oc_now_ms();

	for (;;) {
		struct oc_err e = { 0 };
		bool looked;
		(void)!oc_refresh_service_tick_wait(s, &looked, &e); /* it has told of a failure */
		/* A tick that is late is left out, not made up for. */
		uint64_t now = oc_now_ms();
		next += OC_REFRESH_INTERVAL_MS * ((now - next) / OC_REFRESH_INTERVAL_MS + 1);
		if (oc_sleep_wait(next - now) != OC_OK) return;
	}
}

struct oc_refresh_service *oc_refresh_service_start(const struct oc_refresh_hooks *hooks)
{
	struct oc_refresh_service *s = oc_alloc(sizeof *s);

	s->hooks = *hooks;
	s->scope = oc_scope_new();
	oc_scope_spawn(s->scope, run, s);
	return s;
}

void oc_refresh_service_stop_wait(struct oc_refresh_service *s)
{
	if (!s) return;
	oc_scope_cancel(s->scope);
	oc_scope_join_wait(s->scope);
	oc_scope_free(s->scope);
	forget(s);
	free(s);
}
