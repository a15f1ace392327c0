/*
 * The streaming splitter. Input waits in `pending` until its meaning is certain; a step takes a
 * prefix of it and says how much, or nothing when it needs more. Whether a character is inside code
 * is tracked on what was taken as text.
 */
#include "model/splitter.h"

#include "base/limits.h"

enum { MAX_TAG = 64 };
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
enum { BRACKET_FAMILY = 5, HARMONY_FAMILY, GEMMA_FAMILY };

enum tag_verdict { TAG_NO, TAG_MORE, TAG_OPEN, TAG_CLOSE, TAG_DROP };

/* Marks that are written in one way only. Harmony's headers with a recipient are tool calls and
 * stay text (D5). */
#define HARMONY_HEADER(channel) "<|channel|>" channel "<|message|>"
static const struct {
	struct oc_str text;
	enum tag_verdict verdict;
	unsigned family;
} marks[] = {
	{ OC_VIEW("[THINK]"), TAG_OPEN, BRACKET_FAMILY },
	{ OC_VIEW("[/THINK]"), TAG_CLOSE, BRACKET_FAMILY },
	{ OC_VIEW(HARMONY_HEADER("analysis")), TAG_OPEN, HARMONY_FAMILY },
	{ OC_VIEW(HARMONY_HEADER("commentary")), TAG_OPEN, HARMONY_FAMILY },
	{ OC_VIEW(HARMONY_HEADER("final")), TAG_DROP, HARMONY_FAMILY },
	{ OC_VIEW("<|start|>assistant" HARMONY_HEADER("analysis")), TAG_OPEN, HARMONY_FAMILY },
	{ OC_VIEW("<|start|>assistant" HARMONY_HEADER("commentary")), TAG_OPEN, HARMONY_FAMILY },
	{ OC_VIEW("<|start|>assistant" HARMONY_HEADER("final")), TAG_DROP, HARMONY_FAMILY },
	{ OC_VIEW("<|end|>"), TAG_CLOSE, HARMONY_FAMILY },
	{ OC_VIEW("<|return|>"), TAG_CLOSE, HARMONY_FAMILY },
	{ OC_VIEW("<|channel>thought\n"), TAG_OPEN, GEMMA_FAMILY },
	{ OC_VIEW("<channel|>"), TAG_CLOSE, GEMMA_FAMILY },
};

/* ---- output -------------------------------------------------------------- */

static size_t leading_space(struct oc_str s)
{
	size_t n = 0;

	while (n < s.n && oc_is_space(s.p[n])) n++;
	return n;
}

static void show(struct oc_splitter *s, struct oc_str text)
{
	if (text.n == 0) return;
	s->spoke = s->spoke || leading_space(text) < text.n;
	oc_buf_add(&s->out.reply->text, text);
	if (s->out.text) s->out.text(s->out.arg, text);
}

static void think(struct oc_splitter *s, struct oc_str text)
{
	if (text.n == 0) return;
	oc_buf_add(&s->out.reply->reasoning, text);
	if (s->out.reasoning) s->out.reasoning(s->out.arg, text);
}

/* Text of the answer. White space that may still touch a tag waits. */
static void add_text(struct oc_splitter *s, struct oc_str text)
{
	size_t space = s->skip_space || s->at_text_start ? leading_space(text) : 0;

	if (s->at_text_start && !s->skip_space) oc_buf_add(&s->lead, oc_str_head(text, space));
	text = oc_str_from(text, space);
	if (text.n == 0) return;
	s->skip_space = s->at_text_start = false;
	show(s, oc_buf_view(&s->lead));
	oc_buf_clear(&s->lead);
	show(s, text);
}

static void add_thought(struct oc_splitter *s, struct oc_str text)
{
	size_t end;

	if (s->thought_begins) text = oc_str_from(text, leading_space(text));
	if (text.n == 0) return;
	s->thought_begins = false;
	for (end = text.n; end > 0 && oc_is_space(text.p[end - 1]); end--) continue;
	if (end > 0) {
		think(s, oc_buf_view(&s->trail));
		oc_buf_clear(&s->trail);
		think(s, oc_str_head(text, end));
	}
	oc_buf_add(&s->trail, oc_str_from(text, end));
}

