/* Events of a model call: what kind of failure it was, what the lines hold, and what never. */
#include "check.h"

#include <sys/stat.h>

#include "base/mem.h"
#include "catalog_fixture.h"
#include "model/call/call.h"
#include "model/call/diagnostics.h"
#include "net/sha256.h"

#define PROMPT "the quick brown fox"
static const char config[] =
    "{models:{providers:{local:{baseUrl:'http://127.0.0.1:9/secret-path/v1',models:["
    "{id:'m',name:'m',contextWindow:4096}]}}}}";

static void each_failure_has_its_kind(void **state)
{
	static const struct {
		enum oc_rc rc;
		enum oc_http_failure how;
		enum oc_error_class class;
		const char *message, *kind;
	} rows[] = {
		{ OC_CANCELLED, OC_HTTP_OTHER, OC_ERR_NONE, NULL, "aborted" },
		{ OC_CANCELLED, OC_HTTP_RESET, OC_ERR_NONE, NULL, "aborted" },
		{ OC_OK, OC_HTTP_RESET, OC_ERR_UPSTREAM_UNREACHABLE, "timed out",
		  "connection_reset" },
		{ OC_OK, OC_HTTP_TRUNCATED, OC_ERR_STREAM_TRUNCATED, "cut", "terminated" },
		{ OC_OK, OC_HTTP_OK, OC_ERR_STREAM_TRUNCATED, "cut", "connection_closed" },
		{ OC_OK, OC_HTTP_NO_RESPONSE, OC_ERR_NO_RESPONSE, "", "connection_closed" },
		{ OC_OK, OC_HTTP_TIMEOUT, OC_ERR_TIMEOUT, "aborted", "timeout" },
		{ OC_OK, OC_HTTP_REFUSED, OC_ERR_UPSTREAM_UNREACHABLE, "connection refused", NULL },
		{ OC_OK, OC_HTTP_OK, OC_ERR_SERVER_ERROR, "worker got SIGKILL after a timeout",
		  "terminated" },
		{ OC_OK, OC_HTTP_OK, OC_ERR_SERVER_ERROR, "ECONNRESET: socket hang up",
		  "connection_reset" },
		{ OC_OK, OC_HTTP_OK, OC_ERR_SERVER_ERROR, "Premature close, timed out",
		  "connection_closed" },
		{ OC_OK, OC_HTTP_OK, OC_ERR_SERVER_ERROR, "request Timed Out", "timeout" },
		{ OC_OK, OC_HTTP_OK, OC_ERR_SERVER_ERROR, "request aborted", "aborted" },
		{ OC_OK, OC_HTTP_OK, OC_ERR_AUTH, "wrong key", NULL },
		{ OC_OK, OC_HTTP_OK, OC_ERR_BAD_PAYLOAD, NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct oc_call_error error = { .class = rows[i].class,
					       .message = (char *)(uintptr_t)rows[i].message };
		const char *kind = oc_failure_kind(rows[i].rc, rows[i].how, &error);

		if (!kind != !rows[i].kind || (kind && strcmp(kind, rows[i].kind) != 0))
			fail_msg("row %zu: %s", i, kind ? kind : "none");
	}
}

static const char *header(void *arg, const char *name)
{
	return !strcmp(name, "x-request-id") ? arg : NULL;
}

struct ending {
	enum oc_rc rc;
	enum oc_http_failure how;
	enum oc_error_class class;
};

/* One observed request; the events as a JSON array. */
static json_t *observe(const char *text, struct ending end)
{
	struct fixture f;
	struct oc_err e = { 0 };
	struct oc_selection target = { 0 };
	struct oc_messages messages = { 0 };
	struct oc_observation o = { 0 };
	struct oc_reply reply;
	static char request_id[] = "req-1";

	open_catalog(&f, text);
	assert_int_equal(oc_select(&f.catalog, OC_LIT("local/m"), &target, NULL, &e), OC_OK);
	oc_messages_add(&messages, OC_ROLE_SYSTEM, OC_LIT("be kind"));
	oc_messages_add(&messages, OC_ROLE_USER, OC_LIT(PROMPT " \xc3\xa9"));
	const struct oc_call_spec spec = {
		.catalog = &f.catalog, .target = &target, .messages = &messages, .run_id = "run-1"
	};
	oc_reply_init(&reply);
	reply.error.class = end.class;
	reply.error.message = end.class ? oc_strdup("no " PROMPT) : NULL;
	reply.usage = (struct oc_usage){
		.present = true, .input = 5, .output = 2, .cached = 1, .reasoning = -1
	};
	oc_observe_start(&o, &spec, OC_LIT("0123456789"));
	oc_observe_head(&o, header, request_id);
	oc_observe_bytes(&o, 7);
	oc_observe_bytes(&o, 3);
	oc_observe_end(&o, end.rc, end.how, &reply);
	oc_reply_deinit(&reply);
	oc_messages_deinit(&messages);
	oc_selection_deinit(&target);
	close_catalog(&f);

	char *lines = home_read("logs/calls.jsonl");
	if (!lines) return NULL;
	json_t *events = json_array();
	for (char *rest = lines, *line; (line = strsep(&rest, "\n")) && *line;)
		json_array_append_new(events, oc_json_parse(oc_str(line), NULL, NULL));
	assert_null(strstr(lines, "brown"));
	assert_null(strstr(lines, "secret-path"));
	assert_null(strstr(lines, "req-1"));
	free(lines);
	return events;
}

static const json_t *event(const json_t *events, size_t i, const char *type)
{
	const json_t *v = json_array_get(events, i);

	assert_string_equal(oc_json_cstr(v, "type"), type);
	assert_string_equal(oc_json_cstr(v, "runId"), "run-1");
	assert_string_equal(oc_json_cstr(v, "callId"),
			    oc_json_cstr(json_array_get(events, 0), "callId"));
	return v;
}

static void a_completed_call_tells_sizes_and_usage(void **state)
{
	(void)state;
	setenv("OPENCLAW_DIAGNOSTICS_FILE", "logs/calls.jsonl", 1);
	json_t *events = observe(config, (struct ending){ 0 });
	unsetenv("OPENCLAW_DIAGNOSTICS_FILE");
	assert_int_equal(json_array_size(events), 2);
	const json_t *started = event(events, 0, "model.call.started");
	assert_json(json_object_get(started, "promptStats"),
		    "{'inputMessagesCount':1,'inputMessagesChars':21,'systemPromptChars':7,"
		    "'toolDefinitionsCount':0,'toolDefinitionsChars':0,'totalChars':28}");
	assert_int_equal(oc_json_int(started, "contextTokenBudget", 0), 4096);
	assert_null(json_object_get(started, "durationMs"));
	const json_t *done = event(events, 1, "model.call.completed");
	assert_int_equal(oc_json_int(done, "requestPayloadBytes", 0), 10);
	assert_int_equal(oc_json_int(done, "responseStreamBytes", 0), 10);
	assert_true(json_is_integer(json_object_get(done, "durationMs")));
	assert_json(json_object_get(done, "usage"), "{'input':5,'output':2,'cacheRead':1}");
	json_decref(events);
}

static void a_failed_call_tells_its_kind_and_the_memory(void **state)
{
	char want[OC_SHA256_HEX + 1];

	(void)state;
	setenv("OPENCLAW_DIAGNOSTICS_FILE", "logs/calls.jsonl", 1);
	json_t *events =
	    observe(config, (struct ending){ OC_OK, OC_HTTP_RESET, OC_ERR_UPSTREAM_UNREACHABLE });
	unsetenv("OPENCLAW_DIAGNOSTICS_FILE");
	assert_int_equal(json_array_size(events), 2);
	const json_t *failed = event(events, 1, "model.call.error");
	assert_string_equal(oc_json_cstr(failed, "failureKind"), "connection_reset");
	assert_string_equal(oc_json_cstr(failed, "errorCategory"), "Error");
	assert_true(oc_json_positive(json_object_get(failed, "memory"), "rssBytes") > 0);
	oc_sha256_hex(OC_LIT("req-1"), want);
	want[12] = '\0';
	assert_string_equal(oc_json_cstr(failed, "upstreamRequestIdHash") + strlen("sha256:"),
			    want);
	json_decref(events);
}

static void without_a_kind_there_is_no_memory_block(void **state)
{
	(void)state;
	setenv("OPENCLAW_DIAGNOSTICS_FILE", "logs/calls.jsonl", 1);
	json_t *events = observe(config, (struct ending){ OC_OK, OC_HTTP_OK, OC_ERR_AUTH });
	unsetenv("OPENCLAW_DIAGNOSTICS_FILE");
	const json_t *failed = event(events, 1, "model.call.error");
	assert_null(json_object_get(failed, "failureKind"));
	assert_null(json_object_get(failed, "memory"));
	json_decref(events);
}

#define WITH(logging)                                                                              \
	"{logging:{" logging "},models:{providers:{local:{baseUrl:'http://127.0.0.1:9/v1',"        \
	"models:[{id:'m',name:'m'}]}}}}"

static void the_configured_file_is_for_debugging(void **state)
{
	(void)state;
	assert_null(observe(config, (struct ending){ 0 }));
	assert_null(observe(WITH("file:'logs/calls.jsonl'"), (struct ending){ 0 }));
	json_t *events =
	    observe(WITH("file:'logs/calls.jsonl',level:'debug'"), (struct ending){ 0 });
	assert_int_equal(json_array_size(events), 2);
	json_decref(events);
}

static void a_long_file_makes_room(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++)
		json_decref(observe(WITH("file:'logs/calls.jsonl',level:'debug',maxFileBytes:1000"),
				    (struct ending){ 0 }));
	char *old = home_read("logs/calls.jsonl.1");
	assert_non_null(old);
	free(old);
}

static void a_known_text_has_the_known_hash(void **state)
{
	char out[OC_SHA256_HEX + 1];

	(void)state;
	oc_sha256_hex(OC_LIT("abc"), out);
	assert_string_equal(out,
			    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_failure_has_its_kind),
		cmocka_unit_test_setup_teardown(a_completed_call_tells_sizes_and_usage, new_home,
						drop_home),
		cmocka_unit_test_setup_teardown(a_failed_call_tells_its_kind_and_the_memory,
						new_home, drop_home),
		cmocka_unit_test_setup_teardown(without_a_kind_there_is_no_memory_block, new_home,
						drop_home),
		cmocka_unit_test_setup_teardown(the_configured_file_is_for_debugging, new_home,
						drop_home),
		cmocka_unit_test_setup_teardown(a_long_file_makes_room, new_home, drop_home),
		cmocka_unit_test(a_known_text_has_the_known_hash),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
