#ifndef OC_MARKDOWN_SPLIT_H
#define OC_MARKDOWN_SPLIT_H
#include "base/str.h"
/*
 * Cuts a Markdown text, line by line, into pieces that can be parsed without each other: groups of
 * top-level blocks. So the time of a parse follows the length of a piece, and of a text that grows
 * only the last piece is parsed again.
 */
struct oc_md_split {
	bool blank;	   /* the line before was empty */
	bool ended;	   /* the block before is over: the next line begins a piece */
	bool list;	   /* the piece is a list, whose items may be apart */
	bool begun;	   /* the piece has a line */
	char fence;	   /* ` or ~ while inside fenced code */
	size_t marks;	   /* length of its fence */
	bool table;	   /* inside a table */
	size_t from;	   /* where the fence, or the head of the table, begins in the text */
	size_t head_end;   /* and ends */
	size_t line_begin; /* of the line before: it may turn out to be a table's head */
	bool pipe;	   /* and has a cell */
};
/* `line` stands at `at` in the text and comes without its line end. True: a piece begins with it.
 */
bool oc_md_split_line(struct oc_md_split *s, struct oc_str line, size_t at);
/* What has to be repeated so that text from here on is still in the same code or table: s->from to
 * s->head_end of the text. */
static inline bool oc_md_split_inside(const struct oc_md_split *s)
{
	return s->fence || s->table;
}
/* The line (without its end) that begins at `at`; *next is where the one behind it begins. */
struct oc_str oc_md_line(struct oc_str text, size_t at, size_t *next);

/* A part of a text, from, to, and what oc_md_parse_piece wants in front of it. */
struct oc_md_piece {
	size_t from, to;
	size_t before_from, before_to;
};
/* Zeroed at the begin of a text. */
struct oc_md_cutter {
	struct oc_md_split split;
	size_t at;		  /* read up to here, in whole lines */
	struct oc_md_piece piece; /* the one that begins last; its end is not known */
	size_t max_code;	  /* ceiling of a piece of fenced code, 0 = as others */
};
/*
 * The next piece of a text that may still grow at its end. False: what is behind c->piece.from is
 * not known to be complete; `final` says that nothing comes any more and gives that as the last
 * piece. No piece is much longer than OC_MAX_MARKDOWN_PIECE_BYTES. Each line is looked at once.
 */
bool oc_md_cut(struct oc_md_cutter *c, struct oc_str text, bool final, struct oc_md_piece *out);
#endif
