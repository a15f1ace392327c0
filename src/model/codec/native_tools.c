/*
 * The forms of native tool calls: how each begins, and where it ends. A form begins with a literal
 * and a head that tells it from prose within a few characters; its body ends at a closing mark, at
 * its last bracket, or at the end of a fence.
 */
#include "model/codec/native_tools.h"

#include "base/limits.h"

#define OC_VIEW(s)                                                                                 \
	{                                                                                          \
		s, sizeof(s) - 1                                                                   \
	}

enum { MAX_HEAD = 512, MAX_NAME = 120, MAX_FORM = OC_MAX_TOOL_ARGS_BYTES + 4096, MAX_TAILS = 2 };

/* Reads what follows the opener, from n->at. COMPLETE: n->body is set. */
typedef enum oc_block_verdict head_fn(struct oc_native_scan *n, struct oc_str s);

enum ending { AT_CLOSER, AT_BRACKET, AT_FENCE };

struct oc_native_form {
	struct oc_str opener, closer;
	enum ending ending;
	enum oc_native_place place;
	enum oc_native_parser parser;
	head_fn *head;
	struct oc_str tails[MAX_TAILS]; /* marks that may follow and belong to it */
	const char *own; /* words in the ids of the models whose form it is, by a space */
};

/* ---- heads ----------------------------------------------------------------------- */

static bool name_char(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       c == '_' || c == '.' || c == '-' || c == ':';
}

static bool letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* Takes the literal at *at. */
static enum oc_block_verdict take(struct oc_str s, size_t *at, struct oc_str literal)
{
	struct oc_str rest = oc_str_from(s, *at);

	if (oc_str_starts(rest, literal)) {
		*at += literal.n;
		return OC_BLOCK_COMPLETE;
	}
	return rest.n < literal.n && oc_str_starts(literal, rest) ? OC_BLOCK_MORE : OC_BLOCK_NO;
}

static enum oc_block_verdict take_one(struct oc_str s, size_t *at, const struct oc_str *literals,
				      size_t n)
{
	enum oc_block_verdict best = OC_BLOCK_NO;

	for (size_t i = 0; i < n; i++) {
		enum oc_block_verdict v = take(s, at, literals[i]);

		if (v == OC_BLOCK_COMPLETE) return v;
		if (v == OC_BLOCK_MORE) best = v;
	}
	return best;
}

static void skip_space(struct oc_str s, size_t *at)
{
	while (*at < s.n && oc_is_space(s.p[*at])) ++*at;
}

static void skip_blanks(struct oc_str s, size_t *at)
{
	while (*at < s.n && (s.p[*at] == ' ' || s.p[*at] == '\t')) ++*at;
}

/* A name and what ends it: MORE while it may go on. */
static enum oc_block_verdict take_name(struct oc_native_scan *n, struct oc_str s)
{
	n->name = n->at;
	while (n->at < s.n && name_char(s.p[n->at])) n->at++;
	n->name_n = n->at - n->name;
	if (n->name_n > MAX_NAME) return OC_BLOCK_NO;
	if (n->at == s.n) return OC_BLOCK_MORE;
	return n->name_n ? OC_BLOCK_COMPLETE : OC_BLOCK_NO;
}

/* White space and the character that the body begins with. */
static enum oc_block_verdict body_begins(struct oc_native_scan *n, struct oc_str s, char c)
{
	skip_space(s, &n->at);
	if (n->at == s.n) return OC_BLOCK_MORE;
	n->body = n->at;
	return s.p[n->at] == c ? OC_BLOCK_COMPLETE : OC_BLOCK_NO;
}

static enum oc_block_verdict head_brace(struct oc_native_scan *n, struct oc_str s)
{
	return body_begins(n, s, '{');
}

/* {"name" or {"arguments" …; anything else is an answer in JSON. */
static enum oc_block_verdict bare_keys(struct oc_str s, size_t at)
{
	static const struct oc_str keys[] = { OC_VIEW("\"name\""), OC_VIEW("\"parameters\""),
					      OC_VIEW("\"arguments\"") };

	if (at == s.n) return OC_BLOCK_MORE;
	if (s.p[at++] != '{') return OC_BLOCK_NO;
	skip_space(s, &at);
	return take_one(s, &at, keys, 3);
}

static enum oc_block_verdict head_bare(struct oc_native_scan *n, struct oc_str s)
{
	n->at = n->body = 0;
	return bare_keys(s, 0);
}

