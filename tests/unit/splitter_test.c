/* The splitter: every text whole and at every split; what streams out early and what never may. */
#include "check.h"

#include <stdlib.h>

#include "base/limits.h"
#include "model/codec/splitter.h"

enum { THINK = 1, PROMPT = 2, TOOLS = 4 };

static const struct row {
	int options;
	const char *in, *text, *reasoning;
	const char *streamed; /* deltas of text, joined; NULL = the same as text */
} rows[] = {
	{ 0, "Use <think> tags</think> so", "Use <think> tags</think> so", "", NULL },
	{ THINK, "<think>\nLet me see</think>\n\nAnswer <b>", "Answer <b>", "Let me see", NULL },
	{ THINK, "Use the <think> tag</think> so", "Use the <think> tag</think> so", "", NULL },
	{ THINK, "\n <think>a</think> b", "b", "a", NULL },
	{ THINK, "A\n<think>x</think>\nB", "A\nB", "x", NULL },
	{ THINK, "<THINK class=\"x\">a</Think >b", "b", "a", NULL },
	{ THINK, "<thinking>a</think>b", "b", "a", NULL },
	{ THINK, "<thinking>a</thinking>b", "b", "a", NULL },
	{ THINK, "<reflection>a</reflection>b", "b", "a", NULL },
	{ THINK, "<thinking>a <reflection>i</reflection> z</thinking>b", "b",
	  "a <reflection>i</reflection> z", NULL },
	{ THINK, "<seed:think>a</seed:think>b", "b", "a", NULL },
	{ THINK, "[THINK]a [b] c[/THINK]d", "d", "a [b] c", NULL },
	{ THINK,
	  "<|channel|>analysis<|message|>Plan.<|end|><|start|>assistant<|channel|>final<|message|>Answer<|return|>",
	  "Answer", "Plan.", NULL },
	{ THINK, "<|channel|>final<|message|>A\n<|end|>", "A\n", "", NULL },
	{ THINK, "<|channel|>commentary to=functions.f", "<|channel|>commentary to=functions.f", "",
	  NULL },
	{ THINK, "the mark <|end|> is prose", "the mark <|end|> is prose", "", NULL },
	{ THINK, "<|channel>thought\nPlan<channel|>Answer", "Answer", "Plan", NULL },
	{ THINK, "<think>a <|end|> b</think>c", "c", "a <|end|> b", NULL },
	{ THINK, "<think>never closed \n", "", "never closed", NULL },
	{ THINK, "<think></think>b", "b", "", NULL },
	{ THINK, "<think>a</think><think>b</think>c", "c", "ab", NULL },
	{ THINK, "plan\n</think>\n\nAnswer", "Answer", "plan", "plan\nAnswer" },
	{ THINK, "plan</think>Answer", "Answer", "plan", "planAnswer" },
	{ THINK, "```\n<think>x</think>\n```\n", "```\n<think>x</think>\n```\n", "", NULL },
	{ THINK, "~~~\n<think>x\n~~~\n<think>y</think>z", "~~~\n<think>x\n~~~\nz", "y", NULL },
	{ THINK, "a `</think>` b", "a `</think>` b", "", NULL },
	{ THINK, "```x```\n<think>y</think>z", "```x```\nz", "y", NULL },
	{ THINK, "<thinker>a", "<thinker>a", "", NULL },
	{ THINK, "<think", "<think", "", NULL },
	{ THINK, "< b", "< b", "", NULL },
	{ THINK, "  \n", "  \n", "", NULL },
	{ THINK, "1 < 2 and [x]", "1 < 2 and [x]", "", NULL },
	{ THINK | PROMPT, "plan</think>\nAnswer", "Answer", "plan", NULL },
	{ THINK | PROMPT, "<think>plan</think>Answer", "Answer", "plan", NULL },
	{ THINK | PROMPT, "only plan", "", "only plan", NULL },
	{ THINK, "Done.<|im_end|>", "Done.", "", NULL },
	{ THINK, "Done.\n<|eot_id|>\n</s> ", "Done.\n", "", NULL },
	{ THINK, "a <|im_end|> b</s> c", "a <|im_end|> b</s> c", "", NULL },
	{ THINK, "a `<|im_end|>`", "a `<|im_end|>`", "", NULL },
	{ THINK, "a</s><|im_en", "a</s><|im_en", "", NULL },
	{ THINK | TOOLS, "a</s>[nope]{}[/nope]", "a</s>[nope]{}[/nope]", "", NULL },
	{ TOOLS, "a<|im_end|>", "a<|im_end|>", "", NULL },
	{ TOOLS, "See [link] and [get_weather] for more.", "See [link] and [get_weather] for more.",
	  "", NULL },
	{ TOOLS, "[nope]\n{}\n[END_TOOL_REQUEST]bye", "bye", "", NULL },
	{ TOOLS, "a [TOOL_REQUEST]{\"name\":\"x\"}[END_TOOL_REQUEST] b", "a  b", "", NULL },
	{ TOOLS, "a [TOOL_REQUEST] is prose", "a [TOOL_REQUEST] is prose", "", NULL },
	{ TOOLS, "[TOOL_REQUEST]{\"a\":\"[END_TOOL_REQUEST]\"}[END_TOOL_REQUEST]z", "z", "", NULL },
	{ TOOLS, "[TOOL_REQUEST]{\"a\":{[END_TOOL_REQUEST]z", "z", "", NULL },
	{ TOOLS, "[TOOL_REQUEST]{\"a\":\"open[END_TOOL_REQUEST]z", "z", "", NULL },
	{ TOOLS, "[TOOL_REQUEST]{} junk [END_TOOL_REQUEST]z", "z", "", NULL },
	{ TOOLS, "[read_file]\n{\"path\":", "", "", NULL },
	{ TOOLS, "[TOOL_REQUEST]{\"name\":\"read_file\",\"argu", "", "", NULL },
	{ TOOLS, "[TOOL_REQUEST]{\"name\":\"other\",\"argu",
	  "[TOOL_REQUEST]{\"name\":\"other\",\"argu", "", NULL },
	{ TOOLS, "[read_file]\n", "[read_file]\n", "", NULL },
	{ TOOLS, "[read_file]\n[\"a\"]\n[END_TOOL_REQUEST]",
	  "[read_file]\n[\"a\"]\n[END_TOOL_REQUEST]", "", NULL },
	{ TOOLS, "[note] {see} [1]\n[nope]{}[/nope]", "[note] {see} [1]\n", "", NULL },
	{ TOOLS, "```\n[read_file]\n{}\n[END_TOOL_REQUEST]\n```",
	  "```\n[read_file]\n{}\n[END_TOOL_REQUEST]\n```", "", NULL },
	{ TOOLS, "say `[TOOL_REQUEST]{}[END_TOOL_REQUEST]`",
	  "say `[TOOL_REQUEST]{}[END_TOOL_REQUEST]`", "", NULL },
	{ THINK | TOOLS, "<think>[read_file]{}[END_TOOL_REQUEST]</think>ok", "ok",
	  "[read_file]{}[END_TOOL_REQUEST]", NULL },
	{ THINK | TOOLS, "<think>a</think>\n\n[nope] {} [END_TOOL_REQUEST]", "", "a", NULL },
};

