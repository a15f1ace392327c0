/* Writes what onboarding found: the key to its profile, the rest to the config, the whole catalog
 * to models.json. */
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "cli/setup/onboard.h"
#include "config/edit.h"
#include "model/provider/auth_profiles.h"
#include "model/provider/models_json.h"
#include "rt/file.h"

/* ---- models.providers.<id> ---- */

/* The authored entry whose id folds to ours, made when there is none. Borrowed. */
static json_t *provider_entry(json_t *providers, const char *id)
{
	const char *key;
	json_t *entry;

	json_object_foreach (providers, key, entry) {
		if (oc_str_ieq(oc_str_trim(oc_str(key)), oc_str(id)) && json_is_object(entry))
			return entry;
	}
	return oc_onboard_object(providers, id);
}

/* Discovered fields win; what a person added to a model (params, headers …) stays. */
static json_t *merged_models(const struct oc_onboard *o, const json_t *old)
{
	json_t *fresh = oc_onboard_records(o, true), *record, *had;
	size_t i, k;

	json_array_foreach (fresh, i, record) {
		json_array_foreach (old, k, had) {
			if (oc_str_eq(oc_json_str(had, "id"), oc_json_str(record, "id")))
				json_object_update_missing(record, had);
		}
	}
	return fresh;
}

static void put_key_marker(const struct oc_onboard *o, json_t *entry)
{
	if (o->key_source == OC_KEY_CONFIG) return;
	if (o->key_source == OC_KEY_NONE) {
		json_object_del(entry, "auth");
		oc_json_put(entry, "apiKey", json_string(o->choice->marker));
		return;
	}
	oc_json_put(entry, "auth", json_string("api-key"));
	oc_json_put(entry, "apiKey", json_string(o->choice->keyed_marker));
}

static void put_provider(const struct oc_onboard *o, json_t *raw)
{
	json_t *models = oc_onboard_object(raw, "models"), *entry;

	if (!json_object_get(models, "mode")) oc_json_put(models, "mode", json_string("merge"));
	entry = provider_entry(oc_onboard_object(models, "providers"), o->provider);
	if (!o->keep_base || !json_object_get(entry, "baseUrl"))
		oc_json_put(entry, "baseUrl", json_string(o->base_url));
	if (!o->choice->native_list || !json_object_get(entry, "api") ||
	    strcmp(oc_json_cstr(entry, "api") ? oc_json_cstr(entry, "api") : "",
		   "openai-responses") != 0)
		oc_json_put(entry, "api", json_string(o->api));
	put_key_marker(o, entry);
	oc_json_put(entry, "models", merged_models(o, json_object_get(entry, "models")));
}

/* ---- auth.profiles: metadata only ---- */

static void drop_profiles_of(json_t *profiles, const char *provider)
{
	struct oc_strv ids = { 0 };
	const char *id;
	json_t *meta;

	json_object_foreach (profiles, id, meta) {
		if (oc_str_ieq(oc_json_str(meta, "provider"), oc_str(provider)))
			oc_strv_add(&ids, oc_str(id));
	}
	for (size_t i = 0; i < ids.n; i++) json_object_del(profiles, ids.v[i]);
	oc_strv_deinit(&ids);
}

static void put_profile_metadata(const struct oc_onboard *o, json_t *raw)
{
	char *id = oc_asprintf("%s:default", o->provider);
	json_t *auth, *profiles;

	if (o->key_source == OC_KEY_NEW) {
		auth = oc_onboard_object(raw, "auth");
		profiles = oc_onboard_object(auth, "profiles");
		oc_json_put(profiles, id,
			    json_pack("{s:s,s:s}", "provider", o->provider, "mode", "api_key"));
	} else if (o->key_source == OC_KEY_NONE && (auth = json_object_get(raw, "auth"))) {
		profiles = json_object_get(auth, "profiles");
		drop_profiles_of(profiles, o->provider);
		json_object_del(json_object_get(auth, "order"), o->provider);
		if (json_is_object(profiles) && json_object_size(profiles) == 0)
			json_object_del(auth, "profiles");
		if (json_object_size(auth) == 0) json_object_del(raw, "auth");
	}
	free(id);
}

/* ---- agents.defaults ---- */

static void put_default_model(const struct oc_onboard *o, json_t *raw)
{
	json_t *defaults = oc_onboard_object(oc_onboard_object(raw, "agents"), "defaults");
	json_t *model = oc_onboard_object(defaults, "model"), *records, *record;
	char *key = oc_asprintf("%s/%s", o->provider, o->model);
	size_t i;

	oc_json_put(model, "primary", oc_json_new_str(oc_str(key)));
	free(key);
	if (!o->list_all) return;
	records = oc_onboard_records(o, true);
	json_array_foreach (records, i, record) {
		key = oc_asprintf("%s/%s", o->provider, oc_json_cstr(record, "id"));
		oc_onboard_object(oc_onboard_object(defaults, "models"), key);
		free(key);
	}
	json_decref(records);
}

