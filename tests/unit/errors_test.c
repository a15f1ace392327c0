/* Classes, hints, messages and waiting times of server errors. */
#include "check.h"

#include <stdlib.h>

#include "model/codec/errors.h"

static const struct row {
	int status;
	const char *body;
	enum oc_error_class class;
	bool retryable;
	const char *message, *hint; /* NULL = not checked, none */
} rows[] = {
	{ 200, "{\"error\":\"Unexpected endpoint or method. (GET /x)\"}", OC_ERR_ENDPOINT_MISSING,
	  false, NULL, NULL },
	{ 500, "{\"error\":{\"message\":\"Context size has been exceeded.\"}}",
	  OC_ERR_CONTEXT_OVERFLOW, false, NULL, NULL },
	{ 400, "{\"error\":{\"message\":\"x\",\"code\":\"context_length_exceeded\"}}",
	  OC_ERR_CONTEXT_OVERFLOW, false, NULL, NULL },
	{ 529, "", OC_ERR_OVERLOADED, true, "", NULL },
	{ 500,
	  "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"busy\"}}",
	  OC_ERR_OVERLOADED, true, "busy", NULL },
	{ 400, "{\"error\":{\"code\":\"invalid_api_key\",\"message\":\"no\"}}", OC_ERR_AUTH, false,
	  "no", NULL },
	{ 402, "pay", OC_ERR_QUOTA, false, "pay", NULL },
	{ 403, " no \n", OC_ERR_FORBIDDEN, false, "no", NULL },
	{ 429, "{\"message\":\"slow\"}", OC_ERR_RATE_LIMITED, true, "slow", NULL },
	{ 200, "{\"error\":{\"code\":\"rate_limit_exceeded\",\"message\":\"m\"}}",
	  OC_ERR_RATE_LIMITED, true, "m", NULL },
	{ 504, "", OC_ERR_TIMEOUT, true, "", NULL },
	{ 400, "{\"error\":\"Failed to load model x\"}", OC_ERR_MODEL_LOAD_FAILED, false, NULL,
	  NULL },
	{ 400, "{\"error\":\"No models loaded. Please load one.\"}", OC_ERR_NO_MODEL_LOADED, false,
	  NULL, NULL },
	{ 400, "{\"error\":\"Model is unloaded.\"}", OC_ERR_NO_MODEL_LOADED, true, NULL, NULL },
	{ 503, "{\"error\":{\"message\":\"x\",\"code\":\"model_loading\"}}", OC_ERR_MODEL_LOADING,
	  true, NULL, NULL },
	{ 500, "{\"error\":{\"message\":\"Jinja: unknown tools\"}}", OC_ERR_UNSUPPORTED_PARAM,
	  false, NULL, "no_tools" },
	{ 400, "{\"error\":{\"message\":\"bad\",\"param\":\"reasoning_effort\"}}",
	  OC_ERR_UNSUPPORTED_PARAM, false, NULL, "bad_reasoning_effort" },
	{ 400, "{\"error\":{\"message\":\"stream_options is unknown\"}}", OC_ERR_UNSUPPORTED_PARAM,
	  false, NULL, "no_stream_options" },
	{ 400, "{\"error\":{\"message\":\"invalid message content type: <nil>\"}}",
	  OC_ERR_BAD_REQUEST, false, NULL, "no_null_content" },
	{ 404, "{\"error\":{\"message\":\"The model x does not exist\"}}", OC_ERR_MODEL_NOT_FOUND,
	  false, NULL, NULL },
	{ 404, "{\"detail\":\"Not Found\"}", OC_ERR_ENDPOINT_MISSING, false, "Not Found", NULL },
	{ 400, "{\"error\":{\"message\":\"x\",\"type\":\"model_not_found\"}}",
	  OC_ERR_MODEL_NOT_FOUND, false, NULL, NULL },
	{ 422,
	  "{\"detail\":[{\"loc\":[\"a\",0],\"msg\":\"one\"},{\"loc\":[\"b\"],\"msg\":\"two\"}]}",
	  OC_ERR_BAD_REQUEST, false, "a.0: one; b: two", NULL },
	{ 502, "upstream", OC_ERR_UPSTREAM_UNREACHABLE, true, "upstream", NULL },
	{ 502, "{\"error\":\"x\"}", OC_ERR_SERVER_ERROR, true, "x", NULL },
	{ 418, "tea", OC_ERR_SERVER_ERROR, true, "tea", NULL },
	{ 307, "", OC_ERR_REDIRECT, false, NULL, NULL },
};

