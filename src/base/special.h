#ifndef OC_SPECIAL_H
#define OC_SPECIAL_H
#include "base/buf.h"
/*
 * Control words of chat templates (<|im_end|>, [INST], </s> …) in text that is not ours. A server
 * would take them for structure, so a word joiner (U+2060) is put behind their first character; it
 * is taken out again of what a model sends back, so that a file with such words can still be edited
 * (spec 03 §6.2). The rule goes by form, not by a list of models.
 */
void oc_special_escape(struct oc_str s, struct oc_buf *out);
/*
 * The same for the marks around foreign text (spec 03 §6.1), ours and those of the original: a text
 * must not close its own. Look-alikes count: full-width and mathematical letters, other angle
 * brackets, invisible characters in between.
 */
void oc_mark_escape(struct oc_str s, struct oc_buf *out);
/* Undoes both: takes out only the joiners that they would have put there. */
void oc_special_unescape(struct oc_str s, struct oc_buf *out);
#endif
