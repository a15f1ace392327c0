/* Reasons, cooldowns, candidates and what is said of them. */
#include "check.h"

#include <stdlib.h>

#include "catalog_fixture.h"
#include "model/call/failover.h"
#include "model/provider/auth_profiles.h"
#include "model/provider/cooldown.h"
#include "model/provider/credential.h"
#include "rt/clock.h"
#include "rt/task.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE };

/* ---- reasons ---- */

static void errors_have_a_reason(void **state)
{
	static const struct {
		enum oc_error_class class;
		int status;
		const char *code, *message;
		const char *reason;
	} rows[] = {
		{ OC_ERR_UPSTREAM_UNREACHABLE, 0, NULL, "refused", "timeout" },
		{ OC_ERR_UPSTREAM_UNREACHABLE, 0, "tls_certificate", "x", "tls_certificate" },
		{ OC_ERR_STREAM_TRUNCATED, 0, NULL, "terminated", "timeout" },
		{ OC_ERR_AUTH, 401, NULL, "no", "auth" },
		{ OC_ERR_AUTH, 401, NULL, "This key was revoked", "auth_permanent" },
		{ OC_ERR_FORBIDDEN, 403, NULL, "no", "auth" },
		{ OC_ERR_QUOTA, 402, NULL, "Payment required", "billing" },
		{ OC_ERR_QUOTA, 402, NULL, "temporary usage limit", "rate_limit" },
		{ OC_ERR_RATE_LIMITED, 429, NULL, "slow down", "rate_limit" },
		{ OC_ERR_RATE_LIMITED, 429, "insufficient_quota", "You exceeded your current quota",
		  "billing" },
		{ OC_ERR_OVERLOADED, 529, NULL, "Overloaded", "overloaded" },
		{ OC_ERR_SERVER_ERROR, 500, NULL, "boom", "server_error" },
		{ OC_ERR_SERVER_ERROR, 503, NULL, "we are overloaded", "overloaded" },
		{ OC_ERR_SERVER_ERROR, 522, NULL, "x", "timeout" },
		{ OC_ERR_SERVER_ERROR, 0, NULL, NULL, "no_error_details" },
		{ OC_ERR_SERVER_ERROR, 0, NULL, "odd", "unclassified" },
		{ OC_ERR_MODEL_NOT_FOUND, 404, NULL, "x", "model_not_found" },
		{ OC_ERR_NO_MODEL_LOADED, 400, NULL, "No models loaded", "model_not_found" },
		{ OC_ERR_ENDPOINT_MISSING, 404, NULL, "x", "model_not_found" },
		{ OC_ERR_BAD_REQUEST, 400, NULL, "prompt is too long", "context_overflow" },
		{ OC_ERR_BAD_REQUEST, 400, NULL, "Your credit balance is too low", "billing" },
		{ OC_ERR_BAD_REQUEST, 422, NULL, "bad", "format" },
		{ OC_ERR_EMPTY_RESPONSE, 200, NULL, NULL, "empty_response" },
		{ OC_ERR_BLOCKED, 0, NULL, "blocked", "unclassified" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *message = rows[i].message ? strdup(rows[i].message) : NULL;
		char *code = rows[i].code ? strdup(rows[i].code) : NULL;
		const struct oc_call_error e = { .class = rows[i].class,
						 .status = rows[i].status,
						 .message = message,
						 .code = code };
		const char *got = oc_fail_policy(oc_fail_reason_of(&e))->name;

		if (strcmp(got, rows[i].reason) != 0) fail_msg("row %zu: %s", i, got);
		free(code);
		free(message);
	}
}

static void an_overflow_is_no_matter_for_another_model(void **state)
{
	(void)state;
	for (int r = OC_FAIL_NONE + 1; r < OC_FAIL_REASONS; r++)
		assert_int_equal(oc_fail_policy((enum oc_fail_reason)r)->next_candidate,
				 r != OC_FAIL_CONTEXT_OVERFLOW);
}

/* ---- cooldowns ---- */

static int64_t seconds_after(enum oc_fail_reason reason, unsigned times, int64_t retry_after_ms,
			     bool local)
{
	json_t *doc = json_object();
	const struct oc_key_failure f = { "p:a", "m", reason, retry_after_ms, local, 0 };
	int64_t now = 1000000, until;

	for (unsigned i = 0; i < times; i++) oc_cooldown_fail(doc, &f, now);
	until = oc_cooldown_until(doc, "p:a", "m", 0, now, NULL);
	json_decref(doc);
	return until ? (until - now) / SECOND : 0;
}

static void cooldowns_grow_with_failures(void **state)
{
	static const struct {
		enum oc_fail_reason reason;
		unsigned times;
		int64_t retry_after_ms;
		bool local;
		int64_t want_s;
	} rows[] = {
		{ OC_FAIL_TIMEOUT, 1, -1, false, 30 },
		{ OC_FAIL_TIMEOUT, 2, -1, false, 60 },
		{ OC_FAIL_TIMEOUT, 3, -1, false, 300 },
		{ OC_FAIL_TIMEOUT, 9, -1, false, 300 },
		{ OC_FAIL_TIMEOUT, 1, -1, true, 0 },
		{ OC_FAIL_SERVER_ERROR, 1, -1, true, 0 },
		{ OC_FAIL_OVERLOADED, 1, -1, false, 0 },
		{ OC_FAIL_AUTH, 1, -1, true, 30 },
		{ OC_FAIL_RATE_LIMIT, 1, -1, false, 30 },
		{ OC_FAIL_RATE_LIMIT, 4, -1, false, 240 },
		{ OC_FAIL_RATE_LIMIT, 30, -1, false, 86400 },
		{ OC_FAIL_RATE_LIMIT, 1, 90 * SECOND, false, 90 },
		{ OC_FAIL_RATE_LIMIT, 1, 5 * SECOND, false, 30 },
		{ OC_FAIL_BILLING, 1, -1, false, 600 },
		{ OC_FAIL_BILLING, 3, -1, false, 2400 },
		{ OC_FAIL_AUTH_PERMANENT, 9, -1, false, 3600 },
		{ OC_FAIL_FORMAT, 1, -1, false, 0 },
		{ OC_FAIL_EMPTY_RESPONSE, 1, -1, false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int64_t got = seconds_after(rows[i].reason, rows[i].times, rows[i].retry_after_ms,
					    rows[i].local);
		if (got != rows[i].want_s) fail_msg("row %zu: %lld s", i, (long long)got);
	}
}

static void some_cooldowns_are_of_one_model(void **state)
{
	json_t *doc = json_object();
	struct oc_key_failure f = { "p:a", "m1", OC_FAIL_RATE_LIMIT, -1, false, 0 };
	enum oc_fail_reason why = OC_FAIL_NONE;

	(void)state;
	oc_cooldown_fail(doc, &f, 1000);
	assert_true(oc_cooldown_until(doc, "p:a", "m1", 0, 1000, &why) > 0);
	assert_int_equal(why, OC_FAIL_RATE_LIMIT);
	assert_int_equal(oc_cooldown_until(doc, "p:a", "m2", 0, 1000, NULL), 0);
	f.model = "m2"; /* there is room for one name: now it is the key */
	oc_cooldown_fail(doc, &f, 1000);
	assert_true(oc_cooldown_until(doc, "p:a", "m3", 0, 1000, NULL) > 0);
	f.reason = OC_FAIL_AUTH;
	f.id = "p:b";
	oc_cooldown_fail(doc, &f, 1000);
	assert_true(oc_cooldown_until(doc, "p:b", "m3", 0, 1000, NULL) > 0);
	json_decref(doc);
}

static void time_and_success_clear_the_record(void **state)
{
	json_t *doc = json_object();
	const struct oc_key_failure timeout = { "p:a", "m", OC_FAIL_TIMEOUT, -1, false, 0 };
	const struct oc_key_failure rate = { "p:a", "m", OC_FAIL_RATE_LIMIT, -1, false, 0 };
	int64_t now = 1000000;

	(void)state;
	oc_cooldown_fail(doc, &timeout, now);
	oc_cooldown_fail(doc, &timeout, now);
	now += 61 * SECOND; /* over: the count begins anew */
	assert_int_equal(oc_cooldown_until(doc, "p:a", "m", 0, now, NULL), 0);
	oc_cooldown_fail(doc, &timeout, now);
	assert_int_equal(oc_cooldown_until(doc, "p:a", "m", 0, now, NULL), now + 30 * SECOND);
	now += 31 * SECOND;
	oc_cooldown_fail(doc, &rate, now);
	now += 31 * SECOND; /* but rate limits are remembered */
	oc_cooldown_fail(doc, &rate, now);
	assert_int_equal(oc_cooldown_until(doc, "p:a", "m", 0, now, NULL), now + 60 * SECOND);
	now += 25 * HOUR; /* for a day */
	oc_cooldown_fail(doc, &rate, now);
	assert_int_equal(oc_cooldown_until(doc, "p:a", "m", 0, now, NULL), now + 30 * SECOND);
	assert_true(oc_cooldown_succeed(doc, "p:a", now));
	assert_int_equal(oc_cooldown_until(doc, "p:a", "m", 0, now, NULL), 0);
	assert_false(oc_cooldown_succeed(doc, "p:a", now + 1)); /* nothing new to write */
	json_decref(doc);
}

static void a_replaced_key_has_a_clean_record(void **state)
{
	json_t *doc = json_object();
	uint32_t old = oc_key_mark("sk-old"), new = oc_key_mark("sk-new");
	const struct oc_key_failure f = { "p:config", "m", OC_FAIL_AUTH, -1, false, old };

	(void)state;
	oc_cooldown_fail(doc, &f, 1000);
	assert_true(oc_cooldown_until(doc, "p:config", "m", old, 1000, NULL) > 0);
	assert_int_equal(oc_cooldown_until(doc, "p:config", "m", new, 1000, NULL), 0);
	json_decref(doc);
}

/* ---- candidates ---- */

static const char config_text[] =
    "{\"agents\":{\"defaults\":{\"model\":{\"primary\":\"hosted/big\"}}},"
    "\"models\":{\"providers\":{"
    "\"hosted\":{\"baseUrl\":\"https://api.example.com/v1\",\"apiKey\":\"sk-hosted-key\","
    "\"models\":[{\"id\":\"big\"},{\"id\":\"small\"}]},"
    "\"box\":{\"baseUrl\":\"http://127.0.0.1:9/v1\",\"models\":[{\"id\":\"m\"}]}}}}";

static void candidates_are_those_that_the_config_names(void **state)
{
	static const struct {
		const char *requested, *fallbacks[3];
		bool strict;
		const char *want;
	} rows[] = {
		{ NULL, { NULL }, false, "hosted/big" },
		{ NULL, { "box/m", "hosted/big", "box/m" }, false, "hosted/big box/m" },
		{ NULL, { "nowhere/x", "box/m" }, false, "hosted/big box/m" },
		{ "hosted/small", { "box/m" }, false, "hosted/small box/m hosted/big" },
		{ "hosted/small", { "box/m" }, true, "hosted/small" },
	};
	struct fixture f;

	(void)state;
	open_catalog(&f, config_text);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct oc_strv fallbacks = { 0 }, keys = { 0 };
		struct oc_candidate_wish wish = { rows[i].requested, rows[i].strict, &fallbacks };
		struct oc_candidates list;
		struct oc_err e = { 0 };

		for (int k = 0; k < 3 && rows[i].fallbacks[k]; k++)
			oc_strv_add(&fallbacks, oc_str(rows[i].fallbacks[k]));
		assert_int_equal(oc_candidates_init(&list, &f.catalog, &wish, &e), OC_OK);
		for (size_t k = 0; k < list.n; k++)
			oc_strv_add(&keys, oc_str(list.v[k].target.key));
		char *got = oc_strv_join(&keys, " ");
		assert_string_equal(got, rows[i].want);
		free(got);
		oc_strv_deinit(&keys);
		oc_candidates_deinit(&list);
		oc_strv_deinit(&fallbacks);
	}
	close_catalog(&f);
}

/* Seconds since the failure, and whether the primary is asked again then. */
static bool primary_is_asked(const struct fixture *f, enum oc_fail_reason reason, int64_t ago_s,
			     int64_t left_s, size_t n_candidates)
{
	struct oc_strv fallbacks = { 0 };
	struct oc_candidate_wish wish = { NULL, n_candidates == 1, &fallbacks };
	struct oc_candidates list;
	struct oc_failover walk;
	struct oc_err e = { 0 };
	int64_t now = oc_wall_ms();
	bool disabled = reason == OC_FAIL_BILLING || reason == OC_FAIL_AUTH_PERMANENT;
	json_t *doc =
	    json_pack("{s{}s{s{sIsIss}}}", "profiles", "usageStats", "hosted:config",
		      "lastFailureAt", now - ago_s * SECOND,
		      disabled ? "disabledUntil" : "cooldownUntil", now + left_s * SECOND,
		      disabled ? "disabledReason" : "cooldownReason", oc_fail_policy(reason)->name);
	char *text = oc_json_pretty(doc);

	home_write(".openclaw/agents/main/agent/auth-profiles.json", text);
	free(text);
	json_decref(doc);
	oc_strv_add(&fallbacks, OC_LIT("box/m"));
	assert_int_equal(oc_candidates_init(&list, &f->catalog, &wish, &e), OC_OK);
	oc_failover_init(&walk, &f->catalog, &list);
	bool asked = oc_failover_admits(&walk, 0);
	if (asked && n_candidates > 1) { /* once a run, and not again soon */
		struct oc_failover second;
		oc_failover_init(&second, &f->catalog, &list);
		assert_false(oc_failover_admits(&second, 0));
		oc_failover_deinit(&second);
	}
	oc_failover_deinit(&walk);
	oc_candidates_deinit(&list);
	oc_strv_deinit(&fallbacks);
	return asked;
}

static void a_cooled_primary_is_probed_rarely(void **state)
{
	static const struct {
		enum oc_fail_reason reason;
		int64_t ago_s, left_s;
		size_t candidates;
		bool asked;
	} rows[] = {
		{ OC_FAIL_RATE_LIMIT, 10, 20, 2, false },
		{ OC_FAIL_RATE_LIMIT, 31, 3600, 2, true },
		{ OC_FAIL_RATE_LIMIT, 10, 20, 1, true }, /* there is nobody else */
		{ OC_FAIL_TIMEOUT, 31, 100, 2, true },
		{ OC_FAIL_BILLING, 31, 3600, 2, true },
		{ OC_FAIL_BILLING, 10, 3600, 2, false },
		{ OC_FAIL_AUTH, 31, 20, 2, false },
		{ OC_FAIL_AUTH_PERMANENT, 3000, 20, 2, false },
	};
	struct fixture f;

	(void)state;
	open_catalog(&f, config_text);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (primary_is_asked(&f, rows[i].reason, rows[i].ago_s, rows[i].left_s,
				     rows[i].candidates) != rows[i].asked)
			fail_msg("row %zu", i);
	close_catalog(&f);
}

static void an_exhausted_list_names_every_attempt(void **state)
{
	struct fixture f;
	struct oc_strv fallbacks = { 0 };
	struct oc_candidate_wish wish = { NULL, false, &fallbacks };
	struct oc_candidates list;
	struct oc_failover walk;
	struct oc_buf text;
	struct oc_err e = { 0 };
	char refused[] = "Too many requests\nsecond line";
	const struct oc_call_error limit = { .class = OC_ERR_RATE_LIMITED, .message = refused };
	const struct oc_call_error down = { .class = OC_ERR_UPSTREAM_UNREACHABLE };

	(void)state;
	open_catalog(&f, config_text);
	oc_buf_init(&text, 4096);
	oc_strv_add(&fallbacks, OC_LIT("box/m"));
	assert_int_equal(oc_candidates_init(&list, &f.catalog, &wish, &e), OC_OK);
	oc_failover_init(&walk, &f.catalog, &list);
	assert_true(oc_failover_admits(&walk, 0));
	oc_failover_failed(&walk, 0, &limit, NULL);
	oc_failover_explain(&walk, &text);
	assert_string_equal(oc_buf_cstr(&text), ""); /* one attempt speaks for itself */
	assert_true(oc_failover_admits(&walk, 1));
	oc_failover_failed(&walk, 1, &down, "box/m: cannot be reached");
	oc_failover_explain(&walk, &text);
	assert_string_equal(oc_buf_cstr(&text),
			    "all 2 models failed:\nhosted/big: Too many requests "
			    "(rate_limit)\nbox/m: cannot be reached (timeout)");
	assert_int_equal(oc_failover_first_reason(&walk), OC_FAIL_RATE_LIMIT);
	oc_buf_deinit(&text);
	oc_failover_deinit(&walk);
	oc_candidates_deinit(&list);
	oc_strv_deinit(&fallbacks);
	close_catalog(&f);
}

/* Whether a fallback whose key was refused is tried again after some seconds. */
static bool tried_again(const char *ttl, size_t which, enum oc_error_class class, uint64_t after_s)
{
	struct fixture f;
	struct oc_strv fallbacks = { 0 };
	struct oc_candidate_wish wish = { NULL, false, &fallbacks };
	struct oc_fallback_state of_session = { 0 };
	struct oc_candidates list;
	struct oc_failover walk;
	struct oc_err e = { 0 };
	const struct oc_call_error refused = { .class = class };

	open_catalog(&f, config_text);
	if (ttl)
		oc_env_add(f.config.env, OC_LIT("OPENCLAW_FALLBACK_SKIP_TTL_MS"), oc_str(ttl),
			   "test");
	oc_strv_add(&fallbacks, OC_LIT("box/m"));
	assert_int_equal(oc_candidates_init(&list, &f.catalog, &wish, &e), OC_OK);
	oc_clock_make_virtual(1000);
	oc_failover_init(&walk, &f.catalog, &list);
	walk.state = &of_session;
	oc_failover_failed(&walk, which, &refused, NULL);
	oc_failover_deinit(&walk);
	oc_clock_make_virtual(1000 + after_s * SECOND);
	oc_failover_init(&walk, &f.catalog, &list);
	walk.state = &of_session;
	bool admitted = oc_failover_admits(&walk, which);

	oc_clock_make_real();
	oc_failover_deinit(&walk);
	oc_fallback_state_deinit(&of_session);
	oc_candidates_deinit(&list);
	oc_strv_deinit(&fallbacks);
	close_catalog(&f);
	return admitted;
}

static void a_fallback_whose_key_was_refused_is_skipped_for_as_long_as_configured(void **state)
{
	static const struct {
		const char *ttl;
		size_t which;
		enum oc_error_class class;
		uint64_t after_s;
		bool tried;
	} rows[] = {
		{ NULL, 1, OC_ERR_AUTH, 0, true },
		{ "0", 1, OC_ERR_AUTH, 0, true },
		{ "soon", 1, OC_ERR_AUTH, 0, true },
		{ "30000", 1, OC_ERR_AUTH, 29, false },
		{ "30000", 1, OC_ERR_AUTH, 31, true },
		{ "30000", 1, OC_ERR_SERVER_ERROR, 1, true },
		{ "30000", 0, OC_ERR_AUTH, 1, true }, /* the selected one */
		{ "1", 1, OC_ERR_AUTH, 0, false },    /* at least a second */
		{ "99999999", 1, OC_ERR_AUTH, 599, false },
		{ "99999999", 1, OC_ERR_AUTH, 601, true }, /* at most ten minutes */
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (tried_again(rows[i].ttl, rows[i].which, rows[i].class, rows[i].after_s) !=
		    rows[i].tried)
			fail_msg("row %zu", i);
}

static void a_change_of_models_is_told_once(void **state)
{
	static const struct {
		const char *used, *notice;
	} turns[] = {
		{ "a/x", NULL },
		{ "b/y", "↪️ Model Fallback: b/y (selected a/x; rate_limit)" },
		{ "b/y", NULL },
		{ "c/z", "↪️ Model Fallback: c/z (selected a/x; rate_limit)" },
		{ "a/x", "↪️ Model Fallback cleared: a/x (was c/z)" },
		{ "a/x", NULL },
	};
	struct oc_fallback_state s = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof turns / sizeof *turns; i++) {
		char *got = oc_fallback_notice(&s, "a/x", turns[i].used, OC_FAIL_RATE_LIMIT);

		if (turns[i].notice)
			assert_string_equal(got, turns[i].notice);
		else
			assert_null(got);
		free(got);
	}
	oc_fallback_state_deinit(&s);
}

/* ---- keys ---- */

static void a_key_that_failed_makes_room_for_the_next(void **state)
{
	struct fixture f;
	struct oc_strv tried = { 0 };
	struct oc_key_wish wish = { .model = "big", .tried = &tried };
	const char *const want[] = { "hosted:a", "hosted:b", "hosted:config" };
	struct oc_credential c;
	struct oc_err e = { 0 };

	(void)state;
	home_write(
	    ".openclaw/agents/main/agent/auth-profiles.json",
	    "{\"profiles\":{\"hosted:a\":{\"type\":\"api_key\",\"provider\":\"hosted\",\"key\":"
	    "\"sk-a\"},\"hosted:b\":{\"type\":\"api_key\",\"provider\":\"hosted\",\"key\":\"sk-"
	    "b\"}}}");
	open_catalog(&f, config_text);
	const struct oc_provider *p = oc_catalog_provider(&f.catalog, OC_LIT("hosted"));

	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(oc_credential_choose(&f.catalog, p, &wish, &c, &e), OC_OK);
		assert_string_equal(c.usage_id, want[i]);
		oc_strv_add(&tried, oc_str(c.usage_id));
		oc_credential_deinit(&c);
	}
	assert_int_equal(oc_credential_choose(&f.catalog, p, &wish, &c, &e), OC_E_NOT_FOUND);
	oc_credential_deinit(&c);
	oc_strv_deinit(&tried);
	close_catalog(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(errors_have_a_reason),
		cmocka_unit_test(an_overflow_is_no_matter_for_another_model),
		cmocka_unit_test(cooldowns_grow_with_failures),
		cmocka_unit_test(some_cooldowns_are_of_one_model),
		cmocka_unit_test(time_and_success_clear_the_record),
		cmocka_unit_test(a_replaced_key_has_a_clean_record),
		cmocka_unit_test_setup_teardown(candidates_are_those_that_the_config_names,
						new_home, drop_home),
		cmocka_unit_test_setup_teardown(a_cooled_primary_is_probed_rarely, new_home,
						drop_home),
		cmocka_unit_test_setup_teardown(an_exhausted_list_names_every_attempt, new_home,
						drop_home),
		cmocka_unit_test_setup_teardown(
		    a_fallback_whose_key_was_refused_is_skipped_for_as_long_as_configured, new_home,
		    drop_home),
		cmocka_unit_test(a_change_of_models_is_told_once),
		cmocka_unit_test_setup_teardown(a_key_that_failed_makes_room_for_the_next, new_home,
						drop_home),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
