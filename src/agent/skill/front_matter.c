/* A reader of the part of YAML that heads of documents use. */
#include "agent/skill/front_matter.h"

#include "json/json5.h"

enum { MAX_DEPTH = 8 };

/* ---- lines ---- */

/* What is left to be read. */
struct reader {
	struct oc_str rest;
};
struct line {
	size_t indent;
	struct oc_str text; /* trimmed; empty = blank or a comment */
};

static struct oc_str cut_line(struct oc_str *rest)
{
	size_t lf = oc_str_find(*rest, OC_LIT("\n"), 0);
	struct oc_str line = oc_str_head(*rest, lf);

	*rest = oc_str_from(*rest, lf == SIZE_MAX ? rest->n : lf + 1);
	if (line.n && line.p[line.n - 1] == '\r') line.n--;
	return line;
}

static struct line split(struct oc_str raw)
{
	struct line l = { .text = oc_str_trim(raw) };

	while (l.indent < raw.n && raw.p[l.indent] == ' ') l.indent++;
	if (l.text.n && l.text.p[0] == '#') l.text.n = 0;
	return l;
}

/* The next line that holds something, not taken. False at the end. */
static bool peek(struct reader *r, struct line *out)
{
	while (r->rest.n) {
		struct oc_str after = r->rest;

		*out = split(cut_line(&after));
		if (out->text.n) return true;
		r->rest = after;
	}
	return false;
}

static void skip_line(struct reader *r)
{
	(void)cut_line(&r->rest);
}

/* ---- scalars ---- */

/* Position behind the closing quote, SIZE_MAX when there is none. */
static size_t quoted_end(struct oc_str s)
{
	for (size_t i = 1; i < s.n; i++) {
		if (s.p[i] == '\\' && s.p[0] == '"')
			i++;
		else if (s.p[i] == s.p[0])
			return i + 1;
	}
	return SIZE_MAX;
}

static json_t *unquoted(struct oc_str s, size_t end)
{
	struct oc_json5 *d = NULL;
	struct oc_err e = { 0 };
	struct oc_str inner = { s.p + 1, end - 2 };
	json_t *v = NULL;

	/* Double quotes have the escapes of JSON, single ones none. */
	if (s.p[0] == '"' && !oc_json5_parse(oc_str_head(s, end), &d, &e))
		v = json_incref(oc_json5_value(d));
	oc_json5_free(d);
	return v ? v : oc_json_new_str(inner);
}

static json_t *scalar(struct oc_str s)
{
	bool quote = s.n && (s.p[0] == '"' || s.p[0] == '\'');
	size_t end = quote ? quoted_end(s) : SIZE_MAX, comment;

	if (end != SIZE_MAX) return unquoted(s, end);
	comment = oc_str_find(s, OC_LIT(" #"), 0);
	return oc_json_new_str(oc_str_trim(oc_str_head(s, comment)));
}

/* The lines that stand deeper than indent belong to the value: joined by a space, or by line ends
 * as they are. */
static json_t *folded(struct reader *r, size_t indent, struct oc_str first, char between)
{
	struct oc_buf text;
	struct line l;

	oc_buf_init(&text, OC_MAX_FRONT_MATTER_BYTES + 1);
	oc_buf_add(&text, first);
	while (peek(r, &l) && l.indent > indent) {
		if (text.n) oc_buf_addc(&text, between);
		oc_buf_add(&text, l.text);
		skip_line(r);
	}
	json_t *v = between == '\n' ? oc_json_new_str(oc_buf_view(&text))
				    : scalar(oc_str_trim(oc_buf_view(&text)));
	oc_buf_deinit(&text);
	return v;
}

/* ---- braces and brackets ---- */

static bool closes(struct oc_str text)
{
	int depth = 0;
	char quote = 0;

	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (quote) {
			if (c == '\\')
				i++;
			else if (c == quote)
				quote = 0;
		} else if (c == '"' || c == '\'') {
			quote = c;
		} else if (c == '{' || c == '[') {
			depth++;
		} else if ((c == '}' || c == ']') && --depth <= 0) {
			return true;
		}
	}
	return false;
}

/* [a, b c]: texts without quotes, which JSON5 does not know. */
static json_t *bare_list(struct oc_str text)
{
	json_t *list = json_array();
	struct oc_str rest = oc_str_trim(text);

	if (rest.n < 2 || rest.p[0] != '[' || rest.p[rest.n - 1] != ']') return list;
	rest = (struct oc_str){ rest.p + 1, rest.n - 2 };
	while (rest.n) {
		size_t comma = oc_str_find(rest, OC_LIT(","), 0);
		struct oc_str item = oc_str_trim(oc_str_head(rest, comma));

		if (item.n) json_array_append_new(list, scalar(item));
		rest = oc_str_from(rest, comma == SIZE_MAX ? rest.n : comma + 1);
	}
	return list;
}

static json_t *flow(struct reader *r, struct oc_str first)
{
	struct oc_json5 *d = NULL;
	struct oc_err e = { 0 };
	struct oc_buf text;
	json_t *v;

	oc_buf_init(&text, 2 * OC_MAX_FRONT_MATTER_BYTES);
	oc_buf_add(&text, first);
	while (!closes(oc_buf_view(&text)) && r->rest.n) {
		oc_buf_addc(&text, '\n');
		oc_buf_add(&text, cut_line(&r->rest));
	}
	v = oc_json5_parse(oc_buf_view(&text), &d, &e) ? bare_list(oc_buf_view(&text))
						       : json_incref(oc_json5_value(d));
	oc_json5_free(d);
	oc_buf_deinit(&text);
	return v;
}

