/*
 * The layer between jansson and what servers really send. One scan over the text mends what jansson
 * would refuse (lone surrogates, numbers out of range) and refuses what would hurt (depth); jansson
 * does the rest.
 */
#include "json/json.h"

#include <math.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "json/internal.h"

/* Copies in to out in runs; [from, at) has been seen but not copied yet. */
struct mend {
	struct oc_str in;
	size_t at, from;
	struct oc_buf out;
	bool surrogate_replaced;
};

static void flush(struct mend *m)
{
	oc_buf_add(&m->out, (struct oc_str){ m->in.p + m->from, m->at - m->from });
	m->from = m->at;
}

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

/* at stands on the backslash of \uXXXX. A surrogate without its partner becomes \uFFFD. */
static void mend_unicode_escape(struct mend *m)
{
	int32_t v = oc_json_hex4(m->in, m->at + 2);

	if (v < 0xD800 || v > 0xDFFF) { /* also malformed ones: jansson refuses them */
		m->at += 2;
		return;
	}
	bool pair = v < 0xDC00 && m->in.n - m->at > 8 && m->in.p[m->at + 6] == '\\' &&
		    m->in.p[m->at + 7] == 'u' && is_low_surrogate(oc_json_hex4(m->in, m->at + 8));
	if (pair) {
		m->at += 12;
		return;
	}
	flush(m);
	oc_buf_adds(&m->out, "\\uFFFD");
	m->at += 6;
	m->from = m->at;
	m->surrogate_replaced = true;
}

static void scan_string(struct mend *m)
{
	m->at++;
	while (m->at < m->in.n && m->in.p[m->at] != '"') {
		bool escape = m->in.p[m->at] == '\\' && m->in.n - m->at >= 2;

		if (escape && m->in.p[m->at + 1] == 'u')
			mend_unicode_escape(m);
		else
			m->at += escape ? 2 : 1;
	}
	if (m->at < m->in.n) m->at++;
}

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

static bool fits(struct oc_str number, bool integer)
{
	int64_t ignored;

	if (integer && number.n < 19) return true;
	if (integer) return oc_parse_int(number, INT64_MIN, INT64_MAX, &ignored);
	char *copy = oc_strndup(number.p, number.n);
	bool finite = isfinite(strtod(copy, NULL));
	free(copy);
	return finite;
}

static void scan_number(struct mend *m)
{
	size_t start = m->at;
	bool integer;

	while (m->at < m->in.n && is_number_char(m->in.p[m->at])) m->at++;
	struct oc_str token = { m->in.p + start, m->at - start };
	if (!oc_json_is_number(token, &integer) || fits(token, integer)) return;
	size_t end = m->at;
	m->at = start;
	flush(m);
	oc_buf_addf(&m->out, "\"%.*s\"", OC_FMT(token));
	m->at = m->from = end;
}

/* About what jansson allocates for the value or member that c announces: 16 MiB of "[]," would
 * otherwise take a gigabyte. */
static size_t cost_of(char c)
{
	switch (c) {
	case '{': return 256;
	case '[': return 128;
	case ':': return 96;
	case ',': return 64;
	default: return 0;
	}
}

static enum oc_rc scan(struct mend *m, struct oc_err *e)
{
	size_t depth = 0, cost = 0;

	while (m->at < m->in.n) {
		char c = m->in.p[m->at];

		if (c == '"') {
			scan_string(m);
			continue;
		}
		if (c == '-' || is_digit(c)) {
			scan_number(m);
			continue;
		}
		cost += cost_of(c);
		if (cost > OC_MAX_JSON_TREE_BYTES)
			return oc_fail(e, OC_E_LIMIT, "JSON has too many values");
		if ((c == '{' || c == '[') && ++depth > OC_MAX_JSON_DEPTH)
			return oc_fail(e, OC_E_LIMIT, "JSON is nested deeper than %d levels",
				       OC_MAX_JSON_DEPTH);
		if ((c == '}' || c == ']') && depth) depth--;
		m->at++;
	}
	flush(m);
	return OC_OK;
}

