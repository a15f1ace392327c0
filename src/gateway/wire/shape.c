/*
 * Shapes of parameters: the notation is read while the value is checked, so there is nothing to
 * prepare and nothing to keep. A member that is absent is read over with `value` NULL.
 */
#include "gateway/wire/shape.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "base/utf8.h"

enum { MAX_DEPTH = 16, MAX_PROBLEMS = 20, MAX_NAME_SHOWN = 80 };

struct place { /* where we are in the value; the root has no parent */
	const struct place *up;
	struct oc_str key;
	size_t index;
};
struct reader {
	const char *at; /* in the shape */
	struct oc_buf *problems;
	size_t n; /* problems so far */
	unsigned depth;
};

/* ---- problems ---- */

static void add_place(struct oc_buf *out, const struct place *p)
{
	if (!p || !p->up) return;
	add_place(out, p->up);
	if (!p->key.p) {
		oc_buf_addf(out, "/%zu", p->index);
		return;
	}
	oc_buf_addc(out, '/');
	struct oc_str key = oc_str_head(
	    p->key, oc_utf8_floor(p->key.p, MAX_NAME_SHOWN < p->key.n ? MAX_NAME_SHOWN : p->key.n));
	for (size_t i = 0; i < key.n; i++) { /* RFC 6901 */
		if (key.p[i] == '~')
			oc_buf_adds(out, "~0");
		else if (key.p[i] == '/')
			oc_buf_adds(out, "~1");
		else
			oc_buf_addc(out, key.p[i]);
	}
}

static bool too_many(struct reader *r)
{
	return !r->problems || ++r->n > MAX_PROBLEMS;
}

static void separate(struct reader *r)
{
	if (r->n > 1) oc_buf_adds(r->problems, "; ");
}

static bool OC_PRINTF(3, 4)
    problem(struct reader *r, const struct place *where, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	if (too_many(r)) return false;
	separate(r);
	if (where->up) {
		oc_buf_adds(r->problems, "at ");
		add_place(r->problems, where);
		oc_buf_adds(r->problems, ": ");
	}
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	text[oc_utf8_floor(text, strlen(text))] = '\0';
	oc_buf_adds(r->problems, text);
	return false;
}

static bool unexpected(struct reader *r, const struct place *where, struct oc_str key)
{
	if (too_many(r)) return false;
	separate(r);
	oc_buf_adds(r->problems, "at ");
	if (where->up)
		add_place(r->problems, where);
	else
		oc_buf_adds(r->problems, "root");
	key =
	    oc_str_head(key, oc_utf8_floor(key.p, key.n < MAX_NAME_SHOWN ? key.n : MAX_NAME_SHOWN));
	oc_buf_addf(r->problems, ": unexpected property '%.*s'", OC_FMT(key));
	return false;
}

/* ---- words of the notation ---- */

static void skip_space(struct reader *r)
{
	while (oc_is_space(*r->at)) r->at++;
}

static bool take(struct reader *r, const char *token)
{
	skip_space(r);
	if (strncmp(r->at, token, strlen(token)) != 0) return false;
	r->at += strlen(token);
	return true;
}

static struct oc_str take_name(struct reader *r)
{
	skip_space(r);
	const char *from = r->at;
	while ((*r->at >= 'a' && *r->at <= 'z') || (*r->at >= 'A' && *r->at <= 'Z') ||
	       (*r->at >= '0' && *r->at <= '9') || *r->at == '_' || *r->at == '-')
		r->at++;
	assert(r->at > from);
	return (struct oc_str){ from, (size_t)(r->at - from) };
}

static int64_t take_number(struct reader *r)
{
	char *end;
	long long n = strtoll(r->at, &end, 10);

	assert(end > r->at);
	r->at = end;
	return n;
}

/* ---- scalars ---- */

static size_t characters(struct oc_str s)
{
	size_t n = 0;
	uint32_t cp;

	for (; s.n; n++) s = oc_str_from(s, oc_utf8_next(s, &cp));
	return n;
}

static bool check_string(struct reader *r, const json_t *v, const struct place *where)
{
	bool ok = !v || json_is_string(v);

	if (!ok) problem(r, where, "must be string");
	for (bool more = true; more;) {
		more = false;
		if (take(r, "min")) {
			int64_t min = take_number(r);
			more = true;
			if (ok && v && (int64_t)characters(oc_json_text(v)) < min)
				ok = problem(r, where, "must NOT have fewer than %lld characters",
					     (long long)min);
		} else if (take(r, "max")) {
			int64_t max = take_number(r);
			more = true;
			if (ok && v && (int64_t)characters(oc_json_text(v)) > max)
				ok = problem(r, where, "must NOT have more than %lld characters",
					     (long long)max);
		}
	}
	return ok;
}

