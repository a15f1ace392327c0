/* Texts of the command line that are made without asking anybody: errors of the gateway, durations,
 * jobs, log lines, completion, the signed text of a device. */
#include "check.h"

#include <stdlib.h>

#include "cli/completion/completion_text.h"
#include "cli/cron/cron_job.h"
#include "cli/cron/duration.h"
#include "cli/gateway/log_line.h"
#include "cli/gateway/rpc_client.h"
#include "cli/sessions/sessions_export.h"

static void refusals_name_what_to_do(void **state)
{
	static const struct {
		const char *error, *word;
		enum oc_rc rc;
	} cases[] = {
		{ "{\"code\":\"INVALID_REQUEST\",\"message\":\"unauthorized\",\"details\":{\"code\":\"AUTH_TOKEN_MISMATCH\"}}",
		  "gateway.auth.token", OC_E_DENIED },
		{ "{\"code\":\"INVALID_REQUEST\",\"message\":\"unauthorized\",\"details\":{\"code\":\"AUTH_TOKEN_MISSING\"}}",
		  "OPENCLAW_GATEWAY_TOKEN", OC_E_DENIED },
		{ "{\"code\":\"NOT_PAIRED\",\"message\":\"pairing required\"}", "approved",
		  OC_E_DENIED },
		{ "{\"code\":\"FORBIDDEN\",\"message\":\"missing scope: operator.read\",\"details\":{\"code\":\"MISSING_SCOPE\"}}",
		  "missing scope: operator.read", OC_E_DENIED },
		{ "{\"message\":\"unknown method: x\"}", "unknown method: x", OC_E_UPSTREAM },
		{ "{}", "without a reason", OC_E_UPSTREAM },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		json_t *error = oc_json_parse(oc_str(cases[i].error), NULL, NULL);
		struct oc_err e = { 0 };
		assert_int_equal(oc_rpc_explain(error, "gateway.auth.token", &e), cases[i].rc);
		assert_true(oc_str_has(oc_str(e.msg), oc_str(cases[i].word)));
		json_decref(error);
	}
}

static void a_long_message_of_a_gateway_is_no_danger(void **state)
{
	char *message = malloc(100001);
	struct oc_err e = { 0 };

	(void)state;
	memset(message, '%', 100000);
	message[100000] = '\0';
	json_t *error = json_pack("{s:s}", "message", message);
	assert_int_equal(oc_rpc_explain(error, NULL, &e), OC_E_UPSTREAM);
	assert_true(strlen(e.msg) < sizeof e.msg);
	json_decref(error);
	free(message);
}

static void the_signed_text_has_every_field_in_its_place(void **state)
{
	const struct oc_rpc_device_ask ask = { .client_id = "openclaw-tui",
					       .mode = "ui",
					       .role = "operator",
					       .scopes = "a,b",
					       .nonce = "n",
					       .platform = " Linux ",
					       .family = "LINUX",
					       .signed_at_ms = 17 };
	char *text = oc_rpc_device_text(&ask, "id");

	(void)state;
	assert_string_equal(text, "v3|id|openclaw-tui|ui|operator|a,b|17||n|linux|linux");
	free(text);
}

