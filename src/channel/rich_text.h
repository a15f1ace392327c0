#ifndef OC_CHANNEL_RICH_TEXT_H
#define OC_CHANNEL_RICH_TEXT_H
#include "base/buf.h"
/*
 * Markdown as messengers have it: one text, and spans that say how parts of it look. It is cut into
 * pieces where a person would cut it, and each piece keeps the spans that reach into it: a code
 * block that is cut goes on as a code block of the same language (spec 03 §7.5). Pure.
 */
enum oc_rich_kind {
	OC_RICH_QUOTE,
	OC_RICH_LINK, /* attr: the address */
	OC_RICH_BOLD,
	OC_RICH_ITALIC,
	OC_RICH_STRIKE,
	OC_RICH_CODE,
	OC_RICH_PRE, /* attr: the language, may be empty; nothing else is in it */
	OC_RICH_KINDS,
};
/* Well nested. attr is owned, NULL where the kind has none. */
struct oc_rich_span {
	enum oc_rich_kind kind;
	size_t from, to; /* bytes of the text */
	char *attr;
};
struct oc_rich {
	struct oc_buf text;
	struct oc_rich_span *spans; /* by their begin */
	size_t n;
};
/* Tables become aligned code, or lists where they are wider than table_columns. */
void oc_rich_of_markdown(struct oc_str markdown, size_t table_columns, struct oc_rich *out);
void oc_rich_deinit(struct oc_rich *r);

/* How long a text is for the messenger: characters of UTF-16. */
size_t oc_utf16_units(struct oc_str s);

struct oc_rich_piece {
	size_t from, to;
};
/* The next piece of at most max_units from *at on, which moves behind it; false at the end. White
 * space around a cut belongs to no piece. */
bool oc_rich_cut(const struct oc_rich *r, size_t *at, size_t max_units, struct oc_rich_piece *out);

/* Writes a piece: open and close are called where a span begins and ends within it, text between.
 * Inside code there is nothing but code. */
struct oc_rich_writer {
	void (*open)(void *arg, const struct oc_rich_span *span);
	void (*close)(void *arg, const struct oc_rich_span *span);
	void (*text)(void *arg, struct oc_str text);
	void *arg;
};
void oc_rich_write(const struct oc_rich *r, const struct oc_rich_piece *piece,
		   const struct oc_rich_writer *w);
#endif
