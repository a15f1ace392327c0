#ifndef OC_TERM_MARKDOWN_H
#define OC_TERM_MARKDOWN_H
#include "base/buf.h"
/*
 * Markdown as it streams, as rows of a terminal: bold, code, headings, lists, quotes and code
 * blocks get colours, the marks that only carry them go. Rows are broken at words. Pure: any split
 * of the text gives the same rows.
 */
struct oc_term_markdown;
struct oc_term_markdown_spec {
	size_t columns; /* of a row, the indent included */
	bool colour;
	bool dim;	    /* all of it: reasoning */
	bool plain;	    /* no Markdown: what a person typed */
	const char *indent; /* before each row */
	const char *first;  /* before the first one instead; NULL = indent */
	/* A finished row, without a line end. */
	void (*row)(void *arg, struct oc_str row);
	void *arg;
};
struct oc_term_markdown *oc_term_markdown_new(const struct oc_term_markdown_spec *spec);
void oc_term_markdown_free(struct oc_term_markdown *m); /* accepts NULL */
void oc_term_markdown_feed(struct oc_term_markdown *m, struct oc_str text);
/* The end: what is held becomes rows. */
void oc_term_markdown_end(struct oc_term_markdown *m);
/* Appends the row that is not finished; nothing when there is none. */
void oc_term_markdown_rest(const struct oc_term_markdown *m, struct oc_buf *out);
/* From the next row on. */
void oc_term_markdown_resize(struct oc_term_markdown *m, size_t columns);
#endif
