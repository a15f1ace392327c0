/* `openclaw models`: the table of its commands, and the ones that set the default. */
#include "cli/models/models.h"

#include <stdio.h>
#include <stdlib.h>

#include "agent/run/context_guard.h"
#include "base/mem.h"
#include "base/visible.h"
#include "model/provider/lmstudio.h"
#include "model/provider/refresh.h"

/* ---- shared ---- */

const struct oc_option oc_models_output_options[] = {
	{ .name = "--json", .help = "Print one JSON document" },
	{ .name = "--plain", .help = "Print bare values, one a line" },
	{ 0 },
};

bool oc_models_open(struct oc_models_cli *m)
{
	struct oc_err e = { 0 };

	*m = (struct oc_models_cli){ 0 };
	if (oc_config_load(&m->config, &e) != OC_OK) {
		oc_error("%s", e.msg);
		return false;
	}
	if (oc_config_require(&m->config) != OC_OK) return false;
	if (oc_catalog_load(&m->catalog, &m->config, &e) == OC_OK) return true;
	oc_error("%s", e.msg);
	return false;
}

void oc_models_close(struct oc_models_cli *m)
{
	oc_catalog_deinit(&m->catalog);
	oc_config_deinit(&m->config);
}

json_t *oc_models_edit(const struct oc_models_cli *m)
{
	return m->config.raw ? json_deep_copy(m->config.raw) : json_object();
}

static json_t *object_at(json_t *parent, const char *key)
{
	json_t *o = json_object_get(parent, key);

	if (json_is_object(o)) return o;
	o = json_object();
	oc_json_put(parent, key, o);
	return o;
}

json_t *oc_models_defaults(json_t *raw)
{
	return object_at(object_at(raw, "agents"), "defaults");
}

int oc_models_save(const struct oc_models_cli *m, json_t *raw, bool *changed)
{
	struct oc_strv problems = { 0 };
	enum oc_edit_result result = OC_EDIT_UNCHANGED;
	struct oc_err e = { 0 };
	enum oc_rc rc = oc_config_write(&m->config, raw, &result, &problems, &e);

	if (rc) oc_error("%s", e.msg);
	for (size_t i = 0; rc && i < problems.n; i++)
		oc_visible_printf(stderr, "- %s\n", problems.v[i]);
	if (changed) *changed = result == OC_EDIT_WRITTEN;
	oc_strv_deinit(&problems);
	json_decref(raw);
	return rc ? 1 : 0;
}

void oc_models_print_saved(const struct oc_models_cli *m)
{
	char *path = oc_paths_short(&m->config.paths, m->config.paths.config_path);

	printf("Updated config: %s\n", path);
	if (m->config.exists) printf("Backup: %s.bak\n", path);
	free(path);
}

bool oc_models_resolve(const struct oc_models_cli *m, const char *typed, struct oc_selection *out)
{
	struct oc_strv warnings = { 0 };
	struct oc_err e = { 0 };
	enum oc_rc rc = oc_select(&m->catalog, oc_str(typed), out, &warnings, &e);

	for (size_t i = 0; i < warnings.n; i++) oc_print_warning(warnings.v[i]);
	oc_strv_deinit(&warnings);
	if (rc) oc_error("%s. The config was not changed.", e.msg);
	return rc == OC_OK;
}

char *oc_models_key(const struct oc_models_cli *m, const char *ref)
{
	struct oc_selection s;
	char *key;

	if (oc_select(&m->catalog, oc_str(ref), &s, NULL, NULL) != OC_OK) return oc_strdup(ref);
	key = oc_strdup(s.key);
	oc_selection_deinit(&s);
	return key;
}

void oc_models_warn_context(const struct oc_config *config, const struct oc_selection *target)
{
	struct oc_context_guard g;
	struct oc_err e = { 0 };

	oc_context_guard_init(&g, config, NULL, target);
	if (oc_context_guard_check(&g, target, &e) != OC_OK)
		fprintf(stderr, "warning: %s\n", e.msg);
}

int oc_models_missing(const struct oc_args *a, const char *name)
{
	return oc_usage_error(a, "missing argument <%s>", name);
}