/* NAME> of <function=NAME>. */
static enum oc_block_verdict head_function(struct oc_native_scan *n, struct oc_str s)
{
	enum oc_block_verdict v = take_name(n, s);

	if (v != OC_BLOCK_COMPLETE) return v;
	n->body = n->at;
	return s.p[n->at] == '>' ? OC_BLOCK_COMPLETE : OC_BLOCK_NO;
}

static enum oc_block_verdict head_invoke(struct oc_native_scan *n, struct oc_str s)
{
	enum oc_block_verdict v = take_name(n, s);

	if (v != OC_BLOCK_COMPLETE) return v;
	n->body = n->at;
	return s.p[n->at] == '"' ? OC_BLOCK_COMPLETE : OC_BLOCK_NO;
}

static enum oc_block_verdict head_invokes(struct oc_native_scan *n, struct oc_str s)
{
	skip_space(s, &n->at);
	n->body = n->at;
	return take(s, &n->at, OC_LIT("<invoke name=\""));
}

/* <tool_call> is followed by an object, a function, or GLM's name and list. */
static enum oc_block_verdict head_tool_call(struct oc_native_scan *n, struct oc_str s)
{
	static const struct oc_str after_name[] = { OC_VIEW("<arg_key>"), OC_VIEW("</tool_call>") };
	enum oc_block_verdict v;
	size_t at;

	skip_space(s, &n->at);
	n->body = at = n->at;
	if (at < s.n && s.p[at] == '{') return OC_BLOCK_COMPLETE;
	if ((v = take(s, &at, OC_LIT("<function="))) != OC_BLOCK_NO) return v;
	if ((v = take_name(n, s)) != OC_BLOCK_COMPLETE) return v;
	skip_space(s, &n->at);
	at = n->at;
	n->at = n->body;
	return take_one(s, &at, after_name, 2);
}

static enum oc_block_verdict head_deepseek(struct oc_native_scan *n, struct oc_str s)
{
	skip_space(s, &n->at);
	n->body = n->at;
	return take(s, &n->at, OC_LIT("<｜tool▁call▁begin｜>"));
}

static enum oc_block_verdict head_dsml(struct oc_native_scan *n, struct oc_str s)
{
	skip_space(s, &n->at);
	n->body = n->at;
	return take(s, &n->at, OC_LIT("<｜DSML｜invoke name=\""));
}

static enum oc_block_verdict head_kimi(struct oc_native_scan *n, struct oc_str s)
{
	skip_space(s, &n->at);
	n->body = n->at;
	return take(s, &n->at, OC_LIT("<|tool_call_begin|>"));
}

static enum oc_block_verdict head_any(struct oc_native_scan *n, struct oc_str s)
{
	(void)s;
	n->body = n->at;
	return OC_BLOCK_COMPLETE;
}

/* [{…}] or NAME, maybe [CALL_ID]ID, [ARGS]{…} */
static enum oc_block_verdict head_mistral(struct oc_native_scan *n, struct oc_str s)
{
	enum oc_block_verdict v;

	skip_space(s, &n->at);
	if (n->at < s.n && s.p[n->at] == '[') {
		size_t list = n->at++;

		v = body_begins(n, s, '{');
		n->at = n->body = list;
		return v;
	}
	if ((v = take_name(n, s)) != OC_BLOCK_COMPLETE) return v;
	if ((v = take(s, &n->at, OC_LIT("[CALL_ID]"))) == OC_BLOCK_MORE) return v;
	if (v == OC_BLOCK_COMPLETE)
		while (n->at < s.n && name_char(s.p[n->at])) n->at++;
	if ((v = take(s, &n->at, OC_LIT("[ARGS]"))) != OC_BLOCK_COMPLETE) return v;
	n->parser = OC_NATIVE_ARGUMENTS;
	return body_begins(n, s, '{');
}

/* NAME] {…} of [tool:NAME] */
static enum oc_block_verdict head_bracket_tool(struct oc_native_scan *n, struct oc_str s)
{
	enum oc_block_verdict v = take_name(n, s);

	if (v != OC_BLOCK_COMPLETE) return v;
	if (s.p[n->at++] != ']') return OC_BLOCK_NO;
	return body_begins(n, s, '{');
}

/* From behind the recipient: what the content is, and the content. */
static enum oc_block_verdict harmony_content(struct oc_native_scan *n, struct oc_str s)
{
	static const struct oc_str kinds[] = { OC_VIEW("code"), OC_VIEW("json"),
					       OC_VIEW("<|constrain|>") };
	enum oc_block_verdict v;
	bool told = false;

