/*
 * Variables from all sources. Each source is a layer; the first layer that sets a name wins, also
 * when it sets it to nothing.
 */
#include "config/env.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "config/dotenv.h"
#include "rt/file.h"

struct variable {
	char *name, *value;
	const char *source;
};
struct oc_env {
	struct variable *vars; /* in the order of their rank */
	size_t n, cap;
};

/*
 * What a folder that somebody merely entered must not decide: where requests go, with which key,
 * and how this program works.
 */
static const char *const untrusted_suffixes[] = {
	"_API_KEY",	  "_API_TOKEN",	  "_API_KEYS",	 "_ACCESS_TOKEN",
	"_AUTH_TOKEN",	  "_OAUTH_TOKEN", "_BOT_TOKEN",	 "_ACCESS_KEY",
	"_ACCESS_KEY_ID", "_SECRET_KEY",  "_API_HOST",	 "_API_BASE",
	"_BASE_URL",	  "_ENDPOINT",	  "_HOMESERVER", "_SESSION_TOKEN",
};
static const char *const untrusted_prefixes[] = { "OPENCLAW_", "CLAWHUB_", "ANTHROPIC_API_KEY_",
						  "OPENAI_API_KEY_" };
static const char *const untrusted_names[] = { "HF_TOKEN", "GITHUB_TOKEN", "GH_TOKEN",
					       "COPILOT_GITHUB_TOKEN" };

static bool is_untrusted(struct oc_str name)
{
	for (size_t i = 0; i < sizeof untrusted_suffixes / sizeof *untrusted_suffixes; i++)
		if (oc_str_ends(name, oc_str(untrusted_suffixes[i]))) return true;
	for (size_t i = 0; i < sizeof untrusted_prefixes / sizeof *untrusted_prefixes; i++)
		if (oc_str_starts(name, oc_str(untrusted_prefixes[i]))) return true;
	for (size_t i = 0; i < sizeof untrusted_names / sizeof *untrusted_names; i++)
		if (oc_str_eq(name, oc_str(untrusted_names[i]))) return true;
	return false;
}

static struct variable *find(const struct oc_env *env, struct oc_str name)
{
	for (size_t i = 0; i < env->n; i++)
		if (oc_str_eq(oc_str(env->vars[i].name), name)) return &env->vars[i];
	return NULL;
}

void oc_env_add(struct oc_env *env, struct oc_str name, struct oc_str value, const char *source)
{
	if (env->n == OC_MAX_ENV_VARS || find(env, name)) return;
	if (env->n == env->cap) {
		env->cap = env->cap ? 2 * env->cap : 16;
		env->vars = oc_realloc_array(env->vars, env->cap, sizeof *env->vars);
	}
	env->vars[env->n++] =
	    (struct variable){ oc_strndup(name.p, name.n), oc_strndup(value.p, value.n), source };
}

/* ---- layers from files ---- */

struct layer {
	struct oc_env *env, *own; /* own: what this file has set itself, its last line winning */
	const char *source;
	bool untrusted;
};

static void take(void *arg, struct oc_str name, struct oc_str value)
{
	struct layer *l = arg;
	struct variable *seen;

	if (l->untrusted && is_untrusted(name)) return;
	if ((seen = find(l->own, name))) {
		oc_free_secret(seen->value);
		seen->value = oc_strndup(value.p, value.n);
		return;
	}
	oc_env_add(l->own, name, value, l->source);
}

static void warn_of_conflict(const struct oc_env *env, const struct variable *v,
			     struct oc_strv *warnings)
{
	const struct variable *winner = find(env, oc_str(v->name));

	if (winner && strcmp(winner->source, v->source) != 0 && !strcmp(v->source, "gateway.env") &&
	    !strcmp(winner->source, ".env of the state folder") &&
	    strcmp(winner->value, v->value) != 0)
		oc_strv_addf(warnings, "%s differs between %s and %s; the former is used", v->name,
			     winner->source, v->source);
}

static void load_file(struct oc_env *env, const char *path, const char *source, bool untrusted,
		      struct oc_strv *warnings)
{
	struct oc_err e = { 0 };
	struct oc_buf text;
	enum oc_rc rc = oc_file_read(path, OC_MAX_DOTENV_BYTES, &text, &e);

	if (rc) {
		if (rc != OC_E_NOT_FOUND)
			oc_strv_addf(warnings, "%s was not read: %s", path, e.msg);
		return;
	}
	struct oc_env *own = oc_new(struct oc_env);
	struct layer l = { env, own, source, untrusted };
	oc_dotenv_parse(oc_buf_view(&text), take, &l);
	if (own->n == OC_MAX_ENV_VARS)
		oc_strv_addf(warnings, "%s: only its first %d variables are used", path,
			     OC_MAX_ENV_VARS);
	for (size_t i = 0; i < own->n; i++) {
		warn_of_conflict(env, &own->vars[i], warnings);
		oc_env_add(env, oc_str(own->vars[i].name), oc_str(own->vars[i].value), source);
	}
	oc_env_free(own);
	oc_buf_deinit(&text);
}

enum oc_rc oc_env_load(const struct oc_paths *paths, struct oc_env **out, struct oc_strv *warnings,
		       struct oc_err *e)
{
	struct oc_env *env = oc_new(struct oc_env);
	char *state = oc_asprintf("%s/.env", paths->state_dir);

	(void)e;
	load_file(env, ".env", "./.env", true, warnings);
	load_file(env, state, ".env of the state folder", false, warnings);
	if (paths->default_state_dir) {
		char *gateway = oc_asprintf("%s/.config/openclaw/gateway.env", paths->home);
		load_file(env, gateway, "gateway.env", false, warnings);
		free(gateway);
	}
	free(state);
	*out = env;
	return OC_OK;
}

void oc_env_add_config(struct oc_env *env, const json_t *config)
{
	json_t *section = json_object_get(config, "env"), *value;
	const char *name;

	json_object_foreach (json_object_get(section, "vars"), name, value)
		if (json_is_string(value))
			oc_env_add(env, oc_str(name), oc_json_text(value), "env.vars");
	json_object_foreach (section, name, value)
		if (json_is_string(value))
			oc_env_add(env, oc_str(name), oc_json_text(value), "env");
}

const char *oc_env_get(const struct oc_env *env, const char *name)
{
	const char *v = getenv(name);

	if (!v && env) {
		const struct variable *found = find(env, oc_str(name));
		v = found ? found->value : NULL;
	}
	return v && *v ? v : NULL;
}

void oc_env_free(struct oc_env *env)
{
	if (!env) return;
	for (size_t i = 0; i < env->n; i++) {
		free(env->vars[i].name);
		oc_free_secret(env->vars[i].value);
	}
	free(env->vars);
	free(env);
}
