/*
 * The JSON5 reader: recursive descent over the whole text. Positions are offsets; line and column
 * are counted only when an error needs them.
 */
#include <math.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "json/internal.h"

struct reader {
	struct oc_json5 *doc;
	struct oc_str in;
	size_t at;
	unsigned depth;
	struct oc_err *e;
};

/* ---- errors ---- */

/* Line and column of the offset, from 1, in characters; CR LF is one line end. */
static void locate(struct oc_str in, size_t at, size_t *line, size_t *column)
{
	*line = *column = 1;
	for (size_t i = 0; i < at && i < in.n;) {
		uint32_t cp;
		size_t len = oc_utf8_next(oc_str_from(in, i), &cp);
		bool first_of_crlf = cp == '\r' && i + 1 < in.n && in.p[i + 1] == '\n';

		i += len;
		if (first_of_crlf || (cp == 0xFEFF && i == len)) continue;
		++*column;
		if (cp != '\n' && cp != '\r' && cp != 0x2028 && cp != 0x2029) continue;
		++*line;
		*column = 1;
	}
}

static void fail(struct reader *r, size_t at, const char *what)
{
	size_t line, column;

	locate(r->in, at, &line, &column);
	oc_fail(r->e, OC_E_INPUT, "JSON5: %s at %zu:%zu", what, line, column);
}

static const char *quote_hint(uint32_t cp)
{
	switch (cp) {
	case 0x2018:
	case 0x2019:
	case 0x201C:
	case 0x201D: return " (a typographic quote: write a plain \" or ' instead)";
	default: return "";
	}
}

static void fail_here(struct reader *r)
{
	size_t line, column;
	uint32_t cp = 0;

	if (r->at >= r->in.n) {
		fail(r, r->in.n, "invalid end of input");
		return;
	}
	struct oc_str rest = oc_str_from(r->in, r->at);
	size_t len = oc_utf8_next(rest, &cp);
	locate(r->in, r->at, &line, &column);
	if (cp < 0x20 || cp == 0x7F || (cp == 0xFFFD && len != 3))
		oc_fail(r->e, OC_E_INPUT, "JSON5: invalid character '\\x%02x' at %zu:%zu",
			(unsigned char)rest.p[0], line, column);
	else
		oc_fail(r->e, OC_E_INPUT, "JSON5: invalid character '%.*s' at %zu:%zu%s", (int)len,
			rest.p, line, column, quote_hint(cp));
}

/* ---- white space ---- */

/* The byte n places ahead, 0 at the end. */
static char peek(const struct reader *r, size_t n)
{
	return r->in.n - r->at > n ? r->in.p[r->at + n] : '\0';
}

static uint32_t peek_cp(const struct reader *r, size_t *len)
{
	uint32_t cp = 0;

	*len = r->at < r->in.n ? oc_utf8_next(oc_str_from(r->in, r->at), &cp) : 0;
	return cp;
}

static bool is_line_end(uint32_t cp)
{
	return cp == '\n' || cp == '\r' || cp == 0x2028 || cp == 0x2029;
}

static bool skip_comment(struct reader *r)
{
	size_t len;

	r->doc->comments++;
	if (peek(r, 1) == '*') {
		size_t end = oc_str_find(r->in, OC_LIT("*/"), r->at + 2);
		r->at = end == SIZE_MAX ? r->in.n : end + 2;
		if (end == SIZE_MAX) fail(r, r->in.n, "comment without its end '*/'");
		return end != SIZE_MAX;
	}
	while (r->at < r->in.n && !is_line_end(peek_cp(r, &len))) r->at += len;
	return true;
}

static bool skip_space(struct reader *r)
{
	while (r->at < r->in.n) {
		size_t len;

		if (peek(r, 0) == '/' && (peek(r, 1) == '/' || peek(r, 1) == '*')) {
			if (!skip_comment(r)) return false;
			continue;
		}
		if (!oc_utf8_is_space(peek_cp(r, &len))) break;
		r->at += len;
	}
	return true;
}

