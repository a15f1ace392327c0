#ifndef OC_VISIBLE_H
#define OC_VISIBLE_H
#include <stdio.h>

#include "base/buf.h"
/* Appends s as one line in which nothing hides: control characters, line ends and characters that
 * reorder or hide text are written as escapes. Ends with "…" when more than max bytes would be
 * written. */
void oc_visible_add(struct oc_buf *out, struct oc_str s, size_t max);
/* fprintf for a person's eyes: control characters other than line ends and tabs become spaces,
 * whatever a server, a file or an argument put into the values. */
void oc_visible_printf(FILE *to, const char *fmt, ...) OC_PRINTF(2, 3);
void oc_visible_vprintf(FILE *to, const char *fmt, va_list ap) OC_PRINTF(2, 0);
/* The same on a text where it lies. */
void oc_visible_mend(char *text);
#endif
