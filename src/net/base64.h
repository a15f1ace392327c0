#ifndef OC_BASE64_H
#define OC_BASE64_H
#include "base/buf.h"
/* RFC 4648 section 4, with padding, one line. Free with free(). */
char *oc_base64_encode(struct oc_str bytes);
/* Section 5: '-' and '_' for '+' and '/', without padding. Free with free(). */
char *oc_base64url_encode(struct oc_str bytes);
/* Strict: no padding, no white space, no character of the other alphabet, no stray bits at the end.
 * Appends to out; false (out is as it was) when s is none of it or out is too small. */
OC_MUST_USE bool oc_base64url_decode(struct oc_str s, struct oc_buf *out);
/* Section 8 in lower case: two digits for each byte, and a NUL. */
void oc_base16_encode(struct oc_str bytes, char *out);
#endif
