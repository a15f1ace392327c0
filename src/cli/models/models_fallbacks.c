/* `openclaw models fallbacks` and `image-fallbacks`: the configured list, in the order in which it
 * is tried. */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "cli/models/models.h"

struct list_kind {
	const char *field; /* under agents.defaults */
	const char *title;
	const char *json_key;
};
static const struct list_kind text_kind = { "model", "Fallbacks", "fallbacks" };
static const struct list_kind image_kind = { "imageModel", "Image fallbacks", "imageFallbacks" };

/* ---- showing ---- */

static void print_list(struct oc_args *a, const struct list_kind *kind, const struct oc_strv *refs)
{
	bool plain = oc_args_has(a, "--plain");

	if (oc_args_has(a, "--json")) {
		json_t *doc = json_object(), *list = json_array();
		for (size_t i = 0; i < refs->n; i++)
			json_array_append_new(list, oc_json_new_str(oc_str(refs->v[i])));
		oc_json_put(doc, kind->json_key, list);
		oc_print_json(doc);
		json_decref(doc);
		return;
	}
	if (!plain) printf("%s (%zu):\n", kind->title, refs->n);
	for (size_t i = 0; i < refs->n; i++) printf("%s%s\n", plain ? "" : "- ", refs->v[i]);
	if (!plain && refs->n == 0) puts("- none");
}

static int show(struct oc_args *a, const struct list_kind *kind)
{
	struct oc_models_cli m;
	struct oc_strv refs = { 0 };
	bool ok = oc_models_open(&m);

	if (ok) {
		oc_fallback_refs(&m.config, kind->field, &refs);
		print_list(a, kind, &refs);
	}
	oc_strv_deinit(&refs);
	oc_models_close(&m);
	return !ok;
}

/* ---- changing ---- */

/* The authored list of an edit; a plain model text becomes {primary}. Borrowed. */
static json_t *list_of(json_t *raw, const struct list_kind *kind)
{
	json_t *defaults = oc_models_defaults(raw), *model = json_object_get(defaults, kind->field);
	json_t *list;

	if (!json_is_object(model)) {
		json_t *made = json_object();
		if (json_is_string(model)) json_object_set(made, "primary", model);
		oc_json_put(defaults, kind->field, made);
		model = made;
	}
	list = json_object_get(model, "fallbacks");
	if (json_is_array(list)) return list;
	list = json_array();
	oc_json_put(model, "fallbacks", list);
	return list;
}

/* Position of the model in the list, or its length. */
static size_t position(const struct oc_models_cli *m, const json_t *list, const char *key)
{
	const json_t *item;
	size_t i;

	json_array_foreach (list, i, item) {
		char *other =
		    json_is_string(item) ? oc_models_key(m, json_string_value(item)) : NULL;
		bool same = other && !strcmp(other, key);
		free(other);
		if (same) return i;
	}
	return json_array_size(list);
}

static int save(struct oc_models_cli *m, json_t *raw, const struct list_kind *kind)
{
	struct oc_strv names = { 0 };
	const json_t *item;
	bool changed;
	size_t i;

	json_array_foreach (list_of(raw, kind), i, item) {
		if (json_is_string(item)) oc_strv_add(&names, oc_json_text(item));
	}
	int exit_code = oc_models_save(m, raw, &changed);
	if (!exit_code) {
		char *joined = oc_strv_join(&names, ", ");
		printf("%s: %s\n", kind->title, names.n ? joined : "none");
		if (changed) oc_models_print_saved(m);
		free(joined);
	}
	oc_strv_deinit(&names);
	return exit_code;
}

static int add_one(struct oc_models_cli *m, const char *typed, const struct list_kind *kind)
{
	struct oc_selection s;
	json_t *raw, *list;

	if (!oc_models_resolve(m, typed, &s)) return 1;
	raw = oc_models_edit(m);
	list = list_of(raw, kind);
	if (position(m, list, s.key) == json_array_size(list))
		json_array_append_new(list, oc_json_new_str(oc_str(s.key)));
	oc_selection_deinit(&s);
	return save(m, raw, kind);
}

static int remove_one(struct oc_models_cli *m, const char *typed, const struct list_kind *kind)
{
	json_t *raw = oc_models_edit(m), *list = list_of(raw, kind);
	char *key = oc_models_key(m, typed);
	size_t at = position(m, list, key);

	free(key);
	if (at == json_array_size(list)) {
		json_decref(raw);
		return oc_error("Fallback not found: %.200s", typed);
	}
	json_array_remove(list, at);
	return save(m, raw, kind);
}

typedef int change_fn(struct oc_models_cli *m, const char *typed, const struct list_kind *kind);

static int change(struct oc_args *a, const struct list_kind *kind, change_fn *fn)
{
	struct oc_models_cli m;
	int exit_code = 1;

	if (oc_args_n(a) != 1) return oc_models_missing(a, "model");
	if (oc_models_open(&m)) exit_code = fn(&m, oc_args_pos(a, 0), kind);
	oc_models_close(&m);
	return exit_code;
}

static int clear(struct oc_args *a, const struct list_kind *kind)
{
	struct oc_models_cli m;
	int exit_code = 1;

	(void)a;
	if (oc_models_open(&m)) {
		json_t *raw = oc_models_edit(&m);
		bool changed;

		json_array_clear(list_of(raw, kind));
		exit_code = oc_models_save(&m, raw, &changed);
		if (!exit_code) puts("Fallback list cleared.");
		if (!exit_code && changed) oc_models_print_saved(&m);
	}
	oc_models_close(&m);
	return exit_code;
}

/* ---- rows ---- */

static int text_list(struct oc_args *a)
{
	return show(a, &text_kind);
}
static int text_add(struct oc_args *a)
{
	return change(a, &text_kind, add_one);
}
static int text_remove(struct oc_args *a)
{
	return change(a, &text_kind, remove_one);
}
static int text_clear(struct oc_args *a)
{
	return clear(a, &text_kind);
}
static int image_list(struct oc_args *a)
{
	return show(a, &image_kind);
}
static int image_add(struct oc_args *a)
{
	return change(a, &image_kind, add_one);
}
static int image_remove(struct oc_args *a)
{
	return change(a, &image_kind, remove_one);
}
static int image_clear(struct oc_args *a)
{
	return clear(a, &image_kind);
}

const struct oc_command oc_models_fallbacks_commands[] = {
	{ .name = "list",
	  .help = "Show the list",
	  .run = text_list,
	  .options = oc_models_output_options },
	{ .name = "add", .usage = "<model>", .help = "Add a model at the end", .run = text_add },
	{ .name = "remove", .usage = "<model>", .help = "Take a model out", .run = text_remove },
	{ .name = "clear", .help = "Empty the list", .run = text_clear },
	{ 0 },
};

const struct oc_command oc_models_image_fallbacks_commands[] = {
	{ .name = "list",
	  .help = "Show the list",
	  .run = image_list,
	  .options = oc_models_output_options },
	{ .name = "add", .usage = "<model>", .help = "Add a model at the end", .run = image_add },
	{ .name = "remove", .usage = "<model>", .help = "Take a model out", .run = image_remove },
	{ .name = "clear", .help = "Empty the list", .run = image_clear },
	{ 0 },
};