/* ---- members and lists ---- */

static json_t *block(struct reader *r, size_t indent, unsigned depth);

static bool is_item(struct oc_str text)
{
	return text.n && text.p[0] == '-' && (text.n == 1 || text.p[1] == ' ');
}

static bool is_flow(struct oc_str text)
{
	return text.n && (text.p[0] == '{' || text.p[0] == '[');
}

/* What stands behind a colon or a dash; indent: of the line that it stands on. */
static json_t *value(struct reader *r, size_t indent, struct oc_str text, unsigned depth)
{
	struct line next;

	if (is_flow(text)) return flow(r, text);
	if (text.n && (text.p[0] == '>' || text.p[0] == '|'))
		return folded(r, indent, OC_LIT(""), text.p[0] == '>' ? ' ' : '\n');
	if (text.n) return folded(r, indent, text, ' ');
	if (!peek(r, &next)) return oc_json_new_str(OC_LIT(""));
	if (next.indent > indent && is_flow(next.text)) {
		skip_line(r);
		return flow(r, next.text);
	}
	if (next.indent > indent || (next.indent == indent && is_item(next.text)))
		return block(r, next.indent, depth + 1);
	return oc_json_new_str(OC_LIT(""));
}

static json_t *list(struct reader *r, size_t indent, unsigned depth)
{
	json_t *out = json_array();
	struct line l;

	while (peek(r, &l) && l.indent == indent && is_item(l.text)) {
		skip_line(r);
		json_array_append_new(out,
				      value(r, indent, oc_str_trim(oc_str_from(l.text, 1)), depth));
	}
	return out;
}

/* "key: value", with the key plain or in quotes. */
static bool cut_key(struct oc_str text, struct oc_str *key, struct oc_str *rest)
{
	bool quote = text.p[0] == '"' || text.p[0] == '\'';
	size_t end = quote ? quoted_end(text) : 0;
	size_t colon = end == SIZE_MAX ? SIZE_MAX : oc_str_find(text, OC_LIT(":"), end);

	while (colon != SIZE_MAX && colon + 1 < text.n && text.p[colon + 1] != ' ')
		colon = oc_str_find(text, OC_LIT(":"), colon + 1);
	if (colon == SIZE_MAX || colon == 0) return false;
	*key =
	    quote ? (struct oc_str){ text.p + 1, end - 2 } : oc_str_trim(oc_str_head(text, colon));
	*rest = oc_str_trim(oc_str_from(text, colon + 1));
	return true;
}

static void put(json_t *o, struct oc_str key, json_t *v)
{
	char name[256];

	if (key.n < sizeof name && !memchr(key.p, '\0', key.n)) {
		memcpy(name, key.p, key.n);
		name[key.n] = '\0';
		json_object_set(o, name, v);
	}
	json_decref(v);
}

static json_t *members(struct reader *r, size_t indent, unsigned depth)
{
	json_t *out = json_object();
	struct oc_str key, rest;
	struct line l;

	while (peek(r, &l) && l.indent >= indent) {
		skip_line(r);
		if (l.indent == indent && cut_key(l.text, &key, &rest))
			put(out, key, value(r, indent, rest, depth));
	}
	return out;
}

static json_t *block(struct reader *r, size_t indent, unsigned depth)
{
	struct line l;

	if (depth > MAX_DEPTH || !peek(r, &l)) return json_object();
	return is_item(l.text) ? list(r, indent, depth) : members(r, indent, depth);
}

/* ---- the head ---- */

static bool is_fence(struct oc_str line)
{
	return line.n >= 3 && !memcmp(line.p, "---", 3) && oc_str_trim(oc_str_from(line, 3)).n == 0;
}

/* Splits the text; false when it has no head. */
static bool cut_head(struct oc_str text, struct oc_str *head, struct oc_str *body)
{
	struct oc_str rest = text;

	if (oc_str_starts(rest, OC_LIT("\xEF\xBB\xBF"))) rest = oc_str_from(rest, 3);
	if (!is_fence(cut_line(&rest))) return false;
	*head = rest;
	while (rest.n) {
		const char *at = rest.p;

		if (!is_fence(cut_line(&rest))) continue;
		head->n = (size_t)(at - head->p);
		*body = rest;
		return true;
	}
	return false;
}

json_t *oc_front_matter(struct oc_str text)
{
	struct reader r = { 0 };
	struct oc_str body;
	json_t *v;

	if (!cut_head(text, &r.rest, &body) || r.rest.n > OC_MAX_FRONT_MATTER_BYTES)
		return json_object();
	v = block(&r, 0, 0);
	if (json_is_object(v)) return v;
	json_decref(v);
	return json_object();
}

struct oc_str oc_front_matter_body(struct oc_str text)
{
	struct oc_str head, body;

	return cut_head(text, &head, &body) ? body : text;
}

bool oc_front_matter_bool(const json_t *head, const char *key, bool dflt)
{
	static const struct oc_str yes[] = { OC_LIT("true"), OC_LIT("yes"), OC_LIT("on"),
					     OC_LIT("1") };
	const json_t *v = json_object_get(head, key);
	struct oc_str text = oc_json_text(v);

	if (json_is_boolean(v)) return json_is_true(v);
	if (!text.n) return dflt;
	for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
		if (oc_str_ieq(text, yes[i])) return true;
	return false;
}