/* ---- where in the text we are: line start, code --------------------------- */

static void end_run(struct oc_splitter *s)
{
	size_t n = s->run_n;

	s->run_n = 0;
	if (n == 0) return;
	if (s->fence_info && s->run_char == '`' && s->fence_char == '`') {
		/* "```code```" on one line is a span, not a fence */
		s->inline_n = n == s->fence_n ? 0 : s->fence_n;
		s->fence_n = 0;
		s->fence_info = false;
	} else if (s->fence_n) {
		s->fence_closing =
		    s->run_at_line_start && s->run_char == s->fence_char && n >= s->fence_n;
	} else if (s->run_at_line_start && n >= 3) {
		s->fence_char = s->run_char;
		s->fence_n = n;
		s->fence_info = true;
		s->inline_n = 0;
	} else if (s->run_char == '`') {
		s->inline_n = s->inline_n == 0 ? n : s->inline_n == n ? 0 : s->inline_n;
	}
}

static void end_line(struct oc_splitter *s)
{
	if (s->fence_closing) s->fence_n = 0;
	s->fence_closing = s->fence_info = false;
	s->inline_n = 0;
	s->line_start = true;
}

static void track(struct oc_splitter *s, char c)
{
	if (s->run_n && c == s->run_char) {
		s->run_n++;
		return;
	}
	end_run(s);
	if (c == '\n' || c == '\r') {
		end_line(s);
	} else if (c == '`' || c == '~') {
		s->run_char = c;
		s->run_n = 1;
		s->run_at_line_start = s->line_start;
		s->line_start = false;
	} else if (c != ' ' && c != '\t') {
		s->line_start = s->fence_closing = false;
	}
}

static bool in_code(struct oc_splitter *s)
{
	end_run(s);
	return s->fence_n || s->inline_n;
}

static size_t pass(struct oc_splitter *s, struct oc_str text)
{
	for (size_t i = 0; i < text.n; i++) track(s, text.p[i]);
	add_text(s, text);
	return text.n;
}

/* ---- tags ------------------------------------------------------------------- */

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
static enum tag_verdict match_rest(struct oc_str s, size_t i, size_t *len)
{
	for (; i < s.n && i < MAX_TAG; i++) {
		if (s.p[i] == '<' || s.p[i] == '\n' || s.p[i] == '\r') return TAG_NO;
		if (s.p[i] != '>') continue;
		*len = i + 1;
		return s.p[i - 1] == '/' ? TAG_NO : TAG_OPEN;
	}
	return i < MAX_TAG ? TAG_MORE : TAG_NO;
}

/* "<think attr>" at the start of s. */
static enum tag_verdict match_angle(struct oc_str s, size_t *len, unsigned *family)
{
	size_t i = skip_blanks(s, 1), from;
	bool close = i < s.n && s.p[i] == '/';

	from = i = skip_blanks(s, close ? i + 1 : i);
	while (i < s.n && tag_char(s.p[i])) i++;
	struct oc_str name = { s.p + from, i - from };

	if (i == s.n && i < MAX_TAG) return known_name(name, true, family) ? TAG_MORE : TAG_NO;
	if (i >= s.n || !known_name(name, false, family)) return TAG_NO;
	if (s.p[i] != '>' && s.p[i] != ' ' && s.p[i] != '\t') return TAG_NO;
	enum tag_verdict v = match_rest(s, i, len);

	return v == TAG_OPEN && close ? TAG_CLOSE : v;
}

static enum tag_verdict match_mark(struct oc_str s, size_t *len, unsigned *family)
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
	return may_become ? TAG_MORE : TAG_NO;
}

static enum tag_verdict match_tag(struct oc_str s, size_t *len, unsigned *family)
{
	enum tag_verdict v = match_mark(s, len, family);

