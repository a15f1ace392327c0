/* Reading a patch line by line, and finding where its hunks belong. */
#include "tool/patch_parse.h"

#include <stdlib.h>

#include "base/mem.h"

enum { MAX_FILES = 100, MAX_SHOWN = 80 };

static struct oc_str next_line(struct oc_str *rest)
{
	size_t lf = oc_str_find(*rest, OC_LIT("\n"), 0);
	struct oc_str line = oc_str_head(*rest, lf);

	*rest = lf == SIZE_MAX ? OC_LIT("") : oc_str_from(*rest, lf + 1);
	if (line.n && line.p[line.n - 1] == '\r') line.n--;
	return line;
}

/* ---- reading ---- */

struct reader {
	struct oc_str rest, line;
	size_t number; /* of the line */
	struct oc_patch *out;
};

static bool step(struct reader *r)
{
	if (!r->rest.n) return false;
	r->line = next_line(&r->rest);
	r->number++;
	return true;
}

static enum oc_rc wrong(const struct reader *r, struct oc_err *e, const char *what)
{
	return oc_fail(e, OC_E_INPUT, "line %zu of the patch: %s", r->number, what);
}

/* "*** Word: " and what follows it. */
static bool takes(struct oc_str line, const char *head, struct oc_str *out)
{
	if (!oc_str_starts(line, oc_str(head))) return false;
	*out = oc_str_trim(oc_str_from(line, strlen(head)));
	return true;
}

static struct oc_patch_file *last_file(const struct reader *r)
{
	return r->out->n ? &r->out->files[r->out->n - 1] : NULL;
}

static struct oc_patch_hunk *add_hunk(struct oc_patch_file *f, struct oc_str place)
{
	f->hunks = oc_realloc_array(f->hunks, f->n + 1, sizeof *f->hunks);
	f->hunks[f->n] = (struct oc_patch_hunk){ .place = place };
	return &f->hunks[f->n++];
}

static void add_line(struct oc_patch_hunk *h, char kind, struct oc_str text)
{
	if ((h->n & (h->n + 1)) == 0)
		h->lines = oc_realloc_array(h->lines, 2 * (h->n + 1), sizeof *h->lines);
	h->lines[h->n++] = (struct oc_patch_line){ kind, text };
}

static enum oc_rc begin_file(struct reader *r, enum oc_patch_kind kind, struct oc_str path,
			     struct oc_err *e)
{
	struct oc_patch *p = r->out;

	if (!path.n) return wrong(r, e, "the file has no name");
	if (p->n == MAX_FILES) return wrong(r, e, "more than 100 files");
	for (size_t i = 0; i < p->n; i++)
		if (oc_str_eq(p->files[i].path, path))
			return wrong(r, e, "the file is named twice; put its hunks into one part");
	p->files = oc_realloc_array(p->files, p->n + 1, sizeof *p->files);
	p->files[p->n++] = (struct oc_patch_file){ .kind = kind, .path = path };
	if (kind == OC_PATCH_ADD) add_hunk(last_file(r), OC_LIT(""));
	return OC_OK;
}

static enum oc_rc take_hunk_line(struct reader *r, struct oc_patch_file *f, struct oc_err *e)
{
	struct oc_patch_hunk *h = f->n ? &f->hunks[f->n - 1] : NULL;
	char kind = r->line.n ? r->line.p[0] : ' ';

	if (f->kind == OC_PATCH_DELETE) return wrong(r, e, "a deleted file has no further lines");
	if (f->kind == OC_PATCH_ADD && kind != '+')
		return wrong(r, e, "lines of an added file begin with +");
	if (kind != ' ' && kind != '-' && kind != '+')
		return wrong(r, e, "lines of a hunk begin with a space, - or +");
	if (!h || h->at_end) h = add_hunk(f, OC_LIT(""));
	add_line(h, kind, oc_str_from(r->line, 1));
	return OC_OK;
}

static enum oc_rc take_line(struct reader *r, struct oc_err *e)
{
	struct oc_patch_file *f = last_file(r);
	struct oc_str rest;

	if (takes(r->line, "*** Add File:", &rest)) return begin_file(r, OC_PATCH_ADD, rest, e);
	if (takes(r->line, "*** Update File:", &rest))
		return begin_file(r, OC_PATCH_UPDATE, rest, e);
	if (takes(r->line, "*** Delete File:", &rest))
		return begin_file(r, OC_PATCH_DELETE, rest, e);
	if (!f) return wrong(r, e, "expected *** Add File:, *** Update File: or *** Delete File:");
	if (takes(r->line, "*** Move to:", &rest)) {
		if (f->kind != OC_PATCH_UPDATE || f->n || !rest.n)
			return wrong(r, e, "*** Move to: follows *** Update File: and has a name");
		f->move_to = rest;
		return OC_OK;
	}
	if (takes(r->line, "*** End of File", &rest)) {
		if (f->kind != OC_PATCH_UPDATE || !f->n)
			return wrong(r, e, "*** End of File ends a hunk");
		f->hunks[f->n - 1].at_end = true;
		return OC_OK;
	}
	if (f->kind == OC_PATCH_UPDATE && takes(r->line, "@@", &rest)) {
		if (oc_str_ends(rest, OC_LIT("@@"))) rest = oc_str_head(rest, rest.n - 2);
		add_hunk(f, oc_str_trim(rest));
		return OC_OK;
	}
	return take_hunk_line(r, f, e);
}

