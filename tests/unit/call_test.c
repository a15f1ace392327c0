/* What may be sent again, and which parameters a request gets. */
#include "check.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/rand.h"
#include "model/call/internal.h"
#include "model/provider/params.h"
#include "model/provider/secrets.h"
#include "rt/clock.h"

struct given {
	enum oc_error_class class;
	bool local, visible;
	int64_t retry_after_ms;
};

static unsigned retries(struct given g)
{
	struct oc_retry retry = { 0 };
	struct oc_reply reply;
	uint64_t now = 1000, delay;
	unsigned n = 0;

	oc_reply_init(&reply);
	reply.error.class = g.class;
	reply.error.retryable = oc_error_class_retryable(g.class);
	reply.error.retry_after_ms = g.retry_after_ms;
	for (;; n++) {
		oc_clock_make_virtual(now);
		if (!oc_retry_allowed(&retry, &reply, g.local, g.visible, &delay) || n == 100)
			break;
		now += delay;
	}
	oc_clock_make_real();
	oc_reply_deinit(&reply);
	return n;
}

static void each_class_has_its_own_patience(void **state)
{
	static const struct {
		struct given g;
		unsigned at_least, at_most;
	} cases[] = {
		{ { OC_ERR_UPSTREAM_UNREACHABLE, true, false, -1 }, 3, 3 },
		{ { OC_ERR_UPSTREAM_UNREACHABLE, true, true, -1 },
		  3,
		  3 }, /* before the first byte */
		{ { OC_ERR_STREAM_TRUNCATED, true, false, -1 }, 1, 1 },
		{ { OC_ERR_STREAM_TRUNCATED, true, true, -1 }, 0, 0 },
		{ { OC_ERR_SERVER_ERROR, true, false, -1 }, 2, 2 },
		{ { OC_ERR_SERVER_ERROR, true, true, -1 }, 0, 0 },
		{ { OC_ERR_BAD_PAYLOAD, true, false, -1 }, 0, 0 },
		{ { OC_ERR_AUTH, true, false, -1 }, 0, 0 },
		{ { OC_ERR_TIMEOUT, true, false, -1 }, 0, 0 },
		{ { OC_ERR_CONTEXT_OVERFLOW, true, false, -1 }, 0, 0 },
		{ { OC_ERR_RATE_LIMITED, true, false, 1500 }, 4, 4 },
		{ { OC_ERR_RATE_LIMITED, true, false, 30000 }, 2, 2 }, /* 60 s in all */
		{ { OC_ERR_RATE_LIMITED, true, false, 61000 }, 0, 0 }, /* not worth the wait */
		{ { OC_ERR_MODEL_LOADING, true, false, -1 }, 60, 100 },
		{ { OC_ERR_SERVER_ERROR, false, false, -1 }, 4, 8 },
		{ { OC_ERR_UPSTREAM_UNREACHABLE, false, false, -1 }, 3, 3 },
	};

	(void)state;
	oc_rand_seed(7);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		unsigned n = retries(cases[i].g);
		if (n < cases[i].at_least || n > cases[i].at_most)
			fail_msg("case %zu: %u retries", i, n);
	}
}

static void later_parameters_win_and_spellings_are_one(void **state)
{
	static const char text[] =
	    "{\"agents\":{\"defaults\":{\"params\":{\"topP\":0.1,\"temperature\":1,\"seed\":1},"
	    "\"models\":{\"local/m\":{\"params\":{\"top_p\":0.2,\"topP\":0.9,\"__proto__\":{}}}}},"
	    "\"entries\":{\"main\":{\"models\":{\"local/m\":{\"params\":{\"extraBody\":{\"a\":1}}}},"
	    "\"params\":{\"seed\":3}}}}}";
	struct oc_config c = { .value = oc_json_parse((struct oc_str){ text, sizeof text - 1 },
						      NULL, NULL) };

	(void)state;
	json_t *got = oc_params_merge(&c, "main", "local/m");
	char *shown = oc_json_compact(got);
	assert_string_equal(
	    shown, "{\"top_p\":0.2,\"temperature\":1,\"seed\":3,\"extra_body\":{\"a\":1}}");
	free(shown);
	json_decref(got);
	json_decref(c.value);
}

static void what_was_sent_is_not_shown(void **state)
{
	static const struct {
		const char *in, *want;
	} cases[] = {
		{ "bad key lan-pass-77!", "bad key [redacted]!" },
		{ "lan-pass-77lan-pass-77", "[redacted][redacted]" },
		{ "X: hush-hush", "X: [redacted]" },
		{ "application/json was sent, with on", "application/json was sent, with on" },
	};
	struct oc_strv headers = { 0 };

	(void)state;
	oc_strv_add(&headers, OC_LIT("Content-Type: application/json"));
	oc_strv_add(&headers, OC_LIT("Authorization: Bearer lan-pass-77"));
	oc_strv_add(&headers, OC_LIT("X-Key:hush-hush"));
	oc_strv_add(&headers, OC_LIT("X-Flag: on"));
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *text = oc_strdup(cases[i].in);
		oc_secrets_hide(&text, &headers);
		assert_string_equal(text, cases[i].want);
		free(text);
	}
	oc_strv_deinit(&headers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_class_has_its_own_patience),
		cmocka_unit_test(what_was_sent_is_not_shown),
		cmocka_unit_test(later_parameters_win_and_spellings_are_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