static bool is_whole(const json_t *v)
{
	return json_is_integer(v) ||
	       (json_is_real(v) && json_real_value(v) == floor(json_real_value(v)));
}

static bool check_number(struct reader *r, const json_t *v, const struct place *where, bool whole)
{
	bool ok = !v || (whole ? is_whole(v) : json_is_number(v));

	if (!ok) problem(r, where, whole ? "must be integer" : "must be number");
	for (;;) {
		bool least = take(r, ">=");
		if (!least && !take(r, "<=")) return ok;
		int64_t bound = take_number(r);
		double n = v ? json_number_value(v) : 0;
		if (ok && v && (least ? n < (double)bound : n > (double)bound))
			ok = problem(r, where, "must be %s %lld",
				     least ? ">=" : "<=", (long long)bound);
	}
}

static bool check_kind(struct reader *r, const struct place *where, bool fits, const char *kind)
{
	return fits || problem(r, where, "must be %s", kind);
}

static bool check_literal(struct reader *r, const json_t *v, const struct place *where)
{
	const char *end = strchr(r->at, '"');

	assert(end);
	struct oc_str want = { r->at, (size_t)(end - r->at) };
	r->at = end + 1;
	if (!v || (json_is_string(v) && oc_str_eq(oc_json_text(v), want))) return true;
	return problem(r, where, "must be \"%.*s\"", OC_FMT(want));
}

static bool check_constant(struct reader *r, const json_t *v, const struct place *where)
{
	int64_t want = take_number(r);

	if (!v || (json_is_number(v) && json_number_value(v) == (double)want)) return true;
	return problem(r, where, "must be %lld", (long long)want);
}

static bool check_word(struct reader *r, const json_t *v, const struct place *where)
{
	struct oc_str word = take_name(r);

	if (oc_str_eq(word, OC_LIT("str"))) return check_string(r, v, where);
	if (oc_str_eq(word, OC_LIT("int"))) return check_number(r, v, where, true);
	if (oc_str_eq(word, OC_LIT("num"))) return check_number(r, v, where, false);
	if (oc_str_eq(word, OC_LIT("any"))) return true;
	if (oc_str_eq(word, OC_LIT("bool")))
		return check_kind(r, where, !v || json_is_boolean(v), "boolean");
	if (oc_str_eq(word, OC_LIT("true")))
		return check_kind(r, where, !v || json_is_true(v), "true");
	if (oc_str_eq(word, OC_LIT("object")))
		return check_kind(r, where, !v || json_is_object(v), "object");
	assert(oc_str_eq(word, OC_LIT("null")));
	return check_kind(r, where, !v || json_is_null(v), "null");
}

/* ---- what contains others ---- */

static bool check_type(struct reader *r, const json_t *v, const struct place *where);

struct members {
	struct oc_str known[64];
	size_t n;
	bool open;
};

static bool check_member(struct reader *r, const json_t *v, const struct place *where,
			 struct members *m)
{
	struct oc_str name = take_name(r);
	bool optional = take(r, "?"), colon = take(r, ":");
	struct place inside = { where, name, 0 };
	json_t *child = v ? json_object_getn(v, name.p, name.n) : NULL;

	assert(colon && m->n < sizeof m->known / sizeof *m->known);
	m->known[m->n++] = name;
	bool ok = check_type(r, child, &inside);
	if (v && !child && !optional)
		ok = problem(r, where, "must have required property '%.*s'", OC_FMT(name));
	return ok;
}

static bool knows(const struct members *m, struct oc_str key)
{
	for (size_t i = 0; i < m->n; i++)
		if (oc_str_eq(m->known[i], key)) return true;
	return false;
}