/* Everything is there that each part needs. */
static enum oc_rc check(const struct reader *r, struct oc_err *e)
{
	if (!r->out->n) return wrong(r, e, "the patch changes nothing");
	for (size_t i = 0; i < r->out->n; i++) {
		const struct oc_patch_file *f = &r->out->files[i];

		if (f->kind == OC_PATCH_UPDATE && !f->n && !f->move_to.n)
			return oc_fail(e, OC_E_INPUT, "%.*s: *** Update File: without a hunk",
				       OC_FMT(oc_str_head(f->path, MAX_SHOWN)));
		for (size_t k = 0; f->kind == OC_PATCH_UPDATE && k < f->n; k++)
			if (!f->hunks[k].n)
				return oc_fail(e, OC_E_INPUT, "%.*s: hunk %zu has no lines",
					       OC_FMT(oc_str_head(f->path, MAX_SHOWN)), k + 1);
	}
	return OC_OK;
}

enum oc_rc oc_patch_parse(struct oc_str text, struct oc_patch *out, struct oc_err *e)
{
	struct reader r = { .rest = text, .out = out };
	bool begun = false;

	*out = (struct oc_patch){ 0 };
	while (step(&r)) { /* a code fence or blank lines may stand around it */
		struct oc_str line = oc_str_trim(r.line);
		enum oc_rc rc;

		if (!begun) {
			begun = oc_str_eq(line, OC_LIT("*** Begin Patch"));
			if (!begun && line.n && !oc_str_starts(line, OC_LIT("```"))) break;
			continue;
		}
		if (oc_str_eq(line, OC_LIT("*** End Patch"))) return check(&r, e);
		rc = take_line(&r, e);
		if (rc) return rc;
	}
	if (!begun) return wrong(&r, e, "a patch begins with *** Begin Patch");
	return wrong(&r, e, "*** End Patch is missing: the patch is cut off");
}

void oc_patch_deinit(struct oc_patch *p)
{
	for (size_t i = 0; i < p->n; i++) {
		for (size_t k = 0; k < p->files[i].n; k++) free(p->files[i].hunks[k].lines);
		free(p->files[i].hunks);
	}
	free(p->files);
	*p = (struct oc_patch){ 0 };
}

/* ---- applying ---- */

struct lines {
	struct oc_str *v; /* without line ends */
	size_t n;
	bool crlf, last_open; /* the last one has no line end */
};

static struct lines split(struct oc_str text)
{
	struct lines l = { .crlf = oc_str_has(text, OC_LIT("\r\n")) };
	size_t n = 1;

	for (size_t i = 0; i < text.n; i++) n += text.p[i] == '\n';
	l.v = oc_realloc_array(NULL, n, sizeof *l.v);
	l.last_open = text.n && text.p[text.n - 1] != '\n';
	while (text.n) l.v[l.n++] = next_line(&text);
	return l;
}

static bool same_trimmed_end(struct oc_str a, struct oc_str b)
{
	while (a.n && oc_is_space(a.p[a.n - 1])) a.n--;
	while (b.n && oc_is_space(b.p[b.n - 1])) b.n--;
	return oc_str_eq(a, b);
}

static bool same_trimmed(struct oc_str a, struct oc_str b)
{
	return oc_str_eq(oc_str_trim(a), oc_str_trim(b));
}

typedef bool same_fn(struct oc_str a, struct oc_str b);
/* From exact to forgiving: models lose white space. */
static same_fn *const ways[] = { oc_str_eq, same_trimmed_end, same_trimmed };
enum { N_WAYS = sizeof ways / sizeof *ways };

static bool fits(const struct lines *l, size_t at, const struct oc_patch_hunk *h, same_fn *same)
{
	for (size_t i = 0; i < h->n; i++) {
		if (h->lines[i].kind == '+') continue;
		if (at >= l->n || !same(l->v[at], h->lines[i].text)) return false;
		at++;
	}
	return true;
}

static size_t old_lines(const struct oc_patch_hunk *h)
{
	size_t n = 0;

	for (size_t i = 0; i < h->n; i++) n += h->lines[i].kind != '+';
	return n;
}

