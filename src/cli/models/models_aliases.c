/* `openclaw models aliases`: agents.defaults.models[ref].alias. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/models/models.h"

static json_t *configured(const struct oc_models_cli *m)
{
	return oc_config_get(&m->config, "agents.defaults.models");
}

/* alias -> ref; a later entry wins. New reference. */
static json_t *alias_map(const struct oc_models_cli *m)
{
	json_t *map = json_object(), *entry;
	const char *ref;

	json_object_foreach (configured(m), ref, entry) {
		const char *alias = oc_json_cstr(entry, "alias");
		if (alias && *alias) json_object_set_new(map, alias, json_string(ref));
	}
	return map;
}

static void print_aliases(struct oc_args *a, json_t *map)
{
	const char *alias;
	json_t *ref;

	if (oc_args_has(a, "--json")) {
		json_t *doc = json_pack("{s:O}", "aliases", map);
		oc_print_json(doc);
		json_decref(doc);
		return;
	}
	bool plain = oc_args_has(a, "--plain");
	if (!plain) printf("Aliases (%zu):\n", json_object_size(map));
	json_object_foreach (map, alias, ref) {
		printf(plain ? "%s %s\n" : "- %s -> %s\n", alias, json_string_value(ref));
	}
	if (!plain && json_object_size(map) == 0) puts("- none");
}

static int aliases_list(struct oc_args *a)
{
	struct oc_models_cli m;
	bool ok = oc_models_open(&m);

	if (ok) {
		json_t *map = alias_map(&m);
		print_aliases(a, map);
		json_decref(map);
	}
	oc_models_close(&m);
	return !ok;
}

/* Takes the alias from every model that has it. */
static size_t drop_alias(json_t *models, struct oc_str alias)
{
	size_t dropped = 0;
	const char *ref;
	json_t *entry;

	json_object_foreach (models, ref, entry) {
		if (!oc_str_ieq(oc_json_str(entry, "alias"), alias)) continue;
		json_object_del(entry, "alias");
		dropped++;
	}
	return dropped;
}

static json_t *object_at(json_t *parent, const char *key)
{
	if (!json_is_object(json_object_get(parent, key)))
		json_object_set_new(parent, key, json_object());
	return json_object_get(parent, key);
}

static int add_alias(struct oc_models_cli *m, const char *alias, const char *typed)
{
	struct oc_selection s;
	bool changed;

	if (!oc_models_resolve(m, typed, &s)) return 1;
	json_t *raw = oc_models_edit(m), *models = object_at(oc_models_defaults(raw), "models");
	drop_alias(models, oc_str(alias));
	oc_json_put(object_at(models, s.key), "alias", json_string(alias));
	int exit_code = oc_models_save(m, raw, &changed);
	if (!exit_code) {
		printf("Alias %s -> %s\n", alias, s.key);
		if (changed) oc_models_print_saved(m);
	}
	oc_selection_deinit(&s);
	return exit_code;
}

static int aliases_add(struct oc_args *a)
{
	const char *alias = oc_args_pos(a, 0), *ref = oc_args_pos(a, 1);
	struct oc_models_cli m;
	int exit_code = 1;

	if (!alias) return oc_models_missing(a, "alias");
	if (!ref || oc_args_n(a) > 2) return oc_models_missing(a, "model");
	if (!oc_alias_valid(oc_str(alias)))
		return oc_error("alias \"%.80s\": use letters, digits and . _ : -", alias);
	if (oc_models_open(&m)) exit_code = add_alias(&m, alias, ref);
	oc_models_close(&m);
	return exit_code;
}

static int remove_alias(struct oc_models_cli *m, const char *alias)
{
	json_t *raw = oc_models_edit(m), *models = object_at(oc_models_defaults(raw), "models");

	if (drop_alias(models, oc_str(alias)) == 0) {
		json_decref(raw);
		return oc_error("Alias not found: %.80s", alias);
	}
	int exit_code = oc_models_save(m, raw, NULL);
	if (!exit_code) {
		printf("Alias removed: %s\n", alias);
		oc_models_print_saved(m);
	}
	return exit_code;
}

static int aliases_remove(struct oc_args *a)
{
	const char *alias = oc_args_pos(a, 0);
	struct oc_models_cli m;
	int exit_code = 1;

	if (!alias || oc_args_n(a) > 1) return oc_models_missing(a, "alias");
	if (oc_models_open(&m)) exit_code = remove_alias(&m, alias);
	oc_models_close(&m);
	return exit_code;
}

const struct oc_command oc_models_aliases_commands[] = {
	{ .name = "list",
	  .help = "Show all aliases",
	  .run = aliases_list,
	  .options = oc_models_output_options },
	{ .name = "add",
	  .usage = "<alias> <model>",
	  .help = "Give a model a short name",
	  .run = aliases_add },
	{ .name = "remove", .usage = "<alias>", .help = "Take it away", .run = aliases_remove },
	{ 0 },
};
