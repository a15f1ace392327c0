/*
 * Where a provider's key comes from, and the headers that carry it. A key leaves this file only in
 * a header line or in oc_credential.key.
 */
#include "model/provider/credential.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "model/provider/auth_profiles.h"
#include "model/provider/cooldown.h"
#include "model/provider/lmstudio.h"
#include "rt/task.h"

/* ---- markers ---- */

const char *oc_credential_variable(const char *provider_id)
{
	const struct oc_provider_kind *k = oc_provider_kind_named(oc_str(provider_id));

	return k ? k->key_variable : NULL;
}

static bool is_variable_marker(struct oc_str key)
{
	for (size_t i = 0; i < oc_provider_kinds_n; i++) {
		const char *name = oc_provider_kinds[i].key_variable;

		if (name && oc_str_eq(key, oc_str(name))) return true;
	}
	return false;
}

static bool is_local_marker(struct oc_str key)
{
	static const char *const exact[] = { "lmstudio-local", "custom-local", "ollama-local",
					     "secretref-managed", "gcp-vertex-credentials" };

	for (size_t i = 0; i < sizeof exact / sizeof *exact; i++)
		if (oc_str_eq(key, oc_str(exact[i]))) return true;
	return oc_str_starts(key, OC_LIT("secretref-env:")) || oc_str_starts(key, OC_LIT("oauth:"));
}

bool oc_credential_is_marker(struct oc_str key)
{
	return is_local_marker(key) || is_variable_marker(key);
}

/* ---- where a key comes from ---- */

static const char *variable(const struct oc_env *env, const char *name)
{
	const char *v = env && name ? oc_env_get(env, name) : NULL;

	return v && oc_str_trim(oc_str(v)).n ? v : NULL;
}

/* A key as configured or stored: text, a variable's name, or a reference. NULL when there is none.
 * Owned. */
static char *secret_value(const struct oc_env *env, const json_t *v)
{
	struct oc_str s = oc_str_trim(oc_json_text(v));
	const char *named = NULL;

	if (json_is_object(v) && oc_str_eq(oc_json_str(v, "source"), OC_LIT("env")))
		named = variable(env, oc_json_cstr(v, "id"));
	else if (is_variable_marker(s))
		named = variable(env, json_string_value(v));
	if (named)
		s = oc_str_trim(oc_str(named));
	else if (!s.n || oc_credential_is_marker(s))
		return NULL;
	return oc_strndup(s.p, s.n);
}

static char *profile_key(const struct oc_env *env, const json_t *profile, int64_t now_ms)
{
	static const char *const fields[] = { "key", "keyRef", "token", "tokenRef", "access" };
	int64_t expires = oc_json_positive(profile, "expires");
	char *key = NULL;

	if (expires && expires <= now_ms) return NULL;
	for (size_t i = 0; !key && i < sizeof fields / sizeof *fields; i++)
		key = secret_value(env, json_object_get(profile, fields[i]));
	return key;
}

static bool take_profile(const struct oc_catalog *c, const json_t *doc, const char *provider,
			 const char *id, struct oc_credential *out)
{
	const json_t *profile = oc_auth_profile(doc, id, provider);
	char *key = profile ? profile_key(c->config->env, profile, oc_wall_ms()) : NULL;

	if (!key) return false;
	*out = (struct oc_credential){ .key = key,
				       .source = oc_asprintf("profile %s", id),
				       .profile_id = oc_strdup(id) };
	return true;
}

/* "@work" means the profile of that id, or "<provider>:work". */
static bool pinned(const struct oc_catalog *c, const json_t *doc, const char *provider,
		   const char *name, struct oc_credential *out)
{
	char *full = oc_asprintf("%s:%s", provider, name);
	bool found =
	    take_profile(c, doc, provider, name, out) || take_profile(c, doc, provider, full, out);

	free(full);
	return found;
}

static bool from_config(const struct oc_catalog *c, const struct oc_provider *p,
			struct oc_credential *out)
{
	char *key = secret_value(c->config->env, json_object_get(p->entry, "apiKey"));

