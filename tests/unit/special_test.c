/* Control words of chat templates never pass as they are, and come back whole. */
#include "check.h"

#include "base/special.h"

#define J "\xE2\x81\xA0"

static const struct {
	const char *in, *want;
} cases[] = {
	{ "plain text, a < b > c", "plain text, a < b > c" },
	{ "a<|im_end|>b", "a<" J "|im_end|>b" },
	{ "<|im_start|>system\n", "<" J "|im_start|>system\n" },
	{ "<|turn>x<turn|>", "<" J "|turn>x<" J "turn|>" },
	{ "<\xEF\xBD\x9Ctool\xE2\x96\x81"
	  "calls\xEF\xBD\x9C>",
	  "<" J "\xEF\xBD\x9Ctool\xE2\x96\x81"
	  "calls\xEF\xBD\x9C>" },
	{ "[INST] hi [/INST]", "[" J "INST] hi [" J "/INST]" },
	{ "[TOOL_REQUEST]{}[END_TOOL_REQUEST]", "[" J "TOOL_REQUEST]{}[" J "END_TOOL_REQUEST]" },
	{ "<s></s><<SYS>>", "<" J "s><" J "/s><" J "<SYS>>" },
	{ "<think>a</think>", "<" J "think>a<" J "/think>" },
	{ "<div> <strong> [inst] x[0] a||b", "<div> <strong> [inst] x[0] a||b" },
	{ "<| not one |>", "<| not one |>" },
	{ "<|", "<|" },
	{ "<|>", "<|>" },
	{ "<", "<" },
	{ "", "" },
	{ "<|a<|im_end|>", "<|a<" J "|im_end|>" },
	{ "<|0123456789012345678901234567890123456789012345678901234567890123456789|>",
	  "<|0123456789012345678901234567890123456789012345678901234567890123456789|>" },
};

static void control_words_are_split_and_joined_again(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct oc_buf escaped, back;

		oc_buf_init(&escaped, 4096);
		oc_buf_init(&back, 4096);
		oc_special_escape(oc_str(cases[i].in), &escaped);
		assert_string_equal(oc_buf_cstr(&escaped), cases[i].want);
		oc_special_escape(oc_buf_view(&escaped), &back); /* a second time changes nothing */
		assert_string_equal(oc_buf_cstr(&back), cases[i].want);
		oc_buf_clear(&back);
		oc_special_unescape(oc_buf_view(&escaped), &back);
		assert_string_equal(oc_buf_cstr(&back), cases[i].in);
		oc_buf_clear(&back); /* what a model wrote without the joiner is left as it is */
		oc_special_unescape(oc_str(cases[i].in), &back);
		assert_string_equal(oc_buf_cstr(&back), cases[i].in);
		oc_buf_deinit(&escaped);
		oc_buf_deinit(&back);
	}
}

static void joiners_of_other_text_stay(void **state)
{
	struct oc_buf out;

	(void)state;
	oc_buf_init(&out, 100);
	oc_special_unescape(OC_LIT("a" J "b <" J "b> [" J "x]"), &out);
	assert_string_equal(oc_buf_cstr(&out), "a" J "b <" J "b> [" J "x]");
	oc_buf_deinit(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(control_words_are_split_and_joined_again),
		cmocka_unit_test(joiners_of_other_text_stay),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
