/*
 * JSON text to values, in one pass: what servers really send is mended on the way (lone surrogates,
 * numbers out of range), what would hurt is refused (depth, a tree out of proportion). Everything
 * else is RFC 8259 to the letter. The values are jansson's; its reader is a call for each byte.
 */
#include <math.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "json/internal.h"

struct reader {
	struct oc_str in;
	size_t at, depth, max_depth, cost, max_cost;
	struct oc_buf text; /* of a string with escapes */
	bool surrogate_replaced;
	struct oc_err *e;
};

/* ---- errors ---- */

/* Line and column of the place that was reached; the text itself may hold secrets. */
static json_t *refuse(struct reader *r, const char *why)
{
	size_t line = 1, column = 1, end = r->at < r->in.n ? r->at : r->in.n;

	for (size_t i = 0; i < end; i++) {
		unsigned char c = (unsigned char)r->in.p[i];

		column = c == '\n' ? 1 : column + ((c & 0xC0) != 0x80);
		line += c == '\n';
	}
	oc_fail(r->e, OC_E_INPUT, "not valid JSON at %zu:%zu: %s", line, column, why);
	return NULL;
}

static json_t *unexpected(struct reader *r)
{
	return refuse(r, r->at < r->in.n ? "unexpected character" : "the text ends too early");
}

static json_t *too_much(struct reader *r, const char *what)
{
	oc_fail(r->e, OC_E_LIMIT, "JSON %s", what);
	return NULL;
}

/* ---- numbers ---- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_number_char(char c)
{
	return is_digit(c) || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

bool oc_json_is_number(struct oc_str s, bool *integer)
{
	size_t i = s.n && s.p[0] == '-';
	size_t start = i;

	*integer = true;
	while (i < s.n && is_digit(s.p[i])) i++;
	if (i == start || (s.p[start] == '0' && i > start + 1)) return false;
	if (i < s.n && s.p[i] == '.') {
		*integer = false;
		start = ++i;
		while (i < s.n && is_digit(s.p[i])) i++;
		if (i == start) return false;
	}
	if (i < s.n && (s.p[i] == 'e' || s.p[i] == 'E')) {
		*integer = false;
		i++;
		if (i < s.n && (s.p[i] == '+' || s.p[i] == '-')) i++;
		start = i;
		while (i < s.n && is_digit(s.p[i])) i++;
		if (i == start) return false;
	}
	return i == s.n;
}

/* A number that no machine type holds becomes a string with its digits. */
static json_t *number_value(struct oc_str token, bool integer)
{
	int64_t n;

	if (integer)
		return oc_parse_int(token, INT64_MIN, INT64_MAX, &n)
			   ? json_integer(n)
			   : json_stringn_nocheck(token.p, token.n);
	char *copy = oc_strndup(token.p, token.n);
	double v = strtod(copy, NULL);
	free(copy);
	return isfinite(v) ? json_real(v) : json_stringn_nocheck(token.p, token.n);
}

static json_t *read_number(struct reader *r)
{
	size_t start = r->at;
	bool integer;

	while (r->at < r->in.n && is_number_char(r->in.p[r->at])) r->at++;
	struct oc_str token = { r->in.p + start, r->at - start };
	if (oc_json_is_number(token, &integer)) return number_value(token, integer);
	r->at = start;
	return unexpected(r);
}

/* ---- strings ---- */

int32_t oc_json_hex4(struct oc_str s, size_t i)
{
	int32_t v = 0;

	if (i > s.n || s.n - i < 4) return -1;
	for (size_t k = i; k < i + 4; k++) {
		char c = s.p[k];
		char lower = (char)(c | 0x20);

		if (c >= '0' && c <= '9')
			v = v * 16 + (c - '0');
		else if (lower >= 'a' && lower <= 'f')
			v = v * 16 + (lower - 'a' + 10);
		else
			return -1;
	}
	return v;
}

static bool is_low_surrogate(int32_t v)
{
	return v >= 0xDC00 && v <= 0xDFFF;
}

