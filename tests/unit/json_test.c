#include "check.h"

#include <stdlib.h>

#include "base/limits.h"
#include "json/json.h"

static void sloppy_text_is_mended_and_values_come_out(void **state)
{
	static const struct {
		const char *in, *want;
		bool replaced;
	} cases[] = {
		{ "{\"a\":1}", "{\"a\":1}", false },
		{ "\xEF\xBB\xBF{}", "{}", false },
		{ " [1, 2.5, \"x\", null, true] \r\n", "[1,2.5,\"x\",null,true]", false },
		{ "\"\\uD83D\\uDE00\"", "\"\xF0\x9F\x98\x80\"", false },
		{ "\"\\uD83D\"", "\"\xEF\xBF\xBD\"", true },
		{ "\"\\uDE00\\uD83D\"", "\"\xEF\xBF\xBD\xEF\xBF\xBD\"", true },
		{ "\"\\uD83Dx\\n\"", "\"\xEF\xBF\xBDx\\n\"", true },
		{ "\"\\uD83D\\uD83D\\uDE00\"", "\"\xEF\xBF\xBD\xF0\x9F\x98\x80\"", true },
		{ "\"\\\\uD83D\"", "\"\\\\uD83D\"", false },
		{ "\"a\xC3z\"", "\"a\xEF\xBF\xBDz\"", true },
		{ "9223372036854775807", "9223372036854775807", false },
		{ "-9223372036854775808", "-9223372036854775808", false },
		{ "9223372036854775808", "\"9223372036854775808\"", false },
		{ "[18446744073709551615,-0]", "[\"18446744073709551615\",0]", false },
		{ "1e999", "\"1e999\"", false },
		{ "\"99999999999999999999\"", "\"99999999999999999999\"", false },
		{ "\"\\\"[[[\"", "\"\\\"[[[\"", false },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct oc_json_notes notes = { 0 };
		struct oc_err e = { 0 };
		json_t *v = oc_json_parse(oc_str(cases[i].in), &notes, &e);

		assert_string_equal(e.msg, "");
		char *text = oc_json_compact(v);
		assert_string_equal(text, cases[i].want);
		assert_int_equal(notes.utf8_replaced, cases[i].replaced);
		free(text);
		json_decref(v);
	}
}

static void errors_name_the_place_and_never_the_text(void **state)
{
	static const struct {
		const char *in, *want;
	} cases[] = {
		{ "", "not valid JSON: the text is empty" },
		{ "{\"a\":\n secret}", "not valid JSON at 2:2: unexpected character" },
		{ "{\"a\":1", "not valid JSON at 1:7: the text ends too early" },
		{ "{} secret", "not valid JSON at 1:4: unexpected text after the value" },
		{ "<html>", "not valid JSON at 1:1: unexpected character" },
		{ "01", "not valid JSON at 1:1: unexpected character" },
		{ "\"\\uD8\"", "not valid JSON at 1:2: unexpected character" },
		{ "\"\\", "not valid JSON at 1:2: unexpected character" },
		{ "{\"a\\u0000secret\":1}", "not valid JSON at 1:17: NUL in an object key" },
		{ "{'a':1}", "not valid JSON at 1:2: unexpected character" },
		{ "99999999999999999999x",
		  "not valid JSON at 1:21: unexpected text after the value" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct oc_err e = { 0 };
		assert_null(oc_json_parse(oc_str(cases[i].in), NULL, &e));
		assert_string_equal(e.msg, cases[i].want);
		assert_int_equal(e.rc, OC_E_INPUT);
	}
}

static void nesting_beyond_the_limit_is_refused(void **state)
{
	char text[2 * OC_MAX_JSON_DEPTH + 3] = "";
	struct oc_err e = { 0 };

	(void)state;
	memset(text, '[', OC_MAX_JSON_DEPTH);
	memset(text + OC_MAX_JSON_DEPTH, ']', OC_MAX_JSON_DEPTH);
	json_t *v = oc_json_parse(oc_str(text), NULL, &e);
	assert_non_null(v);
	json_decref(v);
	memset(text, '[', OC_MAX_JSON_DEPTH + 1);
	memset(text + OC_MAX_JSON_DEPTH + 1, ']', OC_MAX_JSON_DEPTH + 1);
	assert_null(oc_json_parse(oc_str(text), NULL, &e));
	assert_int_equal(e.rc, OC_E_LIMIT);
}

static void a_text_that_would_grow_a_hundredfold_is_refused(void **state)
{
	static const char *const pieces[] = { "{},", "[],", "0,", "{\"k\":0}," };
	struct oc_err e = { 0 };
	struct oc_buf text;

	(void)state;
	for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
		oc_buf_init(&text, OC_MAX_SSE_EVENT_BYTES);
		oc_buf_addc(&text, '[');
		while (text.n < 4000000) oc_buf_adds(&text, pieces[i]);
		oc_buf_adds(&text, "0]");
		assert_null(oc_json_parse(oc_buf_view(&text), NULL, &e));
		assert_int_equal(e.rc, OC_E_LIMIT);
		oc_buf_deinit(&text);
	}
}

