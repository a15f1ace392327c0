/*
 * The streaming splitter. Input waits in `pending` until its meaning is certain; a step takes a
 * prefix of it and says how much, or nothing when it needs more. Whether a character is inside code
 * is tracked on what was taken as text.
 */
#include "model/codec/splitter.h"

#include "base/limits.h"
#include "model/codec/silence.h"
#include "model/codec/think_tags.h"

enum { MAX_HELD = 256 };

/* ---- output -------------------------------------------------------------- */

static size_t leading_space(struct oc_str s)
{
	size_t n = 0;

	while (n < s.n && oc_is_space(s.p[n])) n++;
	return n;
}

static void hand_out(struct oc_splitter *s, struct oc_str text)
{
	if (text.n && s->out.text) s->out.text(s->out.arg, text);
}

static void stop_holding(struct oc_splitter *s)
{
	s->spoken = true;
	hand_out(s, oc_buf_view(&s->held));
	oc_buf_clear(&s->held);
}

/* To whoever listens; not while it may be the word for silence. */
static void deliver(struct oc_splitter *s, struct oc_str text)
{
	if (!s->opt.may_be_silent || s->spoken) {
		hand_out(s, text);
		return;
	}
	oc_buf_add(&s->held, text);
	if (s->held.n > MAX_HELD || oc_silence(oc_buf_view(&s->held)) == OC_SILENCE_NO)
		stop_holding(s);
}

static void show(struct oc_splitter *s, struct oc_str text)
{
	if (text.n == 0) return;
	s->spoke = s->spoke || leading_space(text) < text.n;
	oc_buf_add(&s->out.reply->text, text);
	deliver(s, text);
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

static void open_thought(struct oc_splitter *s, unsigned family)
{
	oc_buf_clear(&s->lead);
	s->mode = OC_SPLIT_THOUGHT;
	s->family = family;
	s->harmony = s->harmony || family == OC_TAG_HARMONY;
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
	oc_buf_clear(&s->held);
	oc_text_blocks_clear(&s->blocks);
	s->spoke = s->native_left = false;
	after_close(s);
}

/* ---- steps -------------------------------------------------------------------- */

/* A mark of the channel format outside thought: the header of the answer, or the end of it. */
static size_t harmony_mark(struct oc_splitter *s, struct oc_str in, enum oc_tag_verdict v,
			   size_t len)
{
	if (v == OC_TAG_DROP && s->line_start)
		s->harmony = s->skip_space = true;
	else if (v != OC_TAG_CLOSE || !s->harmony)
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
	return (struct oc_native_rules){ s->opt.tools, s->opt.tainted, s->opt.model,
					 s->opt.schemas };
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

/* A tag where the text goes on. */
static size_t step_tag(struct oc_splitter *s, struct oc_str in, enum oc_tag_verdict v, size_t len,
		       unsigned family)
{
	if (v == OC_TAG_OPEN && s->line_start) {
		open_thought(s, family);
		return len;
	}
	if (family == OC_TAG_HARMONY) return harmony_mark(s, in, v, len);
	if (v == OC_TAG_OPEN) {
		s->prose_opens++;
	} else if (s->prose_opens == 0) {
		orphan_close(s);
		return len;
	} else {
		s->prose_opens--;
	}
	return pass(s, oc_str_head(in, len));
}

/* What may begin a tool call. SIZE_MAX: nothing taken, but the mode changed. */
static size_t step_tool(struct oc_splitter *s, struct oc_str in, bool final)
{
	if (native_on(s)) {
		enum oc_block_verdict v = start_native(s, in);

		if (v == OC_BLOCK_COMPLETE) return SIZE_MAX;
		if (v == OC_BLOCK_MORE && !final) return 0;
	}
	if (in.p[0] == '[' && s->opt.text_tools) return start_block(s, in, final);
	return pass(s, oc_str_head(in, 1));
}

/* A mark around the answer: its length, 0 = in begins with none. The closing one counts once there
 * was an opening one. */
static size_t final_tag(struct oc_splitter *s, struct oc_str in, bool *more)
{
	const struct oc_str open = OC_LIT("<final>"), close = OC_LIT("</final>");
	const struct oc_str tag = s->in_final ? close : open;

	*more = false;
	if (!s->opt.final_tags || (!s->in_final && !s->line_start)) return 0;
	*more = in.n < tag.n && oc_str_istarts(tag, in);
	if (!oc_str_istarts(in, tag)) return 0;
	s->in_final = !s->in_final;
	s->skip_space = s->skip_space || s->in_final;
	s->line_start = true;
	return tag.n;
}

/* in begins with '<' or '[' of the text. SIZE_MAX as above. */
static size_t step_markup(struct oc_splitter *s, struct oc_str in, bool final)
{
	bool more;
	size_t len = 0;
	unsigned family;

	if (in_code(s)) return pass(s, oc_str_head(in, 1));
	if ((len = final_tag(s, in, &more))) return len;
	if (more && !final) return 0;
	if (!s->opt.think_tags) return step_tool(s, in, final);
	enum oc_tag_verdict v = oc_tag_match(in, &len, &family);

	if (v == OC_TAG_MORE && !final) return 0;
	if (v != OC_TAG_NO && v != OC_TAG_MORE) return step_tag(s, in, v, len, family);
	len = oc_end_tokens(in, &more);
	if (more && !final) return 0;
	if (final && len == in.n)
		return len; /* the end of the text: the turn's, not the answer's */
	return len ? pass(s, oc_str_head(in, len)) : step_tool(s, in, final);
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
	size_t n = plain_span(in, s->opt.think_tags || s->opt.final_tags,
			      s->opt.think_tags || s->opt.text_tools);

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
	enum oc_tag_verdict v = oc_tag_match(in, &len, &family);

	if (v == OC_TAG_MORE && !final) return 0;
	if (v == OC_TAG_CLOSE && (s->family == 0 || s->family == family)) {
		after_close(s);
		return len;
	}
	if (v == OC_TAG_OPEN && s->by_prompt &&
	    s->thought_begins) { /* the template's tag, repeated */
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
	oc_buf_init(&s->held, OC_MAX_REPLY_BYTES);
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
	oc_buf_deinit(&s->held);
	oc_text_blocks_clear(&s->blocks);
}

void oc_splitter_feed(struct oc_splitter *s, struct oc_str text)
{
	if (!s->opt.think_tags && !s->opt.text_tools && !s->opt.final_tags) {
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

/* The whole text is there: it is the word for silence, or what was held is shown. */
static void end_silence(struct oc_splitter *s)
{
	struct oc_str text = oc_buf_view(&s->out.reply->text);

	if (!s->opt.may_be_silent) return;
	s->out.reply->silent = !s->spoken && oc_silence(text) == OC_SILENCE_YES;
	if (!s->out.reply->silent) stop_holding(s);
}

void oc_splitter_finish(struct oc_splitter *s)
{
	run(s, true);
	show(s, oc_buf_view(&s->lead));
	oc_buf_clear(&s->lead);
	oc_buf_clear(&s->trail);
	end_silence(s);
}
