/* Lines as messages: the marks of their forms, and where they are cut. */
#include "channel/whatsapp/lines.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/utf8.h"

#define FENCE "```"
enum { LEAST_CHUNK = 200, NUMBER_UNITS = 16, NUMBERED_ABOVE = 3, FENCE_UNITS = 4, STYLES = 4 };

struct oc_wa_line *oc_wa_line_add(struct oc_wa_lines *l, char *lead)
{
	l->v = oc_realloc_array(l->v, l->n + 1, sizeof *l->v);
	l->v[l->n] = (struct oc_wa_line){ .lead = lead };
	oc_buf_init(&l->v[l->n].text, OC_MAX_MESSAGE_BYTES);
	oc_buf_init(&l->v[l->n].style, OC_MAX_MESSAGE_BYTES);
	return &l->v[l->n++];
}

void oc_wa_line_text(struct oc_wa_line *line, struct oc_str s, unsigned style)
{
	oc_buf_add(&line->text, s);
	for (size_t i = 0; i < s.n; i++) oc_buf_addc(&line->style, (char)style);
}

void oc_wa_lines_deinit(struct oc_wa_lines *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->v[i].lead);
		oc_buf_deinit(&l->v[i].text);
		oc_buf_deinit(&l->v[i].style);
	}
	free(l->v);
}

size_t oc_wa_units(struct oc_str s)
{
	size_t units = 0;
	uint32_t cp;

	for (size_t at = 0; at<s.n; units += cp> 0xFFFF ? 2 : 1)
		at += oc_utf8_next(oc_str_from(s, at), &cp);
	return units;
}

/* ---- marks ---- */

static const struct {
	unsigned flag;
	char mark;
} styles[STYLES] = {
	{ OC_WA_BOLD, '*' }, { OC_WA_ITALIC, '_' }, { OC_WA_STRIKE, '~' }, { OC_WA_CODE, '`' }
};

