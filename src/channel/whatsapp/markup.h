#ifndef OC_WHATSAPP_MARKUP_H
#define OC_WHATSAPP_MARKUP_H
#include "channel/channel.h"
/*
 * Markdown as WhatsApp writes it: *bold*, _italic_, ~struck~, `code`, ```blocks```, "> " and lists,
 * addresses beside the text that led there. In chunks of at most max characters (UTF-16 units, at
 * least 64), no form goes over a cut. Without marks: the same as plain text. Pure.
 */
void oc_wa_markup(struct oc_str markdown, size_t max, bool marks, struct oc_chunks *out);
#endif
