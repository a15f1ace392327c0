#ifndef OC_BASE64_H
#define OC_BASE64_H
#include "base/str.h"
/* RFC 4648 section 4, with padding, one line. Free with free(). */
char *oc_base64_encode(struct oc_str bytes);
#endif
