/* Foreign text made safe to show to a person. */
#include "base/visible.h"

#include <stdlib.h>

#include "base/mem.h"
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

void oc_visible_mend(char *text)
{
	for (unsigned char *c = (unsigned char *)text; *c; c++) {
		bool c1 = c[0] == 0xC2 && c[1] >= 0x80 && c[1] < 0xA0; /* a control in UTF-8 */

		if ((*c < ' ' && *c != '\n' && *c != '\t') || *c == 0x7F) *c = ' ';
		if (c1) c[0] = c[1] = ' ';
	}
}

void oc_visible_vprintf(FILE *to, const char *fmt, va_list ap)
{
	va_list again;

	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0) return;
	char *line = oc_alloc((size_t)n + 1);
	vsnprintf(line, (size_t)n + 1, fmt, ap);
	oc_visible_mend(line);
	fputs(line, to);
	free(line);
}

void oc_visible_printf(FILE *to, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	oc_visible_vprintf(to, fmt, ap);
	va_end(ap);
}
