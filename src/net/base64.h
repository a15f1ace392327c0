#ifndef OC_BASE64_H
#define OC_BASE64_H
#include "base/str.h"
/* RFC 4648 section 4, with padding, one line. Free with free(). */
char *oc_base64_encode(struct oc_str bytes);
/* Section 5: URL safe, without padding. Free with free(). */
char *oc_base64url_encode(struct oc_str bytes);
/* The bytes of unpadded URL-safe text, exactly n of them; false for anything else (also for text
 * that is not the one encoding of its bytes). */
bool oc_base64url_decode(struct oc_str text, uint8_t *out, size_t n);
#endif
