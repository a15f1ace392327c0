/* Foreign text made safe to show to a person. */
#include "base/visible.h"

#include "base/utf8.h"

/* Characters that hide or reorder what stands beside them. */
static bool deceives(uint32_t cp)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{ 0xAD, 0xAD },	    { 0x61C, 0x61C },	{ 0x180E, 0x180E },
		{ 0x200B, 0x200F }, { 0x2028, 0x202E }, { 0x2060, 0x206F },
		{ 0xFEFF, 0xFEFF }, { 0xFFF9, 0xFFFB }, { 0xE0000, 0xE007F },
	};

	for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
		if (cp >= ranges[i].first && cp <= ranges[i].last) return true;
	return false;
}

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
		else if (deceives(cp))
			oc_buf_addf(out, "\\u%04X", (unsigned)cp);
		else
			oc_utf8_put(out, cp);
		s = oc_str_from(s, n);
	}
	if (s.n) oc_buf_adds(out, "…");
}