	if (!key) return false;
	*out = (struct oc_credential){ .key = key,
				       .source = oc_asprintf("models.providers.%s.apiKey", p->id) };
	return true;
}

static bool from_environment(const struct oc_catalog *c, const struct oc_provider *p,
			     struct oc_credential *out)
{
	const char *name = NULL, *value = NULL;

	/* LM Studio found by what was said about an OpenAI-shaped server takes that one's key
	 * (D75). */
	if (oc_provider_kind(p->id)->stands_in && oc_lmstudio_is_from_openai(c->config, p->entry))
		value = variable(c->config->env, name = "OPENAI_API_KEY");
	if (!value) value = variable(c->config->env, name = oc_credential_variable(p->id));
	if (!value) return false;
	struct oc_str v = oc_str_trim(oc_str(value));
	*out = (struct oc_credential){ .key = oc_strndup(v.p, v.n), .source = oc_strdup(name) };
	return true;
}

/* ---- all keys of a provider, in the order of D38 ---- */

struct keys {
	struct oc_credential *v;
	int64_t *until; /* of its cooldown, 0 = none */
	enum oc_fail_reason *why;
	size_t n;
};

static void add_key(struct keys *k, struct oc_credential *cred, const json_t *doc,
		    const struct oc_provider *p, const char *model)
{
	enum oc_fail_reason why = OC_FAIL_NONE;

	if (cred->profile_id) {
		cred->usage_id = oc_strdup(cred->profile_id);
	} else {
		cred->usage_id = oc_asprintf("%s:config", p->id);
		cred->key_mark = oc_key_mark(cred->key);
	}
	k->v = oc_realloc_array(k->v, k->n + 1, sizeof *k->v);
	k->until = oc_realloc_array(k->until, k->n + 1, sizeof *k->until);
	k->why = oc_realloc_array(k->why, k->n + 1, sizeof *k->why);
	k->v[k->n] = *cred;
	k->until[k->n] =
	    oc_cooldown_until(doc, cred->usage_id, model, cred->key_mark, oc_wall_ms(), &why);
	k->why[k->n++] = why;
	*cred = (struct oc_credential){ 0 };
}

static void add_profiles(struct keys *k, const struct oc_catalog *c, const json_t *doc,
			 const struct oc_provider *p, const char *model)
{
	struct oc_credential cred = { 0 };
	struct oc_strv ids = { 0 };

	oc_auth_profiles_order(doc, json_object_get(c->config->value, "auth"), p->id, oc_wall_ms(),
			       &ids);
	for (size_t i = 0; i < ids.n; i++)
		if (take_profile(c, doc, p->id, ids.v[i], &cred)) add_key(k, &cred, doc, p, model);
	oc_strv_deinit(&ids);
}

static void collect_keys(struct keys *k, const struct oc_catalog *c, const struct oc_provider *p,
			 const char *profile, const char *model)
{
	struct oc_credential cred = { 0 };
	struct oc_err e = { 0 };
	json_t *doc = NULL;

	*k = (struct keys){ 0 };
	if (oc_auth_profiles_load(c->config->paths.agent_dir, &doc, &e) != OC_OK)
		oc_log(OC_LOG_WARN, "auth", "%s", e.msg);
	if (profile && doc && pinned(c, doc, p->id, profile, &cred)) {
		add_key(k, &cred, doc, p, model);
		goto done;
	}
	if (doc) add_profiles(k, c, doc, p, model);
	if (from_config(c, p, &cred) || from_environment(c, p, &cred))
		add_key(k, &cred, doc, p, model);
done:
	json_decref(doc);
}

static void keys_deinit(struct keys *k)
{
	for (size_t i = 0; i < k->n; i++) oc_credential_deinit(&k->v[i]);
	free(k->v);
	free(k->until);
	free(k->why);
}

/* The first that is free; else, when any will do, the one that is free first. SIZE_MAX = none. */
static size_t best_key(const struct keys *k, const struct oc_strv *tried, bool cooled_too)
{
	size_t best = SIZE_MAX;

	for (size_t i = 0; i < k->n; i++) {
		if (tried && oc_strv_has(tried, oc_str(k->v[i].usage_id))) continue;
		if (!k->until[i]) return i;
		if (cooled_too && (best == SIZE_MAX || k->until[i] < k->until[best])) best = i;
	}
	return best;
}

