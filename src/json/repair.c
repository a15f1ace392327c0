/*
 * Mending of JSON that a model wrote: a lenient reader that writes strict JSON, which the one
 * parser then reads. Recursion is bounded by OC_MAX_JSON_DEPTH.
 */
#include "json/repair.h"

#include "base/limits.h"
#include "json/internal.h"

struct mender {
	struct oc_json_repair *r;
	struct oc_str in;
	size_t at;
	unsigned depth;
	struct oc_buf out;
};

static bool value(struct mender *m);

static bool fail(struct mender *m, const char *fault)
{
	m->r->fault = fault;
	m->r->at = m->at;
	return false;
}

static bool starts(const struct mender *m, struct oc_str s)
{
	return oc_str_starts(oc_str_from(m->in, m->at), s);
}

static bool ended(const struct mender *m)
{
	return m->at >= m->in.n;
}

static char peek(const struct mender *m)
{
	return ended(m) ? '\0' : m->in.p[m->at];
}

static void skip_space(struct mender *m)
{
	while (!ended(m) && oc_is_space(m->in.p[m->at])) m->at++;
}

/* ---- strings ---- */

/* Smart quotes close by their own kind only, the double one by a straight quote as well. */
static const struct quote {
	struct oc_str open, close, other;
} quotes[] = {
	{ { "\"", 1 }, { "\"", 1 }, { NULL, 0 } },
	{ { "'", 1 }, { "'", 1 }, { NULL, 0 } },
	{ { "\xe2\x80\x9c", 3 }, { "\xe2\x80\x9d", 3 }, { "\"", 1 } },
	{ { "\xe2\x80\x9d", 3 }, { "\xe2\x80\x9d", 3 }, { "\"", 1 } },
	{ { "\xe2\x80\x98", 3 }, { "\xe2\x80\x99", 3 }, { NULL, 0 } },
};

static const struct quote *quote_here(const struct mender *m)
{
	for (size_t i = 0; i < sizeof quotes / sizeof *quotes; i++)
		if (starts(m, quotes[i].open)) return &quotes[i];
	return NULL;
}

static bool closes(struct mender *m, const struct quote *q)
{
	struct oc_str by = starts(m, q->close)		       ? q->close
			   : q->other.n && starts(m, q->other) ? q->other
							       : OC_LIT("");

	m->at += by.n;
	return by.n > 0;
}

/* At a backslash. One that escapes nothing JSON knows is meant as itself. */
static void escape(struct mender *m)
{
	char c = ++m->at < m->in.n ? m->in.p[m->at] : '\0';

	if (ended(m)) return;
	m->at++;
	if (c == '\'') {
		oc_buf_addc(&m->out, c);
	} else if (c == '\n') {
		oc_buf_adds(&m->out, "\\n");
	} else if (c && strchr("\"\\/bfnrt", c)) {
		oc_buf_addf(&m->out, "\\%c", c);
	} else if (c == 'u' && oc_json_hex4(m->in, m->at) >= 0) {
		oc_buf_adds(&m->out, "\\u");
	} else {
		oc_buf_adds(&m->out, "\\\\");
		m->at--;
	}
}

static void character(struct mender *m, char c)
{
	static const char controls[] = "\b\f\n\r\t", letters[] = "bfnrt";
	const char *control = c ? strchr(controls, c) : NULL;

	if (control)
		oc_buf_addf(&m->out, "\\%c", letters[control - controls]);
	else if ((unsigned char)c < 0x20)
		oc_buf_addf(&m->out, "\\u%04x", (unsigned)c);
	else if (c == '"')
		oc_buf_adds(&m->out, "\\\"");
	else
		oc_buf_addc(&m->out, c);
}

static bool string(struct mender *m, const struct quote *q)
{
	m->at += q->open.n;
	oc_buf_addc(&m->out, '"');
	while (!ended(m) && !closes(m, q)) {
		if (m->in.p[m->at] == '\\')
			escape(m);
		else
			character(m, m->in.p[m->at++]);
		if (!ended(m)) continue;
		if (!m->r->close_strings) return fail(m, "a string is not closed");
	}
	oc_buf_addc(&m->out, '"');
	return true;
}

/* ---- words and numbers ---- */

static bool word_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-' || c == '.' || c == '+' || c == '$';
}

static struct oc_str word(struct mender *m)
{
	size_t from = m->at;

	while (!ended(m) && word_char(m->in.p[m->at])) m->at++;
	return (struct oc_str){ m->in.p + from, m->at - from };
}

