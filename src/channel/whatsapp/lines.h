#ifndef OC_WHATSAPP_LINES_H
#define OC_WHATSAPP_LINES_H
#include "channel/channel.h"
/*
 * Lines with forms, as characters beside their styles: they are cut into messages first and get
 * WhatsApp's marks then, so that no cut goes through a form. For markup.c.
 */
enum { OC_WA_BOLD = 1, OC_WA_ITALIC = 2, OC_WA_STRIKE = 4, OC_WA_CODE = 8 };
struct oc_wa_line {
	char *lead; /* indent and mark of a list; owned */
	struct oc_buf text;
	struct oc_buf style; /* a byte of the flags for each byte of text */
	unsigned block;	     /* of code that the line belongs to, from 1; 0 = none */
	bool quote;
	bool apart; /* an empty line stands before it */
};
struct oc_wa_lines {
	struct oc_wa_line *v;
	size_t n;
	bool plain; /* without marks */
};
/* A new one at the end; borrowed until the next is added. lead is taken, NULL = none. */
struct oc_wa_line *oc_wa_line_add(struct oc_wa_lines *l, char *lead);
void oc_wa_line_text(struct oc_wa_line *line, struct oc_str s, unsigned style);
void oc_wa_lines_deinit(struct oc_wa_lines *l);
/* Length in UTF-16 units. */
size_t oc_wa_units(struct oc_str s);
/* As chunks of at most max units (at least 64), numbered when they are more than three. */
void oc_wa_lines_pack(const struct oc_wa_lines *l, size_t max, struct oc_chunks *out);
#endif
