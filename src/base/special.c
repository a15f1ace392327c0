/* Template control words, made harmless and whole again. */
#include "base/special.h"

#include "base/utf8.h"

enum { MAX_WORD = 64 };
static const struct oc_str joiner = { "\xE2\x81\xA0", 3 }, full_bar = { "\xEF\xBD\x9C", 3 };

static const char *const words[] = {
	"<s>",
	"</s>",
	"<bos>",
	"<eos>",
	"<start_of_turn>",
	"<end_of_turn>",
	"<<SYS>>",
	"<</SYS>>",
	"<think>",
	"</think>",
	"<tool_call>",
	"</tool_call>",
	"<tool_response>",
	"</tool_response>",
	"[INST]",
	"[/INST]",
	"[THINK]",
	"[/THINK]",
	"[ARGS]",
	"[SYSTEM_PROMPT]",
	"[/SYSTEM_PROMPT]",
	"[TOOL_CALLS]",
	"[TOOL_RESULTS]",
	"[/TOOL_RESULTS]",
	"[AVAILABLE_TOOLS]",
	"[/AVAILABLE_TOOLS]",
	"[TOOL_REQUEST]",
	"[END_TOOL_REQUEST]",
};

/* "<|x|>", "<|x>", "<x|>", also with the full-width bar: no white space, no other opener inside, at
 * most 64 bytes. */
static bool is_barred(struct oc_str s)
{
	size_t n = 1;

	while (n < s.n && n < MAX_WORD && !strchr("<>[ \t\r\n\f\v", s.p[n])) n++;
	if (n >= s.n || s.p[n] != '>' || n < 3) return false;
	struct oc_str inner = { s.p + 1, n - 1 };
	return inner.p[0] == '|' || inner.p[inner.n - 1] == '|' || oc_str_starts(inner, full_bar) ||
	       oc_str_ends(inner, full_bar);
}

/* s begins with a control word. One that is escaped already is none. */
static bool is_special(struct oc_str s)
{
	if (oc_str_starts(oc_str_from(s, 1), joiner)) return false;
	if (s.p[0] == '<' && is_barred(s)) return true;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (oc_str_starts(s, oc_str(words[i]))) return true;
	return false;
}

/* ---- marks ---- */

/* How a character reads: '<' for all that looks like it, a capital for a letter in any dress, 0 for
 * what nobody sees, U+FFFD for the rest. */
static uint32_t look(uint32_t cp)
{
	static const uint32_t openers[] = {
		0x2039, 0x2329, 0x276C, 0x276E, 0x2770, 0x27E8, 0x27EA,
		0x3008, 0x300A, 0xFE64, 0xFF1C, 0xAB,	0x2AA1, 0x226A
	};

	if (cp >= 'a' && cp <= 'z') return cp - 32;
	if (cp >= 0xFF01 && cp <= 0xFF5E) return look(cp - 0xFF01 + 0x21);
	if (cp >= 0x1D400 && cp <= 0x1D6A3) return 'A' + (cp - 0x1D400) % 26;
	if (cp >= 0x24B6 && cp <= 0x24E9) return 'A' + (cp - 0x24B6) % 26;
	if (cp == 0x2044 || cp == 0x2215) return '/';
	if (cp == 0xAD || (cp >= 0x200B && cp <= 0x200F) || (cp >= 0x202A && cp <= 0x202E) ||
	    (cp >= 0x2060 && cp <= 0x206F) || cp == 0xFEFF || (cp >= 0xE0000 && cp <= 0xE0FFF))
		return 0;
	for (size_t i = 0; i < sizeof openers / sizeof *openers; i++)
		if (cp == openers[i]) return '<';
	return cp < 0x80 ? cp : 0xFFFD;
}

/* s, which begins with a bracket, reads as the beginning of a mark. A joiner directly behind the
 * bracket means that it was broken before. */
static bool is_mark(struct oc_str s, size_t bracket)
{
	static const char *const marks[] = { "UNTRUSTED", "EXTERNAL_UNTRUSTED",
					     "END_EXTERNAL_UNTRUSTED" };
	char read[32];
	size_t n = 0;

	for (size_t at = bracket; at < s.n && n < sizeof read - 1;) {
		uint32_t cp;
		at += oc_utf8_next(oc_str_from(s, at), &cp);
		cp = look(cp);
		if (cp == 0 || cp == ' ' || cp == '\t' || (cp == '/' && n == 0)) continue;
		if (cp >= 0x80 || cp == '<') break;
		read[n++] = (char)cp;
	}
	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
		if (oc_str_starts((struct oc_str){ read, n }, oc_str(marks[i]))) return true;
	return false;
}

/* Length of the bracket that s begins with, 0 = none. */
static size_t bracket_at(struct oc_str s)
{
	uint32_t cp;
	size_t n;

	if (!s.n || ((unsigned char)s.p[0] < 0x80 && s.p[0] != '<')) return 0;
	n = oc_utf8_next(s, &cp);
	return look(cp) == '<' ? n : 0;
}

void oc_mark_escape(struct oc_str s, struct oc_buf *out)
{
	size_t from = 0;

	for (size_t at = 0; at < s.n; at++) {
		struct oc_str rest = oc_str_from(s, at);
		size_t n = bracket_at(rest);

		if (!n || oc_str_starts(oc_str_from(rest, n), joiner) || !is_mark(rest, n))
			continue;
		oc_buf_add(out, (struct oc_str){ s.p + from, at + n - from });
		oc_buf_add(out, joiner);
		from = at + n;
	}
	oc_buf_add(out, oc_str_from(s, from));
}

/* ---- words ---- */

static size_t next_opener(struct oc_str s, size_t at)
{
	while (at < s.n && s.p[at] != '<' && s.p[at] != '[') at++;
	return at;
}

void oc_special_escape(struct oc_str s, struct oc_buf *out)
{
	size_t from = 0;

	for (size_t at = next_opener(s, 0); at < s.n; at = next_opener(s, at + 1)) {
		if (!is_special(oc_str_from(s, at))) continue;
		oc_buf_add(out, (struct oc_str){ s.p + from, at + 1 - from });
		oc_buf_add(out, joiner);
		from = at + 1;
	}
	oc_buf_add(out, oc_str_from(s, from));
}

/* Whether "<" and what stands behind the joiner at `at` make a control word. */
static bool was_special(struct oc_str s, size_t at)
{
	struct oc_str rest = oc_str_head(oc_str_from(s, at + 1 + joiner.n), MAX_WORD);
	char whole[MAX_WORD + 1];

	whole[0] = s.p[at];
	memcpy(whole + 1, rest.p, rest.n);
	return is_special((struct oc_str){ whole, rest.n + 1 });
}

/* The joiner at `at` was put there. */
static bool was_broken(struct oc_str s, size_t at)
{
	size_t back = 1;

	if (at && (s.p[at - 1] == '<' || s.p[at - 1] == '[') && was_special(s, at - 1)) return true;
	while (back <= 4 && back <= at && bracket_at(oc_str_from(s, at - back)) != back) back++;
	if (back > 4 || back > at) return false;
	return is_mark(oc_str_from(s, at - back), back + joiner.n);
}

void oc_special_unescape(struct oc_str s, struct oc_buf *out)
{
	size_t from = 0;

	for (size_t at = 0; (at = oc_str_find(s, joiner, at)) != SIZE_MAX; at += joiner.n) {
		if (!was_broken(s, at)) continue;
		oc_buf_add(out, (struct oc_str){ s.p + from, at - from });
		from = at + joiner.n;
	}
	oc_buf_add(out, oc_str_from(s, from));
}
