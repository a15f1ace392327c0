/* `openclaw config`: the table, and the commands that only read. They work beside an invalid file.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "cli/setup/config_cli.h"
#include "config/include.h"
#include "config/redact.h"
#include "config/schema.h"

int oc_config_cli_failed(const struct oc_err *e)
{
	return oc_error("%s", e->msg);
}

/* ---- get ---- */

static void print_value(const json_t *v, bool json)
{
	char *text;

	if (json_is_string(v) && !json) {
		fwrite(json_string_value(v), 1, json_string_length(v), stdout);
		putchar('\n');
		return;
	}
	text =
	    json_is_object(v) || json_is_array(v) || json ? oc_json_pretty(v) : oc_json_compact(v);
	fputs(text, stdout);
	if (!*text || text[strlen(text) - 1] != '\n') putchar('\n');
	free(text);
}

static int get_path(const struct oc_config *c, const char *text, struct oc_path *path, bool json)
{
	struct oc_err e = { 0 };
	json_t *tree = NULL;
	int result = 0;

	if (oc_include_resolve(c->raw, c->paths.config_path, &tree, NULL, &e))
		return oc_config_cli_failed(&e);
	json_t *v = oc_path_get(tree, path);
	if (v) {
		json_t *shown = json_deep_copy(v);
		oc_config_redact(&shown, path);
		print_value(shown, json);
		json_decref(shown);
	} else if (oc_schema_kind(path) == OC_SCHEMA_UNKNOWN)
		result = oc_error("Unknown config path: %s (see `openclaw config schema`)", text);
	else
		result = oc_error("Config path is valid but unset: %s", text);
	json_decref(tree);
	return result;
}

static int get(struct oc_args *a)
{
	const char *text = oc_args_pos(a, 0);
	struct oc_path path = { 0 };
	struct oc_config c;
	struct oc_err e = { 0 };
	int result;

	if (oc_args_n(a) != 1) return oc_usage_error(a, "expected one path");
	if (oc_path_parse(oc_str(text), &path, &e)) return oc_config_cli_failed(&e);
	if (oc_config_load(&c, &e))
		result = oc_config_cli_failed(&e);
	else
		result = get_path(&c, text, &path, oc_args_has(a, "--json"));
	oc_config_deinit(&c);
	oc_path_deinit(&path);
	return result;
}

/* ---- file, schema, validate ---- */

static void print_json(json_t *document)
{
	char *text = oc_json_pretty(document);

	fputs(text, stdout);
	free(text);
	json_decref(document);
}

static int file(struct oc_args *a)
{
	struct oc_paths paths;
	struct oc_err e = { 0 };

	if (oc_paths_init(&paths, &e)) return oc_config_cli_failed(&e);
	if (oc_args_has(a, "--json"))
		print_json(json_pack("{s:s}", "path", paths.config_path));
	else
		puts(paths.config_path);
	oc_paths_deinit(&paths);
	return 0;
}

static int schema(struct oc_args *a)
{
	(void)a;
	print_json(oc_schema_json());
	return 0;
}

static json_t *string_list(const struct oc_strv *l)
{
	json_t *list = json_array();

	for (size_t i = 0; i < l->n; i++) json_array_append_new(list, json_string(l->v[i]));
	return list;
}

static int report(const struct oc_config *c, const struct oc_strv *problems, bool json)
{
	if (json && problems->n)
		print_json(json_pack("{s:b,s:s,s:o,s:o}", "valid", 0, "path", c->paths.config_path,
				     "issues", oc_config_problems_json(problems), "warnings",
				     string_list(&c->warnings)));
	else if (json)
		print_json(json_pack("{s:b,s:s,s:o}", "valid", 1, "path", c->paths.config_path,
				     "warnings", string_list(&c->warnings)));
	else if (problems->n)
		oc_config_print_problems(c, problems);
	else {
		char *path = oc_paths_short(&c->paths, c->paths.config_path);
		printf("Config valid: %s%s\n", path, c->exists ? "" : " (there is no file yet)");
		free(path);
		oc_config_print_notices(c);
	}
	return problems->n > 0;
}

static int validate(struct oc_args *a)
{
	struct oc_strv unreadable = { 0 };
	struct oc_config c;
	struct oc_err e = { 0 };
	enum oc_rc rc = oc_config_load(&c, &e);

	if (rc) oc_strv_addf(&unreadable, "%s", e.msg);
	int result = report(&c, rc ? &unreadable : &c.problems, oc_args_has(a, "--json"));
	oc_strv_deinit(&unreadable);
	oc_config_deinit(&c);
	return result;
}

static const struct oc_option json_options[] = {
	{ .name = "--json", .help = "Print JSON" },
	{ 0 },
};

const struct oc_command oc_config_commands[] = {
	{ .name = "get",
	  .usage = "<path>",
	  .help = "Print a value (secrets are hidden)",
	  .run = get,
	  .options = json_options },
	{ .name = "set",
	  .usage = "[<path> <value>]",
	  .help = "Set a value",
	  .run = oc_cmd_config_set,
	  .options = oc_config_set_options },
	{ .name = "unset",
	  .usage = "<path>",
	  .help = "Remove a value",
	  .run = oc_cmd_config_unset },
	{ .name = "patch",
	  .help = "Apply a JSON5 merge patch",
	  .run = oc_cmd_config_patch,
	  .options = oc_config_patch_options },
	{ .name = "file",
	  .help = "Print where the configuration file is",
	  .run = file,
	  .options = json_options },
	{ .name = "schema", .help = "Print the JSON Schema of the configuration", .run = schema },
	{ .name = "validate",
	  .help = "Check the configuration and list every problem",
	  .run = validate,
	  .options = json_options },
	{ 0 },
};