	return v == TAG_NO && s.p[0] == '<' ? match_angle(s, len, family) : v;
}

static void open_thought(struct oc_splitter *s, unsigned family)
{
	oc_buf_clear(&s->lead);
	s->mode = OC_SPLIT_THOUGHT;
	s->family = family;
	s->harmony = s->harmony || family == HARMONY_FAMILY;
	s->thought_begins = true;
}

static void after_close(struct oc_splitter *s)
{
	oc_buf_clear(&s->trail);
	oc_buf_clear(&s->lead);
	s->mode = OC_SPLIT_TEXT;
	s->skip_space = s->line_start = true;
	s->by_prompt = false;
	s->inline_n = 0;
}

/* A closing tag that nothing opened: all before it was thought. */
static void orphan_close(struct oc_splitter *s)
{
	struct oc_buf *text = &s->out.reply->text;

	think(s, oc_str_trim(oc_buf_view(text)));
	oc_buf_clear(text);
	oc_text_blocks_clear(&s->blocks);
	s->spoke = s->native_left = false;
	after_close(s);
}

/* ---- steps -------------------------------------------------------------------- */

/* A mark of the channel format outside thought: the header of the answer, or the end of it. */
static size_t harmony_mark(struct oc_splitter *s, struct oc_str in, enum tag_verdict v, size_t len)
{
	if (v == TAG_DROP && s->line_start)
		s->harmony = s->skip_space = true;
	else if (v != TAG_CLOSE || !s->harmony)
		return pass(s, oc_str_head(in, len));
	else
		s->line_start = true;
	return len;
}

static size_t plain_span(struct oc_str in, bool angles, bool brackets)
{
	size_t i = 0;

	while (i < in.n && !(angles && in.p[i] == '<') && !(brackets && in.p[i] == '[')) i++;
	return i;
}

static size_t start_block(struct oc_splitter *s, struct oc_str in, bool final)
{
	switch (oc_block_begin(&s->scan, in, s->line_start)) {
	case OC_BLOCK_COMPLETE: s->mode = OC_SPLIT_BLOCK; return SIZE_MAX;
	case OC_BLOCK_MORE: return final ? pass(s, oc_str_head(in, 1)) : 0;
	default: return pass(s, oc_str_head(in, 1));
	}
}

/* ---- native forms ----------------------------------------------------------------- */

static struct oc_native_rules native_rules(const struct oc_splitter *s)
{
	return (struct oc_native_rules){ s->opt.tools, s->opt.tainted, s->opt.model };
}

static bool native_on(const struct oc_splitter *s)
{
	return s->opt.text_tools && s->opt.native_tools && s->native_off == 0;
}

/* Where in the text in begins. Outside code. */
static enum oc_native_place place(const struct oc_splitter *s)
{
	if (!s->line_start) return OC_NATIVE_ANYWHERE;
	return s->spoke || s->blocks.n ? OC_NATIVE_LINE : OC_NATIVE_MESSAGE;
}

/* OC_BLOCK_COMPLETE: the mode is that of a native form now. */
static enum oc_block_verdict start_native(struct oc_splitter *s, struct oc_str in)
{
	struct oc_native_rules rules = native_rules(s);
	enum oc_block_verdict v = oc_native_begin(&s->native, in, place(s), &rules);

	if (v == OC_BLOCK_COMPLETE) s->mode = OC_SPLIT_NATIVE;
	return v;
}

/* The form is text after all. Tags and brackets in it still count; that no byte is searched twice
 * for native forms keeps the work linear. */
static size_t leave_native(struct oc_splitter *s, struct oc_str in, bool unfit)
{
	s->native_left = s->native_left || unfit;
	s->native_off = s->native.at ? s->native.at : 1;
	return pass(s, oc_str_head(in, 1));
}