/* The line where the old lines of h begin, at or after from; SIZE_MAX. */
static size_t find_hunk(const struct lines *l, size_t from, const struct oc_patch_hunk *h)
{
	size_t n = old_lines(h);

	for (size_t w = 0; w < N_WAYS; w++) {
		if (h->at_end && l->n >= from + n && fits(l, l->n - n, h, ways[w])) return l->n - n;
		for (size_t at = from; at + n <= l->n && !h->at_end; at++)
			if (fits(l, at, h, ways[w])) return at;
	}
	return SIZE_MAX;
}

static size_t find_place(const struct lines *l, size_t from, struct oc_str place)
{
	for (size_t w = 0; w < N_WAYS; w++)
		for (size_t at = from; at < l->n; at++)
			if (ways[w](l->v[at], place)) return at;
	return SIZE_MAX;
}

static enum oc_rc say_lost(const struct oc_patch_file *f, size_t hunk, const char *what,
			   struct oc_str line, struct oc_err *e)
{
	return oc_fail(e, OC_E_NOT_FOUND,
		       "%.*s, hunk %zu: %s \"%.*s\" is not there (after the hunk before it); read "
		       "the file and copy the lines",
		       OC_FMT(oc_str_head(f->path, MAX_SHOWN)), hunk + 1, what,
		       OC_FMT(oc_str_head(oc_str_trim(line), MAX_SHOWN)));
}

static struct oc_str first_old(const struct oc_patch_hunk *h)
{
	for (size_t i = 0; i < h->n; i++)
		if (h->lines[i].kind != '+') return h->lines[i].text;
	return OC_LIT("");
}

static void put_line(const struct lines *l, struct oc_str line, struct oc_buf *out)
{
	oc_buf_add(out, line);
	oc_buf_adds(out, l->crlf ? "\r\n" : "\n");
}

/* Lines that stay are copied from the file, which may differ in white space. */
static size_t put_hunk(const struct lines *l, size_t at, const struct oc_patch_hunk *h,
		       struct oc_buf *out)
{
	for (size_t i = 0; i < h->n; i++) {
		if (h->lines[i].kind == '+') put_line(l, h->lines[i].text, out);
		if (h->lines[i].kind == ' ') put_line(l, l->v[at], out);
		if (h->lines[i].kind != '+') at++;
	}
	return at;
}

static enum oc_rc place_hunk(const struct oc_patch_file *f, size_t i, const struct lines *l,
			     size_t from, size_t *out, struct oc_err *e)
{
	const struct oc_patch_hunk *h = &f->hunks[i];

	if (h->place.n) {
		size_t at = find_place(l, from, h->place);

		/* A header that models copy from diffs ("-1,3 +1,4") is no line of the file. */
		if (at != SIZE_MAX)
			from = at + 1;
		else if (h->place.p[0] != '-' || !old_lines(h))
			return say_lost(f, i, "the line", h->place, e);
	}
	if (!old_lines(h)) {
		*out = h->place.n && !h->at_end ? from : l->n;
		return OC_OK;
	}
	*out = find_hunk(l, from, h);
	/* The line behind @@ may be the first one of the hunk again. */
	if (*out == SIZE_MAX && from > 0 && h->place.n) *out = find_hunk(l, from - 1, h);
	return *out == SIZE_MAX ? say_lost(f, i, "the text that begins with", first_old(h), e)
				: OC_OK;
}

static enum oc_rc apply_lines(const struct oc_patch_file *f, const struct lines *l,
			      struct oc_buf *out, struct oc_err *e)
{
	size_t done = 0; /* lines of the file that are dealt with */

	for (size_t i = 0; i < f->n; i++) {
		size_t at = 0;
		enum oc_rc rc = place_hunk(f, i, l, done, &at, e);

		if (rc) return rc;
		if (at < done)
			return say_lost(f, i, "the text that begins with", first_old(&f->hunks[i]),
					e);
		for (; done < at; done++) put_line(l, l->v[done], out);
		done = put_hunk(l, at, &f->hunks[i], out);
	}
	for (; done < l->n; done++) {
		put_line(l, l->v[done], out);
		if (done + 1 < l->n || !l->last_open) continue;
		out->n -= l->crlf ? 2 : 1; /* as it was: without a line end */
		out->p[out->n] = '\0';
	}
	return OC_OK;
}

enum oc_rc oc_patch_apply(const struct oc_patch_file *file, struct oc_str text, struct oc_buf *out,
			  struct oc_err *e)
{
	struct lines l = split(text);
	enum oc_rc rc = apply_lines(file, &l, out, e);

	free(l.v);
	if (!rc && out->bad)
		return oc_fail(e, OC_E_LIMIT, "%.*s would grow beyond %zu bytes",
			       OC_FMT(oc_str_head(file->path, MAX_SHOWN)), out->max);
	return rc;
}
