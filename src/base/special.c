/* Template control words, made harmless and whole again. */
#include "base/special.h"

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

void oc_special_unescape(struct oc_str s, struct oc_buf *out)
{
	size_t from = 0;

	for (size_t at = next_opener(s, 0); at < s.n; at = next_opener(s, at + 1)) {
		if (!oc_str_starts(oc_str_from(s, at + 1), joiner) || !was_special(s, at)) continue;
		oc_buf_add(out, (struct oc_str){ s.p + from, at + 1 - from });
		from = at + 1 + joiner.n;
	}
	oc_buf_add(out, oc_str_from(s, from));
}
