/*
 * JSON text. Reals get the shortest digits that read back to the same value. With a JSON5 document
 * beside it, the writer walks old and new value together and keeps the authored form of what did
 * not change.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "json/internal.h"

struct writer {
	struct oc_buf out;
	bool pretty;
	const struct oc_json5 *doc;	/* may be NULL */
	const struct oc_strv *verbatim; /* may be NULL */
};

static void put_escape(struct writer *w, unsigned char c)
{
	static const char escaped[] = "\"\\\b\f\n\r\t", letter[] = "\"\\bfnrt";
	const char *known = c ? strchr(escaped, c) : NULL;

	if (!known) {
		oc_buf_addf(&w->out, "\\u%04x", c);
		return;
	}
	oc_buf_addc(&w->out, '\\');
	oc_buf_addc(&w->out, letter[known - escaped]);
}

static void put_string(struct writer *w, struct oc_str s)
{
	oc_buf_addc(&w->out, '"');
	while (s.n) {
		size_t plain = oc_json_plain(s);

		oc_buf_add(&w->out, oc_str_head(s, plain));
		if (plain < s.n) put_escape(w, (unsigned char)s.p[plain++]);
		s = oc_str_from(s, plain);
	}
	oc_buf_addc(&w->out, '"');
}

static void put_integer(struct writer *w, json_int_t v)
{
	char digits[24];
	size_t at = sizeof digits;
	uint64_t left = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;

	do digits[--at] = (char)('0' + left % 10);
	while (left /= 10);
	if (v < 0) digits[--at] = '-';
	oc_buf_add(&w->out, (struct oc_str){ digits + at, sizeof digits - at });
}

static void put_real(struct writer *w, double v)
{
	char text[40];

	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof text, "%.*g", digits, v);
		if (strtod(text, NULL) == v) break;
	}
	oc_buf_adds(&w->out, text);
	if (!strpbrk(text, ".e")) oc_buf_adds(&w->out, ".0"); /* stays a real when read again */
}

/* The text of an unchanged number, or of a non-finite one, which is a string among the values. */
static bool put_authored(struct writer *w, const json_t *v, const json_t *old)
{
	bool integer;

	if (!old || json_is_object(v) || json_is_array(v) || !json_equal(v, old)) return false;
	struct oc_str text = oc_json5_number_text(w->doc, old);
	if (!text.p || (!json_is_string(v) && !oc_json_is_number(text, &integer))) return false;
	oc_buf_add(&w->out, text);
	return true;
}

static void put_break(struct writer *w, size_t depth)
{
	if (!w->pretty) return;
	oc_buf_addc(&w->out, '\n');
	for (size_t i = 0; i < depth; i++) oc_buf_adds(&w->out, "  ");
}

static void put_value(struct writer *w, const json_t *v, const json_t *old, size_t depth);

/* Copies a root member that must not change its form. */
static bool put_verbatim(struct writer *w, const char *key, const json_t *v, const json_t *old)
{
	if (!w->verbatim || !old || !oc_strv_has(w->verbatim, oc_str(key)) || !json_equal(v, old))
		return false;
	struct oc_str text = oc_json5_member_text(w->doc, key);
	oc_buf_add(&w->out, text);
	return text.p != NULL;
}

static void put_object(struct writer *w, const json_t *v, const json_t *old, size_t depth)
{
	const char *key, *comma = "";
	json_t *member;
	json_t *object = (json_t *)(uintptr_t)v; /* jansson iterates only what is not const */

	oc_buf_addc(&w->out, '{');
	json_object_foreach (object, key, member) {
		const json_t *before = json_object_get(old, key);
		oc_buf_adds(&w->out, comma);
		put_break(w, depth + 1);
		put_string(w, oc_str(key));
		oc_buf_adds(&w->out, w->pretty ? ": " : ":");
		if (depth > 0 || !put_verbatim(w, key, member, before))
			put_value(w, member, before, depth + 1);
		comma = ",";
	}
	if (*comma) put_break(w, depth);
	oc_buf_addc(&w->out, '}');
}

/*
 * The old element that stands for v. Elements keep their order, so an equal one is looked for a
 * little ahead of the last match; a changed element is compared with the one in its place.
 */
static const json_t *counterpart(const json_t *old, size_t *next, const json_t *v, size_t place)
{
	enum { AHEAD = 64 };
	size_t n = json_array_size(old);

	for (size_t i = *next; i < n && i < *next + AHEAD; i++) {
		if (!json_equal(json_array_get(old, i), v)) continue;
		*next = i + 1;
		return json_array_get(old, i);
	}
	return json_array_get(old, place);
}

static void put_array(struct writer *w, const json_t *v, const json_t *old, size_t depth)
{
	size_t n = json_array_size(v), next = 0;

	oc_buf_addc(&w->out, '[');
	for (size_t i = 0; i < n; i++) {
		const json_t *element = json_array_get(v, i);
		if (i) oc_buf_addc(&w->out, ',');
		put_break(w, depth + 1);
		put_value(w, element, old ? counterpart(old, &next, element, i) : NULL, depth + 1);
	}
	if (n) put_break(w, depth);
	oc_buf_addc(&w->out, ']');
}

static void put_value(struct writer *w, const json_t *v, const json_t *old, size_t depth)
{
	if (w->doc && put_authored(w, v, old)) return;
	switch (json_typeof(v)) {
	case JSON_OBJECT: put_object(w, v, old, depth); break;
	case JSON_ARRAY: put_array(w, v, old, depth); break;
	case JSON_STRING: put_string(w, oc_json_text(v)); break;
	case JSON_INTEGER: put_integer(w, json_integer_value(v)); break;
	case JSON_REAL: put_real(w, json_real_value(v)); break;
	case JSON_TRUE: oc_buf_adds(&w->out, "true"); break;
	case JSON_FALSE: oc_buf_adds(&w->out, "false"); break;
	case JSON_NULL: oc_buf_adds(&w->out, "null"); break;
	}
}

static char *write_text(struct writer *w, const json_t *v)
{
	oc_buf_init(&w->out, SIZE_MAX / 4);
	put_value(w, v, w->doc ? w->doc->value : NULL, 0);
	if (w->pretty) oc_buf_addc(&w->out, '\n');
	return oc_buf_take(&w->out);
}

char *oc_json_pretty(const json_t *v)
{
	return write_text(&(struct writer){ .pretty = true }, v);
}

char *oc_json_compact(const json_t *v)
{
	return write_text(&(struct writer){ 0 }, v);
}

char *oc_json5_write(const struct oc_json5 *d, const json_t *value, const struct oc_strv *verbatim)
{
	return write_text(&(struct writer){ .pretty = true, .doc = d, .verbatim = verbatim },
			  value);
}
