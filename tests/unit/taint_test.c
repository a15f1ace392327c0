/* What foreign text forbids without a question, as the table that the documentation shows. */
#include "check.h"

#include "tool/sandbox/taint.h"

/* One column a tier: 'a' asks, '-' does not. */
static const struct {
	enum oc_act act;
	const char *plain, *full, *read_only;
} rows[] = {
	{ OC_ACT_READ, "----", "----", "----" },
	{ OC_ACT_WRITE_INSIDE, "----", "----", "----" },
	{ OC_ACT_WRITE_OUTSIDE, "aaa-", "aaa-", "aaa-" },
	{ OC_ACT_EXEC_SANDBOX, "----", "----", "----" },
	{ OC_ACT_EXEC_HOST, "aaa-", "----", "----" },
	{ OC_ACT_FETCH, "----", "----", "----" },
	{ OC_ACT_FETCH_DATA, "aaaa", "aaaa", "aaaa" },
	{ OC_ACT_MESSAGE_BACK, "----", "----", "----" },
	{ OC_ACT_MESSAGE_OTHER, "aaaa", "aaaa", "aaaa" },
	{ OC_ACT_SCHEDULE, "aaa-", "aaa-", "aaa-" },
	{ OC_ACT_SERVER, "aaaa", "aaaa", "aaaa" },
};

static void expect(enum oc_act act, const char *want, bool full, bool read_only)
{
	for (int tier = OC_TRUST_T0; tier <= OC_TRUST_T3; tier++) {
		struct oc_taint_facts f = { true, (enum oc_trust_tier)tier, full, read_only };
		const char *why = NULL;

		if (oc_taint_asks(act, &f, &why) != (want[tier] == 'a'))
			fail_msg("act %d, tier %d, full %d, read-only %d", (int)act, tier, full,
				 read_only);
		assert_true((why != NULL) == (want[tier] == 'a'));
		f.tainted = false;
		assert_false(oc_taint_asks(act, &f, NULL));
	}
}

static void the_table_holds_for_every_act_and_tier(void **state)
{
	(void)state;
	assert_int_equal(sizeof rows / sizeof *rows, OC_ACTS);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		expect(rows[i].act, rows[i].plain, false, false);
		expect(rows[i].act, rows[i].full, true, false);
		expect(rows[i].act, rows[i].read_only, false, true);
	}
}

static void a_model_has_the_tier_of_its_size(void **state)
{
	static const struct {
		const char *id;
		enum oc_trust_tier want;
	} cases[] = {
		{ "", OC_TRUST_T0 },
		{ "my-model", OC_TRUST_T0 },
		{ "smollm2-135m-instruct", OC_TRUST_T0 },
		{ "qwen2.5-1.5b-instruct", OC_TRUST_T0 },
		{ "llama-3.2-3b", OC_TRUST_T0 },
		{ "google/gemma-3n-e4b", OC_TRUST_T1 },
		{ "qwen/qwen3-4b", OC_TRUST_T1 },
		{ "Qwen3-8B-Q4_K_M.gguf", OC_TRUST_T1 },
		{ "llama3.1:8b", OC_TRUST_T1 },
		{ "phi-4-14B", OC_TRUST_T1 },
		{ "gemma-3-27b-it", OC_TRUST_T2 },
		{ "openai/gpt-oss-20b", OC_TRUST_T2 },
		{ "qwen3-30b-a3b", OC_TRUST_T2 },
		{ "Mixtral-8x7B", OC_TRUST_T2 },
		{ "llama-3.3-70b", OC_TRUST_T2 },
		{ "openai/gpt-oss-120b", OC_TRUST_T3 },
		{ "qwen3-235b-a22b", OC_TRUST_T3 },
		{ "mixtral-8x22b", OC_TRUST_T3 },
		{ "llama-3.1-405B", OC_TRUST_T3 },
		{ "model-4bit", OC_TRUST_T0 },
		{ "q4b2", OC_TRUST_T0 },
		{ "v2024-08-06", OC_TRUST_T0 },
		{ "99999999999999999999b", OC_TRUST_T0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		enum oc_trust_tier got = oc_trust_tier_of(oc_str(cases[i].id));
		if (got != cases[i].want) fail_msg("%s: T%d", cases[i].id, (int)got);
	}
	assert_int_equal(oc_trust_tier_of(oc_str(NULL)), OC_TRUST_T0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_holds_for_every_act_and_tier),
		cmocka_unit_test(a_model_has_the_tier_of_its_size),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