static void durations_are_read_or_refused(void **state)
{
	static const struct {
		const char *text;
		int64_t bare, ms; /* -1 = refused */
	} cases[] = {
		{ "90s", 1, 90000 },	 { "1h30m", 1, 5400000 }, { "2d", 1, 172800000 },
		{ "250ms", 1, 250 },	 { "5", 60000, 300000 },  { "5", 0, -1 },
		{ "0m", 1, -1 },	 { "", 1, -1 },		  { "m", 1, -1 },
		{ "5 m", 1, -1 },	 { "-5m", 1, -1 },	  { "5x", 1, -1 },
		{ "999999999w", 1, -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int64_t ms = -1;
		bool ok = oc_duration_parse(oc_str(cases[i].text), cases[i].bare, &ms);
		assert_int_equal(ok, cases[i].ms >= 0);
		assert_int_equal(ms, cases[i].ms);
	}
}

static void schedules_are_readable(void **state)
{
	static const struct {
		const char *schedule, *text;
	} cases[] = {
		{ "{\"kind\":\"every\",\"everyMs\":7200000}", "every 2h" },
		{ "{\"kind\":\"every\",\"everyMs\":90000}", "every 90s" },
		{ "{\"kind\":\"every\",\"everyMs\":1500}", "every 1500ms" },
		{ "{\"kind\":\"cron\",\"expr\":\"0 9 * * *\",\"tz\":\"UTC\"}", "0 9 * * * (UTC)" },
		{ "{\"kind\":\"at\",\"at\":\"2026-12-24T18:00Z\"}", "at 2026-12-24T18:00Z" },
		{ "{\"kind\":\"stream\"}", "stream" },
		{ "{}", "?" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		json_t *schedule = oc_json_parse(oc_str(cases[i].schedule), NULL, NULL);
		struct oc_buf out;
		oc_buf_init(&out, 1000);
		oc_cron_schedule_text(schedule, &out);
		assert_string_equal(oc_buf_cstr(&out), cases[i].text);
		oc_buf_deinit(&out);
		json_decref(schedule);
	}
}

static void log_lines_of_any_form_are_shown(void **state)
{
	static const struct {
		const char *line, *text;
	} cases[] = {
		{ "{\"0\":\"{\\\"subsystem\\\":\\\"gateway\\\"}\",\"1\":\"ready\",\"_meta\":{\"logLevelName\":\"INFO\"},\"time\":\"2026-11-21T18:04:05.123Z\"}",
		  "2026-11-21T18:04:05Z info gateway ready" },
		{ "{\"0\":\"ws\",\"1\":\"open\",\"time\":\"2026-11-21T20:04:05+02:00\"}",
		  "2026-11-21T18:04:05Z info ws open" },
		{ "{\"message\":\"bare\",\"time\":\"yesterday\"}", "yesterday info bare" },
		{ "no JSON \033[31m", "no JSON \\x1B[31m" },
		{ "[1]", "[1]" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct oc_log_style style = { .utc = true };
		struct oc_buf out;
		oc_buf_init(&out, 10000);
		oc_log_line_text(oc_str(cases[i].line), &style, &out);
		assert_string_equal(oc_buf_cstr(&out), cases[i].text);
		oc_buf_deinit(&out);
	}
}

static void completion_follows_the_table(void **state)
{
	static const struct oc_option options[] = { { .name = "--deep" },
						    { .name = "--old", .hidden = true },
						    { 0 } };
	static const struct oc_command sub[] = {
		{ .name = "list", .help = "x", .options = options }, { 0 }
	};
	static const struct oc_command commands[] = { { .name = "things", .help = "x", .sub = sub },
						      { .name = "__secret" },
						      { 0 } };
	static const struct oc_option globals[] = { { .name = "--help" }, { 0 } };
	struct oc_buf out;

	(void)state;
	oc_buf_init(&out, 100000);
	assert_true(oc_completion_text("bash", commands, globals, &out));
	struct oc_str s = oc_buf_view(&out);
	assert_true(oc_str_has(s, OC_LIT("'') words='things --help' ;;")));
	assert_true(oc_str_has(s, OC_LIT("'things') words='list --help' ;;")));
	assert_true(oc_str_has(s, OC_LIT("'things list') words='--deep --help' ;;")));
	assert_false(oc_str_has(s, OC_LIT("secret")) || oc_str_has(s, OC_LIT("--old")));
	assert_false(oc_completion_text("tcsh", commands, globals, &out));
	oc_buf_deinit(&out);
}

static void exports_have_one_event_a_line(void **state)
{
	json_t *row = oc_json_parse(
	    OC_LIT("{\"key\":\"agent:main:a\",\"sessionId\":\"s\",\"createdAt\":1500}"), NULL,
	    NULL);
	json_t *messages = oc_json_parse(
	    OC_LIT(
		"[{\"role\":\"user\",\"content\":\"hi\",\"__openclaw\":{\"id\":\"m1\",\"recordTimestampMs\":2001}}]"),
	    NULL, NULL);
	struct oc_buf out;

	(void)state;
	oc_buf_init(&out, 100000);
	oc_session_export(row, messages, OC_EXPORT_JSONL, &out);
	assert_string_equal(
	    oc_buf_cstr(&out),
	    "{\"type\":\"session\",\"version\":4,\"id\":\"s\",\"timestamp\":\"1970-01-01T00:00:01.500Z\","
	    "\"sessionKey\":\"agent:main:a\"}\n"
	    "{\"type\":\"message\",\"id\":\"m1\",\"parentId\":null,\"timestamp\":\"1970-01-01T00:00:02.001Z\","
	    "\"message\":{\"role\":\"user\",\"content\":\"hi\"}}\n");
	oc_buf_deinit(&out);
	json_decref(row);
	json_decref(messages);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refusals_name_what_to_do),
		cmocka_unit_test(a_long_message_of_a_gateway_is_no_danger),
		cmocka_unit_test(the_signed_text_has_every_field_in_its_place),
		cmocka_unit_test(durations_are_read_or_refused),
		cmocka_unit_test(schedules_are_readable),
		cmocka_unit_test(log_lines_of_any_form_are_shown),
		cmocka_unit_test(completion_follows_the_table),
		cmocka_unit_test(exports_have_one_event_a_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