/* ---- set, set-image ---- */

static int set_primary(struct oc_args *a, const char *field, const char *label)
{
	struct oc_models_cli m;
	struct oc_selection s;
	int exit_code = 1;

	if (oc_args_n(a) != 1) return oc_models_missing(a, "model");
	if (oc_models_open(&m) && oc_models_resolve(&m, oc_args_pos(a, 0), &s)) {
		json_t *raw = oc_models_edit(&m), *defaults = oc_models_defaults(raw);

		oc_json_put(object_at(defaults, field), "primary", oc_json_new_str(oc_str(s.key)));
		object_at(object_at(defaults, "models"), s.key);
		exit_code = oc_models_save(&m, raw, NULL);
		if (!exit_code) {
			printf("%s: %s\n", label, s.key);
			oc_models_print_saved(&m);
		}
		oc_selection_deinit(&s);
	}
	oc_models_close(&m);
	return exit_code;
}

static int models_set(struct oc_args *a)
{
	return set_primary(a, "model", "Default model");
}

static int models_set_image(struct oc_args *a)
{
	return set_primary(a, "imageModel", "Image model");
}

/* ---- refresh ---- */

static bool worth_asking(const struct oc_provider *p, const char *only)
{
	if (only) return oc_str_ieq(oc_str(p->id), oc_str(only));
	if (oc_provider_kind(p->id)->live_list) return true;
	return p->entry && json_array_size(json_object_get(p->entry, "models")) == 0;
}

enum oc_rc oc_models_refresh_wait(struct oc_models_cli *m, const char *provider, size_t *asked,
				  size_t *failed)
{
	*asked = *failed = 0;
	for (size_t i = 0; i < m->catalog.n; i++) {
		struct oc_provider *p = &m->catalog.providers[i];
		struct oc_err e = { 0 };

		if (!worth_asking(p, provider)) continue;
		(*asked)++;
		enum oc_rc rc = oc_catalog_refresh_wait(&m->catalog, p, &e);
		if (rc == OC_CANCELLED) return rc;
		if (!rc) continue;
		(*failed)++;
		oc_visible_printf(stderr, "notice: %s; showing what is known\n", e.msg);
	}
	return OC_OK;
}

static int models_refresh(struct oc_args *a)
{
	struct oc_models_cli m;
	size_t asked, failed;
	int exit_code = 1;

	(void)a;
	if (oc_models_open(&m) && oc_models_refresh_wait(&m, NULL, &asked, &failed) == OC_OK) {
		exit_code = asked > 0 && failed == asked;
		if (!exit_code) puts("Model catalog refreshed.");
	}
	oc_models_close(&m);
	return exit_code;
}

/* ---- the table ---- */

const struct oc_command oc_models_commands[] = {
	{ .name = "list",
	  .help = "List the models that can be used",
	  .run = oc_cmd_models_list,
	  .options = oc_models_list_options },
	{ .name = "status",
	  .help = "Show default, fallbacks, aliases and credentials",
	  .run = oc_cmd_models_status,
	  .options = oc_models_status_options },
	{ .name = "set", .usage = "<model>", .help = "Set the default model", .run = models_set },
	{ .name = "set-image",
	  .usage = "<model>",
	  .help = "Set the model for images",
	  .run = models_set_image },
	{ .name = "aliases", .help = "Short names of models", .sub = oc_models_aliases_commands },
	{ .name = "fallbacks",
	  .help = "Models to try when the default fails",
	  .sub = oc_models_fallbacks_commands },
	{ .name = "image-fallbacks",
	  .help = "The same for images",
	  .sub = oc_models_image_fallbacks_commands },
	{ .name = "auth", .help = "API keys of providers", .sub = oc_models_auth_commands },
	{ .name = "probe",
	  .usage = "[model]",
	  .help = "Find out what a model server can do",
	  .run = oc_cmd_models_probe,
	  .options = oc_models_probe_options },
	{ .name = "refresh", .help = "Ask the servers what they have", .run = models_refresh },
	{ 0 },
};
