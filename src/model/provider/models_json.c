/* Builds, reads and writes models.json. */
#include "model/provider/models_json.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "model/provider/credential.h"
#include "model/provider/lmstudio.h"
#include "model/provider/state_json.h"
#include "rt/file.h"

enum { LOCK_TIMEOUT_MS = 5000 };

char *oc_models_json_path(const char *agent_dir)
{
	return oc_asprintf("%s/models.json", agent_dir);
}

/* ---- reading ---- */

enum oc_rc oc_models_json_load(const char *agent_dir, json_t **out, struct oc_err *e)
{
	char *path = oc_models_json_path(agent_dir);
	enum oc_rc rc = oc_state_json_load(path, "providers", out, e);

	free(path);
	return rc;
}

/* ---- model lists ---- */

static const json_t *find_by_id(const json_t *list, struct oc_str id)
{
	const json_t *item;
	size_t i;

	json_array_foreach (list, i, item) {
		if (oc_str_eq(oc_json_str(item, "id"), id)) return item;
	}
	return NULL;
}

static bool is_size_field(const char *key)
{
	return !strcmp(key, "contextWindow") || !strcmp(key, "contextTokens") ||
	       !strcmp(key, "maxTokens");
}

static json_t *fill_gaps(const json_t *explicit_entry, json_t *discovered)
{
	json_t *out = json_deep_copy(explicit_entry), *value;
	const char *key;

	json_object_foreach (discovered, key, value) {
		bool missing = !json_object_get(out, key);

		if (is_size_field(key) && oc_json_positive(out, key) == 0) missing = true;
		if (missing) json_object_set(out, key, value);
	}
	/* A learnt window must not exceed what the config says about the model. */
	int64_t window = oc_json_positive(explicit_entry, "contextWindow");
	int64_t tokens = oc_json_positive(out, "contextTokens");
	if (window && tokens > window) oc_json_put(out, "contextTokens", json_integer(window));
	return out;
}

/* id -> entry of a list; the first of equal ids. New reference. */
static json_t *index_by_id(const json_t *list)
{
	json_t *index = json_object(), *item;
	size_t i;

	json_array_foreach (list, i, item) {
		const char *id = oc_json_cstr(item, "id");
		if (id && *id && !json_object_get(index, id)) json_object_set(index, id, item);
	}
	return index;
}

json_t *oc_models_list_merge(const json_t *explicit_list, const json_t *discovered,
			     bool keep_discovered)
{
	json_t *out = json_array(), *own = index_by_id(explicit_list);
	json_t *found = index_by_id(discovered), *item;
	const char *id;

	json_object_foreach (own, id, item) {
		json_array_append_new(out, fill_gaps(item, json_object_get(found, id)));
	}
	json_object_foreach (found, id, item) {
		if (keep_discovered && !json_object_get(own, id))
			json_array_append_new(out, json_deep_copy(item));
	}
	json_decref(found);
	json_decref(own);
	return out;
}

/* ---- providers without secrets ---- */

/* NAME of an authored "${NAME}" that is the whole text; empty otherwise. */
static struct oc_str variable_name(struct oc_str s)
{
	if (s.n < 4 || !oc_str_starts(s, OC_LIT("${")) || s.p[s.n - 1] != '}')
		return (struct oc_str){ 0 };
	struct oc_str name = { s.p + 2, s.n - 3 };
	return oc_str_has(name, OC_LIT("}")) ? (struct oc_str){ 0 } : name;
}

/* What may stand in the file for a secret; prefix goes before the name of a variable. New
 * reference. */
static json_t *secret_marker(const json_t *authored, const char *prefix)
{
	struct oc_str text = oc_json_text(authored), name = variable_name(text);

	if (json_is_object(authored) && oc_str_eq(oc_json_str(authored, "source"), OC_LIT("env")))
		name = oc_json_str(authored, "id");
	if (name.n > 0) return json_sprintf("%s%.*s", prefix, OC_FMT(name));
	if (json_is_string(authored) && oc_credential_is_marker(text)) return oc_json_new_str(text);
	return json_string("secretref-managed");
}

static bool header_may_be_secret(const char *name)
{
	static const char *const words[] = {
		"auth", "key", "token", "secret", "cookie", "password"
	};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (oc_str_ihas(oc_str(name), words[i])) return true;
	return false;
}

