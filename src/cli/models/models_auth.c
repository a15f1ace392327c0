/* `openclaw models auth`: keys of providers and the order in which they are tried. Prints ids,
 * never keys. */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "cli/models/models.h"
#include "model/provider/auth_profiles.h"
#include "rt/task.h"
#include "rt/tty.h"

static const struct oc_option login_options[] = {
	{ .name = "--provider", .value = "<id>", .help = "Provider the key is for" },
	{ .name = "--profile", .value = "<name>", .help = "Name of the profile (default)" },
	{ 0 },
};
static const struct oc_option provider_options[] = {
	{ .name = "--provider", .value = "<id>", .help = "Only this provider" },
	{ .name = "--json", .help = "Print one JSON document" },
	{ 0 },
};

/* ---- login ---- */

struct login {
	const char *provider;
	char *id;
	char *key;
};

static void put_key(json_t *doc, void *arg)
{
	const struct login *l = arg;

	oc_auth_profiles_put_key(doc, l->id, l->provider, l->key);
}

static int store(struct oc_models_cli *m, struct login *l)
{
	struct oc_err e = { 0 };
	json_t *raw, *auth, *profiles;

	if (oc_auth_profiles_update(m->config.paths.agent_dir, put_key, l, &e) != OC_OK)
		return oc_error("%s", e.msg);
	raw = oc_models_edit(m);
	if (!json_is_object(json_object_get(raw, "auth"))) oc_json_put(raw, "auth", json_object());
	auth = json_object_get(raw, "auth");
	if (!json_is_object(json_object_get(auth, "profiles")))
		oc_json_put(auth, "profiles", json_object());
	profiles = json_object_get(auth, "profiles");
	oc_json_put(profiles, l->id,
		    json_pack("{s:s,s:s}", "provider", l->provider, "mode", "api_key"));
	if (oc_models_save(m, raw, NULL)) return 1;
	printf("API key stored in profile: %s\n", l->id);
	return 0;
}

static char *ask_key_wait(const char *provider)
{
	char *prompt = oc_asprintf("API key for %s: ", provider), *key = NULL;
	struct oc_buf answer;

	oc_buf_init(&answer, 4096);
	if (oc_tty_ask_wait(prompt, true, &answer) == OC_OK) {
		struct oc_str s = oc_str_trim(oc_buf_view(&answer));
		if (s.n > 0) key = oc_strndup(s.p, s.n);
	}
	if (answer.p) memset(answer.p, 0, answer.n);
	oc_buf_deinit(&answer);
	free(prompt);
	return key;
}

static int auth_login(struct oc_args *a)
{
	const char *provider = oc_args_get(a, "--provider"), *name = oc_args_get(a, "--profile");
	struct oc_models_cli m;
	struct login l = { 0 };
	int exit_code = 1;

	if (!provider) return oc_models_missing(a, "--provider");
	if (oc_models_open(&m)) {
		struct oc_provider *p = oc_catalog_provider(&m.catalog, oc_str(provider));

		if (!p)
			exit_code = oc_error("Unknown model provider \"%.80s\"", provider);
		else if (!(l.key = ask_key_wait(p->id)))
			exit_code = oc_error("no key was given");
		else {
			l.provider = p->id;
			l.id = oc_asprintf("%s:%s", p->id, name && *name ? name : "default");
			exit_code = store(&m, &l);
		}
	}
	free(l.id);
	oc_free_secret(l.key);
	oc_models_close(&m);
	return exit_code;
}

/* ---- list, order ---- */