/* at stands on the backslash of a \u escape. A surrogate without its partner becomes U+FFFD. */
static bool read_unicode_escape(struct reader *r)
{
	int32_t v = oc_json_hex4(r->in, r->at + 2), low;

	if (v < 0) return false;
	r->at += 6;
	if (v < 0xD800 || v > 0xDFFF) {
		oc_utf8_put(&r->text, (uint32_t)v);
		return true;
	}
	low = oc_str_starts(oc_str_from(r->in, r->at), OC_LIT("\\u"))
		  ? oc_json_hex4(r->in, r->at + 2)
		  : -1;
	if (is_low_surrogate(v) || !is_low_surrogate(low)) {
		oc_utf8_put(&r->text, 0xFFFD);
		r->surrogate_replaced = true;
		return true;
	}
	oc_utf8_put(&r->text, 0x10000 + (((uint32_t)v - 0xD800) << 10) + ((uint32_t)low - 0xDC00));
	r->at += 6;
	return true;
}

static bool read_escape(struct reader *r)
{
	static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
	char c = r->in.n - r->at >= 2 ? r->in.p[r->at + 1] : '\0';
	const char *known = c ? strchr(letters, c) : NULL;

	if (c == 'u') return read_unicode_escape(r);
	if (!known) return false;
	oc_buf_addc(&r->text, meant[known - letters]);
	r->at += 2;
	return true;
}

/* Whether one of the eight bytes is a control character, a quote or a backslash. */
static bool any_special(uint64_t word)
{
	const uint64_t ones = 0x0101010101010101, tops = 0x8080808080808080;
	uint64_t quote = word ^ ones * '"', backslash = word ^ ones * '\\';

	return (((word - ones * 0x20) & ~word) | ((quote - ones) & ~quote) |
		((backslash - ones) & ~backslash)) &
	       tops;
}

size_t oc_json_plain(struct oc_str s)
{
	uint64_t word;
	size_t n = 0;

	for (; s.n - n >= sizeof word; n += sizeof word) {
		memcpy(&word, s.p + n, sizeof word);
		if (any_special(word)) break;
	}
	for (; n < s.n; n++) {
		unsigned char c = (unsigned char)s.p[n];

		if (c == '"' || c == '\\' || c < 0x20) break;
	}
	return n;
}

static struct oc_str plain_run(struct reader *r)
{
	struct oc_str rest = oc_str_from(r->in, r->at),
		      run = oc_str_head(rest, oc_json_plain(rest));

	r->at += run.n;
	return run;
}

/* at stands on the opening quote. *out is valid until the next string is read. */
static bool read_text(struct reader *r, struct oc_str *out)
{
	r->at++;
	*out = plain_run(r);
	bool whole = r->at < r->in.n && r->in.p[r->at] == '"';
	oc_buf_clear(&r->text);
	while (!whole) {
		oc_buf_add(&r->text, *out);
		if (r->at >= r->in.n || r->in.p[r->at] != '\\' || !read_escape(r)) {
			unexpected(r);
			return false;
		}
		*out = plain_run(r);
		if (r->at >= r->in.n || r->in.p[r->at] != '"') continue;
		oc_buf_add(&r->text, *out);
		*out = oc_buf_view(&r->text);
		whole = true;
	}
	r->at++;
	return true;
}

static json_t *read_string(struct reader *r)
{
	struct oc_str s;

	return read_text(r, &s) ? json_stringn_nocheck(s.p, s.n) : NULL;
}

/* ---- values ---- */

static void skip_space(struct reader *r)
{
	while (r->at < r->in.n) {
		char c = r->in.p[r->at];

		if (c != ' ' && c != '\n' && c != '\r' && c != '\t') break;
		r->at++;
	}
}

/* The next character that is no white space; NUL at the end. */
static char peek(struct reader *r)
{
	skip_space(r);
	return r->at < r->in.n ? r->in.p[r->at] : '\0';
}

/* About what jansson allocates: 16 MiB of "[]," would otherwise take a gigabyte. */
static bool costs(struct reader *r, size_t bytes)
{
	r->cost += bytes;
	return r->cost > r->max_cost;
}

static json_t *read_value(struct reader *r);

/* Refuses, or steps over what stands between two members: false after the last one. */
static bool next_member(struct reader *r, char close, bool *bad)
{
	char c = peek(r);

	*bad = c != ',' && c != close;
	if (*bad) {
		unexpected(r);
		return false;
	}
	r->at++;
	if (c == close) return false;
	*bad = costs(r, 64);
	if (*bad) too_much(r, "has too many values");
	return !*bad;
}