static void nul_inside_a_string_is_kept(void **state)
{
	struct oc_err e = { 0 };

	(void)state;
	json_t *v = oc_json_parse(OC_LIT("{\"a\":\"x\\u0000y\"}"), NULL, &e);
	assert_int_equal(oc_json_str(v, "a").n, 3);
	assert_memory_equal(oc_json_str(v, "a").p, "x\0y", 3);
	json_decref(v);
}

static void a_value_of_another_type_reads_as_absent(void **state)
{
	struct oc_err e = { 0 };

	(void)state;
	json_t *v = oc_json_parse(OC_LIT("{\"s\":\"x\",\"n\":3,\"r\":2.9,\"neg\":-1,\"b\":true,"
					 "\"huge\":1e300,\"null\":null}"),
				  NULL, &e);
	assert_string_equal(oc_json_cstr(v, "s"), "x");
	assert_null(oc_json_cstr(v, "n"));
	assert_null(oc_json_str(v, "absent").p);
	assert_int_equal(oc_json_int(v, "n", 7), 3);
	assert_int_equal(oc_json_int(v, "r", 7), 2);
	assert_int_equal(oc_json_int(v, "huge", 7), 7);
	assert_int_equal(oc_json_int(v, "s", 7), 7);
	assert_int_equal(oc_json_positive(v, "neg"), 0);
	assert_int_equal(oc_json_positive(v, "n"), 3);
	assert_true(oc_json_bool(v, "b", false));
	assert_true(oc_json_bool(v, "null", true));
	assert_int_equal(oc_json_int(NULL, "n", 9), 9);
	assert_null(oc_json_cstr(json_object_get(v, "s"), "x"));
	json_decref(v);
}

static void writing_keeps_order_and_mends_strings(void **state)
{
	json_t *v = json_object();

	(void)state;
	oc_json_put(v, "z", json_integer(1));
	oc_json_put(v, "a", oc_json_new_str(OC_LIT("\xFFq")));
	oc_json_put(v, "none", NULL);
	char *text = oc_json_pretty(v);
	assert_string_equal(text, "{\n  \"z\": 1,\n  \"a\": \"\xEF\xBF\xBDq\"\n}\n");
	free(text);
	json_decref(v);
	v = oc_json_new_str((struct oc_str){ NULL, 0 });
	assert_string_equal(json_string_value(v), "");
	json_decref(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sloppy_text_is_mended_and_values_come_out),
		cmocka_unit_test(errors_name_the_place_and_never_the_text),
		cmocka_unit_test(nesting_beyond_the_limit_is_refused),
		cmocka_unit_test(a_text_that_would_grow_a_hundredfold_is_refused),
		cmocka_unit_test(nul_inside_a_string_is_kept),
		cmocka_unit_test(a_value_of_another_type_reads_as_absent),
		cmocka_unit_test(writing_keeps_order_and_mends_strings),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
