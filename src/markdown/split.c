/* Where a Markdown text can be cut so that its parts can be parsed on their own. */
#include "markdown/split.h"

#include "base/limits.h"
#include "base/utf8.h"
#include "markdown/internal.h"

static size_t indent_of(struct oc_str line)
{
	size_t n = 0, i = 0;

	for (; i < line.n && (line.p[i] == ' ' || line.p[i] == '\t'); i++)
		n = line.p[i] == '\t' ? (n | 3) + 1 : n + 1;
	return n;
}

static size_t run_of(struct oc_str s, char c)
{
	size_t n = 0;

	while (n < s.n && s.p[n] == c) n++;
	return n;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Of text without its indentation. */
static bool is_item(struct oc_str t)
{
	size_t n = 0;

	if (!t.n) return false;
	if (strchr("-*+", t.p[0]))
		n = 1;
	else {
		while (n < t.n && n < 9 && is_digit(t.p[n])) n++;
		if (!n || n == t.n || (t.p[n] != '.' && t.p[n] != ')')) return false;
		n++;
	}
	return n == t.n || t.p[n] == ' ' || t.p[n] == '\t';
}

static bool is_heading(struct oc_str t)
{
	size_t n = run_of(t, '#');

	return n >= 1 && n <= 6 && (n == t.n || t.p[n] == ' ' || t.p[n] == '\t');
}

/* "| --- | :-: |": the line below the head of a table. */
bool oc_md_is_table_rule(struct oc_str t)
{
	bool dash = false;

	for (size_t i = 0; i < t.n; i++) {
		if (!strchr("|-: \t", t.p[i])) return false;
		if (t.p[i] == '-') dash = true;
	}
	return dash && memchr(t.p, '|', t.n);
}

/* Length of the fence that t begins with, 0 when there is none. */
static size_t opens_fence(struct oc_str t)
{
	size_t n = t.n ? run_of(t, t.p[0]) : 0;

	if (n < 3 || (t.p[0] != '`' && t.p[0] != '~')) return 0;
	if (t.p[0] == '`' && memchr(t.p + n, '`', t.n - n)) return 0; /* code inside a line */
	return n;
}

static void in_fence(struct oc_md_split *s, struct oc_str t)
{
	if (run_of(t, s->fence) < s->marks || run_of(t, s->fence) != t.n) return;
	s->fence = 0;
	s->ended = !s->list;
}

static bool begins(const struct oc_md_split *s, struct oc_str t, size_t indent)
{
	if (!s->begun) return false;
	if (s->ended) return true;
	if (s->list) {
		if (!s->blank) return indent < 2 && (is_heading(t) || opens_fence(t));
		return indent < 2 && !is_item(t);
	}
	return s->blank || (indent < 4 && (is_heading(t) || opens_fence(t)));
}

static void remember_table(struct oc_md_split *s, struct oc_str line, struct oc_str t, size_t at)
{
	if (!s->table && s->pipe && !s->list && oc_md_is_table_rule(t)) {
		s->table = true;
		s->from = s->line_begin;
		s->head_end = at + line.n;
	}
	s->line_begin = at;
	s->pipe = memchr(t.p, '|', t.n);
}

bool oc_md_split_line(struct oc_md_split *s, struct oc_str line, size_t at)
{
	struct oc_str t = oc_str_trim(line);
	size_t indent = indent_of(line);

	if (s->fence) {
		in_fence(s, t);
		return false;
	}
	if (!t.n) {
		s->blank = true;
		s->table = s->pipe = false;
		return false;
	}
	bool begin = begins(s, t, indent);

	if (begin || !s->begun) *s = (struct oc_md_split){ .list = is_item(t) && indent < 4 };
	s->begun = true;
	s->blank = false;
	s->list |= is_item(t);
	remember_table(s, line, t, at);
	s->ended = !s->list && is_heading(t) && indent < 4;
	s->marks = opens_fence(t);
	if (s->marks && (s->list || indent < 4)) {
		s->fence = t.p[0];
		s->from = at;
		s->head_end = at + line.n;
	}
	return begin;
}

struct oc_str oc_md_line(struct oc_str text, size_t at, size_t *next)
{
	const char *end = at < text.n ? memchr(text.p + at, '\n', text.n - at) : NULL;
	size_t to = end ? (size_t)(end - text.p) : text.n;

	*next = end ? to + 1 : text.n;
	if (to > at && text.p[to - 1] == '\r') to--;
	return (struct oc_str){ text.p + at, to - at };
}

static void give(struct oc_md_cutter *c, size_t at, struct oc_md_piece *out)
{
	*out = c->piece;
	out->to = at;
	c->piece = (struct oc_md_piece){ .from = at };
}

/* A piece that is cut in the middle of a code block or table goes on with its begin. */
static void go_on_inside(struct oc_md_cutter *c, const struct oc_md_split *was)
{
	if (!oc_md_split_inside(was)) return;
	c->piece.before_from = was->from;
	c->piece.before_to = was->head_end;
}

/* A line that is too long for one piece. */
static bool cut_line(struct oc_md_cutter *c, struct oc_str text, size_t max,
		     struct oc_md_piece *out)
{
	size_t cut = c->at + oc_utf8_floor(text.p + c->at, max), space = cut;

	while (space > cut - max / 8 && text.p[space - 1] != ' ') space--;
	if (text.p[space - 1] == ' ') cut = space;
	give(c, cut, out);
	go_on_inside(c, &c->split);
	c->at = cut;
	return true;
}

bool oc_md_cut(struct oc_md_cutter *c, struct oc_str text, bool final, struct oc_md_piece *out)
{
	size_t next;

	for (; c->at < text.n; c->at = next) {
		struct oc_str line = oc_md_line(text, c->at, &next);
		struct oc_md_split was = c->split;
		size_t max = was.fence && c->max_code ? c->max_code : OC_MAX_MARKDOWN_PIECE_BYTES;
		bool first = c->at == c->piece.from;

		if (first && line.n > max) return cut_line(c, text, max, out);
		if (!final && text.p[next - 1] != '\n' && next - c->piece.from <= max) return false;
		bool begins = oc_md_split_line(&c->split, line, c->at);
		bool full = next - c->piece.from > max && oc_str_trim(line).n;

		if (first || (!begins && !full)) continue;
		if (full && line.n > max) c->split = was; /* the line itself will be cut */
		give(c, c->at, out);
		if (!begins) go_on_inside(c, &was);
		if (!(full && line.n > max)) c->at = next;
		return true;
	}
	if (!final || c->piece.from >= text.n) return false;
	give(c, text.n, out);
	return true;
}