/* One key and its value. */
static bool read_member(struct reader *r, json_t *object)
{
	struct oc_str s;

	if (peek(r) != '"') return unexpected(r) != NULL;
	if (!read_text(r, &s)) return false;
	if (memchr(s.p, '\0', s.n)) return refuse(r, "NUL in an object key") != NULL;
	char small[64], *key = s.n < sizeof small ? small : oc_alloc(s.n + 1);
	memcpy(key, s.p, s.n); /* the value's strings use the same buffer */
	json_t *v = NULL;
	if (peek(r) != ':')
		unexpected(r);
	else if (costs(r, 96))
		too_much(r, "has too many values");
	else {
		r->at++;
		v = read_value(r);
	}
	if (v) json_object_setn_new_nocheck(object, key, s.n, v);
	if (key != small) free(key);
	return v != NULL;
}

static json_t *read_object(struct reader *r)
{
	json_t *object = json_object();
	bool bad = false;

	r->at++;
	if (peek(r) == '}')
		r->at++;
	else
		do bad = !read_member(r, object);
		while (!bad && next_member(r, '}', &bad));
	if (!bad) return object;
	json_decref(object);
	return NULL;
}

static json_t *read_array(struct reader *r)
{
	json_t *array = json_array(), *v;
	bool bad = false;

	r->at++;
	if (peek(r) == ']')
		r->at++;
	else
		do {
			v = read_value(r);
			bad = !v || json_array_append_new(array, v) != 0;
		} while (!bad && next_member(r, ']', &bad));
	if (!bad) return array;
	json_decref(array);
	return NULL;
}

static json_t *read_container(struct reader *r, bool object)
{
	json_t *v;

	if (r->depth == r->max_depth) {
		oc_fail(r->e, OC_E_LIMIT, "JSON is nested deeper than %zu levels", r->max_depth);
		return NULL;
	}
	if (costs(r, object ? 256 : 128)) return too_much(r, "has too many values");
	r->depth++;
	v = object ? read_object(r) : read_array(r);
	r->depth--;
	return v;
}

static json_t *read_word(struct reader *r, const char *word, json_t *v)
{
	if (!oc_str_starts(oc_str_from(r->in, r->at), oc_str(word))) return unexpected(r);
	r->at += strlen(word);
	return v;
}

static json_t *read_value(struct reader *r)
{
	switch (peek(r)) {
	case '{': return read_container(r, true);
	case '[': return read_container(r, false);
	case '"': return read_string(r);
	case 't': return read_word(r, "true", json_true());
	case 'f': return read_word(r, "false", json_false());
	case 'n': return read_word(r, "null", json_null());
	default: return read_number(r);
	}
}

static json_t *read_document(struct reader *r)
{
	json_t *v;

	if (!r->in.n || !r->in.p) {
		oc_fail(r->e, OC_E_INPUT, "not valid JSON: the text is empty");
		return NULL;
	}
	oc_buf_init(&r->text, SIZE_MAX / 4);
	v = read_value(r);
	if (v) {
		skip_space(r);
		if (r->at < r->in.n) {
			json_decref(v);
			v = refuse(r, "unexpected text after the value");
		}
	}
	oc_buf_deinit(&r->text);
	return v;
}

json_t *oc_json_parse(struct oc_str in, struct oc_json_notes *notes, struct oc_err *e)
{
	struct reader r = { .max_depth = OC_MAX_JSON_DEPTH,
			    .max_cost = OC_MAX_JSON_TREE_BYTES,
			    .e = e };
	struct oc_buf clean;

	if (oc_str_starts(in, OC_LIT("\xEF\xBB\xBF"))) in = oc_str_from(in, 3);
	oc_buf_init(&clean, SIZE_MAX / 4);
	bool replaced = !oc_utf8_valid(in) && oc_utf8_clean(in, &clean) > 0;
	r.in = replaced ? oc_buf_view(&clean) : in;
	json_t *v = read_document(&r);
	if (notes) notes->utf8_replaced = replaced || r.surrogate_replaced;
	oc_buf_deinit(&clean);
	return v;
}

json_t *oc_json_parse_own(struct oc_str in, struct oc_err *e)
{
	struct reader r = {
		.in = in, .max_depth = OC_MAX_OWN_JSON_DEPTH, .max_cost = SIZE_MAX, .e = e
	};

	return read_document(&r);
}