struct heard {
	struct oc_buf text, reasoning;
};

static void hear_text(void *arg, struct oc_str s)
{
	oc_buf_add(&((struct heard *)arg)->text, s);
}

static void hear_reasoning(void *arg, struct oc_str s)
{
	oc_buf_add(&((struct heard *)arg)->reasoning, s);
}

struct session {
	struct oc_reply reply;
	struct heard heard;
	struct oc_strv tools;
	struct oc_splitter s;
};

static void begin(struct session *x, int options)
{
	*x = (struct session){ 0 };
	oc_reply_init(&x->reply);
	oc_buf_init(&x->heard.text, OC_MAX_REPLY_BYTES);
	oc_buf_init(&x->heard.reasoning, OC_MAX_REPLY_BYTES);
	oc_strv_add(&x->tools, OC_LIT("read_file"));
	struct oc_splitter_options opt = { options & THINK, options & PROMPT, options & TOOLS,
					   &x->tools };
	struct oc_splitter_out out = { &x->reply, hear_text, hear_reasoning, &x->heard };

	oc_splitter_init(&x->s, &opt, &out);
}

static void end(struct session *x)
{
	oc_splitter_deinit(&x->s);
	oc_reply_deinit(&x->reply);
	oc_buf_deinit(&x->heard.text);
	oc_buf_deinit(&x->heard.reasoning);
	oc_strv_deinit(&x->tools);
}

