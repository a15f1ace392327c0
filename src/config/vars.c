/* Variables in string values. */
#include "config/vars.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"

struct expansion {
	const struct oc_env *env;
	struct oc_strv *warnings; /* NULL: keep the text of unset variables */
	struct oc_strv path;	  /* keys down to the value in hand */
};

/* Length of "${NAME}" at position at, 0 when there is none; *name gets the inside. */
static size_t token_at(struct oc_str s, size_t at, struct oc_str *name)
{
	size_t i = at + 2;

	if (s.n - at < 4 || s.p[at] != '$' || s.p[at + 1] != '{') return 0;
	for (; i < s.n; i++) {
		char c = s.p[i];
		bool letter = (c >= 'A' && c <= 'Z') || c == '_', digit = c >= '0' && c <= '9';
		if (!letter && !(digit && i > at + 2)) break;
	}
	if (i == at + 2 || i >= s.n || s.p[i] != '}') return 0;
	*name = (struct oc_str){ s.p + at + 2, i - at - 2 };
	return i + 1 - at;
}

bool oc_vars_has(struct oc_str s)
{
	struct oc_str name;

	for (size_t i = 0; i < s.n; i++)
		if (token_at(s, i, &name)) return true;
	return false;
}

static void warn(const struct expansion *x, const char *name)
{
	char *path = oc_strv_join(&x->path, ".");

	oc_strv_addf(x->warnings, "%s: the variable %s is not set; the field counts as unset", path,
		     name);
	free(path);
}

/* Appends s with its variables replaced. False when one is unset and that matters. */
static bool expand_text(const struct expansion *x, struct oc_str s, struct oc_buf *out)
{
	bool complete = true;

	for (size_t i = 0; i < s.n;) {
		struct oc_str name;
		size_t escaped = s.p[i] == '$' && i + 1 < s.n ? token_at(s, i + 1, &name) : 0;
		size_t len = escaped ? 0 : token_at(s, i, &name);

		if (!len) {
			size_t take = escaped ? escaped : 1;
			oc_buf_add(out, (struct oc_str){ s.p + i + (escaped ? 1 : 0), take });
			i += take + (escaped ? 1 : 0);
			continue;
		}
		char *copy = oc_strndup(name.p, name.n);
		const char *value = oc_env_get(x->env, copy);
		if (value)
			oc_buf_adds(out, value);
		else if (x->warnings) {
			warn(x, copy);
			complete = false;
		} else
			oc_buf_add(out, (struct oc_str){ s.p + i, len });
		free(copy);
		i += len;
	}
	return complete;
}

/* NULL: an unset variable. */
static json_t *expand_string(struct expansion *x, const json_t *v)
{
	struct oc_str s = oc_json_text(v);
	struct oc_buf out;
	json_t *result = NULL;

	if (!oc_vars_has(s)) return json_stringn(s.p, s.n);
	oc_buf_init(&out, OC_MAX_CONFIG_BYTES);
	if (expand_text(x, s, &out)) result = oc_json_new_str(oc_buf_view(&out));
	oc_buf_deinit(&out);
	return result;
}

static void pop(struct expansion *x)
{
	free(x->path.v[--x->path.n]);
	x->path.v[x->path.n] = NULL;
}

static json_t *expand_value(struct expansion *x, const json_t *v)
{
	json_t *source = (json_t *)(uintptr_t)v, *child,
	       *result; /* jansson iterates only what is not const */
	const char *key;
	size_t i;

	if (json_is_string(v)) return expand_string(x, v);
	if (json_is_object(v)) {
		result = json_object();
		json_object_foreach (source, key, child) {
			oc_strv_add(&x->path, oc_str(key));
			oc_json_put(result, key, expand_value(x, child));
			pop(x);
		}
		return result;
	}
	if (!json_is_array(v)) return json_deep_copy(v);
	result = json_array();
	json_array_foreach (source, i, child) {
		oc_strv_addf(&x->path, "%zu", i);
		json_t *element = expand_value(x, child);
		if (element) json_array_append_new(result, element);
		pop(x);
	}
	return result;
}

json_t *oc_vars_expand(const json_t *v, const struct oc_env *env, struct oc_strv *warnings)
{
	struct expansion x = { .env = env, .warnings = warnings };
	json_t *result = expand_value(&x, v);

	oc_strv_deinit(&x.path);
	return result;
}
