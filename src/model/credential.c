/*
 * Where a provider's key comes from, and the headers that carry it. A key leaves this file only in
 * a header line or in oc_credential.key.
 */
#include "model/credential.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "model/api.h"
#include "model/auth_profiles.h"
#include "model/lmstudio.h"
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

static bool from_profiles(const struct oc_catalog *c, const struct oc_provider *p,
			  const char *profile, struct oc_credential *out)
{
	struct oc_strv ids = { 0 };
	struct oc_err e = { 0 };
	json_t *doc;
	bool found = false;

	if (oc_auth_profiles_load(c->config->paths.agent_dir, &doc, &e) != OC_OK) {
		oc_log(OC_LOG_WARN, "auth", "%s", e.msg);
		return false;
	}
	if (profile) found = pinned(c, doc, p->id, profile, out);
	oc_auth_profiles_order(doc, json_object_get(c->config->value, "auth"), p->id, oc_wall_ms(),
			       &ids);
	for (size_t i = 0; !found && i < ids.n; i++)
		found = take_profile(c, doc, p->id, ids.v[i], out);
	oc_strv_deinit(&ids);
	json_decref(doc);
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
	if (!strcmp(p->id, OC_LMSTUDIO_ID) && oc_lmstudio_is_from_openai(c->config, p->entry))
		value = variable(c->config->env, name = "OPENAI_API_KEY");
	if (!value) value = variable(c->config->env, name = oc_credential_variable(p->id));
	if (!value) return false;
	struct oc_str v = oc_str_trim(oc_str(value));
	*out = (struct oc_credential){ .key = oc_strndup(v.p, v.n), .source = oc_strdup(name) };
	return true;
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

enum oc_rc oc_credential_resolve(const struct oc_catalog *c, const struct oc_provider *p,
				 const char *profile, struct oc_credential *out, struct oc_err *e)
{
	const char *name = oc_credential_variable(p->id);

	*out = (struct oc_credential){ 0 };
	if (own_authorization(p->entry)) {
		out->source = oc_asprintf("models.providers.%s headers", p->id);
		return OC_OK;
	}
	if (from_profiles(c, p, profile, out) || from_config(c, p, out) ||
	    from_environment(c, p, out))
		return OC_OK;
	if (p->local || !strcmp(p->id, OC_LMSTUDIO_ID)) {
		out->source = oc_asprintf("models.providers.%s (synthetic local key)", p->id);
		return OC_OK;
	}
	return oc_fail(e, OC_E_INPUT,
		       "no API key for provider \"%s\": set models.providers.%s.apiKey%s%s, or run "
		       "'openclaw models auth login --provider %s'",
		       p->id, p->id, name ? " or the variable " : "", name ? name : "", p->id);
}

void oc_credential_deinit(struct oc_credential *c)
{
	oc_free_secret(c->key);
	free(c->source);
	free(c->profile_id);
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
	oc_entry_headers(c->config->env, p->entry, oc_api_name(p, model), cred ? cred->key : NULL,
			 model ? model->entry : NULL, headers);
}
