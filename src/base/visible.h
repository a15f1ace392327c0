#ifndef OC_VISIBLE_H
#define OC_VISIBLE_H
#include "base/buf.h"
/* Appends s as one line in which nothing hides: control characters, line ends and characters that
 * reorder or hide text are written as escapes. Ends with "…" when more than max bytes would be
 * written. */
void oc_visible_add(struct oc_buf *out, struct oc_str s, size_t max);
#endif