static void check_row(const struct row *r, size_t cut, size_t step)
{
	struct session x;
	struct oc_str in = oc_str(r->in);

	begin(&x, r->options);
	for (size_t at = 0; step && at < in.n; at += step)
		oc_splitter_feed(&x.s, oc_str_head(oc_str_from(in, at), step));
	if (!step) oc_splitter_feed(&x.s, oc_str_head(in, cut));
	if (!step) oc_splitter_feed(&x.s, oc_str_from(in, cut));
	oc_splitter_finish(&x.s);
	if (strcmp(oc_buf_cstr(&x.reply.text), r->text) ||
	    strcmp(oc_buf_cstr(&x.reply.reasoning), r->reasoning))
		fail_msg("'%s' cut at %zu: text '%s' reasoning '%s'", r->in, cut,
			 oc_buf_cstr(&x.reply.text), oc_buf_cstr(&x.reply.reasoning));
	assert_string_equal(oc_buf_cstr(&x.heard.text), r->streamed ? r->streamed : r->text);
	assert_string_equal(oc_buf_cstr(&x.heard.reasoning), r->reasoning);
	end(&x);
}

static void any_split_gives_the_same_parts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		for (size_t cut = 0; cut <= strlen(rows[i].in); cut++) check_row(&rows[i], cut, 0);
		check_row(&rows[i], 0, 1);
		check_row(&rows[i], 0, 3);
	}
}

static void text_leaves_as_soon_as_it_cannot_be_markup(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "Hello", "Hello" },	      { "Hello [", "Hello " }, { "Hello [T", "Hello " },
		{ "Hello [Tx", "Hello [Tx" }, { "a\n<", "a\n" },       { "a\n<thi", "a\n" },
		{ "a\n<thx", "a\n<thx" },     { "x\n[read", "x\n" },   { "x [read", "x [read" },
		{ "[a] {\"b\":1} ", "" },     { "[a] z", "[a] z" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct session x;

		begin(&x, THINK | TOOLS);
		oc_splitter_feed(&x.s, oc_str(cases[i].in));
		assert_string_equal(oc_buf_cstr(&x.heard.text), cases[i].out);
		end(&x);
	}
}

static void native_thought_means_the_text_is_text(void **state)
{
	struct session x;

	(void)state;
	begin(&x, THINK | PROMPT);
	oc_splitter_native_thought(&x.s, OC_LIT("hm"));
	oc_splitter_feed(&x.s, OC_LIT("Answer"));
	oc_splitter_finish(&x.s);
	assert_string_equal(oc_buf_cstr(&x.reply.text), "Answer");
	assert_string_equal(oc_buf_cstr(&x.reply.reasoning), "hm");
	end(&x);
}

/* Hostile texts of a megabyte in small pieces: quadratic work would take minutes. */
static void long_hostile_texts_take_linear_time(void **state)
{
	static const char *const units[] = { "[a]{",
					     "\n[a]{",
					     "[TOOL_REQUEST]{",
					     "[TOOL_REQUEST]{\"",
					     "<think>",
					     "</think>",
					     "<",
					     "[",
					     "`",
					     "\n[a] {}",
					     "\n[a]{}x",
					     " ",
					     "[TOOL_REQUEST]{}[END_TOOL_REQUEST]" };
	(void)state;
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		struct session x;

		begin(&x, THINK | TOOLS);
		for (size_t n = 0; n < 1000000; n += strlen(units[i]))
			oc_splitter_feed(&x.s, oc_str(units[i]));
		oc_splitter_finish(&x.s);
		assert_false(x.reply.text.bad);
		end(&x);
	}
}

static void nul_is_text(void **state)
{
	struct session x;

	(void)state;
	begin(&x, THINK | TOOLS);
	oc_splitter_feed(&x.s, (struct oc_str){ "a\0b", 3 });
	oc_splitter_finish(&x.s);
	assert_int_equal(x.reply.text.n, 3);
	assert_memory_equal(x.reply.text.p, "a\0b", 3);
	end(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_split_gives_the_same_parts),
		cmocka_unit_test(text_leaves_as_soon_as_it_cannot_be_markup),
		cmocka_unit_test(native_thought_means_the_text_is_text),
		cmocka_unit_test(long_hostile_texts_take_linear_time),
		cmocka_unit_test(nul_is_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