static void print_profiles(struct oc_args *a, const struct oc_models_cli *m, json_t *doc)
{
	json_t *list = json_array();
	const json_t *auth = json_object_get(m->config.value, "auth");
	const char *only = oc_args_get(a, "--provider");
	const json_t *item;
	size_t i;

	for (i = 0; i < m->catalog.n; i++) {
		const char *provider = m->catalog.providers[i].id;
		struct oc_strv ids = { 0 };

		if (only && !oc_str_ieq(oc_str(only), oc_str(provider))) continue;
		oc_auth_profiles_order(doc, auth, provider, oc_wall_ms(), &ids);
		for (size_t k = 0; k < ids.n; k++) {
			const char *type =
			    oc_json_cstr(oc_auth_profile(doc, ids.v[k], provider), "type");
			json_array_append_new(list, json_pack("{s:s,s:s,s:s?}", "id", ids.v[k],
							      "provider", provider, "type", type));
		}
		oc_strv_deinit(&ids);
	}
	if (oc_args_has(a, "--json")) {
		json_t *out = json_pack("{s:O}", "profiles", list);
		oc_print_json(out);
		json_decref(out);
	} else {
		printf("Profiles (%zu):\n", json_array_size(list));
		json_array_foreach (list, i, item) {
			printf("- %s (%s)\n", oc_json_cstr(item, "id"), oc_json_cstr(item, "type"));
		}
		if (json_array_size(list) == 0) puts("- none");
	}
	json_decref(list);
}

static int auth_list(struct oc_args *a)
{
	struct oc_models_cli m;
	struct oc_err e = { 0 };
	json_t *doc = NULL;
	int exit_code = 1;

	if (oc_models_open(&m)) {
		if (oc_auth_profiles_load(m.config.paths.agent_dir, &doc, &e) != OC_OK)
			exit_code = oc_error("%s", e.msg);
		else {
			print_profiles(a, &m, doc);
			exit_code = 0;
		}
	}
	json_decref(doc);
	oc_models_close(&m);
	return exit_code;
}

struct order {
	const char *provider;
	struct oc_strv ids; /* empty = clear */
	char *unknown;	    /* an id that is not stored; nothing is changed then */
};

static void set_order(json_t *doc, void *arg)
{
	struct order *o = arg;
	json_t *list = json_array(), *order = json_object_get(doc, "order");

	for (size_t i = 0; i < o->ids.n; i++) {
		if (!oc_auth_profile(doc, o->ids.v[i], o->provider) && !o->unknown)
			o->unknown = oc_strdup(o->ids.v[i]);
		json_array_append_new(list, json_string(o->ids.v[i]));
	}
	if (!o->unknown && o->ids.n > 0) {
		if (!json_is_object(order)) {
			order = json_object();
			oc_json_put(doc, "order", order);
		}
		json_object_set(order, o->provider, list);
	} else if (!o->unknown)
		json_object_del(order, o->provider);
	json_decref(list);
}

static int change_order(struct oc_args *a, bool clear)
{
	struct order o = { .provider = oc_args_get(a, "--provider") };
	struct oc_models_cli m;
	struct oc_err e = { 0 };
	int exit_code = 1;

	if (!o.provider) return oc_models_missing(a, "--provider");
	if (!clear && oc_args_n(a) == 0) return oc_models_missing(a, "profile");
	for (size_t i = 0; i < oc_args_n(a); i++) oc_strv_add(&o.ids, oc_str(oc_args_pos(a, i)));
	if (oc_models_open(&m)) {
		if (oc_auth_profiles_update(m.config.paths.agent_dir, set_order, &o, &e) != OC_OK)
			oc_error("%s", e.msg);
		else if (o.unknown)
			oc_error("Profile not found: %.200s", o.unknown);
		else
			exit_code = 0;
		if (!exit_code) printf("Order of %s %s\n", o.provider, clear ? "cleared." : "set.");
	}
	free(o.unknown);
	oc_strv_deinit(&o.ids);
	oc_models_close(&m);
	return exit_code;
}

static int order_set(struct oc_args *a)
{
	return change_order(a, false);
}

static int order_clear(struct oc_args *a)
{
	return change_order(a, true);
}

static const struct oc_command order_commands[] = {
	{ .name = "get", .help = "Show the order", .run = auth_list, .options = provider_options },
	{ .name = "set",
	  .usage = "<profile>...",
	  .help = "Set the order",
	  .run = order_set,
	  .options = login_options },
	{ .name = "clear",
	  .help = "Back to the automatic order",
	  .run = order_clear,
	  .options = login_options },
	{ 0 },
};

const struct oc_command oc_models_auth_commands[] = {
	{ .name = "login",
	  .help = "Store an API key",
	  .run = auth_login,
	  .options = login_options },
	{ .name = "list", .help = "Show profiles", .run = auth_list, .options = provider_options },
	{ .name = "order", .help = "Which profile is tried first", .sub = order_commands },
	{ 0 },
};
