/* Which replies are asked for once more, and what changes. */
#include "check.h"

#include "model/call/second_try.h"

static const struct {
	const char *name, *text, *reasoning;
	enum oc_outcome outcome;
	enum oc_finish finish;
	unsigned calls;
	int64_t max_tokens, room;
	struct oc_second_try want;
} cases[] = {
	{ "an answer",
	  "Hi",
	  "",
	  OC_OUTCOME_OK,
	  OC_FINISH_STOP,
	  0,
	  100,
	  900,
	  { false, false, 100 } },
	{ "white space is no answer",
	  " \n",
	  "",
	  OC_OUTCOME_EMPTY,
	  OC_FINISH_STOP,
	  0,
	  100,
	  900,
	  { true, false, 100 } },
	{ "a call",
	  "",
	  "",
	  OC_OUTCOME_OK,
	  OC_FINISH_TOOL_CALLS,
	  1,
	  100,
	  900,
	  { false, false, 100 } },
	{ "an error",
	  "",
	  "hm",
	  OC_OUTCOME_ERROR,
	  OC_FINISH_ERROR,
	  0,
	  100,
	  900,
	  { false, false, 100 } },
	{ "thought alone",
	  "",
	  "hm",
	  OC_OUTCOME_OK,
	  OC_FINISH_STOP,
	  0,
	  100,
	  900,
	  { true, true, 100 } },
	{ "thought up to the limit gets twice as much",
	  "",
	  "hm",
	  OC_OUTCOME_OK,
	  OC_FINISH_LENGTH,
	  0,
	  100,
	  900,
	  { true, true, 200 } },
	{ "but not more than there is room for",
	  "",
	  "hm",
	  OC_OUTCOME_OK,
	  OC_FINISH_LENGTH,
	  0,
	  100,
	  150,
	  { true, true, 150 } },
	{ "and no less than before",
	  "",
	  "hm",
	  OC_OUTCOME_OK,
	  OC_FINISH_LENGTH,
	  0,
	  100,
	  0,
	  { true, true, 100 } },
	{ "nothing up to the limit",
	  "",
	  "",
	  OC_OUTCOME_EMPTY,
	  OC_FINISH_LENGTH,
	  0,
	  100,
	  900,
	  { true, true, 100 } },
};

static void the_second_try_fits_the_first_reply(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct oc_reply r;

		oc_reply_init(&r);
		oc_buf_adds(&r.text, cases[i].text);
		oc_buf_adds(&r.reasoning, cases[i].reasoning);
		r.outcome = cases[i].outcome;
		r.finish = cases[i].finish;
		r.n_calls = cases[i].calls;
		struct oc_second_try got = oc_second_try(&r, cases[i].max_tokens, cases[i].room);

		r.n_calls = 0;
		oc_reply_deinit(&r);
		if (got.due != cases[i].want.due ||
		    (got.due && (got.thinking_off != cases[i].want.thinking_off ||
				 got.max_tokens != cases[i].want.max_tokens)))
			fail_msg("%s: %d %d %lld", cases[i].name, got.due, got.thinking_off,
				 (long long)got.max_tokens);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_second_try_fits_the_first_reply),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