static size_t step_native(struct oc_splitter *s, struct oc_str in, bool final)
{
	struct oc_native_rules rules = native_rules(s);
	enum oc_block_verdict v = oc_native_scan(&s->native, in, final);

	if (v == OC_BLOCK_MORE) return 0;
	s->mode = OC_SPLIT_TEXT;
	if (v == OC_BLOCK_NO) return leave_native(s, in, false);
	switch (oc_native_take(&s->native, in, &rules, &s->blocks)) {
	case OC_NATIVE_TEXT: return leave_native(s, in, true);
	case OC_NATIVE_HIDDEN: oc_reply_warn(s->out.reply, "text_tool_unterminated"); break;
	case OC_NATIVE_TAKEN: break;
	}
	return s->native.at;
}

/* in begins with '<' or '[' of the text. SIZE_MAX: nothing taken, but the mode changed. */
static size_t step_markup(struct oc_splitter *s, struct oc_str in, bool final)
{
	bool code = in_code(s);
	size_t len = 0;
	unsigned family;
	enum tag_verdict v = s->opt.think_tags && !code ? match_tag(in, &len, &family) : TAG_NO;

	if (v == TAG_MORE && !final) return 0;
	if (v == TAG_OPEN && s->line_start) {
		open_thought(s, family);
		return len;
	}
	if (v != TAG_NO && v != TAG_MORE && family == HARMONY_FAMILY)
		return harmony_mark(s, in, v, len);
	if (v == TAG_OPEN) {
		s->prose_opens++;
		return pass(s, oc_str_head(in, len));
	}
	if (v == TAG_CLOSE && s->prose_opens == 0) {
		orphan_close(s);
		return len;
	}
	if (v == TAG_CLOSE) {
		s->prose_opens--;
		return pass(s, oc_str_head(in, len));
	}
	if (native_on(s) && !code) {
		enum oc_block_verdict n = start_native(s, in);

		if (n == OC_BLOCK_COMPLETE) return SIZE_MAX;
		if (n == OC_BLOCK_MORE && !final) return 0;
	}
	if (in.p[0] == '[' && s->opt.text_tools && !code) return start_block(s, in, final);
	return pass(s, oc_str_head(in, 1));
}

/* Forms that begin with other characters do so at the start of a line only: a step ends where one
 * does, and takes the white space there by itself. */
static size_t native_span(struct oc_str in, size_t n)
{
	const char *end = memchr(in.p, '\n', n);
	size_t space = leading_space(oc_str_head(in, n));

	if (space) return space;
	return end ? (size_t)(end - in.p) + 1 : n;
}

/* At text that is no markup. 0: wait for more; SIZE_MAX: a native form begins. */
static size_t step_plain(struct oc_splitter *s, struct oc_str in, size_t n, bool final)
{
	if (!s->opt.text_tools || !s->opt.native_tools) return pass(s, oc_str_head(in, n));
	if (native_on(s) && s->line_start && !in_code(s)) {
		enum oc_block_verdict v = start_native(s, in);

		if (v == OC_BLOCK_COMPLETE) return SIZE_MAX;
		if (v == OC_BLOCK_MORE && !final) return 0;
	}
	return pass(s, oc_str_head(in, native_span(in, n)));
}

static size_t step_text(struct oc_splitter *s, struct oc_str in, bool final)
{
	size_t n = plain_span(in, s->opt.think_tags, s->opt.think_tags || s->opt.text_tools);

	return n ? step_plain(s, in, n, final) : step_markup(s, in, final);
}

static size_t step_thought(struct oc_splitter *s, struct oc_str in, bool final)
{
	size_t n = plain_span(in, true, true), len = 0;
	unsigned family;

	if (n) {
		add_thought(s, oc_str_head(in, n));
		return n;
	}
	enum tag_verdict v = match_tag(in, &len, &family);

	if (v == TAG_MORE && !final) return 0;
	if (v == TAG_CLOSE && (s->family == 0 || s->family == family)) {
		after_close(s);
		return len;
	}
	if (v == TAG_OPEN && s->by_prompt && s->thought_begins) { /* the template's tag, repeated */
		s->family = family;
		return len;
	}
	add_thought(s, oc_str_head(in, 1));
	return 1;
}