/* ---- strings and names ---- */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9') return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* at stands on the first digit of a \u escape. A lone surrogate becomes U+FFFD. */
static bool read_unicode_escape(struct reader *r, struct oc_buf *out)
{
	int32_t v = oc_json_hex4(r->in, r->at);

	if (v < 0) {
		while (hex_digit(peek(r, 0)) >= 0) r->at++;
		fail_here(r);
		return false;
	}
	r->at += 4;
	if (v >= 0xD800 && v < 0xDC00 && peek(r, 0) == '\\' && peek(r, 1) == 'u') {
		int32_t low = oc_json_hex4(r->in, r->at + 2);
		if (low >= 0xDC00 && low <= 0xDFFF) {
			v = 0x10000 + ((v - 0xD800) << 10) + (low - 0xDC00);
			r->at += 6;
		}
	}
	oc_utf8_put(out, (uint32_t)v);
	return true;
}

static bool read_hex_escape(struct reader *r, struct oc_buf *out)
{
	int high = hex_digit(peek(r, 0)), low = high < 0 ? -1 : hex_digit(peek(r, 1));

	if (low < 0) {
		r->at += high >= 0;
		fail_here(r);
		return false;
	}
	r->at += 2;
	oc_utf8_put(out, (uint32_t)(high * 16 + low));
	return true;
}

/* at stands behind the backslash. */
static bool read_escape(struct reader *r, struct oc_buf *out)
{
	static const char letters[] = "bfnrtv", values[] = "\b\f\n\r\t\v";
	size_t len;
	uint32_t cp = peek_cp(r, &len);
	bool digit_next = peek(r, 1) >= '0' && peek(r, 1) <= '9';

	if (!len || (cp >= '1' && cp <= '9') || (cp == '0' && digit_next)) {
		r->at += cp == '0';
		fail_here(r);
		return false;
	}
	const char *known = cp && cp < 0x80 ? strchr(letters, (int)cp) : NULL;
	r->at += len;
	if (cp == 'u') return read_unicode_escape(r, out);
	if (cp == 'x') return read_hex_escape(r, out);
	if (cp == '\r' && peek(r, 0) == '\n') r->at++;
	if (known)
		oc_buf_addc(out, values[known - letters]);
	else if (cp == '0')
		oc_buf_addc(out, '\0');
	else if (!is_line_end(cp))
		oc_utf8_put(out, cp);
	return true;
}

static bool read_string(struct reader *r, struct oc_buf *out)
{
	char quote = r->in.p[r->at++];

	while (peek(r, 0) != quote || r->at >= r->in.n) {
		size_t len;
		uint32_t cp = peek_cp(r, &len);

		if (!len || cp == '\n' || cp == '\r' || (cp == 0xFFFD && len != 3)) {
			fail_here(r);
			return false;
		}
		if (cp == '\\') {
			r->at++;
			if (!read_escape(r, out)) return false;
			continue;
		}
		oc_buf_add(out, (struct oc_str){ r->in.p + r->at, len });
		r->at += len;
	}
	r->at++;
	return true;
}

static bool read_name(struct reader *r, struct oc_buf *out)
{
	for (bool first = true;; first = false) {
		size_t len, start = r->at, from = out->n;
		uint32_t cp = peek_cp(r, &len);

		if (len && cp == '\\' && peek(r, 1) == 'u') {
			r->at += 2;
			if (!read_unicode_escape(r, out)) return false;
			oc_utf8_next(oc_str_from(oc_buf_view(out), from), &cp);
		} else {
			if (!len || !oc_utf8_is_ident(cp, first)) {
				if (first) fail_here(r);
				return !first;
			}
			oc_buf_add(out, (struct oc_str){ r->in.p + r->at, len });
			r->at += len;
		}
		if (oc_utf8_is_ident(cp, first)) continue;
		r->at = start;
		fail_here(r);
		return false;
	}
}