static void classify(const struct row *r, struct oc_call_error *out)
{
	struct oc_err e = { 0 };
	json_t *doc = oc_json_parse(oc_str(r->body), NULL, &e);
	struct oc_refusal in = { .status = r->status,
				 .body = json_is_object(doc) ? doc : NULL,
				 .raw = oc_str(r->body) };

	oc_error_classify(&in, out);
	json_decref(doc);
}

static void the_first_matching_row_names_the_class(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct oc_call_error e;

		classify(&rows[i], &e);
		if (e.class != rows[i].class || e.retryable != rows[i].retryable)
			fail_msg("%d %s: %s", rows[i].status, rows[i].body,
				 oc_error_class_name(e.class));
		if (rows[i].message) assert_string_equal(e.message, rows[i].message);
		if (rows[i].hint) assert_string_equal(e.hint, rows[i].hint);
		if (!rows[i].hint) assert_null(e.hint);
		oc_call_error_deinit(&e);
	}
}

static void html_is_judged_by_its_status(void **state)
{
	static const struct {
		int status;
		const char *server;
		enum oc_error_class class;
	} cases[] = {
		{ 503, "llama.cpp", OC_ERR_MODEL_LOADING },
		{ 503, "nginx", OC_ERR_UPSTREAM_UNREACHABLE },
		{ 502, NULL, OC_ERR_UPSTREAM_UNREACHABLE },
		{ 504, NULL, OC_ERR_TIMEOUT },
		{ 413, NULL, OC_ERR_BAD_REQUEST },
		{ 401, NULL, OC_ERR_NOT_AN_API },
		{ 200, NULL, OC_ERR_NOT_AN_API },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct oc_refusal in = { .status = cases[i].status,
					 .html = true,
					 .server = cases[i].server };
		struct oc_call_error e;

		oc_error_classify(&in, &e);
		assert_int_equal(e.class, cases[i].class);
		oc_call_error_deinit(&e);
	}
}

static void an_integer_code_replaces_the_status_of_a_success(void **state)
{
	struct row in = { 200, "{\"error\":{\"code\":503,\"message\":\"Loading model\"}}" };
	struct oc_call_error e;

	(void)state;
	classify(&in, &e);
	assert_int_equal(e.status, 503);
	assert_int_equal(e.class, OC_ERR_MODEL_LOADING);
	assert_true(e.code_is_number);
	assert_string_equal(e.code, "503");
	oc_call_error_deinit(&e);
	in.body = "{\"error\":{\"code\":\"400\",\"message\":\"m\"}}"; /* a string stays a code */
	classify(&in, &e);
	assert_int_equal(e.status, 200);
	assert_false(e.code_is_number);
	oc_call_error_deinit(&e);
}

static void overflow_numbers_are_read_from_members_or_prose(void **state)
{
	static const struct {
		const char *body;
		int64_t n_ctx, n_prompt;
	} cases[] = {
		{ "{\"error\":{\"type\":\"exceed_context_size_error\",\"message\":\"m\",\"n_ctx\":4096,\"n_prompt_tokens\":5000}}",
		  4096, 5000 },
		{ "{\"error\":{\"message\":\"request (240058 tokens) exceeds the available context size (32768 tokens)\"}}",
		  32768, 240058 },
		{ "{\"error\":{\"message\":\"This model's maximum context length is 4096 tokens.\"}}",
		  4096, 0 },
		{ "{\"error\":\"keep the first 900 tokens when context the overflows. It has a context length of only 512 tokens\"}",
		  512, 900 },
		{ "{\"error\":\"when context the overflows\"}", 0, 0 },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct row in = { 400, cases[i].body };
		struct oc_call_error e;

		classify(&in, &e);
		assert_int_equal(e.class, OC_ERR_CONTEXT_OVERFLOW);
		assert_int_equal(e.n_ctx, cases[i].n_ctx);
		assert_int_equal(e.n_prompt, cases[i].n_prompt);
		oc_call_error_deinit(&e);
	}
}