static size_t end_block(struct oc_splitter *s, struct oc_str in)
{
	switch (oc_block_end(&s->scan, in, s->opt.tools)) {
	case OC_BLOCK_COMPLETE: oc_reply_warn(s->out.reply, "text_tool_unterminated"); return in.n;
	case OC_BLOCK_MALFORMED:
		oc_text_blocks_add(&s->blocks, &s->scan, in, false);
		return s->scan.at;
	default: return pass(s, oc_str_head(in, s->scan.at));
	}
}

static size_t step_block(struct oc_splitter *s, struct oc_str in, bool final)
{
	enum oc_block_verdict v = oc_block_scan(&s->scan, in, s->opt.tools);

	if (v == OC_BLOCK_MORE && !final) return 0;
	s->mode = OC_SPLIT_TEXT;
	if (v == OC_BLOCK_MORE) return end_block(s, in);
	if (v == OC_BLOCK_NO) return pass(s, oc_str_head(in, s->scan.at));
	oc_text_blocks_add(&s->blocks, &s->scan, in, v == OC_BLOCK_COMPLETE);
	return s->scan.at;
}

static size_t step(struct oc_splitter *s, struct oc_str in, bool final)
{
	switch (s->mode) {
	case OC_SPLIT_TEXT: return step_text(s, in, final);
	case OC_SPLIT_THOUGHT: return step_thought(s, in, final);
	case OC_SPLIT_BLOCK: return step_block(s, in, final);
	case OC_SPLIT_NATIVE: return step_native(s, in, final);
	}
	return 0;
}

static void run(struct oc_splitter *s, bool final)
{
	struct oc_str in = oc_buf_view(&s->pending);
	size_t at = 0;

	while (at < in.n) {
		struct oc_str rest = oc_str_from(in, at);
		size_t used = step(s, rest, final);

		if (used == 0) break;
		if (used == SIZE_MAX) continue;
		at += used;
		s->native_off -= used < s->native_off ? used : s->native_off;
	}
	oc_buf_drop(&s->pending, at);
}

/* ---- interface ------------------------------------------------------------------ */

void oc_splitter_init(struct oc_splitter *s, const struct oc_splitter_options *opt,
		      const struct oc_splitter_out *out)
{
	*s = (struct oc_splitter){ .opt = *opt, .out = *out, .line_start = true };
	oc_buf_init(&s->pending, OC_MAX_REPLY_BYTES);
	oc_buf_init(&s->lead, OC_MAX_REPLY_BYTES);
	oc_buf_init(&s->trail, OC_MAX_REPLY_BYTES);
	s->at_text_start = opt->think_tags;
	if (opt->think_tags && opt->think_open_in_prompt) {
		s->by_prompt = true;
		open_thought(s, 0);
	}
}

void oc_splitter_deinit(struct oc_splitter *s)
{
	oc_buf_deinit(&s->pending);
	oc_buf_deinit(&s->lead);
	oc_buf_deinit(&s->trail);
	oc_text_blocks_clear(&s->blocks);
}

void oc_splitter_feed(struct oc_splitter *s, struct oc_str text)
{
	if (!s->opt.think_tags && !s->opt.text_tools) {
		show(s, text);
		return;
	}
	oc_buf_add(&s->pending, text);
	if (s->pending.bad) s->out.reply->text.bad = true;
	run(s, false);
}

void oc_splitter_native_thought(struct oc_splitter *s, struct oc_str thought)
{
	if (s->by_prompt && s->thought_begins && s->pending.n == 0) {
		s->by_prompt = false;
		s->mode = OC_SPLIT_TEXT;
	}
	think(s, thought);
}

void oc_splitter_finish(struct oc_splitter *s)
{
	run(s, true);
	show(s, oc_buf_view(&s->lead));
	oc_buf_clear(&s->lead);
	oc_buf_clear(&s->trail);
}
