/* Loading: file, parse, includes, variables, schema. What a person must mend is collected, not cut
 * at the first find. */
#include "config/config.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/visible.h"
#include "config/include.h"
#include "config/internal.h"
#include "config/schema.h"
#include "config/shell_env.h"
#include "config/vars.h"
#include "rt/file.h"
#include "json/path.h"

static const char *type_name(const json_t *v)
{
	static const char *const names[] = { "object", "array",	  "string",  "number",
					     "number", "boolean", "boolean", "null" };

	return names[json_typeof(v)];
}

/* The env section may itself use variables of the layers above it. */
static void add_config_env(struct oc_env *env, const json_t *tree)
{
	struct oc_strv unset = { 0 };
	const json_t *section = json_object_get(tree, "env");

	if (!section) return;
	json_t *expanded = oc_vars_expand(section, env, &unset);
	json_t *holder = json_pack("{s:o}", "env", expanded);
	oc_env_add_config(env, holder);
	json_decref(holder);
	oc_strv_deinit(&unset);
}

/* Only where somebody asked for it: a login shell takes its time. */
static void add_shell_env(struct oc_env *env, const json_t *tree, struct oc_strv *warnings)
{
	enum { DEFAULT_TIMEOUT_MS = 15000, LONGEST_MS = 600000 };
	const json_t *shell = json_object_get(json_object_get(tree, "env"), "shellEnv");
	const char *asked = oc_env_get(env, "OPENCLAW_LOAD_SHELL_ENV");
	int64_t timeout_ms = oc_json_positive(shell, "timeoutMs");

	if (!oc_json_bool(shell, "enabled", asked && !strcmp(asked, "1"))) return;
	if (!timeout_ms || timeout_ms > LONGEST_MS) timeout_ms = DEFAULT_TIMEOUT_MS;
	oc_shell_env_wait(env, (unsigned)timeout_ms, warnings);
}

enum oc_rc oc_config_resolve(json_t *raw, const struct oc_paths *paths, struct oc_env *env,
			     json_t **value, struct oc_strv *warnings, struct oc_strv *problems,
			     struct oc_strv *foreign, struct oc_strv *files, struct oc_err *e)
{
	struct oc_strv ignored = { 0 };
	json_t *tree;
	enum oc_rc rc = oc_include_resolve(raw, paths->config_path, &tree, files, e);

	if (rc) return rc;
	if (!json_is_object(tree)) {
		oc_strv_addf(problems, "<root>: expected object, received %s", type_name(tree));
		json_decref(tree);
		tree = json_object();
	}
	add_config_env(env, tree);
	if (warnings) add_shell_env(env, tree, warnings);
	/* A field with an unset variable is no mistake in the file: the check sees its text. */
	json_t *checked = oc_vars_expand(tree, env, NULL);
	oc_schema_check(checked, problems, foreign);
	json_decref(checked);
	if (value) {
		*value = oc_vars_expand(tree, env, warnings ? warnings : &ignored);
	}
	json_decref(tree);
	oc_strv_deinit(&ignored);
	return OC_OK;
}

/* The main file. A missing one leaves source NULL. */
static enum oc_rc read_source(struct oc_config *c, struct oc_err *e)
{
	struct oc_buf text;
	enum oc_rc rc = oc_file_read(c->paths.config_path, OC_MAX_CONFIG_BYTES, &text, e);

	if (rc == OC_E_NOT_FOUND) return OC_OK;
	if (rc) return rc;
	c->exists = true;
	rc = oc_json5_parse(oc_buf_view(&text), &c->source, e);
	oc_buf_deinit(&text);
	if (!rc) return OC_OK;
	char *path = oc_paths_short(&c->paths, c->paths.config_path);
	oc_wrap(e, "%s", path);
	free(path);
	return rc;
}

enum oc_rc oc_config_load(struct oc_config *c, struct oc_err *e)
{
	enum oc_rc rc;

	*c = (struct oc_config){ 0 };
	rc = oc_paths_init(&c->paths, e);
	if (!rc) rc = oc_env_load(&c->paths, &c->env, &c->warnings, e);
	if (!rc) rc = read_source(c, e);
	c->raw = c->source ? json_incref(oc_json5_value(c->source)) : json_object();
	if (!rc)
		rc = oc_config_resolve(c->raw, &c->paths, c->env, &c->value, &c->warnings,
				       &c->problems, &c->foreign, &c->files, e);
	if (rc) c->value = json_object();
	return rc;
}

void oc_config_deinit(struct oc_config *c)
{
	json_decref(c->raw);
	json_decref(c->value);
	oc_json5_free(c->source);
	oc_env_free(c->env);
	oc_strv_deinit(&c->files);
	oc_strv_deinit(&c->warnings);
	oc_strv_deinit(&c->problems);
	oc_strv_deinit(&c->foreign);
	oc_paths_deinit(&c->paths);
	*c = (struct oc_config){ 0 };
}

void oc_config_print_problems(const struct oc_config *c, const struct oc_strv *problems)
{
	char *path = oc_paths_short(&c->paths, c->paths.config_path);

	oc_visible_printf(stderr, "error: invalid config: %s\n", path);
	for (size_t i = 0; i < problems->n; i++)
		oc_visible_printf(stderr, "  - %s\n", problems->v[i]);
	free(path);
}

void oc_config_print_notices(const struct oc_config *c)
{
	static bool printed;

	if (printed) return;
	printed = true;
	for (size_t i = 0; i < c->warnings.n; i++)
		oc_log(OC_LOG_WARN, "config", "%s", c->warnings.v[i]);
	if (!c->foreign.n) return;
	char *names = oc_strv_join(&c->foreign, ", ");
	oc_log(OC_LOG_WARN, "config", "kept, but not used by this program: %s", names);
	free(names);
}

enum oc_rc oc_config_require(const struct oc_config *c)
{
	if (c->problems.n) {
		oc_config_print_problems(c, &c->problems);
		fputs("Mend the file, or run: openclaw doctor --fix\n", stderr);
		return OC_E_INPUT;
	}
	oc_config_print_notices(c);
	return OC_OK;
}

json_t *oc_config_get(const struct oc_config *c, const char *path)
{
	struct oc_path p = { 0 };

	if (oc_path_parse(oc_str(path), &p, NULL) != OC_OK) return NULL;
	json_t *v = oc_path_get(c->value, &p);
	oc_path_deinit(&p);
	return v;
}

json_t *oc_config_problems_json(const struct oc_strv *problems)
{
	json_t *list = json_array();

	for (size_t i = 0; i < problems->n; i++) {
		struct oc_str text = oc_str(problems->v[i]);
		size_t colon = oc_str_find(text, OC_LIT(": "), 0);
		struct oc_str path = colon == SIZE_MAX ? OC_LIT("") : oc_str_head(text, colon);
		struct oc_str why = colon == SIZE_MAX ? text : oc_str_from(text, colon + 2);
		json_array_append_new(list, json_pack("{s:o,s:o}", "path", oc_json_new_str(path),
						      "message", oc_json_new_str(why)));
	}
	return list;
}