/* ---- configured headers ---- */

static bool has_header(json_t *headers, const char *name)
{
	const char *key;
	json_t *value;

	json_object_foreach (headers, key, value) {
		if (oc_str_ieq(oc_str(key), oc_str(name))) return true;
	}
	return false;
}

static bool own_authorization(const json_t *entry)
{
	const json_t *request = json_object_get(entry, "request");
	struct oc_str mode = oc_json_str(json_object_get(request, "auth"), "mode");

	return has_header(json_object_get(entry, "headers"), "Authorization") ||
	       has_header(json_object_get(request, "headers"), "Authorization") ||
	       oc_str_eq(mode, OC_LIT("authorization-bearer")) || oc_str_eq(mode, OC_LIT("header"));
}

static enum oc_rc without_key(const struct oc_provider *p, struct oc_credential *out,
			      struct oc_err *e)
{
	const char *name = oc_credential_variable(p->id);

	if (p->local || oc_provider_kind(p->id)->keyless) {
		out->source = oc_asprintf("models.providers.%s (synthetic local key)", p->id);
		return OC_OK;
	}
	return oc_fail(e, OC_E_INPUT,
		       "no API key for provider \"%s\": set models.providers.%s.apiKey%s%s, or run "
		       "'openclaw models auth login --provider %s'",
		       p->id, p->id, name ? " or the variable " : "", name ? name : "", p->id);
}

enum oc_rc oc_credential_choose(const struct oc_catalog *c, const struct oc_provider *p,
				const struct oc_key_wish *wish, struct oc_credential *out,
				struct oc_err *e)
{
	bool again = wish->tried && wish->tried->n;
	struct keys keys;

	*out = (struct oc_credential){ 0 };
	if (own_authorization(p->entry)) {
		if (again) return OC_E_NOT_FOUND;
		out->source = oc_asprintf("models.providers.%s headers", p->id);
		return OC_OK;
	}
	collect_keys(&keys, c, p, wish->profile, wish->model);
	size_t best = best_key(&keys, wish->tried, !again);

	if (best != SIZE_MAX) {
		*out = keys.v[best];
		keys.v[best] = (struct oc_credential){ 0 };
	}
	keys_deinit(&keys);
	if (best != SIZE_MAX) return OC_OK;
	return again ? OC_E_NOT_FOUND : without_key(p, out, e);
}

enum oc_rc oc_credential_resolve(const struct oc_catalog *c, const struct oc_provider *p,
				 const char *profile, struct oc_credential *out, struct oc_err *e)
{
	const struct oc_key_wish wish = { .profile = profile };

	return oc_credential_choose(c, p, &wish, out, e);
}

int64_t oc_credential_cooled_until(const struct oc_catalog *c, const struct oc_provider *p,
				   const char *profile, const char *model, char **usage_id,
				   enum oc_fail_reason *reason)
{
	struct keys keys;
	int64_t until = 0;

	*usage_id = NULL;
	*reason = OC_FAIL_NONE;
	if (own_authorization(p->entry)) return 0;
	collect_keys(&keys, c, p, profile, model);
	size_t best = best_key(&keys, NULL, true);

	if (best != SIZE_MAX && keys.until[best]) {
		until = keys.until[best];
		*reason = keys.why[best];
		*usage_id = oc_strdup(keys.v[best].usage_id);
	}
	keys_deinit(&keys);
	return until;
}

void oc_credential_deinit(struct oc_credential *c)
{
	oc_free_secret(c->key);
	free(c->source);
	free(c->profile_id);
	free(c->usage_id);
	*c = (struct oc_credential){ 0 };
}

/* ---- header lines ---- */

static bool is_reserved(struct oc_str name)
{
	static const char *const names[] = {
		"host",	      "connection", "content-length", "transfer-encoding", "upgrade", "te",
		"keep-alive", "trailer",    "expect"
	};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (oc_str_ieq(name, oc_str(names[i]))) return true;
	return false;
}