static bool is_word(unsigned char c)
{
	return c >= 0x80 || (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* A form that begins or ends inside a word, holds nothing or holds its own mark would be shown with
 * its marks: it is left out. Spaces at its edges are not part of it. */
static void keep_what_shows(struct oc_str text, char *style, unsigned flag, char mark)
{
	for (size_t i = 0; i < text.n;) {
		size_t end = i, from, to;

		if (!((unsigned)style[i] & flag)) {
			i++;
			continue;
		}
		while (end < text.n && (unsigned)style[end] & flag) end++;
		for (from = i; from < end && oc_is_space(text.p[from]); from++)
			style[from] &= (char)~flag;
		for (to = end; to > from && oc_is_space(text.p[to - 1]); to--)
			style[to - 1] &= (char)~flag;
		bool inside = (from && is_word((unsigned char)text.p[from - 1])) ||
			      (to < text.n && is_word((unsigned char)text.p[to]));
		bool marked = to > from && memchr(text.p + from, mark, to - from);

		for (size_t k = from; (inside || marked) && k < to; k++) style[k] &= (char)~flag;
		i = end;
	}
}

struct marks {
	unsigned open[STYLES]; /* as they were opened */
	size_t n;
};

static void add_mark(struct oc_buf *out, unsigned flag)
{
	for (size_t i = 0; i < STYLES; i++)
		if (styles[i].flag == flag) oc_buf_addc(out, styles[i].mark);
}

/* From the forms that are open to those of the next character: what was opened last ends first. */
static void change(struct oc_buf *out, struct marks *m, unsigned style)
{
	size_t keep = 0;

	while (keep < m->n && style & m->open[keep]) keep++;
	while (m->n > keep) add_mark(out, m->open[--m->n]);
	for (size_t i = 0; i < STYLES; i++) {
		bool open = false;

		for (size_t k = 0; k < m->n; k++) open |= m->open[k] == styles[i].flag;
		if (open || !(style & styles[i].flag)) continue;
		oc_buf_addc(out, styles[i].mark);
		m->open[m->n++] = styles[i].flag;
	}
}

/* A piece of a line, as it is sent. */
static void write_piece(const struct oc_wa_line *line, size_t from, size_t to, bool plain,
			struct oc_buf *out)
{
	struct oc_str text = { oc_buf_cstr(&line->text) + from, to - from };
	struct marks m = { 0 };

	if (line->quote) oc_buf_adds(out, "> ");
	if (!from && line->lead) oc_buf_adds(out, line->lead);
	if (line->block || plain) {
		oc_buf_add(out, text);
		return;
	}
	char *style = oc_alloc(text.n + 1);

	if (text.n) memcpy(style, line->style.p + from, text.n);
	for (size_t i = 0; i < STYLES; i++)
		keep_what_shows(text, style, styles[i].flag, styles[i].mark);
	for (size_t i = 0; i < text.n; i++) {
		change(out, &m, (unsigned char)style[i]);
		oc_buf_addc(out, text.p[i]);
	}
	change(out, &m, 0);
	free(style);
}

/* ---- cuts ---- */

struct packer {
	const struct oc_wa_lines *lines;
	struct oc_strv done;
	struct oc_buf now;
	size_t max;
	unsigned block; /* of code that is open */
	bool plain;
};

static size_t units_now(const struct packer *p)
{
	return oc_wa_units(oc_buf_view(&p->now)) + (p->block ? FENCE_UNITS : 0);
}

static void close_code(struct packer *p)
{
	if (p->block && !p->plain) oc_buf_adds(&p->now, "\n" FENCE);
	p->block = 0;
}

static void flush(struct packer *p)
{
	close_code(p);
	if (oc_str_trim(oc_buf_view(&p->now)).n) oc_strv_add(&p->done, oc_buf_view(&p->now));
	oc_buf_clear(&p->now);
}

/* What stands between the chunk so far and a line. */
static void add_break(struct packer *p, const struct oc_wa_line *line)
{
	bool more = line->block && line->block == p->block;

	if (!more) close_code(p);
	if (p->now.n) oc_buf_adds(&p->now, line->apart && !more ? "\n\n" : "\n");
	if (line->block && !more && !p->plain) oc_buf_adds(&p->now, FENCE "\n");
	p->block = line->block;
}

static size_t cost(const struct packer *p, const struct oc_wa_line *line, size_t from, size_t to)
{
	struct packer trial = { .block = p->block, .plain = p->plain };
	struct oc_buf *b = &trial.now;

	oc_buf_init(b, OC_MAX_MESSAGE_BYTES * 2);
	if (p->now.n) oc_buf_addc(b, 'x'); /* something that the break comes after */
	add_break(&trial, line);
	write_piece(line, from, to, p->plain, b);
	size_t n = oc_wa_units(oc_buf_view(b)) - (p->now.n ? 1 : 0) +
		   (trial.block ? FENCE_UNITS : 0) - (p->block ? FENCE_UNITS : 0);

	oc_buf_deinit(b);
	return n;
}

static void add_piece(struct packer *p, const struct oc_wa_line *line, size_t from, size_t to)
{
	add_break(p, line);
	write_piece(line, from, to, p->plain, &p->now);
}

/* How good a cut before this byte is: behind a sentence, a word, a character. */
static int rank_of(struct oc_str s, size_t at)
{
	if (!oc_is_space(s.p[at - 1])) return 1;
	return at > 1 && strchr(".!?:;", s.p[at - 2]) ? 3 : 2;
}

/* The largest piece from `from` that has room, cut at the best place in its second half. */
static size_t piece_end(const struct packer *p, const struct oc_wa_line *line, size_t from,
			size_t room)
{
	struct oc_str s = oc_buf_view(&line->text);
	size_t low = from, best = 0;
	size_t high = s.n - from > room * 4 ? from + room * 4 : s.n; /* 4 bytes a unit at most */
	int rank = 0;

	while (low < high) { /* the last byte up to which it fits */
		size_t mid = low + (high - low + 1) / 2;

		if (cost(p, line, from, mid) <= room)
			low = mid;
		else
			high = mid - 1;
	}
	if (low == s.n) return s.n;
	low = from + oc_utf8_floor(s.p + from, low - from);
	for (size_t at = low; at > from + (low - from) / 2; at--) {
		if (((unsigned char)s.p[at] & 0xC0) == 0x80) continue;
		int r = rank_of(s, at);

		if (r <= rank) continue;
		best = at;
		rank = r;
	}
	return best ? best : low;
}

static void split_line(struct packer *p, const struct oc_wa_line *line)
{
	for (size_t from = 0; from < line->text.n;) {
		size_t used = units_now(p), room = p->max > used ? p->max - used : 0;
		size_t end = piece_end(p, line, from, room);

		if (end == from) { /* not even one character: begin anew */
			if (!p->now.n) end = line->text.n;
			flush(p);
			if (end == from) continue;
		}
		add_piece(p, line, from, end);
		from = end;
		if (from < line->text.n) flush(p);
	}
}

static void pack_line(struct packer *p, const struct oc_wa_line *line)
{
	size_t need = cost(p, line, 0, line->text.n), used = units_now(p);
	struct packer empty = { .max = p->max, .plain = p->plain };

	if (used + need <= p->max) {
		add_piece(p, line, 0, line->text.n);
		return;
	}
	bool fits_alone = cost(&empty, line, 0, line->text.n) <= p->max;

	if (fits_alone && used >= LEAST_CHUNK) {
		flush(p);
		add_piece(p, line, 0, line->text.n);
	} else {
		split_line(p, line);
	}
}

/* Lines up to the next that stands apart. */
static size_t block_end(const struct oc_wa_lines *l, size_t from)
{
	size_t end = from + 1;

	while (end < l->n && !l->v[end].apart) end++;
	return end;
}

static size_t block_cost(const struct packer *p, const struct oc_wa_line *v, size_t n_lines)
{
	struct packer trial = { .block = p->block, .plain = p->plain };
	size_t n;

	oc_buf_init(&trial.now, OC_MAX_MESSAGE_BYTES * 2);
	if (p->now.n) oc_buf_addc(&trial.now, 'x');
	for (size_t i = 0; i < n_lines; i++) add_piece(&trial, &v[i], 0, v[i].text.n);
	n = units_now(&trial);
	oc_buf_deinit(&trial.now);
	return n;
}

static void pack(struct packer *p)
{
	for (size_t from = 0, end; from < p->lines->n; from = end) {
		struct packer empty = { .plain = p->plain };

		end = block_end(p->lines, from);
		const struct oc_wa_line *v = &p->lines->v[from];

		/* A block that fits into a message is not cut. */
		if (units_now(p) >= LEAST_CHUNK &&
		    units_now(p) + block_cost(p, v, end - from) > p->max &&
		    block_cost(&empty, v, end - from) <= p->max)
			flush(p);
		for (size_t i = from; i < end; i++) pack_line(p, &p->lines->v[i]);
	}
	flush(p);
}

static void run(struct packer *p, const struct oc_wa_lines *l, size_t max)
{
	*p = (struct packer){ .lines = l, .max = max, .plain = l->plain };
	oc_buf_init(&p->now, OC_MAX_MESSAGE_BYTES * 2);
	pack(p);
	oc_buf_deinit(&p->now);
}

void oc_wa_lines_pack(const struct oc_wa_lines *l, size_t max, struct oc_chunks *out)
{
	struct packer p;

	run(&p, l, max);
	bool numbered = p.done.n > NUMBERED_ABOVE;

	if (numbered) {
		oc_strv_deinit(&p.done);
		run(&p, l, max - NUMBER_UNITS);
	}
	for (size_t i = 0; i < p.done.n; i++)
		oc_chunks_add(out,
			      numbered ? oc_asprintf("(%zu/%zu)\n%s", i + 1, p.done.n, p.done.v[i])
				       : oc_strdup(p.done.v[i]),
			      l->plain ? NULL : "whatsapp", NULL);
	oc_strv_deinit(&p.done);
}