static void what_counts_as_an_error_document(void **state)
{
	static const struct {
		const char *doc;
		bool error;
	} cases[] = {
		{ "{\"error\":null}", false },
		{ "{\"error\":\"x\"}", true },
		{ "{\"error\":{\"a\":1}}", true },
		{ "{\"error\":\"\"}", false },
		{ "{\"error\":{}}", false },
		{ "{\"object\":\"error\"}", true },
		{ "{\"type\":\"error\"}", true },
		{ "{\"type\":\"x\"}", false },
		{ "[]", false },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		json_t *doc = json_loads(cases[i].doc, 0, NULL);

		assert_int_equal(oc_error_in_document(doc), cases[i].error);
		json_decref(doc);
	}
}

static void keys_and_control_characters_never_leave(void **state)
{
	static const struct {
		const char *in, *want;
	} cases[] = {
		{ "wrong key sk-lm-abcdefgh:ijklmnop.", "wrong key sk-[redacted]" },
		{ "Authorization: Bearer abcdef0123456789", "Authorization: Bearer [redacted]" },
		{ "use 'Bearer $LM_API_TOKEN'", "use 'Bearer $LM_API_TOKEN'" },
		{ "bearer of bad news", "bearer of bad news" },
		{ "a risk-averse-customer-base", "a risk-averse-customer-base" },
		{ "red\x1b[31m text\x07", "red[31m text" },
		{ "ill \xff formed", "ill \xEF\xBF\xBD formed" },
		{ "two\nlines", "two\nlines" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *out = oc_error_text(oc_str(cases[i].in));

		assert_string_equal(out, cases[i].want);
		free(out);
	}
}

static void long_messages_are_cut(void **state)
{
	char *text = calloc(1, 100001);

	(void)state;
	memset(text, 'x', 100000);
	char *out = oc_error_text(oc_str(text));

	assert_true(strlen(out) < 2100);
	free(out);
	free(text);
}

static void waiting_times_come_from_three_headers(void **state)
{
	static const char date[] = "Sun, 06 Nov 1994 08:49:37 GMT";
	static const struct {
		const char *ms, *after, *date;
		int64_t want;
	} cases[] = {
		{ "1500", "2", NULL, 1500 },
		{ NULL, "7", NULL, 7000 },
		{ NULL, "-5", NULL, -1 },
		{ NULL, "soon", NULL, -1 },
		{ "x", "3", NULL, 3000 },
		{ NULL, NULL, NULL, -1 },
		{ NULL, "1.5", NULL, 1500 },
		{ NULL, "1e99", NULL, -1 },
		{ NULL, "Sun, 06 Nov 1994 08:50:07 GMT", date, 30000 },
		{ NULL, "Sunday, 06-Nov-94 08:49:47 GMT", date, 10000 },
		{ NULL, "Sun Nov  6 08:49:38 1994", date, 1000 },
		{ NULL, "Sun, 06 Nov 1994 08:49:07 GMT", date, -1 },
		{ NULL, "Sun, 06 Nov 1994 08:50:07 GMT", NULL, -1 },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(oc_retry_after_ms(cases[i].ms, cases[i].after, cases[i].date),
				 cases[i].want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_matching_row_names_the_class),
		cmocka_unit_test(html_is_judged_by_its_status),
		cmocka_unit_test(an_integer_code_replaces_the_status_of_a_success),
		cmocka_unit_test(overflow_numbers_are_read_from_members_or_prose),
		cmocka_unit_test(what_counts_as_an_error_document),
		cmocka_unit_test(keys_and_control_characters_never_leave),
		cmocka_unit_test(long_messages_are_cut),
		cmocka_unit_test(waiting_times_come_from_three_headers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
