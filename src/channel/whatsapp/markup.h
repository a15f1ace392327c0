#ifndef OC_WHATSAPP_MARKUP_H
#define OC_WHATSAPP_MARKUP_H
#include "channel/channel.h"
/*
 * Markdown as WhatsApp writes it: *bold*, _italic_, ~struck~, `code`, ```blocks```, "> " and
 * lists; headings are bold, tables are aligned in a block, links stand beside their text. Cut at
 * the edges of blocks, then of lines, sentences and words, so that no chunk has more than max
 * characters (UTF-16 units) and no form goes over a cut. Without marks: the same as plain text.
 * Pure.
 */
void oc_wa_markup(struct oc_str markdown, size_t max, bool marks, struct oc_chunks *out);
#endif
