/*
 * Server-sent events, reader side. Lines are cut where they lie in the input and copied only when
 * they go on in the next piece; each byte is searched once for LF and once for CR, however long its
 * line is.
 */
#include "sse.h"

static const char bom[] = "\xEF\xBB\xBF";

void oc_sse_init(struct oc_sse *s, size_t max_event)
{
	*s = (struct oc_sse){ .max = max_event };
	oc_buf_init(&s->line, max_event);
	oc_buf_init(&s->data, max_event);
	oc_buf_init(&s->event, max_event);
}

void oc_sse_deinit(struct oc_sse *s)
{
	oc_buf_deinit(&s->line);
	oc_buf_deinit(&s->data);
	oc_buf_deinit(&s->event);
}

static bool is_blank(struct oc_str s)
{
	return oc_str_trim(s).n == 0;
}

static enum oc_rc end_event(struct oc_sse *s, bool at_eof, oc_sse_fn *fn, void *arg,
			    struct oc_err *e)
{
	struct oc_sse_event ev = { .type = oc_buf_view(&s->event),
				   .data = oc_buf_view(&s->data),
				   .error_field = s->error_field,
				   .at_eof = at_eof };
	bool named = ev.type.n || ev.error_field;
	enum oc_rc rc = OC_OK;

	if (s->has_data && (named || !is_blank(ev.data))) rc = fn(arg, &ev, e);
	oc_buf_clear(&s->data);
	oc_buf_clear(&s->event);
	s->has_data = s->error_field = false;
	return rc;
}

static void take_field(struct oc_sse *s, struct oc_str line)
{
	size_t colon = oc_str_find(oc_str_head(line, sizeof "event"), OC_LIT(":"), 0);
	struct oc_str name = oc_str_head(line, colon), value = oc_str_from(line, name.n + 1);

	if (value.n && value.p[0] == ' ') value = oc_str_from(value, 1);
	bool is_error = oc_str_eq(name, OC_LIT("error"));
	if (is_error || oc_str_eq(name, OC_LIT("data"))) {
		if (s->has_data) oc_buf_addc(&s->data, '\n');
		oc_buf_add(&s->data, value);
		s->has_data = true;
		s->error_field |= is_error;
	} else if (oc_str_eq(name, OC_LIT("event"))) {
		oc_buf_clear(&s->event);
		oc_buf_add(&s->event, value);
	} /* comments, id:, retry: are legal and ignored */
}

/* more: bytes of the line being read that are about to be kept or used. */
static enum oc_rc check_size(const struct oc_sse *s, size_t more, struct oc_err *e)
{
	size_t kept = s->data.n + s->event.n + s->line.n;

	if (kept <= s->max && more <= s->max - kept) return OC_OK;
	return oc_fail(e, OC_E_LIMIT, "event longer than %zu bytes", s->max);
}

/* rest: the line, or the part of it that is not in s->line yet. */
static enum oc_rc end_line(struct oc_sse *s, struct oc_str rest, oc_sse_fn *fn, void *arg,
			   struct oc_err *e)
{
	enum oc_rc rc = check_size(s, rest.n, e);

	if (rc) return rc;
	if (s->line.n) {
		oc_buf_add(&s->line, rest);
		rest = oc_buf_view(&s->line);
	}
	if (rest.n == 0) return end_event(s, false, fn, arg, e);
	take_field(s, rest);
	oc_buf_clear(&s->line);
	return OC_OK;
}

static enum oc_rc keep_line(struct oc_sse *s, struct oc_str part, struct oc_err *e)
{
	enum oc_rc rc = check_size(s, part.n, e);

	if (!rc) oc_buf_add(&s->line, part);
	return rc;
}

/* Cuts the BOM, or what a split left of it, off the begin of the stream. */
static enum oc_rc skip_bom(struct oc_sse *s, struct oc_str *in, struct oc_err *e)
{
	while (!s->began && in->n) {
		if (in->p[0] != bom[s->bom]) {
			s->began = true;
			return keep_line(s, (struct oc_str){ bom, s->bom }, e);
		}
		*in = oc_str_from(*in, 1);
		s->began = ++s->bom == sizeof bom - 1;
	}
	return OC_OK;
}

/* The next c at or after from, or the end. */
static size_t next_of(struct oc_str in, char c, size_t from)
{
	const char *hit = from < in.n ? memchr(in.p + from, c, in.n - from) : NULL;

	return hit ? (size_t)(hit - in.p) : in.n;
}

static enum oc_rc feed_lines(struct oc_sse *s, struct oc_str in, oc_sse_fn *fn, void *arg,
			     struct oc_err *e)
{
	size_t at = 0, lf = next_of(in, '\n', 0), cr = next_of(in, '\r', 0);

	if (s->cr && in.n && in.p[0] == '\n') at = 1;
	if (in.n) s->cr = false;
	while (at < in.n) {
		if (lf < at) lf = next_of(in, '\n', at);
		if (cr < at) cr = next_of(in, '\r', at);
		size_t end = lf < cr ? lf : cr;
		struct oc_str part = { in.p + at, end - at };
		if (end == in.n) return keep_line(s, part, e);

		enum oc_rc rc = end_line(s, part, fn, arg, e);
		if (rc) return rc;
		at = end + 1;
		if (end != cr) continue;
		s->cr = at == in.n;
		if (at < in.n && in.p[at] == '\n') at++;
	}
	return OC_OK;
}

enum oc_rc oc_sse_feed(struct oc_sse *s, struct oc_str in, oc_sse_fn *fn, void *arg,
		       struct oc_err *e)
{
	enum oc_rc rc = skip_bom(s, &in, e);

	return rc ? rc : feed_lines(s, in, fn, arg, e);
}

enum oc_rc oc_sse_finish(struct oc_sse *s, oc_sse_fn *fn, void *arg, struct oc_err *e)
{
	enum oc_rc rc = OC_OK;

	if (s->line.n) rc = end_line(s, OC_LIT(""), fn, arg, e);
	return rc ? rc : end_event(s, true, fn, arg, e);
}
