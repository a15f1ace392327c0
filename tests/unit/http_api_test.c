/* Pure parts of the HTTP APIs: requests to agents, hook templates, paths and headers of the UI. */
#include "check.h"

#include <stdlib.h>

#include "base/mem.h"
#include "gateway/http/api_ask.h"
#include "gateway/http/hook_template.h"
#include "gateway/http/metrics.h"
#include "gateway/http/run_follow.h"
#include "gateway/http/ui.h"
#include "rt/stall.h"

static enum oc_rc read_chat(const char *text, struct oc_api_ask *out, struct oc_err *e)
{
	json_t *body = oc_json_parse(oc_str(text), NULL, e);
	enum oc_rc rc = oc_chat_ask_read(body, out, e);

	json_decref(body);
	return rc;
}

static void a_conversation_ends_with_what_is_to_be_answered(void **state)
{
	static const struct {
		const char *messages, *system, *last;
		enum oc_role role;
		size_t n;
	} rows[] = {
		{ "{\"role\":\"user\",\"content\":\"a\"}", "", "a", OC_ROLE_USER, 1 },
		{ "{\"role\":\"system\",\"content\":\"s\"},{\"role\":\"user\",\"content\":\"a\"},"
		  "{\"role\":\"developer\",\"content\":\"t\"}",
		  "s\n\nt", "a", OC_ROLE_USER, 1 },
		{ "{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"assistant\",\"content\":\"b\"}",
		  "", "a", OC_ROLE_USER, 1 },
		{ "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\"},"
		  "{\"type\":\"text\",\"text\":\"b\"}]}",
		  "", "a\n\nb", OC_ROLE_USER, 1 },
		{ "{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"assistant\",\"content\":null,"
		  "\"tool_calls\":[{\"id\":\"c\",\"type\":\"function\",\"function\":{\"name\":\"f\","
		  "\"arguments\":\"{}\"}}]},{\"role\":\"tool\",\"tool_call_id\":\"c\","
		  "\"content\":\"r\"}",
		  "", "r", OC_ROLE_TOOL, 3 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *body = oc_asprintf("{\"messages\":[%s]}", rows[i].messages);
		struct oc_api_ask ask;
		struct oc_err e = { 0 };

		if (read_chat(body, &ask, &e) != OC_OK) fail_msg("%s", e.msg);
		const struct oc_message *last = &ask.messages.v[ask.messages.n - 1];

		assert_int_equal(ask.messages.n, rows[i].n);
		assert_int_equal(last->role, rows[i].role);
		assert_string_equal(oc_buf_cstr(&last->text), rows[i].last);
		assert_string_equal(oc_buf_cstr(&ask.system), rows[i].system);
		if (last->role == OC_ROLE_TOOL) assert_string_equal(last->tool_name, "f");
		oc_api_ask_deinit(&ask);
		free(body);
	}
}

static void kept_messages_come_back_as_they_were(void **state)
{
	struct oc_messages out = { 0 };
	struct oc_api_ask ask;
	struct oc_err e = { 0 };

	(void)state;
	assert_int_equal(
	    read_chat("{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":"
		      "\"a\\u0000b\"},{\"type\":\"image_url\",\"image_url\":{\"url\":"
		      "\"data:image/png;base64,AAAA\"}}]},{\"role\":\"assistant\",\"tool_calls\":["
		      "{\"id\":\"c\",\"function\":{\"name\":\"f\",\"arguments\":\"not json\"}}]},"
		      "{\"role\":\"tool\",\"tool_call_id\":\"c\",\"content\":\"r\"}]}",
		      &ask, &e),
	    OC_OK);
	json_t *kept = oc_api_messages_json(&ask.messages, 0);

	oc_api_messages_read(kept, &out);
	json_t *again = oc_api_messages_json(&out, 0);

	assert_true(json_equal(kept, again));
	assert_int_equal(out.n, 3);
	assert_int_equal(out.v[0].text.n, 3);
	assert_string_equal(out.v[0].images[0].mime, "image/png");
	assert_false(out.v[1].calls[0].valid);
	json_decref(again);
	json_decref(kept);
	oc_messages_deinit(&out);
	oc_api_ask_deinit(&ask);
}

static void templates_take_what_the_payload_has(void **state)
{
	static const struct {
		const char *template, *want;
	} rows[] = {
		{ "plain", "plain" },
		{ "{{a}}", "text" },
		{ "x {{ payload.a }} y", "x text y" },
		{ "{{list[1].n}}/{{list[0].n}}", "2/1" },
		{ "{{o}}", "{\"k\":true}" },
		{ "{{missing}}{{null}}{{[}}", "" },
		{ "{{a", "{{a" },
		{ "}} {{a}} {{", "}} text {{" },
	};
	json_t *payload = oc_json_parse(OC_LIT("{\"a\":\"text\",\"null\":null,\"o\":{\"k\":true},"
					       "\"list\":[{\"n\":1},{\"n\":2}]}"),
					NULL, NULL);

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct oc_buf out;

		oc_buf_init(&out, 1000);
		oc_hook_render(oc_str(rows[i].template), payload, &out);
		assert_string_equal(oc_buf_cstr(&out), rows[i].want);
		oc_buf_deinit(&out);
	}
	json_decref(payload);
}

