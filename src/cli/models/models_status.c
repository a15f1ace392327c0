/* `openclaw models status`: what would be used, and whether there is a key for it. Shows sources of
 * keys, never keys. */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/visible.h"
#include "cli/models/models.h"
#include "model/call/failover.h"
#include "model/provider/auth_profiles.h"
#include "model/provider/credential.h"
#include "model/provider/learned.h"
#include "model/provider/refresh.h"
#include "rt/task.h"

const struct oc_option oc_models_status_options[] = {
	{ .name = "--json", .help = "Print one JSON document" },
	{ .name = "--plain", .help = "Print the default model only" },
	{ .name = "--probe", .help = "Ask every server whether it answers and takes our key" },
	{ .name = "--check",
	  .help = "Exit 1 when a key is missing or expired, 2 when one expires soon" },
	{ 0 },
};

enum { SOON_MS = 24 * 60 * 60 * 1000 };

/* ---- the parts ---- */

static json_t *refs_of(const struct oc_models_cli *m, const char *field)
{
	struct oc_strv refs = { 0 };
	json_t *list = json_array();

	oc_fallback_refs(&m->config, field, &refs);
	for (size_t i = 0; i < refs.n; i++)
		json_array_append_new(list, oc_json_new_str(oc_str(refs.v[i])));
	oc_strv_deinit(&refs);
	return list;
}

static json_t *text_or_null(const char *s)
{
	return s ? oc_json_new_str(oc_str(s)) : json_null();
}

static json_t *aliases_of(const struct oc_models_cli *m)
{
	json_t *map = json_object(), *entry;
	const char *ref;

	json_object_foreach (oc_config_get(&m->config, "agents.defaults.models"), ref, entry) {
		const char *alias = oc_json_cstr(entry, "alias");
		if (alias && *alias) json_object_set_new(map, alias, json_string(ref));
	}
	return map;
}

static json_t *allowed_of(const struct oc_models_cli *m)
{
	json_t *allow = oc_config_get(&m->config, "agents.defaults.modelPolicy.allow");

	return json_is_array(allow) ? json_incref(allow) : json_array();
}

/* ---- credentials ---- */

/* "ok", "missing", "expired" or "expiring". */
static const char *credential_state(const json_t *profiles, const struct oc_credential *cred)
{
	const json_t *p = NULL;
	int64_t expires;

	if (cred->profile_id)
		p = json_object_get(json_object_get(profiles, "profiles"), cred->profile_id);
	expires = oc_json_positive(p, "expires");
	if (expires == 0) return "ok";
	if (expires <= oc_wall_ms()) return "expired";
	return expires - oc_wall_ms() < SOON_MS ? "expiring" : "ok";
}

static json_t *provider_auth(const struct oc_models_cli *m, const struct oc_provider *p,
			     const json_t *profiles)
{
	json_t *o = json_object();
	struct oc_credential cred;
	struct oc_err e = { 0 };

	oc_json_put(o, "provider", json_string(p->id));
	oc_json_put(o, "baseUrl", text_or_null(p->base_url));
	if (p->problem) oc_json_put(o, "problem", json_string(p->problem));
	if (oc_credential_resolve(&m->catalog, p, NULL, &cred, &e) != OC_OK) {
		oc_json_put(o, "status", json_string("missing"));
		oc_json_put(o, "remedy", json_string(e.msg));
		return o;
	}
	oc_json_put(o, "status", json_string(credential_state(profiles, &cred)));
	oc_json_put(o, "source", text_or_null(cred.source));
	oc_credential_deinit(&cred);
	return o;
}

static void note_use(const struct oc_models_cli *m, const struct oc_selection *s, bool *used)
{
	used[s->provider - m->catalog.providers] = true;
}

/* Which providers are configured, or those of the default model or a fallback: one flag for each of
 * the catalog. Free with free(). */
static bool *providers_in_use(const struct oc_models_cli *m)
{
	bool *used = oc_realloc_array(NULL, m->catalog.n + 1, sizeof *used);
	struct oc_selection s;
	struct oc_strv refs = { 0 };
	struct oc_err e = { 0 };

	for (size_t i = 0; i < m->catalog.n; i++) used[i] = m->catalog.providers[i].entry != NULL;
	if (oc_select_default(&m->catalog, &s, NULL, &e) == OC_OK) {
		note_use(m, &s, used);
		oc_selection_deinit(&s);
	}
	oc_fallback_refs(&m->config, "model", &refs);
	for (size_t i = 0; i < refs.n; i++) {
		if (oc_select(&m->catalog, oc_str(refs.v[i]), &s, NULL, &e) != OC_OK) continue;
		note_use(m, &s, used);
		oc_selection_deinit(&s);
	}
	oc_strv_deinit(&refs);
	return used;
}