	for (;;) {
		skip_blanks(s, &n->at);
		if (n->at == s.n) return OC_BLOCK_MORE;
		v = take_one(s, &n->at, kinds, 3);
		if (v == OC_BLOCK_MORE) return v;
		if (v == OC_BLOCK_NO) break;
		told = true;
	}
	skip_space(s, &n->at);
	v = take(s, &n->at, OC_LIT("<|message|>"));
	if (v == OC_BLOCK_MORE) return v;
	told = told || v == OC_BLOCK_COMPLETE;
	v = body_begins(n, s, '{');
	return v == OC_BLOCK_COMPLETE && !told ? OC_BLOCK_NO : v;
}

/* From behind the channel: " to=NAME". */
static enum oc_block_verdict head_recipient(struct oc_native_scan *n, struct oc_str s)
{
	enum oc_block_verdict v;
	size_t from = n->at;

	skip_blanks(s, &n->at);
	if (n->at == s.n) return OC_BLOCK_MORE;
	if (n->at == from) return OC_BLOCK_NO;
	if ((v = take(s, &n->at, OC_LIT("to="))) != OC_BLOCK_COMPLETE) return v;
	if ((v = take_name(n, s)) != OC_BLOCK_COMPLETE) return v;
	return harmony_content(n, s);
}

static enum oc_block_verdict take_channel(struct oc_native_scan *n, struct oc_str s)
{
	static const struct oc_str channels[] = { OC_VIEW("commentary"), OC_VIEW("analysis"),
						  OC_VIEW("final") };

	return take_one(s, &n->at, channels, 3);
}

static enum oc_block_verdict head_channel(struct oc_native_scan *n, struct oc_str s)
{
	enum oc_block_verdict v = take_channel(n, s);

	return v == OC_BLOCK_COMPLETE ? head_recipient(n, s) : v;
}

/* <|start|>assistant: the recipient stands before the channel or behind it. */
static enum oc_block_verdict head_start(struct oc_native_scan *n, struct oc_str s)
{
	enum oc_block_verdict v = take(s, &n->at, OC_LIT("<|channel|>"));

	if (v == OC_BLOCK_MORE) return v;
	if (v == OC_BLOCK_COMPLETE) return head_channel(n, s);
	skip_blanks(s, &n->at);
	if ((v = take(s, &n->at, OC_LIT("to="))) != OC_BLOCK_COMPLETE) return v;
	if ((v = take_name(n, s)) != OC_BLOCK_COMPLETE) return v;
	if ((v = take(s, &n->at, OC_LIT("<|channel|>"))) != OC_BLOCK_COMPLETE) return v;
	if ((v = take_channel(n, s)) != OC_BLOCK_COMPLETE) return v;
	return harmony_content(n, s);
}

/* The rest of the fence's first line, and whether what follows can be a call. */
static enum oc_block_verdict head_fence(struct oc_native_scan *n, struct oc_str s)
{
	static const struct oc_str infos[] = { OC_VIEW("tool_code"), OC_VIEW("tool_call"),
					       OC_VIEW("json"), OC_VIEW("xml") };
	enum oc_block_verdict v = take_one(s, &n->at, infos, 4);
	bool code = v == OC_BLOCK_COMPLETE && s.p[n->at - 1] == 'e';

	if (v == OC_BLOCK_MORE) return v;
	skip_blanks(s, &n->at);
	if ((v = take(s, &n->at, OC_LIT("\r"))) == OC_BLOCK_MORE) return v;
	if ((v = take(s, &n->at, OC_LIT("\n"))) != OC_BLOCK_COMPLETE) return v;
	skip_space(s, &n->at);
	n->body = n->at;
	if (n->at == s.n) return OC_BLOCK_MORE;
	if (s.p[n->at] == '{') return bare_keys(s, n->at);
	if (code && letter(s.p[n->at])) return OC_BLOCK_COMPLETE;
	struct oc_native_scan inner = { 0 };
	struct oc_native_rules any = { 0 };

	return oc_native_begin(&inner, oc_str_from(s, n->at), OC_NATIVE_LINE, &any);
}

/* ---- the table -------------------------------------------------------------------- */

#define QWEN_MODELS    "qwen qwq hermes glm nemotron"
#define MISTRAL_MODELS "mistral mixtral ministral magistral devstral codestral"
#define HARMONY_FORM   .ending = AT_BRACKET, .parser = OC_NATIVE_ARGUMENTS, .own = "gpt-oss"