static json_t *safe_headers(json_t *resolved, const json_t *authored)
{
	json_t *out = json_object(), *value;
	const char *name;

	json_object_foreach (resolved, name, value) {
		const json_t *typed = json_object_get(authored, name);

		if (!typed) typed = value;
		if (json_is_string(typed) && variable_name(oc_json_text(typed)).n == 0 &&
		    !header_may_be_secret(name) && json_equal(typed, value))
			json_object_set(out, name, value);
		else
			oc_json_put(out, name, secret_marker(typed, "secretref-env:"));
	}
	return out;
}

static json_t *safe_model(const json_t *model, const json_t *authored_list)
{
	json_t *out = json_deep_copy(model);
	json_t *headers = json_object_get(model, "headers");
	const json_t *authored = find_by_id(authored_list, oc_json_str(model, "id"));

	if (headers)
		oc_json_put(out, "headers",
			    safe_headers(headers, json_object_get(authored, "headers")));
	return out;
}

json_t *oc_models_json_provider(const json_t *resolved, const json_t *authored)
{
	static const char *const plain[] = { "baseUrl", "api", "auth" };
	const json_t *models = json_object_get(resolved, "models"), *model;
	const json_t *key = json_object_get(authored, "apiKey");
	json_t *out, *headers, *list = json_array();
	size_t i;

	if (!key) key = json_object_get(resolved, "apiKey");
	if (!oc_json_cstr(resolved, "baseUrl") ||
	    (json_is_string(key) && oc_json_text(key).n == 0)) {
		json_decref(list);
		return NULL;
	}
	out = json_object();
	for (i = 0; i < sizeof plain / sizeof *plain; i++) {
		json_t *v = json_object_get(resolved, plain[i]);
		if (v) json_object_set(out, plain[i], v);
	}
	if (key) oc_json_put(out, "apiKey", secret_marker(key, ""));
	if ((headers = json_object_get(resolved, "headers")))
		oc_json_put(out, "headers",
			    safe_headers(headers, json_object_get(authored, "headers")));
	json_array_foreach (models, i, model) {
		json_array_append_new(list, safe_model(model, json_object_get(authored, "models")));
	}
	oc_json_put(out, "models", list);
	return out;
}

/* ---- the document ---- */

static bool self_contained(const json_t *provider)
{
	return oc_json_cstr(provider, "baseUrl") &&
	       json_is_array(json_object_get(provider, "models"));
}

/* Values that the new entry leaves open. An old literal key is not carried on. */
static void keep_unset(json_t *provider, const json_t *old)
{
	struct oc_str key = oc_json_str(old, "apiKey");

	if (!json_object_get(provider, "apiKey") && key.n > 0 && oc_credential_is_marker(key))
		oc_json_put(provider, "apiKey", oc_json_new_str(key));
}

json_t *oc_models_json_merge(const json_t *existing, const json_t *desired, bool replace)
{
	json_t *doc, *providers, *wanted, *old, *entry;
	const char *id;

	if (!replace && json_object_size(desired) == 0) return NULL;
	doc = json_object();
	providers = json_object();
	old = json_deep_copy(json_object_get(existing, "providers"));
	wanted = json_deep_copy(desired);
	if (!replace) {
		json_object_foreach (old, id, entry) {
			if (self_contained(entry) || json_object_get(wanted, id))
				json_object_set(providers, id, entry);
		}
	}
	json_object_foreach (wanted, id, entry) {
		if (!replace) keep_unset(entry, json_object_get(old, id));
		json_object_set(providers, id, entry);
	}
	json_decref(old);
	json_decref(wanted);
	oc_json_put(doc, "providers", providers);
	return doc;
}

/* The effective entry of one provider: config before discovery. New reference. */
static json_t *effective_entry(const char *id, const json_t *config, const json_t *found,
			       bool replace)
{
	json_t *entry = config ? json_deep_copy(config) : json_object();
	const json_t *list = json_object_get(config, "models");
	bool keep = !(replace && json_array_size(list) > 0);

	for (int i = 0; i < 2; i++) {
		const char *field = i ? "api" : "baseUrl";
		const char *value = oc_json_cstr(found, field);
		if (value) oc_json_put(entry, field, json_string(value));
	}
	struct oc_str marker = oc_json_str(found, "apiKey");
	if (!json_object_get(entry, "apiKey") && oc_credential_is_marker(marker))
		oc_json_put(entry, "apiKey", oc_json_new_str(marker));
	if (!oc_json_cstr(entry, "api"))
		oc_json_put(entry, "api", json_string("openai-completions"));
	if (oc_provider_kind(id)->any_base) {
		char *server = oc_lmstudio_server_base(oc_json_str(entry, "baseUrl"), false);
		char *base = oc_lmstudio_inference_base(server);
		oc_json_put(entry, "baseUrl", json_string(base));
		free(base);
		free(server);
	}
	oc_json_put(entry, "models",
		    oc_models_list_merge(list, json_object_get(found, "models"), keep));
	return entry;
}