static bool is_header_name(struct oc_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= ' ' || (unsigned char)s.p[i] >= 0x7f || s.p[i] == ':')
			return false;
	return s.n > 0;
}

static bool is_header_value(struct oc_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (((unsigned char)s.p[i] < ' ' && s.p[i] != '\t') || s.p[i] == 0x7f) return false;
	return true;
}

static void remove_header(struct oc_strv *headers, struct oc_str name)
{
	size_t kept = 0;

	for (size_t i = 0; i < headers->n; i++) {
		struct oc_str line = oc_str(headers->v[i]);
		bool same = line.n > name.n && line.p[name.n] == ':' && oc_str_istarts(line, name);
		if (same)
			oc_free_secret(headers->v[i]);
		else
			headers->v[kept++] = headers->v[i];
	}
	headers->n = kept;
	if (headers->v) headers->v[kept] = NULL;
}

static void set_header(struct oc_strv *headers, const char *name, struct oc_str value)
{
	if (!is_header_name(oc_str(name)) || !is_header_value(value) || is_reserved(oc_str(name))) {
		oc_log(OC_LOG_WARN, "models", "a configured header cannot be sent and is left out");
		return;
	}
	remove_header(headers, oc_str(name));
	oc_strv_addf(headers, "%s: %.*s", name, OC_FMT(value));
}

static void add_configured(const struct oc_env *env, json_t *map, struct oc_strv *headers)
{
	const char *name;
	json_t *value;

	json_object_foreach (map, name, value) {
		char *resolved = secret_value(env, value);
		if (resolved) set_header(headers, name, oc_str(resolved));
		oc_free_secret(resolved);
	}
}

static void add_bearer(struct oc_strv *headers, const char *key)
{
	char *value = oc_asprintf("Bearer %s", key);

	set_header(headers, "Authorization", oc_str(value));
	oc_free_secret(value);
}

static void add_request_auth(const struct oc_env *env, const json_t *auth, struct oc_strv *headers)
{
	struct oc_str mode = oc_json_str(auth, "mode");
	const char *name = oc_json_cstr(auth, "headerName"), *prefix = oc_json_cstr(auth, "prefix");
	bool bearer = oc_str_eq(mode, OC_LIT("authorization-bearer"));
	char *secret = secret_value(env, json_object_get(auth, bearer ? "token" : "value"));

	if (secret && bearer) {
		add_bearer(headers, secret);
	} else if (secret && name && oc_str_eq(mode, OC_LIT("header"))) {
		char *value = oc_asprintf("%s%s", prefix ? prefix : "", secret);
		set_header(headers, name, oc_str(value));
		oc_free_secret(value);
	}
	oc_free_secret(secret);
}

void oc_entry_headers(const struct oc_env *env, const json_t *entry, const char *api,
		      const char *key, const json_t *model_entry, struct oc_strv *headers)
{
	const json_t *request = json_object_get(entry, "request");
	struct oc_str auth = oc_json_str(entry, "auth");
	bool token = oc_str_eq(auth, OC_LIT("token")) || oc_str_eq(auth, OC_LIT("oauth"));
	bool by_x_api_key = api && !strcmp(api, "anthropic-messages") && !token &&
			    !oc_json_bool(entry, "authHeader", false);

	if (key && by_x_api_key)
		set_header(headers, "x-api-key", oc_str(key));
	else if (key)
		add_bearer(headers, key);
	add_configured(env, json_object_get(entry, "headers"), headers);
	add_configured(env, json_object_get(model_entry, "headers"), headers);
	add_configured(env, json_object_get(request, "headers"), headers);
	add_request_auth(env, json_object_get(request, "auth"), headers);
}

void oc_provider_headers(const struct oc_catalog *c, const struct oc_provider *p,
			 const struct oc_credential *cred, const struct oc_model *model,
			 struct oc_strv *headers)
{
	oc_entry_headers(c->config->env, p->entry, oc_model_api(p, model), cred ? cred->key : NULL,
			 model ? model->entry : NULL, headers);
}