static json_t *new_config(const struct oc_onboard *o)
{
	json_t *raw = o->config->raw ? json_deep_copy(o->config->raw) : json_object();

	if (o->model) {
		put_provider(o, raw);
		put_profile_metadata(o, raw);
		put_default_model(o, raw);
	}
	oc_onboard_put_agents(o, raw);
	oc_onboard_put_gateway(o, raw);
	oc_onboard_put_meta(raw);
	return raw;
}

/* ---- the files ---- */

static void edit_profiles(json_t *doc, void *arg)
{
	const struct oc_onboard *o = arg;
	char *id = oc_asprintf("%s:default", o->provider);

	if (o->key_source == OC_KEY_NEW)
		oc_auth_profiles_put_key(doc, id, o->provider, o->key);
	else
		oc_auth_profiles_remove_provider(doc, o->provider);
	free(id);
}

static enum oc_rc write_profile(struct oc_onboard *o, struct oc_err *e)
{
	char *path = oc_auth_profiles_path(o->config->paths.agent_dir);
	bool needed =
	    o->key_source == OC_KEY_NEW || (o->key_source == OC_KEY_NONE && oc_file_exists(path));

	free(path);
	if (!o->model || !needed) return OC_OK;
	return oc_auth_profiles_update(o->config->paths.agent_dir, edit_profiles, o, e);
}

struct earlier {
	const struct oc_onboard *o;
	json_t *doc;
};

/* The config could not be written: a key without it would be a surprise. */
static void put_back(json_t *doc, void *arg)
{
	const struct earlier *was = arg;
	json_t *now = oc_onboard_object(doc, "profiles"), *profile;
	const char *id;

	oc_auth_profiles_remove_provider(doc, was->o->provider);
	json_object_foreach (json_object_get(was->doc, "profiles"), id, profile) {
		if (oc_str_ieq(oc_json_str(profile, "provider"), oc_str(was->o->provider)))
			json_object_set(now, id, profile);
	}
}

static enum oc_rc write_config_and_profile(struct oc_onboard *o, json_t *raw,
					   enum oc_edit_result *result, struct oc_err *e)
{
	const char *folder = o->config->paths.agent_dir;
	struct earlier was = { .o = o };
	struct oc_strv problems = { 0 };
	enum oc_rc rc = OC_OK;

	if (o->model) rc = oc_auth_profiles_load(folder, &was.doc, e);
	if (!rc) rc = write_profile(o, e);
	if (!rc) {
		rc = oc_config_write(o->config, raw, result, &problems, e);
		if (rc && o->model &&
		    oc_auth_profiles_update(folder, put_back, &was, NULL) != OC_OK)
			oc_log(OC_LOG_WARN, "auth", "the profiles of %s may have changed",
			       o->provider);
	}
	oc_strv_deinit(&problems);
	json_decref(was.doc);
	return rc;
}

static enum oc_rc invalid(const struct oc_strv *problems, struct oc_err *e)
{
	char *list = oc_strv_join(problems, "; ");

	oc_fail(e, OC_E_INPUT, "the new configuration would not be valid: %s", list);
	free(list);
	return OC_E_INPUT;
}

/* Only a memory of the server's list: setup is complete without it. */
static void write_catalog(const struct oc_onboard *o)
{
	struct oc_err e = { 0 };
	struct oc_config now;
	json_t *found = json_object(), *provider = json_object();
	enum oc_rc rc = oc_config_load(&now, &e);

	if (!rc) {
		oc_json_put(provider, "baseUrl", json_string(o->base_url));
		oc_json_put(provider, "models", oc_onboard_records(o, false));
		json_object_set(found, o->provider, provider);
		rc = oc_models_json_update(&now, found, NULL, &e);
	}
	json_decref(provider);
	json_decref(found);
	oc_config_deinit(&now);
	if (rc) oc_log(OC_LOG_WARN, "models", "%s", e.msg);
}

enum oc_rc oc_onboard_write(struct oc_onboard *o, bool *changed, struct oc_err *e)
{
	struct oc_strv problems = { 0 };
	enum oc_edit_result result = OC_EDIT_UNCHANGED;
	json_t *raw = new_config(o);
	enum oc_rc rc;

	/* Judged first, so that no key is stored for a config that is then refused. */
	oc_config_check(o->config, raw, &problems);
	rc = problems.n ? invalid(&problems, e) : OC_OK;
	if (!rc) rc = write_config_and_profile(o, raw, &result, e);
	*changed = result == OC_EDIT_WRITTEN;
	if (!rc && o->model) write_catalog(o);
	oc_strv_deinit(&problems);
	json_decref(raw);
	return rc;
}