/* What an earlier discovery of the same server brought stays until a new one replaces it. New
 * reference. */
static json_t *known_before(const json_t *existing, const char *id, const json_t *config)
{
	const json_t *old = json_object_get(json_object_get(existing, "providers"), id);
	json_t *out;

	if (!old || !oc_provider_kind(id)->live_list) return NULL;
	json_t *mine = effective_entry(id, config, NULL, false);
	bool same = oc_str_eq(oc_json_str(mine, "baseUrl"), oc_json_str(old, "baseUrl"));
	json_decref(mine);
	if (!same) return NULL;
	out = json_object();
	oc_json_put(out, "models", json_deep_copy(json_object_get(old, "models")));
	return out;
}

/* Provider ids are the same in any case. Owned. */
static char *folded(const char *id)
{
	struct oc_str s = oc_str_trim(oc_str(id));
	char *out = oc_strndup(s.p, s.n);

	for (char *c = out; *c; c++) *c = (char)tolower((unsigned char)*c);
	return out;
}

static void want(json_t *desired, const char *id, const json_t *config, const json_t *authored,
		 const json_t *found, bool replace)
{
	json_t *entry = effective_entry(id, config, found, replace);
	json_t *safe = oc_models_json_provider(entry, authored);

	oc_json_put(desired, id, safe);
	json_decref(entry);
}

static json_t *desired_providers(const struct oc_config *c, const json_t *existing,
				 json_t *discovered, bool replace)
{
	json_t *desired = json_object(), *entry;
	json_t *configured = json_object_get(json_object_get(c->value, "models"), "providers");
	json_t *authored = json_object_get(json_object_get(c->raw, "models"), "providers");
	const char *name;

	json_object_foreach (configured, name, entry) {
		char *id = folded(name);
		json_t *news = json_incref(json_object_get(discovered, id));

		if (!news) news = known_before(existing, id, entry);
		want(desired, id, entry, json_object_get(authored, name), news, replace);
		json_decref(news);
		free(id);
	}
	json_object_foreach (discovered, name, entry) {
		if (!json_object_get(desired, name))
			want(desired, name, NULL, NULL, entry, replace);
	}
	return desired;
}

static enum oc_rc rebuild(const struct oc_config *c, const char *path, json_t *discovered,
			  bool *written, struct oc_err *e)
{
	struct oc_str mode = oc_json_str(json_object_get(c->value, "models"), "mode");
	bool replace = oc_str_eq(mode, OC_LIT("replace"));
	json_t *existing, *desired, *doc;
	enum oc_rc rc = oc_state_json_load(path, "providers", &existing, e);

	if (rc) return rc;
	desired = desired_providers(c, existing, discovered, replace);
	doc = oc_models_json_merge(existing, desired, replace);
	if (doc) {
		char *text = oc_json_pretty(doc);
		rc = oc_file_write(path, oc_str(text), 0600, written, e);
		free(text);
	}
	json_decref(doc);
	json_decref(desired);
	json_decref(existing);
	return rc;
}

enum oc_rc oc_models_json_update(const struct oc_config *c, json_t *discovered, bool *written,
				 struct oc_err *e)
{
	char *path = oc_models_json_path(c->paths.agent_dir);
	char *lock_path = oc_asprintf("%s.lock", path);
	struct oc_lock lock;
	enum oc_rc rc = oc_mkdirs(c->paths.agent_dir, e);

	if (written) *written = false;
	if (!rc) rc = oc_lock_take(&lock, lock_path, LOCK_TIMEOUT_MS, e);
	if (!rc) {
		rc = rebuild(c, path, discovered, written, e);
		oc_lock_release(&lock);
	}
	free(lock_path);
	free(path);
	return rc;
}
