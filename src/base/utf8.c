#include "utf8.h"

#include <utf8proc.h>

static const uint32_t replacement = 0xFFFD;

/* Bounds of the second byte for a lead byte; they exclude overlong forms, surrogates and >
 * U+10FFFF. */
static bool lead(unsigned char c, size_t *len, unsigned char *lo, unsigned char *hi)
{
	*lo = 0x80;
	*hi = 0xBF;
	if (c >= 0xC2 && c <= 0xDF)
		*len = 2;
	else if (c >= 0xE0 && c <= 0xEF) {
		*len = 3;
		if (c == 0xE0) *lo = 0xA0;
		if (c == 0xED) *hi = 0x9F;
	} else if (c >= 0xF0 && c <= 0xF4) {
		*len = 4;
		if (c == 0xF0) *lo = 0x90;
		if (c == 0xF4) *hi = 0x8F;
	} else
		return false;
	return true;
}

size_t oc_utf8_next(struct oc_str s, uint32_t *cp)
{
	unsigned char c = (unsigned char)s.p[0], lo, hi;
	size_t len;

	if (c < 0x80) {
		*cp = c;
		return 1;
	}
	*cp = replacement;
	if (!lead(c, &len, &lo, &hi)) return 1;
	uint32_t v = c & (0xFFu >> (len + 1));
	for (size_t i = 1; i < len; i++, lo = 0x80, hi = 0xBF) {
		unsigned char d = i < s.n ? (unsigned char)s.p[i] : 0;
		if (d < lo || d > hi) return i;
		v = v << 6 | (d & 0x3F);
	}
	*cp = v;
	return len;
}

void oc_utf8_put(struct oc_buf *out, uint32_t cp)
{
	utf8proc_uint8_t bytes[4];
	bool bad = cp > 0x10FFFF || (cp >= 0xD800 && cp <= 0xDFFF);
	utf8proc_ssize_t n =
	    utf8proc_encode_char((utf8proc_int32_t)(bad ? replacement : cp), bytes);

	oc_buf_add(out, (struct oc_str){ (const char *)bytes, (size_t)n });
}

void oc_utf8_lower(struct oc_str s, struct oc_buf *out)
{
	for (size_t i = 0; i < s.n;) {
		uint32_t cp;

		i += oc_utf8_next(oc_str_from(s, i), &cp);
		oc_utf8_put(out, (uint32_t)utf8proc_tolower((utf8proc_int32_t)cp));
	}
}

static bool is_replaced(struct oc_str s, size_t len, uint32_t cp)
{
	return cp == replacement && !(len == 3 && !memcmp(s.p, "\xEF\xBF\xBD", 3));
}

size_t oc_utf8_clean(struct oc_str s, struct oc_buf *out)
{
	size_t replaced = 0, good = 0, i = 0;

	while (i < s.n) {
		uint32_t cp;
		struct oc_str rest = oc_str_from(s, i);
		size_t len = oc_utf8_next(rest, &cp);

		if (is_replaced(rest, len, cp)) {
			oc_buf_add(out, (struct oc_str){ s.p + good, i - good });
			oc_utf8_put(out, replacement);
			good = i + len;
			replaced++;
		}
		i += len;
	}
	oc_buf_add(out, oc_str_from(s, good));
	return replaced;
}

/* In steps of a word: most text is nothing else. */
size_t oc_utf8_ascii(struct oc_str s)
{
	size_t i = 0;
	uint64_t word;

	for (; s.n - i >= sizeof word; i += sizeof word) {
		memcpy(&word, s.p + i, sizeof word);
		if (word & 0x8080808080808080) break;
	}
	while (i < s.n && (unsigned char)s.p[i] < 0x80) i++;
	return i;
}

bool oc_utf8_valid(struct oc_str s)
{
	for (size_t i = oc_utf8_ascii(s), len; i < s.n; i += len) {
		uint32_t cp;
		struct oc_str rest = oc_str_from(s, i);

		len = oc_utf8_next(rest, &cp);
		if (is_replaced(rest, len, cp)) return false;
	}
	return true;
}

size_t oc_utf8_floor(const char *s, size_t n)
{
	size_t at = n, len;
	unsigned char lo, hi;

	while (at > 0 && n - at < 4 && ((unsigned char)s[at - 1] & 0xC0) == 0x80) at--;
	if (at == 0) return n;
	if (lead((unsigned char)s[at - 1], &len, &lo, &hi) && at - 1 + len > n) return at - 1;
	return n;
}

size_t oc_utf8_width(struct oc_str s)
{
	size_t width = 0;

	for (size_t i = 0; i < s.n;) {
		uint32_t cp;
		i += oc_utf8_next(oc_str_from(s, i), &cp);
		int w = utf8proc_charwidth((utf8proc_int32_t)cp);
		width += w > 0 ? (size_t)w : 0;
	}
	return width;
}

bool oc_utf8_is_space(uint32_t cp)
{
	if (cp == ' ' || (cp >= '\t' && cp <= '\r') || cp == 0x2028 || cp == 0x2029 || cp == 0xFEFF)
		return true;
	return cp >= 0x80 && utf8proc_category((utf8proc_int32_t)cp) == UTF8PROC_CATEGORY_ZS;
}

bool oc_utf8_is_ident(uint32_t cp, bool first)
{
	if (cp == '$' || cp == '_' || (cp | 0x20) - 'a' < 26) return true;
	if (cp < 0x80) return !first && cp >= '0' && cp <= '9';
	switch (utf8proc_category((utf8proc_int32_t)cp)) {
	case UTF8PROC_CATEGORY_LU:
	case UTF8PROC_CATEGORY_LL:
	case UTF8PROC_CATEGORY_LT:
	case UTF8PROC_CATEGORY_LM:
	case UTF8PROC_CATEGORY_LO:
	case UTF8PROC_CATEGORY_NL: return true;
	case UTF8PROC_CATEGORY_MN:
	case UTF8PROC_CATEGORY_MC:
	case UTF8PROC_CATEGORY_ND:
	case UTF8PROC_CATEGORY_PC: return !first;
	default: return !first && (cp == 0x200C || cp == 0x200D);
	}
}
