/* The tags around thought, as models write them, and the tokens that end a turn. */
#include "model/codec/think_tags.h"

enum { MAX_TAG = 64, MAX_RUN = 256 };
#define OC_VIEW(s)                                                                                 \
	{                                                                                          \
		s, sizeof(s) - 1                                                                   \
	}

/* Tags of one family close each other. */
static const struct {
	const char *name;
	unsigned family;
} tags[] = {
	{ "think", 1 },		 { "thinking", 1 },	   { "thought", 1 },
	{ "antthinking", 1 },	 { "seed:think", 1 },	   { "antml:think", 1 },
	{ "antml:thinking", 1 }, { "antml:thought", 1 },   { "mm:think", 1 },
	{ "mm:thinking", 1 },	 { "mm:thought", 1 },	   { "reasoning", 2 },
	{ "mm:reasoning", 2 },	 { "antml:reasoning", 2 }, { "reflection", 3 },
	{ "scratchpad", 4 },
};
enum { BRACKET_FAMILY = 5, GEMMA_FAMILY = 7 };

/* Marks that are written in one way only. Harmony's headers with a recipient are tool calls and
 * are none of these (D5). */
#define HARMONY_HEADER(channel) "<|channel|>" channel "<|message|>"
static const struct {
	struct oc_str text;
	enum oc_tag_verdict verdict;
	unsigned family;
} marks[] = {
	{ OC_VIEW("[THINK]"), OC_TAG_OPEN, BRACKET_FAMILY },
	{ OC_VIEW("[/THINK]"), OC_TAG_CLOSE, BRACKET_FAMILY },
	{ OC_VIEW(HARMONY_HEADER("analysis")), OC_TAG_OPEN, OC_TAG_HARMONY },
	{ OC_VIEW(HARMONY_HEADER("commentary")), OC_TAG_OPEN, OC_TAG_HARMONY },
	{ OC_VIEW(HARMONY_HEADER("final")), OC_TAG_DROP, OC_TAG_HARMONY },
	{ OC_VIEW("<|start|>assistant" HARMONY_HEADER("analysis")), OC_TAG_OPEN, OC_TAG_HARMONY },
	{ OC_VIEW("<|start|>assistant" HARMONY_HEADER("commentary")), OC_TAG_OPEN, OC_TAG_HARMONY },
	{ OC_VIEW("<|start|>assistant" HARMONY_HEADER("final")), OC_TAG_DROP, OC_TAG_HARMONY },
	{ OC_VIEW("<|end|>"), OC_TAG_CLOSE, OC_TAG_HARMONY },
	{ OC_VIEW("<|return|>"), OC_TAG_CLOSE, OC_TAG_HARMONY },
	{ OC_VIEW("<|channel>thought\n"), OC_TAG_OPEN, GEMMA_FAMILY },
	{ OC_VIEW("<channel|>"), OC_TAG_CLOSE, GEMMA_FAMILY },
};

static bool tag_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == ':';
}

/* A name that the table knows, or (partial) the beginning of one. */
static bool known_name(struct oc_str name, bool partial, unsigned *family)
{
	for (size_t i = 0; i < sizeof tags / sizeof *tags; i++) {
		struct oc_str known = oc_str(tags[i].name);

		if (partial ? oc_str_istarts(known, name) : oc_str_ieq(known, name)) {
			*family = tags[i].family;
			return true;
		}
	}
	return false;
}

static size_t skip_blanks(struct oc_str s, size_t i)
{
	while (i < s.n && i < MAX_TAG && (s.p[i] == ' ' || s.p[i] == '\t')) i++;
	return i;
}

/* From behind the name to the '>'. Attributes hold neither '<' nor a line end; "<x/>" opens
 * nothing. */
static enum oc_tag_verdict match_rest(struct oc_str s, size_t i, size_t *len)
{
	for (; i < s.n && i < MAX_TAG; i++) {
		if (s.p[i] == '<' || s.p[i] == '\n' || s.p[i] == '\r') return OC_TAG_NO;
		if (s.p[i] != '>') continue;
		*len = i + 1;
		return s.p[i - 1] == '/' ? OC_TAG_NO : OC_TAG_OPEN;
	}
	return i < MAX_TAG ? OC_TAG_MORE : OC_TAG_NO;
}

/* "<think attr>" at the start of s. */
static enum oc_tag_verdict match_angle(struct oc_str s, size_t *len, unsigned *family)
{
	size_t i = skip_blanks(s, 1), from;
	bool close = i < s.n && s.p[i] == '/';

	from = i = skip_blanks(s, close ? i + 1 : i);
	while (i < s.n && tag_char(s.p[i])) i++;
	struct oc_str name = { s.p + from, i - from };

	if (i == s.n && i < MAX_TAG)
		return known_name(name, true, family) ? OC_TAG_MORE : OC_TAG_NO;
	if (i >= s.n || !known_name(name, false, family)) return OC_TAG_NO;
	if (s.p[i] != '>' && s.p[i] != ' ' && s.p[i] != '\t') return OC_TAG_NO;
	enum oc_tag_verdict v = match_rest(s, i, len);

	return v == OC_TAG_OPEN && close ? OC_TAG_CLOSE : v;
}

static enum oc_tag_verdict match_mark(struct oc_str s, size_t *len, unsigned *family)
{
	bool may_become = false;

	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
		if (oc_str_istarts(s, marks[i].text)) {
			*len = marks[i].text.n;
			*family = marks[i].family;
			return marks[i].verdict;
		}
		may_become = may_become || oc_str_istarts(marks[i].text, s);
	}
	return may_become ? OC_TAG_MORE : OC_TAG_NO;
}

enum oc_tag_verdict oc_tag_match(struct oc_str s, size_t *len, unsigned *family)
{
	enum oc_tag_verdict v = match_mark(s, len, family);

	return v == OC_TAG_NO && s.p[0] == '<' ? match_angle(s, len, family) : v;
}

/* ---- tokens that end a turn ---------------------------------------------------- */

static const struct oc_str end_tokens[] = {
	OC_VIEW("<|im_end|>"),
	OC_VIEW("<|eot_id|>"),
	OC_VIEW("<|eom_id|>"),
	OC_VIEW("<|end_of_text|>"),
	OC_VIEW("<|endoftext|>"),
	OC_VIEW("<end_of_turn>"),
	OC_VIEW("<｜end▁of▁sentence｜>"),
	OC_VIEW("</s>"),
};

size_t oc_end_tokens(struct oc_str s, bool *more)
{
	size_t at = 0, taken;

	*more = false;
	do {
		struct oc_str rest = oc_str_from(s, at);

		taken = 0;
		for (size_t i = 0; i < sizeof end_tokens / sizeof *end_tokens; i++) {
			if (oc_str_starts(rest, end_tokens[i])) taken = end_tokens[i].n;
			*more = *more || oc_str_starts(end_tokens[i], rest);
		}
		at += taken;
		while (taken && at < s.n && oc_is_space(s.p[at])) at++;
	} while (taken && at < s.n && at <= MAX_RUN);
	*more = (*more || (at && at == s.n)) && at <= MAX_RUN;
	return at;
}