/* {ok, models, durationMs} or {ok, error}. */
static json_t *probe_wait(const struct oc_models_cli *m, const struct oc_provider *p)
{
	struct oc_discovery found;
	struct oc_err e = { 0 };
	uint64_t began_ms = oc_now_ms();
	enum oc_rc rc = p->base_url ? oc_provider_ask_wait(&m->catalog, p, &found, &e)
				    : oc_fail(&e, OC_E_INPUT, "it has no address");
	json_t *o = json_object();

	oc_json_put(o, "ok", json_boolean(!rc));
	oc_json_put(o, "durationMs", json_integer((json_int_t)(oc_now_ms() - began_ms)));
	if (!rc) {
		oc_json_put(o, "models", json_integer((json_int_t)found.list.n));
		oc_discovery_deinit(&found);
	} else
		oc_json_put(o, "error", oc_json_new_str(oc_str(e.msg)));
	return o;
}

static json_t *auth_of(const struct oc_models_cli *m, bool probe)
{
	json_t *auth = json_object(), *list = json_array(), *missing = json_array();
	json_t *profiles = NULL;
	char *path = oc_auth_profiles_path(m->config.paths.agent_dir);
	bool *used = providers_in_use(m);
	struct oc_err e = { 0 };

	if (oc_auth_profiles_load(m->config.paths.agent_dir, &profiles, &e) != OC_OK)
		oc_visible_printf(stderr, "warning: %s\n", e.msg);
	for (size_t i = 0; i < m->catalog.n; i++) {
		struct oc_provider *p = &m->catalog.providers[i];
		json_t *entry;

		if (!used[i]) continue;
		entry = provider_auth(m, p, profiles);
		if (probe) oc_json_put(entry, "probe", probe_wait(m, p));
		if (oc_str_eq(oc_json_str(entry, "status"), OC_LIT("missing")))
			json_array_append_new(missing, json_string(p->id));
		json_array_append_new(list, entry);
	}
	oc_json_put(auth, "storePath", json_string(path));
	oc_json_put(auth, "providers", list);
	oc_json_put(auth, "missingProvidersInUse", missing);
	free(used);
	json_decref(profiles);
	free(path);
	return auth;
}

/* ---- what was found out, by use or by `models probe` ---- */

static void add_learnt(json_t *list, const json_t *all, const struct oc_selection *t)
{
	const char *base = t->provider->base_url;
	json_t *server = oc_learned_find(all, base, NULL);
	json_t *facts = oc_learned_find(all, base, t->model_id);

	if (!json_object_size(server) && !json_object_size(facts)) return;
	json_t *row = json_object();

	oc_json_put(row, "model", oc_json_new_str(oc_str(t->key)));
	oc_json_put(row, "server", server ? json_incref(server) : json_object());
	if (facts) json_object_update(row, facts);
	json_array_append_new(list, row);
}

/* Of the default model and its fallbacks. */
static json_t *learnt_of(const struct oc_models_cli *m)
{
	json_t *list = json_array();
	struct oc_strv fallbacks = { 0 };
	const struct oc_candidate_wish wish = { .fallbacks = &fallbacks };
	struct oc_candidates candidates;
	struct oc_err e = { 0 };

	json_t *all = oc_learned_all(m->config.paths.agent_dir);

	oc_fallback_refs(&m->config, "model", &fallbacks);
	if (oc_candidates_init(&candidates, &m->catalog, &wish, &e) == OC_OK) {
		for (size_t i = 0; i < candidates.n; i++)
			add_learnt(list, all, &candidates.v[i].target);
		oc_candidates_deinit(&candidates);
	}
	json_decref(all);
	oc_strv_deinit(&fallbacks);
	return list;
}

static json_t *status_of(const struct oc_models_cli *m, bool probe)
{
	json_t *s = json_object();
	struct oc_selection chosen = { 0 };
	struct oc_err e = { 0 };
	enum oc_rc rc = oc_select_default(&m->catalog, &chosen, NULL, &e);

	oc_json_put(s, "configPath", json_string(m->config.paths.config_path));
	oc_json_put(s, "agentDir", json_string(m->config.paths.agent_dir));
	oc_json_put(s, "defaultModel", text_or_null(oc_primary_ref(&m->config, "model")));
	oc_json_put(s, "resolvedDefault", text_or_null(rc ? NULL : chosen.key));
	oc_json_put(s, "fallbacks", refs_of(m, "model"));
	oc_json_put(s, "imageModel", text_or_null(oc_primary_ref(&m->config, "imageModel")));
	oc_json_put(s, "imageFallbacks", refs_of(m, "imageModel"));
	oc_json_put(s, "utilityModel", text_or_null(oc_primary_ref(&m->config, "utilityModel")));
	oc_json_put(s, "aliases", aliases_of(m));
	oc_json_put(s, "allowed", allowed_of(m));
	oc_json_put(s, "auth", auth_of(m, probe));
	oc_json_put(s, "learned", learnt_of(m));
	if (rc)
		oc_json_put(s, "problem", json_string(e.msg));
	else
		oc_models_warn_context(&m->config, &chosen);
	oc_selection_deinit(&chosen);
	return s;
}

/* ---- output ---- */

static const char *or_dash(const char *s)
{
	return s ? s : "-";
}