/* Members up to `end`, which is taken too; "" = the end of the shape. */
static bool check_object(struct reader *r, const json_t *v, const struct place *where,
			 const char *end)
{
	struct members m = { .n = 0 };
	bool ok = !v || check_kind(r, where, json_is_object(v), "object");

	if (!ok) v = NULL;
	for (;;) {
		skip_space(r);
		if (*end ? take(r, end) : !*r->at) break;
		if (take(r, "..."))
			m.open = true;
		else
			ok = check_member(r, v, where, &m) && ok;
		take(r, ",");
	}
	json_t *all = (json_t *)(uintptr_t)v;
	for (void *it = json_object_iter(all); it; it = json_object_iter_next(all, it)) {
		struct oc_str k = { json_object_iter_key(it), json_object_iter_key_len(it) };
		if (!m.open && !knows(&m, k)) ok = unexpected(r, where, k);
	}
	return ok;
}

/* How well an alternative that does not fit explains what is wrong: the one that is meant is the
 * one of the value's own kind. */
static bool same_kind(char first, const json_t *v)
{
	switch (first) {
	case '{':
	case 'o': return json_is_object(v);
	case 's':
	case '"': return json_is_string(v);
	case 'i': return json_is_number(v);
	case 'b': return json_is_boolean(v);
	default: return first >= '0' && first <= '9' && json_is_number(v);
	}
}

static void add_alternatives(struct oc_buf *out, const char *from, const char *to)
{
	for (; from < to; from++) {
		if (*from == '|')
			oc_buf_adds(out, " or ");
		else if (*from != '(' && *from != ')')
			oc_buf_addc(out, *from);
	}
}

static bool check_union(struct reader *r, const json_t *v, const struct place *where)
{
	const char *start = r->at, *meant = NULL;
	size_t of_kind = 0;
	bool fits = !v;

	do {
		struct reader quiet = { .at = r->at, .problems = NULL, .depth = r->depth };
		skip_space(&quiet);
		const char *first = quiet.at;
		fits = check_type(&quiet, v, where) || fits;
		if (v && same_kind(*first, v)) {
			of_kind++;
			if (!meant) meant = first;
		}
		r->at = quiet.at;
	} while (take(r, "|"));
	const char *end = r->at;
	bool closed = take(r, ")");
	assert(closed);
	if (fits) return true;
	if (meant && (of_kind == 1 || *meant == '{')) {
		struct reader again = *r;
		again.at = meant;
		check_type(&again, v, where);
		r->n = again.n;
		return false;
	}
	if (too_many(r)) return false;
	struct oc_buf names;
	oc_buf_init(&names, 400);
	add_alternatives(&names, start, end);
	r->n--;
	problem(r, where, "must be %s", oc_buf_cstr(&names));
	oc_buf_deinit(&names);
	return false;
}

static bool check_base(struct reader *r, const json_t *v, const struct place *where)
{
	if (take(r, "(")) return check_union(r, v, where);
	if (take(r, "{")) return check_object(r, v, where, "}");
	if (take(r, "\"")) return check_literal(r, v, where);
	skip_space(r);
	if (*r->at >= '0' && *r->at <= '9') return check_constant(r, v, where);
	return check_word(r, v, where);
}

/* T[]: the element's text is read once for each element, and once without a value to find its end.
 */
static bool check_array(struct reader *r, const json_t *v, const struct place *where,
			const char *element)
{
	const char *after = r->at;
	const json_t *child;
	size_t i;
	bool ok = true;

	if (!v) return true;
	if (!json_is_array(v)) return problem(r, where, "must be array");
	json_array_foreach (v, i, child) {
		struct place inside = { where, { NULL, 0 }, i };
		r->at = element;
		ok = check_base(r, child, &inside) && ok;
	}
	r->at = after;
	return ok;
}

static bool check_type(struct reader *r, const json_t *v, const struct place *where)
{
	skip_space(r);
	const char *start = r->at;
	bool ok;

	r->depth++;
	assert(r->depth < MAX_DEPTH);
	struct reader look = { .at = start, .problems = NULL, .depth = r->depth };
	check_base(&look, NULL, where);
	if (take(&look, "[]")) {
		r->at = look.at;
		ok = check_array(r, v, where, start);
	} else
		ok = check_base(r, v, where);
	r->depth--;
	return ok;
}

bool oc_shape_check(const char *shape, const json_t *value, struct oc_buf *problems)
{
	struct reader r = { .at = shape, .problems = problems };
	struct place root = { 0 };
	bool ok;

	skip_space(&r);
	if (*r.at != '(' && *r.at != '{') return check_object(&r, value, &root, "");
	ok = check_type(&r, value, &root);
	skip_space(&r);
	assert(!*r.at);
	return ok;
}
