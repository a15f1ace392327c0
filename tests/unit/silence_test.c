/* Which texts are the word for silence, and what of a stream is held back for it. */
#include "check.h"

#include <stdlib.h>

#include "model/codec/message.h"
#include "model/codec/silence.h"
#include "model/codec/splitter.h"

static void the_word_may_be_repeated_and_wrapped(void **state)
{
	static const struct {
		const char *text;
		enum oc_silence want;
	} cases[] = {
		{ "", OC_SILENCE_MAYBE },
		{ "N", OC_SILENCE_MAYBE },
		{ "no_rep", OC_SILENCE_MAYBE },
		{ "NO_REPLY", OC_SILENCE_YES },
		{ "no_reply", OC_SILENCE_YES },
		{ " **NO_REPLY**.\n", OC_SILENCE_YES },
		{ "\xE2\x80\x9CNO_REPLY\xE2\x80\x9D", OC_SILENCE_YES },
		{ "NO_REPLY\xE2\x80", OC_SILENCE_MAYBE },
		{ "NO_REPLY NO_REPLY", OC_SILENCE_YES },
		{ "NO_REPLYNO_REPLY", OC_SILENCE_YES },
		{ "NO_REPLY NO", OC_SILENCE_MAYBE },
		{ "NO_REPLY to that", OC_SILENCE_NO },
		{ "NO_REPLYING", OC_SILENCE_NO },
		{ "No.", OC_SILENCE_NO },
		{ "...", OC_SILENCE_MAYBE },
		{ "\xC3\xA4NO_REPLY", OC_SILENCE_NO },
		{ "Sure: NO_REPLY", OC_SILENCE_NO },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		if (oc_silence(oc_str(cases[i].text)) != cases[i].want)
			fail_msg("%s: %d", cases[i].text, oc_silence(oc_str(cases[i].text)));
}

/* ---- the splitter ---- */

static void keep(void *arg, struct oc_str delta)
{
	oc_buf_add(arg, delta);
}

/* Feeds text in pieces of step bytes; shown: what came out before the end, then a bar, then the
 * rest. */
static void split(struct oc_splitter_options opt, const char *text, size_t step,
		  struct oc_reply *reply, struct oc_buf *shown)
{
	struct oc_splitter_out out = { .reply = reply, .text = keep, .arg = shown };
	struct oc_str in = oc_str(text);
	struct oc_splitter s;

	oc_splitter_init(&s, &opt, &out);
	for (size_t at = 0; at < in.n; at += step)
		oc_splitter_feed(&s, oc_str_head(oc_str_from(in, at), step));
	oc_splitter_finish(&s);
	oc_splitter_deinit(&s);
}

static void nothing_of_a_silent_reply_is_shown(void **state)
{
	static const struct {
		const char *in, *shown;
		bool silent;
	} cases[] = {
		{ "NO_REPLY", "", true },
		{ "<think>hm</think>\nno_reply.", "", true },
		{ "No, really.", "No, really.", false },
		{ "NO_REPLY would be wrong", "NO_REPLY would be wrong", false },
		{ "NO_", "NO_", false },
		{ "", "", false },
		{ "NO_REPLY</think>Hi", "Hi", false }, /* it was thought */
		{ "Hi NO_REPLY", "Hi NO_REPLY", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		for (size_t step = 1; step < 12; step++) {
			struct oc_splitter_options opt = { .think_tags = true,
							   .may_be_silent = true };
			struct oc_reply reply;
			struct oc_buf shown;

			oc_reply_init(&reply);
			oc_buf_init(&shown, 4096);
			split(opt, cases[i].in, step, &reply, &shown);
			if (strcmp(oc_buf_cstr(&shown), cases[i].shown) != 0 ||
			    reply.silent != cases[i].silent)
				fail_msg("%s in pieces of %zu: '%s' %d", cases[i].in, step,
					 oc_buf_cstr(&shown), reply.silent);
			oc_buf_deinit(&shown);
			oc_reply_deinit(&reply);
		}
	}
}

static void marks_around_the_answer_are_taken_off(void **state)
{
	static const struct {
		const char *in, *want;
		bool off;
	} cases[] = {
		{ "<final>Hello.</final>", "Hello." },
		{ "<think>hm</think><final>\nHello.\n</final>", "Hello.\n" },
		{ "<FINAL>Hello", "Hello" },
		{ "a <final> b", "a <final> b" },
		{ "no </final> here", "no </final> here" },
		{ "`<final>`", "`<final>`" },
		{ "<finally>", "<finally>" },
		{ "<fin", "<fin" },
		{ "<final>a</final>\n<final>b</final>", "a\nb" },
		{ "<final>Hello.</final>", "<final>Hello.</final>", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		for (size_t step = 1; step < 12; step++) {
			struct oc_splitter_options opt = { .think_tags = true,
							   .final_tags = !cases[i].off };
			struct oc_reply reply;
			struct oc_buf shown;

			oc_reply_init(&reply);
			oc_buf_init(&shown, 4096);
			split(opt, cases[i].in, step, &reply, &shown);
			if (strcmp(oc_buf_cstr(&shown), cases[i].want) != 0)
				fail_msg("%s in pieces of %zu: '%s'", cases[i].in, step,
					 oc_buf_cstr(&shown));
			oc_buf_deinit(&shown);
			oc_reply_deinit(&reply);
		}
	}
}

/* ---- foreign content ---- */

static void a_turn_is_tainted_until_the_next_user_message(void **state)
{
	struct oc_messages m = { 0 };

	(void)state;
	assert_false(oc_messages_tainted(&m));
	oc_messages_add(&m, OC_ROLE_USER, OC_LIT("look at it"));
	assert_false(oc_messages_tainted(&m));
	oc_messages_add(&m, OC_ROLE_ASSISTANT, OC_LIT("<<UNTRUSTED says the model"));
	assert_false(oc_messages_tainted(&m));
	oc_messages_add(&m, OC_ROLE_TOOL, OC_LIT("<<UNTRUSTED k7f2 web_fetch a.example>>\nx"));
	assert_true(oc_messages_tainted(&m));
	oc_messages_add(&m, OC_ROLE_TOOL, OC_LIT("mine"));
	assert_true(oc_messages_tainted(&m));
	oc_messages_add(&m, OC_ROLE_USER, OC_LIT("thanks"));
	assert_false(oc_messages_tainted(&m));
	oc_messages_add(&m, OC_ROLE_TOOL, OC_LIT("page"))->untrusted = true;
	assert_true(oc_messages_tainted(&m));
	oc_messages_add(&m, OC_ROLE_USER, OC_LIT("<<<EXTERNAL_UNTRUSTED_CONTENT id=\"1\">>>"));
	assert_true(oc_messages_tainted(&m));
	oc_messages_deinit(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_word_may_be_repeated_and_wrapped),
		cmocka_unit_test(nothing_of_a_silent_reply_is_shown),
		cmocka_unit_test(marks_around_the_answer_are_taken_off),
		cmocka_unit_test(a_turn_is_tainted_until_the_next_user_message),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
