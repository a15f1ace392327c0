/* Dotted paths, and merge patch. */
#include "json/path.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "json/json5.h"

struct parser {
	struct oc_str in;
	size_t at;
	struct oc_path out;
	struct oc_err *e;
};

static bool fail(struct parser *p, const char *what)
{
	oc_fail(p->e, OC_E_INPUT, "path \"%.*s\": %s at character %zu", OC_FMT(p->in), what,
		p->at + 1);
	return false;
}

static bool is_forbidden(struct oc_str key)
{
	return oc_str_eq(key, OC_LIT("__proto__")) || oc_str_eq(key, OC_LIT("constructor")) ||
	       oc_str_eq(key, OC_LIT("prototype"));
}

static void push(struct parser *p, char *key, size_t index)
{
	p->out.seg = oc_realloc_array(p->out.seg, p->out.n + 1, sizeof *p->out.seg);
	p->out.seg[p->out.n++] = (struct oc_path_seg){ key, index };
}

static bool push_key(struct parser *p, struct oc_str key)
{
	if (!oc_str_trim(key).n) return fail(p, "empty segment");
	if (is_forbidden(key)) return fail(p, "this name is not allowed");
	if (memchr(key.p, '\0', key.n) || !oc_utf8_valid(key))
		return fail(p, "NUL or broken UTF-8 in a key");
	push(p, oc_strndup(key.p, key.n), 0);
	return true;
}

/* key up to '.', '[' or the end; '\' takes the next character as it is. */
static bool read_plain(struct parser *p)
{
	struct oc_buf key;
	bool ok = true;

	oc_buf_init(&key, p->in.n);
	for (; p->at < p->in.n && p->in.p[p->at] != '.' && p->in.p[p->at] != '['; p->at++) {
		if (p->in.p[p->at] == '\\' && ++p->at == p->in.n) {
			ok = fail(p, "nothing after '\\'");
			break;
		}
		oc_buf_addc(&key, p->in.p[p->at]);
	}
	ok = ok && push_key(p, oc_str_trim(oc_buf_view(&key)));
	oc_buf_deinit(&key);
	return ok;
}

/* at stands behind the '['; the quoted text is a JSON string, also between single quotes. */
static bool read_quoted(struct parser *p)
{
	char quote = p->in.p[p->at];
	size_t end = p->at + 1;
	struct oc_json5 *d = NULL;
	struct oc_err e;

	while (end < p->in.n && p->in.p[end] != quote) end += p->in.p[end] == '\\' ? 2 : 1;
	if (end >= p->in.n) return fail(p, "quote without its end");
	struct oc_str text = { p->in.p + p->at, end + 1 - p->at };
	if (oc_json5_parse(text, &d, &e) != OC_OK) return fail(p, "not a JSON string");
	p->at = end + 1;
	bool ok = push_key(p, oc_json_text(oc_json5_value(d)));
	oc_json5_free(d);
	if (ok && (p->at >= p->in.n || p->in.p[p->at] != ']')) return fail(p, "missing ']'");
	p->at++;
	return ok;
}

static bool read_bracket(struct parser *p)
{
	int64_t index;

	p->at++;
	if (p->at < p->in.n && (p->in.p[p->at] == '"' || p->in.p[p->at] == '\''))
		return read_quoted(p);
	size_t end = oc_str_find(p->in, OC_LIT("]"), p->at);
	if (end == SIZE_MAX) return fail(p, "missing ']'");
	struct oc_str inside = oc_str_trim((struct oc_str){ p->in.p + p->at, end - p->at });
	if (!inside.n) return fail(p, "empty []");
	if (oc_parse_int(inside, 0, OC_MAX_PATH_INDEX, &index) && inside.p[0] != '+')
		push(p, NULL, (size_t)index);
	else if (!push_key(p, inside))
		return false;
	p->at = end + 1;
	return true;
}

/* What stands between two segments. */
static bool read_separator(struct parser *p)
{
	if (p->at == p->in.n || p->in.p[p->at] == '[') return true;
	if (p->in.p[p->at] != '.') return fail(p, "expected '.' or '['");
	p->at++;
	if (p->at == p->in.n || p->in.p[p->at] == '.' || p->in.p[p->at] == '[')
		return fail(p, "empty segment");
	return true;
}

enum oc_rc oc_path_parse(struct oc_str text, struct oc_path *out, struct oc_err *e)
{
	struct parser p = { .in = oc_str_trim(text), .e = e };

	if (!p.in.n) return oc_fail(e, OC_E_INPUT, "the path is empty");
	while (p.at < p.in.n) {
		bool ok = p.in.p[p.at] == '[' ? read_bracket(&p) : read_plain(&p);
		if (ok && read_separator(&p)) continue;
		oc_path_deinit(&p.out);
		return OC_E_INPUT;
	}
	*out = p.out;
	return OC_OK;
}

void oc_path_deinit(struct oc_path *p)
{
	for (size_t i = 0; i < p->n; i++) free(p->seg[i].key);
	free(p->seg);
	*p = (struct oc_path){ 0 };
}

