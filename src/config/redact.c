/* One placeholder for every secret, so that a configuration can be shown, edited and written back
 * by somebody who never sees them. */
#include "config/redact.h"

#include <stdlib.h>

#include "base/mem.h"
#include "config/schema.h"
#include "config/vars.h"

/* A value that is nothing but ${NAME}. */
static bool is_reference(struct oc_str s)
{
	return s.n > 3 && s.p[0] == '$' && s.p[s.n - 1] == '}' && oc_vars_has(s) &&
	       !memchr(s.p + 1, '$', s.n - 1) && oc_str_find(s, OC_LIT("}"), 0) == s.n - 1;
}

static void push(struct oc_path *at, char *key, size_t index)
{
	at->seg = oc_realloc_array(at->seg, at->n + 1, sizeof *at->seg);
	at->seg[at->n++] = (struct oc_path_seg){ key, index };
}

static void redact_children(json_t *v, struct oc_path *at)
{
	const char *key;
	json_t *child, *shown;
	size_t i;

	json_object_foreach (v, key, child) {
		shown = json_incref(child);
		push(at, oc_strdup(key), 0);
		oc_config_redact(&shown, at);
		json_object_set_new(v, key, shown);
		free(at->seg[--at->n].key);
	}
	json_array_foreach (v, i, child) {
		shown = json_incref(child);
		push(at, NULL, i);
		oc_config_redact(&shown, at);
		json_array_set_new(v, i, shown);
		at->n--;
	}
}

void oc_config_redact(json_t **v, struct oc_path *at)
{
	struct oc_str s = oc_json_text(*v);

	if (!json_is_string(*v)) {
		redact_children(*v, at);
		return;
	}
	if (!s.n || is_reference(s) || !oc_schema_secret(at)) return;
	json_decref(*v);
	*v = json_string(OC_REDACTED);
}

enum oc_rc oc_config_unredact(json_t **v, const json_t *old, struct oc_err *e)
{
	enum oc_rc rc = OC_OK;
	const char *key;
	json_t *child, *real;
	size_t i;

	if (json_is_string(*v) && !strcmp(json_string_value(*v), OC_REDACTED)) {
		if (!json_is_string(old))
			return oc_fail(e, OC_E_INPUT,
				       "%s stands for a secret, but none is set there",
				       OC_REDACTED);
		json_decref(*v);
		*v = json_deep_copy(old);
		return OC_OK;
	}
	json_object_foreach (*v, key, child) {
		real = json_incref(child);
		if (!rc) rc = oc_config_unredact(&real, json_object_get(old, key), e);
		json_object_set_new(*v, key, real);
	}
	json_array_foreach (*v, i, child) {
		real = json_incref(child);
		if (!rc) rc = oc_config_unredact(&real, json_array_get(old, i), e);
		json_array_set_new(*v, i, real);
	}
	return rc;
}
