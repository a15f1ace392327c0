#ifndef OC_MARKDOWN_H
#define OC_MARKDOWN_H
#include "base/str.h"
/*
 * Markdown as models write it, as a tree: CommonMark with GitHub's tables, strike-through, task
 * lists and bare links, and formulas ($…$, $$…$$, \(…\), \[…\]) left as they are written. Raw HTML
 * is text; only <br> is a line break. Whatever the bytes are there is a tree, and no text is lost:
 * what would be too deep is flattened, what would be too large stays plain text. Time and memory
 * are linear in the length of the text. Pure.
 */
enum oc_md_kind {
	/* blocks that hold blocks */
	OC_MD_DOCUMENT,
	OC_MD_QUOTE,
	OC_MD_LIST, /* children: OC_MD_ITEM */
	OC_MD_ITEM, /* children: blocks, and spans in a tight list */
	/* blocks that hold spans */
	OC_MD_PARAGRAPH,
	OC_MD_HEADING,
	OC_MD_TABLE, /* children: OC_MD_ROW, the first is the head */
	OC_MD_ROW,   /* children: OC_MD_CELL, as many as the table has columns */
	OC_MD_CELL,
	/* blocks without children */
	OC_MD_RULE,
	OC_MD_CODE_BLOCK, /* text with its line ends */
	OC_MD_MATH_BLOCK, /* text without its marks */
	/* spans that hold spans */
	OC_MD_EM,
	OC_MD_STRONG,
	OC_MD_STRIKE,
	OC_MD_LINK,
	OC_MD_IMAGE, /* its children are the text beside it */
	/* spans without children */
	OC_MD_TEXT,
	OC_MD_CODE,
	OC_MD_MATH,	  /* text without its marks */
	OC_MD_BREAK,	  /* a line ends here */
	OC_MD_SOFT_BREAK, /* a line of the source ends here */
};

enum oc_md_align { OC_MD_ALIGN_NONE, OC_MD_ALIGN_LEFT, OC_MD_ALIGN_CENTER, OC_MD_ALIGN_RIGHT };

/* Owned by its document. Text is valid UTF-8 without NUL; entities and escapes are resolved. */
struct oc_md_node {
	enum oc_md_kind kind;
	struct oc_md_node *parent, *first, *last, *next;
	struct oc_str text;	/* TEXT, CODE, MATH and the blocks of them */
	struct oc_str url;	/* LINK, IMAGE: as written, to be judged by oc_md_url_ok */
	struct oc_str title;	/* LINK, IMAGE */
	struct oc_str language; /* CODE_BLOCK: first word behind the fence */
	unsigned level;		/* HEADING: 1 to 6 */
	unsigned start;		/* LIST: number of its first item */
	bool ordered, tight;	/* LIST */
	bool continued;		/* CODE_BLOCK, TABLE: goes on with one of the piece before */
	bool task, done;	/* ITEM: has a box; it is ticked */
	bool head;		/* ROW, CELL: of the table's head */
	enum oc_md_align align; /* CELL */
};

struct oc_md_doc;
/* Never fails. Free with oc_md_free. */
struct oc_md_doc *oc_md_parse(struct oc_str text);
/*
 * One piece of a longer text (split.h) on its own. `before` is parsed in front of it without being
 * shown again: the fence or the head of the table that the piece goes on with; the empty view else.
 * definitions: lines "[name]: address" of the whole text, or nothing.
 */
struct oc_md_doc *oc_md_parse_piece(struct oc_str before, struct oc_str piece,
				    struct oc_str definitions);
void oc_md_free(struct oc_md_doc *doc); /* accepts NULL */
const struct oc_md_node *oc_md_root(const struct oc_md_doc *doc);

/* The node behind n in reading order, within top; NULL at the end. With `children` false those of n
 * are passed over. For walks that must not recurse. */
const struct oc_md_node *oc_md_next(const struct oc_md_node *n, const struct oc_md_node *top,
				    bool children);
/* An address that may be linked to: http, https or mailto, nothing that hides. */
bool oc_md_url_ok(struct oc_str url);
#endif