static const struct oc_native_form forms[] = {
	{ OC_VIEW("<tool_call>"), OC_VIEW("</tool_call>"), .parser = OC_NATIVE_XML_CALL,
	  .head = head_tool_call, .own = QWEN_MODELS },
	{ OC_VIEW("<function="), OC_VIEW("</function>"), .parser = OC_NATIVE_FUNCTIONS,
	  .head = head_function, .tails = { OC_VIEW("</tool_call>") }, .own = QWEN_MODELS },
	{ OC_VIEW("<minimax:tool_call>"), OC_VIEW("</minimax:tool_call>"),
	  .parser = OC_NATIVE_INVOKES, .head = head_invokes, .own = "minimax" },
	{ OC_VIEW("<function_calls>"), OC_VIEW("</function_calls>"), .parser = OC_NATIVE_INVOKES,
	  .head = head_invokes, .own = "minimax" },
	{ OC_VIEW("<invoke name=\""), OC_VIEW("</invoke>"), .parser = OC_NATIVE_INVOKES,
	  .head = head_invoke,
	  .tails = { OC_VIEW("</minimax:tool_call>"), OC_VIEW("</function_calls>") },
	  .own = "minimax" },
	{ OC_VIEW("<｜tool▁calls▁begin｜>"), OC_VIEW("<｜tool▁calls▁end｜>"),
	  .parser = OC_NATIVE_DEEPSEEK, .head = head_deepseek, .own = "deepseek" },
	{ OC_VIEW("<｜tool▁call▁begin｜>"), OC_VIEW("<｜tool▁call▁end｜>"),
	  .parser = OC_NATIVE_DEEPSEEK, .head = head_any,
	  .tails = { OC_VIEW("<｜tool▁calls▁end｜>") }, .own = "deepseek" },
	{ OC_VIEW("<｜DSML｜function_calls>"), OC_VIEW("</｜DSML｜function_calls>"),
	  .parser = OC_NATIVE_DSML, .head = head_dsml, .own = "deepseek" },
	{ OC_VIEW("<｜DSML｜tool_calls>"), OC_VIEW("</｜DSML｜tool_calls>"),
	  .parser = OC_NATIVE_DSML, .head = head_dsml, .own = "deepseek" },
	{ OC_VIEW("<｜DSML｜invoke name=\""), OC_VIEW("</｜DSML｜invoke>"),
	  .parser = OC_NATIVE_DSML, .head = head_invoke,
	  .tails = { OC_VIEW("</｜DSML｜function_calls>"), OC_VIEW("</｜DSML｜tool_calls>") },
	  .own = "deepseek" },
	{ OC_VIEW("<|tool_calls_section_begin|>"), OC_VIEW("<|tool_calls_section_end|>"),
	  .parser = OC_NATIVE_KIMI, .head = head_kimi, .own = "kimi" },
	{ OC_VIEW("<|tool_call_begin|>"), OC_VIEW("<|tool_call_end|>"), .parser = OC_NATIVE_KIMI,
	  .head = head_any, .tails = { OC_VIEW("<|tool_calls_section_end|>") }, .own = "kimi" },
	{ OC_VIEW("[TOOL_CALLS]"), .ending = AT_BRACKET, .parser = OC_NATIVE_JSON,
	  .head = head_mistral, .own = MISTRAL_MODELS },
	{ OC_VIEW("<|python_tag|>"), .ending = AT_BRACKET, .parser = OC_NATIVE_JOINED,
	  .head = head_brace, .tails = { OC_VIEW("<|eom_id|>"), OC_VIEW("<|eot_id|>") },
	  .own = "llama" },
	{ OC_VIEW("<|channel|>"), .head = head_channel, .tails = { OC_VIEW("<|call|>") },
	  HARMONY_FORM },
	{ OC_VIEW("<|start|>assistant"), .head = head_start, .tails = { OC_VIEW("<|call|>") },
	  HARMONY_FORM },
	{ OC_VIEW("commentary"), .place = OC_NATIVE_LINE, .head = head_recipient,
	  .tails = { OC_VIEW("<|call|>") }, HARMONY_FORM },
	{ OC_VIEW("analysis"), .place = OC_NATIVE_LINE, .head = head_recipient,
	  .tails = { OC_VIEW("<|call|>") }, HARMONY_FORM },
	{ OC_VIEW("final"), .place = OC_NATIVE_LINE, .head = head_recipient,
	  .tails = { OC_VIEW("<|call|>") }, HARMONY_FORM },
	{ OC_VIEW("[tool:"), .place = OC_NATIVE_LINE, .ending = AT_BRACKET,
	  .parser = OC_NATIVE_ARGUMENTS, .head = head_bracket_tool,
	  .tails = { OC_VIEW("[END_TOOL_REQUEST]"), OC_VIEW("<|call|>") }, .own = "" },
	{ OC_VIEW("{"), .place = OC_NATIVE_MESSAGE, .ending = AT_BRACKET, .parser = OC_NATIVE_BARE,
	  .head = head_bare, .own = "" },
	{ OC_VIEW("```"), OC_VIEW("\n```"), .place = OC_NATIVE_MESSAGE, .ending = AT_FENCE,
	  .parser = OC_NATIVE_FENCE, .head = head_fence, .own = "" },
};