/* "a.0" names an element of an array as well as "a[0]"; keys of digits in objects stay keys. */
static bool index_of(const struct oc_path_seg *s, size_t *index)
{
	int64_t v;

	*index = s->index;
	if (!s->key) return true;
	if (!oc_parse_int(oc_str(s->key), 0, OC_MAX_PATH_INDEX, &v) || s->key[0] == '+')
		return false;
	*index = (size_t)v;
	return true;
}

static json_t *child(json_t *v, const struct oc_path_seg *s)
{
	size_t index;

	if (json_is_object(v) && s->key) return json_object_get(v, s->key);
	if (json_is_array(v) && index_of(s, &index)) return json_array_get(v, index);
	return NULL;
}

json_t *oc_path_get(json_t *root, const struct oc_path *p)
{
	for (size_t i = 0; root && i < p->n; i++) root = child(root, &p->seg[i]);
	return root;
}

void oc_path_format(const struct oc_path *p, size_t n, struct oc_buf *out)
{
	for (size_t i = 0; i < n && i < p->n; i++) {
		if (p->seg[i].key)
			oc_buf_addf(out, "%s%s", i ? "." : "", p->seg[i].key);
		else
			oc_buf_addf(out, "[%zu]", p->seg[i].index);
	}
}

static enum oc_rc in_the_way(const struct oc_path *p, size_t n, const char *what, struct oc_err *e)
{
	struct oc_buf at;

	oc_buf_init(&at, OC_MAX_PATH_CHARS);
	oc_path_format(p, n, &at);
	oc_fail(e, OC_E_INPUT, "%s is %s", n ? oc_buf_cstr(&at) : "the root", what);
	oc_buf_deinit(&at);
	return OC_E_INPUT;
}

/* Whether v, which stands at the first n segments, can hold the next one. */
static enum oc_rc check_container(const json_t *v, const struct oc_path *p, size_t n,
				  struct oc_err *e)
{
	size_t index;

	if (json_is_object(v))
		return p->seg[n].key ? OC_OK
				     : in_the_way(p, n, "an object: name a key, not an index", e);
	if (!json_is_array(v))
		return in_the_way(p, n, "a plain value, not an object; unset it first", e);
	if (!index_of(&p->seg[n], &index))
		return in_the_way(p, n, "an array: name an index like [0]", e);
	if (index > json_array_size(v))
		return in_the_way(p, n, "an array that is shorter than this index", e);
	return OC_OK;
}

static void put_child(json_t *v, const struct oc_path_seg *s, json_t *value)
{
	size_t index;

	if (json_is_object(v)) {
		json_object_set(v, s->key, value);
		return;
	}
	index_of(s, &index);
	if (index < json_array_size(v))
		json_array_set(v, index, value);
	else
		json_array_append(v, value);
}

enum oc_rc oc_path_set(json_t *root, const struct oc_path *p, json_t *value, struct oc_err *e)
{
	json_t *at = root;
	size_t n = 0;

	for (;; n++) { /* as far as the path exists */
		enum oc_rc rc = check_container(at, p, n, e);
		if (rc) return rc;
		json_t *next = child(at, &p->seg[n]);
		if (!next || n + 1 == p->n) break;
		at = next;
	}
	json_t *fresh = json_incref(value); /* the missing part is built from its end */
	for (size_t i = p->n; i > n + 1; i--) {
		const struct oc_path_seg *s = &p->seg[i - 1];
		json_t *parent = s->key ? json_object() : json_array();
		if (!s->key && s->index > 0) {
			json_decref(parent);
			json_decref(fresh);
			return in_the_way(p, i - 1, "an empty array: begin with [0]", e);
		}
		put_child(parent, s, fresh);
		json_decref(fresh);
		fresh = parent;
	}
	put_child(at, &p->seg[n], fresh);
	json_decref(fresh);
	return OC_OK;
}

enum oc_rc oc_path_unset(json_t *root, const struct oc_path *p, struct oc_err *e)
{
	const struct oc_path parent = { p->seg, p->n - 1 };
	const struct oc_path_seg *last = &p->seg[p->n - 1];
	json_t *v = oc_path_get(root, &parent);
	size_t index;

	if (!v || !child(v, last)) return oc_fail(e, OC_E_NOT_FOUND, "nothing is set there");
	if (json_is_object(v))
		json_object_del(v, last->key);
	else if (index_of(last, &index))
		json_array_remove(v, index);
	return OC_OK;
}

void oc_json_merge_patch(json_t *target, const json_t *patch)
{
	const char *key;
	json_t *value;
	json_t *p = (json_t *)(uintptr_t)patch; /* jansson iterates only what is not const */

	json_object_foreach (p, key, value) {
		json_t *old = json_object_get(target, key);

		if (json_is_null(value))
			json_object_del(target, key);
		else if (!json_is_object(value))
			json_object_set_new(target, key, json_deep_copy(value));
		else {
			if (!json_is_object(old)) {
				old = json_object();
				json_object_set_new(target, key, old);
			}
			oc_json_merge_patch(old, value);
		}
	}
}
