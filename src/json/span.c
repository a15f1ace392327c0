/*
 * One pass over the text with a stack of bits. It keeps no values, so that it costs no memory and a
 * fraction of a parse.
 */
#include "json/span.h"

#include "base/limits.h"
#include "json/internal.h"

struct scan {
	struct oc_str in;
	size_t at, depth;
	bool object[OC_MAX_JSON_DEPTH]; /* of each open container: braces, not brackets */
	const char *const *names;
	size_t n;
	struct oc_span *out;
	struct oc_span *open; /* the wanted member whose value is being read */
	struct oc_err *e;
};

static enum oc_rc bad(struct scan *s, const char *what)
{
	size_t line = 1, column = 1;

	for (size_t i = 0; i < s->at && i < s->in.n; i++) {
		column = s->in.p[i] == '\n' ? 1 : column + 1;
		line += s->in.p[i] == '\n';
	}
	return oc_fail(s->e, OC_E_INPUT, "line %zu, column %zu: %s", line, column, what);
}

static void skip_space(struct scan *s)
{
	while (s->at < s->in.n && strchr(" \t\r\n", s->in.p[s->at]) && s->in.p[s->at]) s->at++;
}

static char peek(const struct scan *s)
{
	return s->at < s->in.n ? s->in.p[s->at] : '\0';
}

/* ---- strings, numbers, words ---- */

static bool escape_is_legal(struct scan *s)
{
	char c = peek(s);

	if (c == 'u') {
		if (oc_json_hex4(s->in, s->at + 1) < 0) return false;
		s->at += 5;
		return true;
	}
	if (!c || !strchr("\"\\/bfnrt", c)) return false;
	s->at++;
	return true;
}

/* At the opening quote; leaves at behind the closing one. */
static enum oc_rc skip_string(struct scan *s)
{
	s->at++;
	while (s->at < s->in.n) {
		unsigned char c = (unsigned char)s->in.p[s->at];

		if (c < ' ') return bad(s, "a control character inside of a string");
		s->at++;
		if (c == '"') return OC_OK;
		if (c == '\\' && !escape_is_legal(s)) return bad(s, "an escape that JSON has not");
	}
	return bad(s, "a string that does not end");
}

static bool is_word(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       c == '+' || c == '-' || c == '.';
}

static enum oc_rc skip_word(struct scan *s)
{
	size_t start = s->at;
	bool integer;

	while (s->at < s->in.n && is_word(s->in.p[s->at])) s->at++;
	struct oc_str word = { s->in.p + start, s->at - start };

	if (oc_str_eq(word, OC_LIT("true")) || oc_str_eq(word, OC_LIT("false")) ||
	    oc_str_eq(word, OC_LIT("null")) || oc_json_is_number(word, &integer))
		return OC_OK;
	s->at = start;
	return bad(s, start < s->in.n ? "not a JSON value" : "the text ends too early");
}

/* ---- members ---- */

static bool key_is(struct oc_str quoted, const char *name)
{
	struct oc_str plain = { quoted.p + 1, quoted.n - 2 };

	if (!memchr(plain.p, '\\', plain.n)) return oc_str_eq(plain, oc_str(name));
	json_t *key = oc_json_parse(quoted, NULL, NULL);
	bool same = oc_str_eq(oc_json_text(key), oc_str(name));

	json_decref(key);
	return same;
}

static enum oc_rc note_key(struct scan *s, struct oc_str quoted)
{
	for (size_t i = 0; i < s->n; i++) {
		if (!key_is(quoted, s->names[i])) continue;
		if (s->out[i].at) {
			oc_fail(s->e, OC_E_INPUT, "\"%s\" is given twice", s->names[i]);
			return OC_E_INPUT;
		}
		s->open = &s->out[i];
	}
	return OC_OK;
}

/* A key and its colon. */
static enum oc_rc read_key(struct scan *s)
{
	size_t start = s->at;

	if (peek(s) != '"') return bad(s, "a member name in quotes is expected");
	enum oc_rc rc = skip_string(s);
	if (rc == OC_OK && s->depth == 1)
		rc = note_key(s, (struct oc_str){ s->in.p + start, s->at - start });
	if (rc != OC_OK) return rc;
	skip_space(s);
	if (peek(s) != ':') return bad(s, "':' is expected");
	s->at++;
	skip_space(s);
	if (s->open && s->depth == 1) s->open->at = s->at;
	return OC_OK;
}

static enum oc_rc open_container(struct scan *s, bool object, bool *empty)
{
	if (s->depth == OC_MAX_JSON_DEPTH) return bad(s, "nested too deeply");
	s->at++;
	skip_space(s);
	*empty = peek(s) == (object ? '}' : ']');
	if (*empty) {
		s->at++;
		return OC_OK;
	}
	s->object[s->depth++] = object;
	return object ? read_key(s) : OC_OK;
}

/* A value has ended: closes what ends here, then goes on to the next value. *more: there is one. */
static enum oc_rc after_value(struct scan *s, bool *more)
{
	for (;;) {
		if (s->depth == 1 && s->open) {
			s->open->n = s->at - s->open->at;
			s->open = NULL;
		}
		skip_space(s);
		*more = false;
		if (!s->depth) return OC_OK;
		bool object = s->object[s->depth - 1];

		if (peek(s) == ',') {
			s->at++;
			skip_space(s);
			*more = true;
			return object ? read_key(s) : OC_OK;
		}
		if (peek(s) != (object ? '}' : ']'))
			return bad(s, object ? "',' or '}' is expected" : "',' or ']' is expected");
		s->at++;
		s->depth--;
	}
}

/* Reads a scalar, or opens a container. *ended: a value is complete. */
static enum oc_rc begin_value(struct scan *s, bool *ended)
{
	char c = peek(s);

	*ended = true;
	if (c == '"') return skip_string(s);
	if (c != '{' && c != '[') return skip_word(s);
	return open_container(s, c == '{', ended);
}

enum oc_rc oc_json_find_members(struct oc_str text, const char *const *names, size_t n,
				struct oc_span *out, struct oc_err *e)
{
	struct scan s = { .in = text, .names = names, .n = n, .out = out, .e = e };
	bool ended = false, more = true;
	enum oc_rc rc = OC_OK;

	for (size_t i = 0; i < n; i++) out[i] = (struct oc_span){ 0 };
	if (oc_str_starts(text, OC_LIT("\xEF\xBB\xBF"))) s.at = 3;
	skip_space(&s);
	if (peek(&s) != '{') return bad(&s, "a JSON object is expected");
	while (rc == OC_OK && more) {
		rc = begin_value(&s, &ended);
		if (rc == OC_OK && ended) rc = after_value(&s, &more);
	}
	if (rc == OC_OK && s.at < text.n) rc = bad(&s, "more text after the end of the object");
	return rc;
}

void oc_json_replace(struct oc_str text, struct oc_span where, struct oc_str by, struct oc_buf *out)
{
	oc_buf_add(out, oc_str_head(text, where.at));
	oc_buf_add(out, by);
	oc_buf_add(out, oc_str_from(text, where.at + where.n));
}