/* The form is the one that this model was trained on. */
static bool own(const struct oc_native_form *f, const char *model)
{
	struct oc_str words = oc_str(f->own);

	while (model && words.n) {
		size_t end = oc_str_find(words, OC_LIT(" "), 0);
		struct oc_str word = oc_str_head(words, end);

		if (oc_str_ifind(oc_str(model), word, 0) != SIZE_MAX) return true;
		words = oc_str_from(words, end == SIZE_MAX ? words.n : end + 1);
	}
	return false;
}

static enum oc_block_verdict begin_form(struct oc_native_scan *n, const struct oc_native_form *f,
					struct oc_str s)
{
	enum oc_block_verdict v;

	*n = (struct oc_native_scan){ .form = f, .parser = f->parser, .naive = n->naive };
	if ((v = take(s, &n->at, f->opener)) != OC_BLOCK_COMPLETE) return v;
	v = f->head(n, s);
	if (v == OC_BLOCK_MORE && s.n > MAX_HEAD) v = OC_BLOCK_NO;
	n->at = n->searched = n->body;
	return v;
}

enum oc_block_verdict oc_native_begin(struct oc_native_scan *n, struct oc_str s,
				      enum oc_native_place place,
				      const struct oc_native_rules *rules)
{
	bool may_become = false;

	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		const struct oc_native_form *f = &forms[i];

		if (f->place > place || f->opener.p[0] != s.p[0]) continue;
		if (rules->tainted && !own(f, rules->model)) continue;
		enum oc_block_verdict v = begin_form(n, f, s);

		if (v == OC_BLOCK_COMPLETE) return v;
		may_become = may_become || v == OC_BLOCK_MORE;
	}
	return may_become ? OC_BLOCK_MORE : OC_BLOCK_NO;
}

/* ---- bodies ------------------------------------------------------------------------- */

/* One character of JSON. */
static void track_string(struct oc_native_scan *n, char c)
{
	if (n->in_string) {
		bool quote = c == '"' && !n->escaped;

		n->escaped = c == '\\' && !n->escaped;
		n->in_string = !quote;
	} else {
		n->in_string = c == '"' && !n->naive;
	}
}

static enum oc_block_verdict body_ends(struct oc_native_scan *n, size_t at, size_t mark)
{
	n->body_n = at - n->body;
	n->at = n->searched = at + mark;
	n->phase = OC_NATIVE_TAIL;
	return OC_BLOCK_COMPLETE;
}

/* An end mark inside a string of JSON is part of the string. */
static enum oc_block_verdict scan_to_closer(struct oc_native_scan *n, struct oc_str s)
{
	struct oc_str closer = n->form->closer;
	bool json = n->form->ending == AT_CLOSER && n->body < s.n && s.p[n->body] == '{';

	for (; n->searched < s.n; n->searched++) {
		size_t at = n->searched;

		if (s.p[at] == closer.p[0]) {
			enum oc_block_verdict v = take(s, &at, closer);

			if (v == OC_BLOCK_MORE) return v;
			if (v == OC_BLOCK_COMPLETE && !n->in_string)
				return body_ends(n, n->searched, closer.n);
			if (v == OC_BLOCK_COMPLETE && !n->quoted_end) n->quoted_end = n->searched;
		}
		if (json) track_string(n, s.p[n->searched]);
	}
	return OC_BLOCK_MORE;
}