static bool read_key(struct reader *r, struct oc_buf *out)
{
	size_t start = r->at;
	char c = peek(r, 0);
	bool ok = c == '"' || c == '\'' ? read_string(r, out) : read_name(r, out);

	if (ok && strlen(oc_buf_cstr(out)) != out->n) {
		fail(r, start, "NUL in a key");
		return false;
	}
	return ok;
}

/* ---- numbers ---- */

static size_t skip_digits(struct reader *r)
{
	size_t start = r->at;

	while (peek(r, 0) >= '0' && peek(r, 0) <= '9') r->at++;
	return r->at - start;
}

static json_t *hex_number(struct oc_str digits, bool negative)
{
	double v = 0;

	for (size_t i = 0; i < digits.n; i++) v = v * 16 + hex_digit(digits.p[i]);
	if (digits.n <= 15) return json_integer(negative ? -(json_int_t)v : (json_int_t)v);
	return isfinite(v) ? json_real(negative ? -v : v)
			   : json_string(negative ? "-Infinity" : "Infinity");
}

static json_t *decimal_number(struct oc_str text)
{
	int64_t integer;

	if (oc_parse_int(text, INT64_MIN, INT64_MAX, &integer)) return json_integer(integer);
	char *copy = oc_strndup(text.p, text.n);
	double v = strtod(copy, NULL);
	free(copy);
	return isfinite(v) ? json_real(v) : json_string(v < 0 ? "-Infinity" : "Infinity");
}

/* at stands behind the sign. False: a message was set. */
static bool skip_decimal(struct reader *r)
{
	bool zero = peek(r, 0) == '0';
	size_t whole = skip_digits(r), fraction = 0;

	if (zero && whole > 1) {
		r->at -= whole - 1;
		fail_here(r);
		return false;
	}
	if (peek(r, 0) == '.') {
		r->at++;
		fraction = skip_digits(r);
	}
	if (!whole && !fraction) {
		fail_here(r);
		return false;
	}
	if ((peek(r, 0) | 0x20) != 'e') return true;
	r->at++;
	if (peek(r, 0) == '+' || peek(r, 0) == '-') r->at++;
	if (skip_digits(r)) return true;
	fail_here(r);
	return false;
}

static bool take_word(struct reader *r, struct oc_str word)
{
	size_t i = 0;

	while (i < word.n && peek(r, i) == word.p[i]) i++;
	r->at += i; /* an error points to the first wrong character */
	if (i < word.n) fail_here(r);
	return i == word.n;
}

static json_t *read_hex(struct reader *r, bool negative)
{
	size_t start = r->at += 2;

	while (hex_digit(peek(r, 0)) >= 0) r->at++;
	if (r->at == start) {
		fail_here(r);
		return NULL;
	}
	return hex_number((struct oc_str){ r->in.p + start, r->at - start }, negative);
}

static json_t *read_number_value(struct reader *r)
{
	size_t start = r->at;
	bool negative = peek(r, 0) == '-';

	if (negative || peek(r, 0) == '+') r->at++;
	if (peek(r, 0) == 'I')
		return take_word(r, OC_LIT("Infinity"))
			   ? json_string(negative ? "-Infinity" : "Infinity")
			   : NULL;
	if (peek(r, 0) == 'N') return take_word(r, OC_LIT("NaN")) ? json_string("NaN") : NULL;
	if (peek(r, 0) == '0' && (peek(r, 1) | 0x20) == 'x') return read_hex(r, negative);
	if (!skip_decimal(r)) return NULL;
	return decimal_number((struct oc_str){ r->in.p + start, r->at - start });
}

static json_t *read_number(struct reader *r)
{
	struct oc_json5 *d = r->doc;
	size_t start = r->at;
	json_t *v = read_number_value(r);

	if (!v) return NULL;
	if (d->n_numbers == d->cap_numbers) {
		d->cap_numbers = d->cap_numbers ? 2 * d->cap_numbers : 32;
		d->numbers = oc_realloc_array(d->numbers, d->cap_numbers, sizeof *d->numbers);
	}
	d->numbers[d->n_numbers++] =
	    (struct number){ json_incref(v), { r->in.p + start, r->at - start } };
	return v;
}