static bool literal(struct mender *m)
{
	static const struct {
		const char *said, *meant;
	} words[] = {
		{ "true", "true" }, { "false", "false" }, { "null", "null" },
		{ "True", "true" }, { "False", "false" }, { "None", "null" },
		{ "TRUE", "true" }, { "FALSE", "false" },
	};
	size_t from = m->at;
	struct oc_str w = word(m);
	bool integer;

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (oc_str_eq(w, oc_str(words[i].said))) {
			oc_buf_adds(&m->out, words[i].meant);
			return true;
		}
	if (oc_json_is_number(w, &integer)) {
		oc_buf_add(&m->out, w);
		return true;
	}
	m->at = from;
	return fail(m, ended(m) ? "a value is missing" : "this is no value");
}

/* ---- objects and arrays ---- */

static bool key(struct mender *m)
{
	const struct quote *q = quote_here(m);
	struct oc_str w;

	if (q) return string(m, q);
	w = word(m);
	if (w.n == 0) return fail(m, "a key is missing");
	oc_buf_addf(&m->out, "\"%.*s\"", OC_FMT(w));
	return true;
}

static bool member(struct mender *m)
{
	if (!key(m)) return false;
	skip_space(m);
	if (peek(m) != ':' && !(m->r->keywords && peek(m) == '='))
		return fail(m, "a colon is missing after a key");
	m->at++;
	oc_buf_addc(&m->out, ':');
	skip_space(m);
	return value(m);
}

/* Behind an element: true when another one may follow. *ok tells whether all is well. */
static bool another(struct mender *m, char close, bool *ok)
{
	skip_space(m);
	if (peek(m) == ',') {
		m->at++;
		skip_space(m);
		*ok = true;
		return peek(m) != close && !ended(m);
	}
	*ok = peek(m) == close || ended(m) || fail(m, "a comma or a closing bracket is missing");
	return false;
}

static bool container(struct mender *m, char close)
{
	bool object = close == '}', ok = true, more;

	if (m->depth == OC_MAX_JSON_DEPTH) return fail(m, "it is nested too deeply");
	m->depth++;
	oc_buf_addc(&m->out, m->in.p[m->at++]);
	skip_space(m);
	more = peek(m) != close && !ended(m);
	while (more) {
		if (!(object ? member(m) : value(m))) return false;
		more = another(m, close, &ok);
		if (!ok) return false;
		if (more) oc_buf_addc(&m->out, ',');
	}
	if (ended(m) && !m->r->close_brackets) return fail(m, "a bracket is not closed");
	m->at += !ended(m);
	oc_buf_addc(&m->out, close);
	m->depth--;
	return true;
}

static bool value(struct mender *m)
{
	const struct quote *q = quote_here(m);

	if (q) return string(m, q);
	if (peek(m) == '{') return container(m, '}');
	if (peek(m) == '[') return container(m, ']');
	return literal(m);
}

/* ---- the whole ---- */

/* To where the object begins. A string may hold it. */
static bool skip_junk(struct mender *m)
{
	skip_space(m);
	if (quote_here(m)) return true;
	m->at = oc_str_find(m->in, OC_LIT("{"), m->at);
	if (m->at != SIZE_MAX) return true;
	m->at = 0;
	return fail(m, "there is no object");
}

static json_t *mend(struct oc_json_repair *r, struct oc_str in)
{
	struct mender m = { .r = r, .in = in };
	struct oc_err e = { 0 };
	json_t *v = NULL;

	oc_buf_init(&m.out, 6 * (size_t)OC_MAX_REPAIR_BYTES + 1024);
	if (skip_junk(&m) && value(&m)) {
		if (oc_str_find(in, OC_LIT("{"), m.at) != SIZE_MAX) /* which one is meant? */
			fail(&m, "there is more than one object");
		else if (!(v = oc_json_parse(oc_buf_view(&m.out), NULL, &e)))
			fail(&m, "it is not JSON");
	}
	oc_buf_deinit(&m.out);
	return v;
}

json_t *oc_json_repair(struct oc_json_repair *r, struct oc_str in)
{
	json_t *v, *inner = NULL;

	r->fault = NULL;
	r->at = 0;
	if (in.n > OC_MAX_REPAIR_BYTES) {
		r->fault = "it is too long to be mended";
		return NULL;
	}
	v = mend(r, in);
	if (json_is_string(v)) { /* encoded twice */
		inner = mend(r, oc_json_text(v));
		r->at = 0; /* places in it are none of the text */
		json_decref(v);
		v = inner;
	}
	if (json_is_object(v)) return v;
	if (v) r->fault = "it is no object";
	json_decref(v);
	return NULL;
}
