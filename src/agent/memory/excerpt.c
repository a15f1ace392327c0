/* The lines around what was asked for. */
#include "agent/memory/excerpt.h"

#include "base/utf8.h"

static struct oc_str next_line(struct oc_str *rest)
{
	size_t lf = oc_str_find(*rest, OC_LIT("\n"), 0);
	struct oc_str line = oc_str_head(*rest, lf);

	*rest = oc_str_from(*rest, lf == SIZE_MAX ? rest->n : lf + 1);
	return line;
}

/* The text from the first line with a term on; all of it when none has one. */
static struct oc_str from_term(struct oc_str text, const struct oc_memory_terms *terms)
{
	struct oc_str rest = text;

	while (rest.n) {
		struct oc_str at = rest;

		if (oc_memory_terms_in(terms, next_line(&rest))) return at;
	}
	return text;
}

/* A line that is too long by itself: from some words before the term. */
static struct oc_str narrow(struct oc_str line, const struct oc_memory_terms *terms, size_t max)
{
	while (line.n > max) {
		size_t step = oc_utf8_floor(line.p, line.n < max ? line.n : max / 2);

		if (!step || oc_memory_terms_in(terms, oc_str_head(line, 2 * step))) break;
		if (!oc_memory_terms_in(terms, oc_str_from(line, step))) break;
		line = oc_str_from(line, step);
	}
	return line;
}

/* The end of the text, brought forward until it is about max bytes long. */
static struct oc_str with_lines_before(struct oc_str text, struct oc_str at, size_t max)
{
	size_t from = text.n - at.n;

	while (from > 0) {
		size_t before = from - 1;

		while (before > 0 && text.p[before - 1] != '\n') before--;
		if (text.n - before > max) break;
		from = before;
	}
	return oc_str_from(text, from);
}

void oc_memory_excerpt(struct oc_str text, const struct oc_memory_terms *terms, size_t max,
		       struct oc_buf *out)
{
	struct oc_str all = oc_str_trim(text), rest = all;
	size_t start = out->n;
	bool cut = false;

	if (all.n > max) rest = with_lines_before(all, from_term(all, terms), max);
	if (rest.p != all.p) oc_buf_adds(out, "… ");
	while (rest.n) {
		struct oc_str line = oc_str_trim(next_line(&rest));
		size_t used = out->n - start, room = max > used ? max - used : 0;

		if (!line.n) continue;
		if (line.n > room) {
			if (used < max / 2) {
				line = narrow(line, terms, room);
				line.n = line.n > room ? oc_utf8_floor(line.p, room) : line.n;
				if (line.n) oc_buf_add(out, line);
			}
			cut = true;
			break;
		}
		oc_buf_add(out, line);
		oc_buf_addc(out, '\n');
	}
	while (out->n > start && out->p[out->n - 1] == '\n') out->p[--out->n] = '\0';
	if (cut) oc_buf_adds(out, " …");
}
