/* Lines to pieces: headings begin one, the budget of tokens ends one. */
#include "agent/memory/chunk.h"

#include "base/buf.h"
#include "base/utf8.h"

enum {
	LEVELS = 6,
	HEADING_BYTES = 300,
	/* Tokens are counted in quarters: four letters of English are one token, a Chinese
	 * character is one by itself. */
	QUARTERS = 4,
	MAX_COST = OC_MEMORY_CHUNK_TOKENS * QUARTERS,
	OVERLAP_COST = OC_MEMORY_OVERLAP_TOKENS * QUARTERS,
};

struct chunker {
	struct oc_str text;
	oc_memory_piece_fn *fn;
	void *arg;
	struct oc_str titles[LEVELS];
	struct oc_buf heading;
	size_t at, end; /* the piece that grows: text[at..end) */
	int64_t first_line, line;
	size_t cost;
	bool has_body; /* more than headings and white space */
	bool repeats;  /* only lines of the piece before */
	char fence;    /* the sign of the code block that is open; 0 = none */
};

static size_t cost_of(struct oc_str s)
{
	size_t cost = 0;

	for (size_t i = 0; i < s.n;) {
		uint32_t cp;

		i += oc_utf8_next(oc_str_from(s, i), &cp);
		cost += cp < 0x80 ? 1 : cp < 0x2E80 ? 2 : QUARTERS;
	}
	return cost;
}

static void emit(struct chunker *c, struct oc_str text, int64_t first, int64_t last)
{
	struct oc_memory_piece p = { text, oc_buf_view(&c->heading), first, last };

	if (oc_str_trim(text).n) c->fn(c->arg, &p);
}

static void begin(struct chunker *c, size_t at, int64_t line)
{
	c->at = c->end = at;
	c->first_line = line;
	c->cost = 0;
	c->has_body = c->repeats = false;
}

/* The piece ends before this line. */
static void flush(struct chunker *c)
{
	if (!c->repeats)
		emit(c, (struct oc_str){ c->text.p + c->at, c->end - c->at }, c->first_line,
		     c->line - 1);
	begin(c, c->end, c->line);
}

/* ---- headings ---- */

/* "## Title" gives 2; 0 = no heading. */
static size_t level_of(struct oc_str line, struct oc_str *title)
{
	size_t level = 0;

	while (level < line.n && line.p[level] == '#') level++;
	if (!level || level > LEVELS || level == line.n || !oc_is_space(line.p[level])) return 0;
	*title = oc_str_trim(oc_str_from(line, level));
	while (title->n && title->p[title->n - 1] == '#') title->n--;
	*title = oc_str_trim(*title);
	return level;
}

static void join_titles(struct chunker *c)
{
	oc_buf_clear(&c->heading);
	for (size_t i = 0; i < LEVELS; i++) {
		struct oc_str t = c->titles[i];
		size_t room = HEADING_BYTES - c->heading.n;

		if (!t.n || room < 8) continue;
		if (c->heading.n) oc_buf_adds(&c->heading, " > ");
		room = HEADING_BYTES - c->heading.n;
		oc_buf_add(&c->heading, t.n > room ? oc_str_head(t, oc_utf8_floor(t.p, room)) : t);
	}
}

/* ``` or ~~~ opens a block of code, in which # is no heading; the same sign closes it. */
static void look_at_fence(struct chunker *c, struct oc_str line)
{
	struct oc_str s = oc_str_trim(line);

	if (!oc_str_starts(s, OC_LIT("```")) && !oc_str_starts(s, OC_LIT("~~~"))) return;
	if (!c->fence)
		c->fence = s.p[0];
	else if (c->fence == s.p[0])
		c->fence = 0;
}

static bool take_heading(struct chunker *c, struct oc_str line)
{
	struct oc_str title;
	size_t level = c->fence ? 0 : level_of(line, &title);

	if (!level) return false;
	if (c->has_body || c->repeats) flush(c);
	c->titles[level - 1] = title;
	for (size_t i = level; i < LEVELS; i++) c->titles[i] = OC_LIT("");
	join_titles(c);
	return true;
}

/* ---- lines ---- */

/* Where the last lines of the piece begin that the next one repeats; never all of it. */
static size_t overlap_at(const struct chunker *c, int64_t *lines)
{
	size_t at = c->end, cost = 0;

	*lines = 0;
	while (at > c->at) {
		size_t begin_at = at - 1;

		while (begin_at > c->at && c->text.p[begin_at - 1] != '\n') begin_at--;
		cost += cost_of((struct oc_str){ c->text.p + begin_at, at - begin_at });
		if (cost > OVERLAP_COST || begin_at == c->at) break;
		at = begin_at;
		(*lines)++;
	}
	return at;
}

static void cut(struct chunker *c)
{
	int64_t lines;
	size_t end = c->end, from = overlap_at(c, &lines);

	flush(c);
	begin(c, from, c->line - lines);
	c->end = end;
	c->cost = cost_of((struct oc_str){ c->text.p + from, end - from });
	c->repeats = true;
}

/* How many bytes of s cost at most MAX_COST, cut behind a space where there is one late enough. */
static size_t fitting(struct oc_str s)
{
	size_t cost = 0, i = 0, space = 0;

	while (i < s.n) {
		uint32_t cp;
		size_t len = oc_utf8_next(oc_str_from(s, i), &cp);

		cost += cp < 0x80 ? 1 : cp < 0x2E80 ? 2 : QUARTERS;
		if (cost > MAX_COST) break;
		i += len;
		if (oc_utf8_is_space(cp)) space = i;
	}
	return i < s.n && space > i / 2 ? space : i;
}

/* A line that is longer than a piece may be: pieces of it, all with its number. */
static void take_long_line(struct chunker *c, struct oc_str line)
{
	flush(c);
	while (line.n) {
		size_t n = fitting(line);

		emit(c, oc_str_head(line, n), c->line, c->line);
		line = oc_str_from(line, n);
	}
}

static void take_line(struct chunker *c, struct oc_str line)
{
	bool heading = take_heading(c, line);
	size_t cost = cost_of(line), end = (size_t)(line.p - c->text.p) + line.n;

	look_at_fence(c, line);
	if (cost > MAX_COST) {
		take_long_line(c, line);
		begin(c, end, c->line + 1);
		return;
	}
	if (c->cost + cost > MAX_COST) cut(c);
	if (c->cost + cost > MAX_COST) begin(c, c->end, c->line);
	c->end = end;
	c->cost += cost;
	if (heading || !oc_str_trim(line).n) return;
	c->has_body = true;
	c->repeats = false;
}

void oc_memory_chunk(struct oc_str text, oc_memory_piece_fn *fn, void *arg)
{
	struct chunker c = { .text = text, .fn = fn, .arg = arg, .line = 1 };

	oc_buf_init(&c.heading, 2 * HEADING_BYTES);
	begin(&c, 0, 1);
	for (struct oc_str rest = text; rest.n; c.line++) {
		size_t lf = oc_str_find(rest, OC_LIT("\n"), 0);
		struct oc_str line = oc_str_head(rest, lf == SIZE_MAX ? rest.n : lf + 1);

		take_line(&c, line);
		rest = oc_str_from(rest, line.n);
	}
	flush(&c);
	oc_buf_deinit(&c.heading);
}