static enum oc_block_verdict scan_brackets(struct oc_native_scan *n, struct oc_str s)
{
	for (; n->searched < s.n; n->searched++) {
		char c = s.p[n->searched];
		bool quoted = n->in_string;

		track_string(n, c);
		if (quoted) continue;
		if (c == '{' || c == '[') n->depth++;
		if ((c == '}' || c == ']') && --n->depth == 0) {
			if (n->parser != OC_NATIVE_JOINED) return body_ends(n, n->searched + 1, 0);
			n->joint = ++n->searched;
			n->phase = OC_NATIVE_JOINT;
			return OC_BLOCK_COMPLETE;
		}
	}
	return OC_BLOCK_MORE;
}

/* Behind an object: "; {" begins the next one, anything else ends the form. */
static enum oc_block_verdict scan_joint(struct oc_native_scan *n, struct oc_str s, bool final)
{
	size_t at = n->joint;

	skip_space(s, &at);
	if (at < s.n && s.p[at] != ';') return body_ends(n, n->joint, 0);
	if (at < s.n) at++;
	skip_space(s, &at);
	if (at == s.n) return final ? body_ends(n, n->joint, 0) : OC_BLOCK_MORE;
	if (s.p[at] != '{') return body_ends(n, n->joint, 0);
	n->searched = at;
	n->phase = OC_NATIVE_BODY;
	return OC_BLOCK_COMPLETE;
}

/* Object by object, as long as they are joined. */
static enum oc_block_verdict scan_objects(struct oc_native_scan *n, struct oc_str s, bool final)
{
	enum oc_block_verdict v = OC_BLOCK_COMPLETE;

	while (v == OC_BLOCK_COMPLETE && n->phase != OC_NATIVE_TAIL)
		v = n->phase == OC_NATIVE_JOINT ? scan_joint(n, s, final) : scan_brackets(n, s);
	return v;
}

/* The text ended inside the body. */
static enum oc_block_verdict cut_off(struct oc_native_scan *n, struct oc_str s)
{
	if (n->quoted_end) { /* a quote that is never closed must not swallow the end mark */
		n->naive = true;
		return body_ends(n, n->quoted_end, n->form->closer.n);
	}
	n->cut = true;
	return body_ends(n, s.n, 0);
}

/* [/NAME] of [tool:NAME] */
static enum oc_block_verdict take_own_closer(const struct oc_native_scan *n, struct oc_str s,
					     size_t *at)
{
	char closer[MAX_NAME + 4] = "[/";

	if (n->form->place != OC_NATIVE_LINE || s.p[0] != '[') return OC_BLOCK_NO;
	memcpy(closer + 2, s.p + n->name, n->name_n);
	closer[n->name_n + 2] = ']';
	return take(s, at, (struct oc_str){ closer, n->name_n + 3 });
}

/* Behind the body: marks that belong to the form; of a message's only form, nothing else. */
static enum oc_block_verdict scan_tail(struct oc_native_scan *n, struct oc_str s, bool final)
{
	bool whole = n->form->place == OC_NATIVE_MESSAGE;
	enum oc_block_verdict v;

	if (!whole && !n->form->tails[0].n) return OC_BLOCK_COMPLETE;
	skip_space(s, &n->searched);
	if (n->searched == s.n) return final ? OC_BLOCK_COMPLETE : OC_BLOCK_MORE;
	if (whole) {
		n->at = n->searched;
		return OC_BLOCK_NO;
	}
	size_t at = n->searched;

	v = take_own_closer(n, s, &at);
	for (size_t i = 0; i < MAX_TAILS && v != OC_BLOCK_COMPLETE && n->form->tails[i].n; i++) {
		enum oc_block_verdict mark = take(s, &at, n->form->tails[i]);

		if (mark != OC_BLOCK_NO) v = mark;
	}
	if (v == OC_BLOCK_COMPLETE) n->at = at;
	return v == OC_BLOCK_MORE && !final ? v : OC_BLOCK_COMPLETE;
}

enum oc_block_verdict oc_native_scan(struct oc_native_scan *n, struct oc_str s, bool final)
{
	enum oc_block_verdict v = OC_BLOCK_COMPLETE;

	if (n->phase != OC_NATIVE_TAIL)
		v = n->form->ending == AT_BRACKET ? scan_objects(n, s, final)
						  : scan_to_closer(n, s);
	if (v == OC_BLOCK_MORE && n->searched > MAX_FORM) {
		n->at = n->searched;
		return OC_BLOCK_NO;
	}
	if (v == OC_BLOCK_MORE) return final ? cut_off(n, s) : v;
	return scan_tail(n, s, final);
}
