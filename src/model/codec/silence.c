/* The word for silence, and what may stand around it. */
#include "model/codec/silence.h"

static const struct oc_str word = { "NO_REPLY", sizeof "NO_REPLY" - 1 };

static bool is_letter(unsigned char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Length of the punctuation or space at the start of s; U+2000 to U+203F holds quotes, dashes and
 * the ellipsis. 0 = none; *cut: the character is not complete yet. */
static size_t around(struct oc_str s, bool *cut)
{
	unsigned char c = (unsigned char)s.p[0];

	if (c < 0x80) return is_letter(c) ? 0 : 1;
	if (c != 0xE2) return 0;
	if (s.n > 1 && (unsigned char)s.p[1] != 0x80) return 0;
	*cut = s.n < 3;
	return *cut ? s.n : 3;
}

enum oc_silence oc_silence(struct oc_str text)
{
	bool said = false, cut = false;

	while (text.n > 0) {
		size_t n = around(text, &cut);

		if (n == 0 && oc_str_istarts(text, word)) {
			n = word.n;
			said = true;
		}
		if (n == 0) return oc_str_istarts(word, text) ? OC_SILENCE_MAYBE : OC_SILENCE_NO;
		text = oc_str_from(text, n);
	}
	return said && !cut ? OC_SILENCE_YES : OC_SILENCE_MAYBE;
}
