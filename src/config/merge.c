/* Merging a value into the configuration, and what a plain assignment would throw away. */
#include <stdlib.h>

#include "base/mem.h"
#include "config/edit.h"
#include "json/path.h"

enum { DEEPEST_NAMED = 5 }; /* no path that is treated specially is longer */

/* Where in the configuration the merge stands; only the first keys matter. */
struct place {
	const char *keys[DEEPEST_NAMED];
	size_t n;
};

static struct place below(struct place at, const char *key)
{
	if (at.n < DEEPEST_NAMED) at.keys[at.n] = key;
	at.n++;
	return at;
}

/* pattern: keys joined by '.', "*" for any. */
static bool is_at(struct place at, const char *pattern)
{
	for (size_t i = 0; i < at.n; i++) {
		size_t n = strcspn(pattern, ".");
		bool any = n == 1 && *pattern == '*';

		if (!n || i >= DEEPEST_NAMED || !at.keys[i]) return false;
		if (!any && !oc_str_eq((struct oc_str){ pattern, n }, oc_str(at.keys[i])))
			return false;
		pattern += n + (pattern[n] == '.');
	}
	return !*pattern;
}

static bool is_model_list(struct place at)
{
	return is_at(at, "models.providers.*.models");
}

static json_t *with_id(const json_t *list, struct oc_str id)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		json_t *v = json_array_get(list, i);
		if (id.n && oc_str_eq(oc_str_trim(oc_json_str(v, "id")), id)) return v;
	}
	return NULL;
}

static void merge_models(json_t *list, json_t *more)
{
	for (size_t i = 0; i < json_array_size(more); i++) {
		json_t *entry = json_array_get(more, i);
		json_t *old = with_id(list, oc_str_trim(oc_json_str(entry, "id")));

		if (old)
			json_object_update(old, entry);
		else
			json_array_append(list, entry);
	}
}

static void merge_objects(json_t *into, json_t *from, struct place at)
{
	const char *key;
	json_t *value;

	json_object_foreach (from, key, value) {
		json_t *old = json_object_get(into, key);
		struct place here = below(at, key);

		if (json_is_object(old) && json_is_object(value))
			merge_objects(old, value, here);
		else if (json_is_array(old) && json_is_array(value) && is_model_list(here))
			merge_models(old, value);
		else
			json_object_set(into, key, value);
	}
}

static struct place place_of(const struct oc_path *p)
{
	struct place at = { 0 };

	for (size_t i = 0; i < p->n; i++) at = below(at, p->seg[i].key);
	return at;
}

static enum oc_rc merge_at(json_t *root, const struct oc_path *p, json_t *value, struct oc_err *e)
{
	json_t *old = oc_path_get(root, p);

	if (!old) return oc_path_set(root, p, value, e);
	if (json_is_object(old) && json_is_object(value))
		merge_objects(old, value, place_of(p));
	else if (json_is_array(old) && json_is_array(value) && is_model_list(place_of(p)))
		merge_models(old, value);
	else
		return oc_fail(e, OC_E_INPUT,
			       "cannot merge: only an object merges into an object; use --replace");
	return OC_OK;
}

enum oc_rc oc_config_merge(json_t *root, const char *at, json_t *value, struct oc_err *e)
{
	struct oc_path p = { 0 };
	enum oc_rc rc = oc_path_parse(oc_str(at), &p, e);

	if (rc) return rc;
	json_t *own = json_deep_copy(value); /* later edits of the tree must not reach into value */
	rc = merge_at(root, &p, own, e);
	json_decref(own);
	oc_path_deinit(&p);
	return rc;
}

static const char *const protected_paths[] = {
	"agents.defaults.models",    "agents.entries",	"models.providers", "models.providers.*",
	"models.providers.*.models", "plugins.entries", "auth.profiles",
};

static bool is_protected(struct place at)
{
	for (size_t i = 0; i < sizeof protected_paths / sizeof *protected_paths; i++)
		if (is_at(at, protected_paths[i])) return true;
	return false;
}

void oc_config_lost_entries(json_t *root, const struct oc_path *path, const json_t *value,
			    struct oc_strv *lost)
{
	json_t *old = oc_path_get(root, path), *member;
	const char *key;

	if (!is_protected(place_of(path)) || !(json_is_object(value) || json_is_array(value)))
		return;
	json_object_foreach (old, key, member)
		if (!json_object_get(value, key)) oc_strv_add(lost, oc_str(key));
	for (size_t i = 0; i < json_array_size(old); i++) {
		struct oc_str id = oc_str_trim(oc_json_str(json_array_get(old, i), "id"));
		if (id.n && !with_id(value, id)) oc_strv_add(lost, id);
	}
}
