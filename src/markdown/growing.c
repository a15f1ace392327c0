/* A growing text, rendered piece by piece. */
#include "markdown/growing.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "markdown/html.h"
#include "markdown/internal.h"
#include "markdown/split.h"

/* Of HTML for a byte of text: "<" is "&lt;", an item of one letter has its element around it. */
enum { MAX_HTML_FOR_BYTE = 256, MAX_CODE_PIECE = OC_MAX_MARKDOWN_PIECE_BYTES / 2 };

struct oc_md_growing {
	struct oc_md_cutter cutter;
	size_t done;	    /* blocks that will not change */
	struct oc_buf last; /* HTML of the one behind them, as it was told */
	bool told;	    /* it was */
	struct oc_buf html;
	struct oc_buf definitions; /* of finished blocks */
};

struct oc_md_growing *oc_md_growing_new(void)
{
	struct oc_md_growing *g = oc_new(struct oc_md_growing);

	g->cutter.max_code = MAX_CODE_PIECE;
	oc_buf_init(&g->last, (size_t)OC_MAX_MARKDOWN_PIECE_BYTES * MAX_HTML_FOR_BYTE);
	oc_buf_init(&g->html, (size_t)OC_MAX_MARKDOWN_PIECE_BYTES * MAX_HTML_FOR_BYTE);
	oc_buf_init(&g->definitions, OC_MAX_MARKDOWN_DEFINITIONS);
	return g;
}

void oc_md_growing_free(struct oc_md_growing *g)
{
	if (!g) return;
	oc_buf_deinit(&g->last);
	oc_buf_deinit(&g->html);
	oc_buf_deinit(&g->definitions);
	free(g);
}

static struct oc_str range(struct oc_str text, size_t from, size_t to)
{
	return (struct oc_str){ text.p + from, to - from };
}

static void tell(struct oc_md_growing *g, struct oc_str text, const struct oc_md_piece *p,
		 oc_md_block_fn *fn, void *arg)
{
	struct oc_md_doc *doc =
	    oc_md_parse_piece(range(text, p->before_from, p->before_to),
			      range(text, p->from, p->to), oc_buf_view(&g->definitions));

	oc_buf_clear(&g->html);
	oc_md_html(oc_md_root(doc), &g->html);
	oc_md_free(doc);
	if (g->told && oc_str_eq(oc_buf_view(&g->html), oc_buf_view(&g->last))) return;
	fn(arg, g->done, oc_buf_view(&g->html));
}

/* An address that was defined after it was used: everything is told once more. */
static void begin_anew(struct oc_md_growing *g, struct oc_str text)
{
	size_t before = g->definitions.n;

	oc_definitions_find(oc_str_from(text, g->cutter.piece.from), &g->definitions);
	if (!before && !g->definitions.n) return;
	g->cutter = (struct oc_md_cutter){ .max_code = MAX_CODE_PIECE };
	g->done = 0;
	g->told = false;
}

size_t oc_md_growing_update(struct oc_md_growing *g, struct oc_str text, bool final,
			    oc_md_block_fn *fn, void *arg)
{
	struct oc_md_piece piece;

	if (final) begin_anew(g, text);
	while (oc_md_cut(&g->cutter, text, final, &piece)) {
		tell(g, text, &piece, fn, arg);
		g->told = false;
		if (!final) oc_definitions_find(range(text, piece.from, piece.to), &g->definitions);
		g->done++;
	}
	piece = g->cutter.piece;
	piece.to = text.n;
	if (piece.from >= piece.to) return g->done;
	tell(g, text, &piece, fn, arg);
	oc_buf_clear(&g->last);
	oc_buf_add(&g->last, oc_buf_view(&g->html));
	g->told = true;
	return g->done + 1;
}
