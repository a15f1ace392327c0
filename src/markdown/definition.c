/* Addresses that are defined on a line of their own, "[name]: https://…": pieces of a text are
 * parsed without each other, so each gets those of all. */
#include "base/limits.h"
#include "markdown/internal.h"
#include "markdown/split.h"

static bool is_definition(struct oc_str line)
{
	struct oc_str t = oc_str_trim(line);
	size_t close = oc_str_find(t, OC_LIT("]:"), 0);

	if (line.n > OC_MAX_MARKDOWN_LINE_DEFINED || oc_str_starts(line, OC_LIT("    ")))
		return false;
	return t.n && t.p[0] == '[' && close != SIZE_MAX && close > 1 && close + 2 < t.n;
}

void oc_definitions_find(struct oc_str piece, struct oc_buf *out)
{
	struct oc_md_split fence = { 0 };
	size_t next;

	if (!oc_str_has(piece, OC_LIT("]:"))) return;
	for (size_t at = 0; at < piece.n; at = next) {
		struct oc_str line = oc_md_line(piece, at, &next);

		oc_md_split_line(&fence, line, at);
		if (fence.fence || !is_definition(line)) continue;
		if (out->n + line.n + 1 > OC_MAX_MARKDOWN_DEFINITIONS) return;
		oc_buf_add(out, oc_str_trim(line));
		oc_buf_addc(out, '\n');
	}
}

void oc_definitions_add(struct oc_str piece, struct oc_str definitions, struct oc_buf *out)
{
	struct oc_md_split fence = { 0 };
	size_t next;

	if (!definitions.n || !memchr(piece.p, '[', piece.n)) return;
	for (size_t at = 0; at < piece.n; at = next)
		oc_md_split_line(&fence, oc_md_line(piece, at, &next), at);
	if (fence.fence) return; /* they would be code */
	oc_buf_adds(out, "\n\n");
	oc_buf_add(out, definitions);
}
