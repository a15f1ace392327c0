#ifndef OC_UTF8_H
#define OC_UTF8_H
#include "buf.h"
/*
 * UTF-8 as RFC 3629 defines it: no surrogates, no overlong forms, nothing above U+10FFFF.
 * Ill-formed input becomes U+FFFD, one for each maximal subpart (Unicode 15, section 3.9).
 */

/* Largest cut <= n that does not split a character of s. */
size_t oc_utf8_floor(const char *s, size_t n);
/* Appends s to out with ill-formed parts replaced. Returns how many were replaced. */
size_t oc_utf8_clean(struct oc_str s, struct oc_buf *out);
bool oc_utf8_valid(struct oc_str s);
/* How many bytes at the beginning are ASCII. */
size_t oc_utf8_ascii(struct oc_str s);
/* Next code point of valid or invalid text: returns its length in bytes (>= 1), U+FFFD for an
 * ill-formed part. s must not be empty. */
size_t oc_utf8_next(struct oc_str s, uint32_t *cp);
void oc_utf8_put(struct oc_buf *out, uint32_t cp);
/* Appends s with every letter in lower case, to compare without case. */
void oc_utf8_lower(struct oc_str s, struct oc_buf *out);
/* White space and line ends as ECMAScript has them. */
bool oc_utf8_is_space(uint32_t cp);
/* May stand in an ECMAScript identifier, as its first character or later. */
bool oc_utf8_is_ident(uint32_t cp, bool first);
/* Columns that s takes on a terminal. */
size_t oc_utf8_width(struct oc_str s);
#endif
