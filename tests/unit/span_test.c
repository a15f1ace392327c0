/* Members found in the text of an object, and what is refused on the way. */
#include "check.h"

#include "base/limits.h"
#include "json/span.h"

static const char *const names[] = { "model", "stream" };

static void members_are_found_wherever_they_stand(void **state)
{
	static const struct {
		const char *text, *model, *stream;
	} rows[] = {
		{ "{\"model\":\"a\"}", "\"a\"", "" },
		{ " {\n\"x\" : 12345678901234567890.5e3 , \"model\"\t: \"a/b\" }\n", "\"a/b\"",
		  "" },
		{ "{\"a\":{\"model\":\"no\"},\"b\":[{\"model\":1}],\"model\":\"yes\"}", "\"yes\"",
		  "" },
		{ "{\"\\u006dodel\":\"a\",\"stream\":true}", "\"a\"", "true" },
		{ "{\"model\":{\"deep\":[[],{}]},\"stream\":null}", "{\"deep\":[[],{}]}", "null" },
		{ "{\"model\":\"q\\\"uo\\\\te\",\"m\":\"model\"}", "\"q\\\"uo\\\\te\"", "" },
		{ "{\"stream\":{},\"model\":[]}", "[]", "{}" },
		{ "\xEF\xBB\xBF{\"model\":-0.5E+7}", "-0.5E+7", "" },
		{ "{}", "", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct oc_str t = oc_str(rows[i].text);
		struct oc_span out[2];
		struct oc_err e = { 0 };

		assert_int_equal(oc_json_find_members(t, names, 2, out, &e), OC_OK);
		assert_true(
		    oc_str_eq((struct oc_str){ t.p + out[0].at, out[0].n }, oc_str(rows[i].model)));
		assert_true(oc_str_eq((struct oc_str){ t.p + out[1].at, out[1].n },
				      oc_str(rows[i].stream)));
	}
}

static void what_is_no_json_is_refused_with_its_place(void **state)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
		{ "", "line 1, column 1: a JSON object is expected" },
		{ "[]", "a JSON object is expected" },
		{ "{\"model\":}", "line 1, column 10: not a JSON value" },
		{ "{\"model\":", "the text ends too early" },
		{ "{\"model\"", "':' is expected" },
		{ "{\"model\":\"a\"", "',' or '}' is expected" },
		{ "{\"model\":\"a\",}", "a member name in quotes is expected" },
		{ "{\n\"model\":\"a\",\n'x':1}", "line 3, column 1" },
		{ "{\"x\":[1,]}", "not a JSON value" },
		{ "{\"x\":[1}", "',' or ']' is expected" },
		{ "{\"x\":01}", "not a JSON value" },
		{ "{\"x\":nul}", "not a JSON value" },
		{ "{\"x\":\"a\tb\"}", "a control character" },
		{ "{\"x\":\"\\x\"}", "an escape" },
		{ "{\"x\":\"\\u12g4\"}", "an escape" },
		{ "{\"x\":\"a}", "does not end" },
		{ "{} {}", "more text after the end" },
		{ "{\"model\":1,\"model\":2}", "\"model\" is given twice" },
		{ "{\"model\":1,\"\\u006dodel\":2}", "\"model\" is given twice" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct oc_span out[2];
		struct oc_err e = { 0 };

		if (oc_json_find_members(oc_str(rows[i].text), names, 2, out, &e) != OC_E_INPUT ||
		    !strstr(e.msg, rows[i].says))
			fail_msg("%s: %s", rows[i].text, e.msg);
	}
}

static void every_cut_of_an_object_is_refused(void **state)
{
	struct oc_str whole =
	    OC_LIT("{\"a\":[1,{\"b\":\"\\u00e4\\n\"}],\"model\":\"x\",\"c\":null}");

	(void)state;
	for (size_t n = 0; n < whole.n; n++) {
		struct oc_span out[1];
		struct oc_err e = { 0 };

		assert_int_equal(oc_json_find_members(oc_str_head(whole, n), names, 1, out, &e),
				 OC_E_INPUT);
	}
}

static void nesting_has_a_bound(void **state)
{
	struct oc_span out[1];
	struct oc_err e = { 0 };
	struct oc_buf text;

	(void)state;
	for (int deep = OC_MAX_JSON_DEPTH - 1; deep <= OC_MAX_JSON_DEPTH; deep++) {
		oc_buf_init(&text, 10000);
		oc_buf_adds(&text, "{\"x\":");
		for (int i = 0; i < deep; i++) oc_buf_addc(&text, '[');
		for (int i = 0; i < deep; i++) oc_buf_addc(&text, ']');
		oc_buf_addc(&text, '}');
		assert_int_equal(oc_json_find_members(oc_buf_view(&text), names, 1, out, &e),
				 deep < OC_MAX_JSON_DEPTH ? OC_OK : OC_E_INPUT);
		oc_buf_deinit(&text);
	}
}

static void replacing_leaves_every_other_byte(void **state)
{
	struct oc_str text = OC_LIT("{ \"n\":1e400, \"model\" : \"a\\/b\" ,\"z\":[ ]}");
	struct oc_span at;
	struct oc_err e = { 0 };
	struct oc_buf out;

	(void)state;
	assert_int_equal(oc_json_find_members(text, names, 1, &at, &e), OC_OK);
	oc_buf_init(&out, 1000);
	oc_json_replace(text, at, OC_LIT("\"other\""), &out);
	assert_string_equal(oc_buf_cstr(&out), "{ \"n\":1e400, \"model\" : \"other\" ,\"z\":[ ]}");
	oc_buf_deinit(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_are_found_wherever_they_stand),
		cmocka_unit_test(what_is_no_json_is_refused_with_its_place),
		cmocka_unit_test(every_cut_of_an_object_is_refused),
		cmocka_unit_test(nesting_has_a_bound),
		cmocka_unit_test(replacing_leaves_every_other_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