static void print_refs(const char *label, const json_t *list)
{
	struct oc_strv refs = { 0 };
	const json_t *item;
	size_t i;

	json_array_foreach (list, i, item) {
		if (json_is_string(item)) oc_strv_add(&refs, oc_json_text(item));
	}
	char *joined = oc_strv_join(&refs, ", ");
	printf("%-16s: %s\n", label, refs.n ? joined : "-");
	free(joined);
	oc_strv_deinit(&refs);
}

static void print_aliases(json_t *aliases)
{
	const char *alias;
	json_t *ref;

	if (json_object_size(aliases) == 0) printf("%-16s: -\n", "Aliases");
	json_object_foreach (aliases, alias, ref) {
		printf("%-16s: %s -> %s\n", "Alias", alias, json_string_value(ref));
	}
}

static void print_probe(const json_t *probe)
{
	const char *error = oc_json_cstr(probe, "error");

	if (error)
		oc_visible_printf(stdout, "  probe: %s\n", error);
	else if (probe)
		printf("  probe: answers with %lld models (%lld ms)\n",
		       (long long)oc_json_int(probe, "models", 0),
		       (long long)oc_json_int(probe, "durationMs", 0));
}

static void print_auth(const json_t *auth)
{
	const json_t *p;
	size_t i;

	printf("%-16s: %s\n", "Auth store", or_dash(oc_json_cstr(auth, "storePath")));
	json_array_foreach (json_object_get(auth, "providers"), i, p) {
		const char *source = oc_json_cstr(p, "source"), *remedy = oc_json_cstr(p, "remedy");
		const char *problem = oc_json_cstr(p, "problem");

		printf("- %s: %s (%s) %s\n", oc_json_cstr(p, "provider"), oc_json_cstr(p, "status"),
		       or_dash(source), or_dash(oc_json_cstr(p, "baseUrl")));
		if (remedy) printf("  %s\n", remedy);
		print_probe(json_object_get(p, "probe"));
		if (problem) printf("  %s\n", problem);
	}
}

static void print_learnt(const json_t *list)
{
	json_t *row, *value;
	const char *name;
	size_t i;

	json_array_foreach (list, i, row) {
		const char *model = oc_json_cstr(row, "model");

		json_object_foreach (row, name, value) {
			if (!strcmp(name, "model") || !json_object_size(value)) continue;
			char *text = strcmp(name, "probe")
					 ? oc_json_compact(value)
					 : oc_strdup("yes (--json shows what was found)");

			oc_visible_printf(stdout, "%-16s: %s %s %s\n", "Learned", model, name,
					  text);
			free(text);
		}
	}
}

static void print_text(const json_t *s)
{
	const char *written = oc_json_cstr(s, "defaultModel");
	const char *resolved = oc_json_cstr(s, "resolvedDefault");
	const char *problem = oc_json_cstr(s, "problem");

	printf("%-16s: %s\n", "Config", oc_json_cstr(s, "configPath"));
	printf("%-16s: %s\n", "Agent dir", oc_json_cstr(s, "agentDir"));
	printf("%-16s: %s", "Default", or_dash(resolved ? resolved : written));
	if (written && resolved && strcmp(written, resolved) != 0) printf(" (from %s)", written);
	printf("%s\n", !written && resolved ? " (first that can chat)" : "");
	if (problem) printf("  %s\n", problem);
	print_refs("Fallbacks", json_object_get(s, "fallbacks"));
	printf("%-16s: %s\n", "Image model", or_dash(oc_json_cstr(s, "imageModel")));
	print_refs("Image fallbacks", json_object_get(s, "imageFallbacks"));
	print_aliases(json_object_get(s, "aliases"));
	if (json_array_size(json_object_get(s, "allowed")) == 0)
		printf("%-16s: all\n", "Allowed");
	else
		print_refs("Allowed", json_object_get(s, "allowed"));
	print_auth(json_object_get(s, "auth"));
	print_learnt(json_object_get(s, "learned"));
}

static int check_code(const json_t *s)
{
	const json_t *p;
	int code = oc_json_cstr(s, "resolvedDefault") ? 0 : 1;
	size_t i;

	json_array_foreach (json_object_get(json_object_get(s, "auth"), "providers"), i, p) {
		struct oc_str state = oc_json_str(p, "status");

		if (oc_str_eq(state, OC_LIT("missing")) || oc_str_eq(state, OC_LIT("expired")))
			return 1;
		if (oc_str_eq(state, OC_LIT("expiring")) && code == 0) code = 2;
	}
	return code;
}

static void print_plain(const json_t *s)
{
	const char *resolved = oc_json_cstr(s, "resolvedDefault");

	if (resolved) puts(resolved);
}

int oc_cmd_models_status(struct oc_args *a)
{
	struct oc_models_cli m;
	int exit_code = 1;

	if (oc_models_open(&m)) {
		json_t *s = status_of(&m, oc_args_has(a, "--probe"));

		if (oc_args_has(a, "--json"))
			oc_print_json(s);
		else if (oc_args_has(a, "--plain"))
			print_plain(s);
		else
			print_text(s);
		exit_code = oc_args_has(a, "--check") ? check_code(s) : 0;
		json_decref(s);
	}
	oc_models_close(&m);
	return exit_code;
}