/* jansson's own texts quote the input, which may hold secrets. */
static const char *reason(const json_error_t *je)
{
	switch (json_error_code(je)) {
	case json_error_premature_end_of_input: return "the text ends too early";
	case json_error_end_of_input_expected: return "unexpected text after the value";
	case json_error_null_byte_in_key:
	case json_error_null_character: return "NUL in an object key";
	case json_error_numeric_overflow: return "number out of range";
	default: return "unexpected character";
	}
}

static json_t *load(struct oc_str text, struct oc_err *e)
{
	json_error_t je;

	if (!text.n || !text.p) {
		oc_fail(e, OC_E_INPUT, "not valid JSON: the text is empty");
		return NULL;
	}
	json_t *v = json_loadb(text.p, text.n, JSON_DECODE_ANY | JSON_ALLOW_NUL, &je);
	if (!v)
		oc_fail(e, OC_E_INPUT, "not valid JSON at %d:%d: %s", je.line, je.column,
			reason(&je));
	return v;
}

json_t *oc_json_parse(struct oc_str in, struct oc_json_notes *notes, struct oc_err *e)
{
	struct mend m = { 0 };
	struct oc_buf clean;
	json_t *v = NULL;

	if (oc_str_starts(in, OC_LIT("\xEF\xBB\xBF"))) in = oc_str_from(in, 3);
	oc_buf_init(&clean, SIZE_MAX / 4);
	bool replaced = !oc_utf8_valid(in) && oc_utf8_clean(in, &clean) > 0;
	m.in = replaced ? oc_buf_view(&clean) : in;
	oc_buf_init(&m.out, SIZE_MAX / 4);
	if (scan(&m, e) == OC_OK) v = load(oc_buf_view(&m.out), e);
	if (notes) notes->utf8_replaced = replaced || m.surrogate_replaced;
	oc_buf_deinit(&m.out);
	oc_buf_deinit(&clean);
	return v;
}

/* ---- members ---- */

struct oc_str oc_json_text(const json_t *string)
{
	return (struct oc_str){ json_string_value(string), json_string_length(string) };
}

struct oc_str oc_json_str(const json_t *obj, const char *key)
{
	return oc_json_text(json_object_get(obj, key));
}

const char *oc_json_cstr(const json_t *obj, const char *key)
{
	return json_string_value(json_object_get(obj, key));
}

bool oc_json_bool(const json_t *obj, const char *key, bool dflt)
{
	const json_t *v = json_object_get(obj, key);

	return json_is_boolean(v) ? json_is_true(v) : dflt;
}

int64_t oc_json_int(const json_t *obj, const char *key, int64_t dflt)
{
	const json_t *v = json_object_get(obj, key);

	if (json_is_integer(v)) return json_integer_value(v);
	if (!json_is_real(v)) return dflt;
	double d = json_real_value(v);
	return d >= -9223372036854775808.0 && d < 9223372036854775808.0 ? (int64_t)d : dflt;
}

int64_t oc_json_positive(const json_t *obj, const char *key)
{
	int64_t v = oc_json_int(obj, key, 0);

	return v > 0 ? v : 0;
}

void oc_json_put(json_t *obj, const char *key, json_t *value)
{
	if (value) json_object_set_new(obj, key, value);
}

json_t *oc_json_new_str(struct oc_str s)
{
	struct oc_buf clean;

	if (!s.n || oc_utf8_valid(s)) return json_stringn_nocheck(s.n ? s.p : "", s.n);
	oc_buf_init(&clean, SIZE_MAX / 4);
	oc_utf8_clean(s, &clean);
	json_t *v = json_stringn_nocheck(oc_buf_cstr(&clean), clean.n);
	oc_buf_deinit(&clean);
	return v;
}
