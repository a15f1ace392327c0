#ifndef OC_TOOL_CHARSET_H
#define OC_TOOL_CHARSET_H
#include "base/buf.h"
/*
 * Bytes of the web as UTF-8. The charset is told by a byte order mark, the header's "charset=", or,
 * in a page, a <meta> among the first bytes, in that order; else UTF-8 when the bytes are, else
 * Windows-1252, which ISO-8859-1 means too (WHATWG Encoding). Pure.
 */
/* content_type may be NULL. Appends; what cannot be read becomes U+FFFD. */
void oc_charset_to_utf8(struct oc_str bytes, const char *content_type, bool page,
			struct oc_buf *out);
#endif