/* ---- values ---- */

static json_t *read_value(struct reader *r);

static json_t *read_string_value(struct reader *r)
{
	struct oc_buf text;
	json_t *v = NULL;

	oc_buf_init(&text, r->in.n * 3);
	if (read_string(r, &text)) v = oc_json_new_str(oc_buf_view(&text));
	oc_buf_deinit(&text);
	return v;
}

static json_t *read_word(struct reader *r, struct oc_str word, json_t *value)
{
	return take_word(r, word) ? value : NULL;
}

static void remember_member(struct oc_json5 *d, const char *key, struct oc_str text)
{
	if (d->n_members == d->cap_members) {
		d->cap_members = d->cap_members ? 2 * d->cap_members : 16;
		d->members = oc_realloc_array(d->members, d->cap_members, sizeof *d->members);
	}
	d->members[d->n_members++] = (struct member){ oc_strdup(key), text };
}

/* key: value into object. */
static bool read_member(struct reader *r, json_t *object)
{
	struct oc_buf key;
	bool ok = false;

	oc_buf_init(&key, r->in.n * 3);
	if (!read_key(r, &key) || !skip_space(r)) goto done;
	if (peek(r, 0) != ':') {
		fail_here(r);
		goto done;
	}
	r->at++;
	if (!skip_space(r)) goto done;
	size_t start = r->at;
	json_t *v = read_value(r);
	if (!v) goto done;
	json_object_set_new(object, oc_buf_cstr(&key), v);
	if (r->depth == 1)
		remember_member(r->doc, oc_buf_cstr(&key),
				(struct oc_str){ r->in.p + start, r->at - start });
	ok = true;
done:
	oc_buf_deinit(&key);
	return ok;
}

static bool read_element(struct reader *r, json_t *array)
{
	json_t *v = read_value(r);

	return v && json_array_append_new(array, v) == 0;
}

/* The list between brackets; at stands on the opening one. */
static json_t *read_list(struct reader *r, char close, json_t *list,
			 bool (*read_one)(struct reader *, json_t *))
{
	r->at++;
	for (;;) {
		if (!skip_space(r)) break;
		if (peek(r, 0) == close) {
			r->at++;
			return list;
		}
		if (!read_one(r, list) || !skip_space(r)) break;
		if (peek(r, 0) == ',')
			r->at++;
		else if (peek(r, 0) != close) {
			fail_here(r);
			break;
		}
	}
	json_decref(list);
	return NULL;
}

static json_t *read_container(struct reader *r, bool object)
{
	if (r->depth == OC_MAX_JSON_DEPTH) {
		fail(r, r->at, "nested too deeply");
		return NULL;
	}
	r->depth++;
	json_t *v = object ? read_list(r, '}', json_object(), read_member)
			   : read_list(r, ']', json_array(), read_element);
	r->depth--;
	return v;
}

static json_t *read_value(struct reader *r)
{
	char c = peek(r, 0);

	switch (c) {
	case '{':
	case '[': return read_container(r, c == '{');
	case '"':
	case '\'': return read_string_value(r);
	case 't': return read_word(r, OC_LIT("true"), json_true());
	case 'f': return read_word(r, OC_LIT("false"), json_false());
	case 'n': return read_word(r, OC_LIT("null"), json_null());
	default: break;
	}
	if (c && strchr("+-.0123456789IN", c)) return read_number(r);
	fail_here(r);
	return NULL;
}

static json_t *read_document(struct reader *r)
{
	if (!skip_space(r)) return NULL;
	json_t *v = read_value(r);
	if (v && skip_space(r)) {
		if (r->at == r->in.n) return v;
		fail_here(r);
	}
	json_decref(v);
	return NULL;
}

enum oc_rc oc_json5_read(struct oc_json5 *d, struct oc_err *e)
{
	struct reader r = { .doc = d, .in = { d->text, d->n }, .e = e };

	d->value = read_document(&r);
	return d->value ? OC_OK : e->rc;
}
