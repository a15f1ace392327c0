/* Foreign text made safe to show to a person. */
#include "base/visible.h"

#include "base/utf8.h"

void oc_visible_add(struct oc_buf *out, struct oc_str s, size_t max)
{
	size_t start = out->n;

	while (s.n && out->n - start < max) {
		uint32_t cp;
		size_t n = oc_utf8_next(s, &cp);

		if (cp == '\n')
			oc_buf_adds(out, "\\n");
		else if (cp == '\t')
			oc_buf_adds(out, "\\t");
		else if (cp < 0x20 || (cp >= 0x7F && cp < 0xA0))
			oc_buf_addf(out, "\\x%02X", (unsigned)cp);
		else if ((cp >= 0x200B && cp <= 0x200F) || (cp >= 0x202A && cp <= 0x202E) ||
			 (cp >= 0x2066 && cp <= 0x2069))
			oc_buf_addf(out, "\\u%04X", (unsigned)cp); /* would hide or reorder text */
		else
			oc_utf8_put(out, cp);
		s = oc_str_from(s, n);
	}
	if (s.n) oc_buf_adds(out, "…");
}