static void paths_never_lead_out_of_the_root(void **state)
{
	static const struct {
		const char *path, *base, *want; /* NULL = refused */
	} rows[] = {
		{ "/", "", "" },
		{ "/assets/a.js", "", "assets/a.js" },
		{ "/a%20b.css", "", "a b.css" },
		{ "//a///b", "", "a/b" },
		{ "/base/x", "/base", "x" },
		{ "/base", "/base/", "" },
		{ "/based/x", "/base", "based/x" },
		{ "/%252e%252e/x", "", "%2e%2e/x" },
		{ "/..", "", NULL },
		{ "/a/../b", "", NULL },
		{ "/a/./b", "", NULL },
		{ "/%2e%2E/x", "", NULL },
		{ "/a%2f..%2fb", "", NULL },
		{ "/a\\b", "", NULL },
		{ "/a%5c..", "", NULL },
		{ "/a%00b", "", NULL },
		{ "/a%0ab", "", NULL },
		{ "/%", "", NULL },
		{ "/%4", "", NULL },
		{ "/%zz", "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct oc_buf out;

		oc_buf_init(&out, 1000);
		bool ok = oc_ui_path(oc_str(rows[i].path), oc_str(rows[i].base), &out);

		if (ok != (rows[i].want != NULL)) fail_msg("%s", rows[i].path);
		if (ok) assert_string_equal(oc_buf_cstr(&out), rows[i].want);
		oc_buf_deinit(&out);
	}
}

static void codings_are_taken_by_name_and_weight(void **state)
{
	static const struct {
		const char *header, *coding;
		bool takes;
	} rows[] = {
		{ NULL, "br", false },
		{ "", "br", false },
		{ "br", "br", true },
		{ "gzip, BR", "br", true },
		{ "br;q=0", "br", false },
		{ "br;q=0.0", "br", false },
		{ "br; q=0.5, gzip", "br", true },
		{ "x-br", "br", false },
		{ "gzip;q=0, gzip", "gzip", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (oc_ui_accepts(rows[i].header, rows[i].coding) != rows[i].takes)
			fail_msg("%s", rows[i].header ? rows[i].header : "none");
}

static void inline_scripts_are_allowed_by_their_hash(void **state)
{
	static const char *const hash = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='";
	struct oc_buf out;

	(void)state;
	oc_buf_init(&out, 4000);
	oc_ui_policy(OC_LIT("<html><script></script><script src=\"x\"></script><SCRIPT a=\"1\">"
			    "</SCRIPT><script>cut"),
		     &out);
	const char *at = strstr(oc_buf_cstr(&out), hash);

	assert_non_null(at);
	at = strstr(at + strlen(hash), hash);
	assert_non_null(at);
	assert_null(strstr(at + strlen(hash), "sha256"));
	oc_buf_deinit(&out);
}

static void an_event_is_one_block(void **state)
{
	struct oc_buf out;

	(void)state;
	oc_buf_init(&out, 1000);
	oc_sse_write(&out, NULL, json_pack("{s:s}", "a", "line\nbreak"));
	oc_sse_write(&out, "x.y", json_object());
	assert_string_equal(oc_buf_cstr(&out),
			    "data: {\"a\":\"line\\nbreak\"}\n\nevent: x.y\ndata: {}\n\n");
	oc_buf_deinit(&out);
}

static void labels_cannot_end_their_quotes(void **state)
{
	struct oc_buf out;

	(void)state;
	oc_buf_init(&out, 1000);
	oc_metrics_label("a\"b\\c\nd", &out);
	assert_string_equal(oc_buf_cstr(&out), "a\\\"b\\\\c\\nd");
	oc_buf_deinit(&out);
}

static void a_turn_counts_in_the_first_bucket_that_holds_it(void **state)
{
	struct oc_stalls s = { 0 };

	(void)state;
	oc_stalls_add(&s, 0);
	oc_stalls_add(&s, 100);
	oc_stalls_add(&s, 101);
	oc_stalls_add(&s, 5000000);
	assert_int_equal(s.n[0], 2);
	assert_int_equal(s.n[1], 1);
	assert_int_equal(s.count, 4);
	assert_int_equal(s.longest_us, 5000000);
	assert_int_equal(s.sum_us, 5000201);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_conversation_ends_with_what_is_to_be_answered),
		cmocka_unit_test(kept_messages_come_back_as_they_were),
		cmocka_unit_test(templates_take_what_the_payload_has),
		cmocka_unit_test(paths_never_lead_out_of_the_root),
		cmocka_unit_test(codings_are_taken_by_name_and_weight),
		cmocka_unit_test(inline_scripts_are_allowed_by_their_hash),
		cmocka_unit_test(an_event_is_one_block),
		cmocka_unit_test(labels_cannot_end_their_quotes),
		cmocka_unit_test(a_turn_counts_in_the_first_bucket_that_holds_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
