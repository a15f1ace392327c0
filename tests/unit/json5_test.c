#include "check.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "json/json5.h"

static struct oc_json5 *parse(const char *text)
{
	struct oc_json5 *d = NULL;
	struct oc_err e = { 0 };

	if (oc_json5_parse(oc_str(text), &d, &e)) fail_msg("%s: %s", text, e.msg);
	return d;
}

static void everything_the_grammar_allows_is_read(void **state)
{
	static const struct {
		const char *in, *want;
	} cases[] = {
		{ "{}", "{}" },
		{ "[]", "[]" },
		{ " \t\v\f\xC2\xA0\xEF\xBB\xBF\xE2\x80\xA8\xE2\x80\xA9\xE3\x80\x80{\r\n}\n", "{}" },
		{ "\xEF\xBB\xBF[1]", "[1]" },
		{ "// c\n{a:1,/* x */b:2,}// end", "{\"a\":1,\"b\":2}" },
		{ "/**/[/***/1,]", "[1]" },
		{ "{$_a1:1,\xC3\xA4\xCC\x88:2,\\u0061b:3,a\\u0062c:4}",
		  "{\"$_a1\":1,\"\xC3\xA4\xCC\x88\":2,\"ab\":3,\"abc\":4}" },
		{ "{null:1,true:2,Infinity:3}", "{\"null\":1,\"true\":2,\"Infinity\":3}" },
		{ "{'a b':1,\"c\":2}", "{\"a b\":1,\"c\":2}" },
		{ "{a:1,b:2,a:3}", "{\"a\":3,\"b\":2}" },
		{ "'it\\'s \"x\"'", "\"it's \\\"x\\\"\"" },
		{ "\"it's\"", "\"it's\"" },
		{ "'\\b\\f\\n\\r\\t\\v\\\\\\/\\q\\0'", "\"\\b\\f\\n\\r\\t\\u000b\\\\/q\\u0000\"" },
		{ "'\\x41\\u00e4\\uD83D\\uDE00'", "\"A\xC3\xA4\xF0\x9F\x98\x80\"" },
		{ "'\\uD83Dx\\uDE00'", "\"\xEF\xBF\xBDx\xEF\xBF\xBD\"" },
		{ "'a\\\nb\\\r\nc\\\rd\\\xE2\x80\xA8"
		  "e'",
		  "\"abcde\"" },
		{ "'\xE2\x80\xA8'", "\"\xE2\x80\xA8\"" },
		{ "'\t'", "\"\\t\"" },
		{ "[1,+1,-1,0,-0,+0]", "[1,1,-1,0,0,0]" },
		{ "[.5,5.,1.5,1e3,1E-2,1e+2]", "[0.5,5.0,1.5,1000.0,0.01,100.0]" },
		{ "[0x1F,0Xff,-0x10,+0x0]", "[31,255,-16,0]" },
		{ "[0xFFFFFFFFFFFFFFFFFF]", "[4722366482869645000000.0]" },
		{ "[9223372036854775807,-9223372036854775808]",
		  "[9223372036854775807,-9223372036854775808]" },
		{ "[9223372036854775808]", "[9223372036854775800.0]" },
		{ "[Infinity,-Infinity,+Infinity,NaN,1e999]",
		  "[\"Infinity\",\"-Infinity\",\"Infinity\",\"NaN\",\"Infinity\"]" },
		{ "[true,false,null]", "[true,false,null]" },
		{ "{\"\":{\"a\":[{}]}}", "{\"\":{\"a\":[{}]}}" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct oc_json5 *d = parse(cases[i].in);
		char *text = oc_json_compact(oc_json5_value(d));
		if (strstr(cases[i].want, "00.0]")) { /* big reals: only the value counts */
			struct oc_json5 *w = parse(cases[i].want);
			assert_true(json_equal(oc_json5_value(d), oc_json5_value(w)));
			oc_json5_free(w);
		} else
			assert_string_equal(text, cases[i].want);
		free(text);
		oc_json5_free(d);
	}
}

static void errors_name_character_line_and_column(void **state)
{
	static const struct {
		const char *in, *want;
	} cases[] = {
		{ "", "JSON5: invalid end of input at 1:1" },
		{ " // c", "JSON5: invalid end of input at 1:6" },
		{ "{a:1", "JSON5: invalid end of input at 1:5" },
		{ "{\n  a: \xE2\x80\x9Cx\xE2\x80\x9D,\n}",
		  "JSON5: invalid character '\xE2\x80\x9C' at 2:6 (a typographic quote: write a plain \" or ' instead)" },
		{ "{\xE2\x80\x98"
		  "a\xE2\x80\x99:1}",
		  "JSON5: invalid character '\xE2\x80\x98' at 1:2 (a typographic quote: write a plain \" or ' instead)" },
		{ "{\r\n\"\xC3\xA4\xC3\xB6\": ?}", "JSON5: invalid character '?' at 2:7" },
		{ "\r\r\n\n@", "JSON5: invalid character '@' at 4:1" },
		{ "[1 2]", "JSON5: invalid character '2' at 1:4" },
		{ "[01]", "JSON5: invalid character '1' at 1:3" },
		{ "[1a]", "JSON5: invalid character 'a' at 1:3" },
		{ "[0x]", "JSON5: invalid character ']' at 1:4" },
		{ "[.]", "JSON5: invalid character ']' at 1:3" },
		{ "[1e]", "JSON5: invalid character ']' at 1:4" },
		{ "[+-1]", "JSON5: invalid character '-' at 1:3" },
		{ "[nul]", "JSON5: invalid character ']' at 1:5" },
		{ "[Infinit]", "JSON5: invalid character ']' at 1:9" },
		{ "[,]", "JSON5: invalid character ',' at 1:2" },
		{ "{a}", "JSON5: invalid character '}' at 1:3" },
		{ "{1:2}", "JSON5: invalid character '1' at 1:2" },
		{ "{a-b:2}", "JSON5: invalid character '-' at 1:3" },
		{ "{\\u0020:2}", "JSON5: invalid character '\\' at 1:2" },
		{ "{'a\\0':2}", "JSON5: NUL in a key at 1:2" },
		{ "'a\nb'", "JSON5: invalid character '\\x0a' at 1:3" },
		{ "'a", "JSON5: invalid end of input at 1:3" },
		{ "'\\", "JSON5: invalid end of input at 1:3" },
		{ "'\\1'", "JSON5: invalid character '1' at 1:3" },
		{ "'\\01'", "JSON5: invalid character '1' at 1:4" },
		{ "'\\x4g'", "JSON5: invalid character 'g' at 1:5" },
		{ "'\\u00g0'", "JSON5: invalid character 'g' at 1:6" },
		{ "'\xC3'", "JSON5: invalid character '\\xc3' at 1:2" },
		{ "{} x", "JSON5: invalid character 'x' at 1:4" },
		{ "/* x", "JSON5: comment without its end '*/' at 1:5" },
		{ "[1,/ 2]", "JSON5: invalid character '/' at 1:4" },
		{ "undefined", "JSON5: invalid character 'u' at 1:1" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct oc_json5 *d = NULL;
		struct oc_err e = { 0 };

		assert_int_equal(oc_json5_parse(oc_str(cases[i].in), &d, &e), OC_E_INPUT);
		assert_string_equal(e.msg, cases[i].want);
		assert_null(d);
	}
}

static void every_proper_prefix_of_a_document_is_an_error(void **state)
{
	static const char text[] = "{a:[1,'x',\"y\\u0041\",{b:null}],c:-0x1F,d:{e:true,f:.5e+3}}";

	(void)state;
	for (size_t n = 0; n < sizeof text - 1; n++) {
		struct oc_json5 *d = NULL;
		struct oc_err e = { 0 };
		assert_int_equal(oc_json5_parse((struct oc_str){ text, n }, &d, &e), OC_E_INPUT);
	}
	oc_json5_free(parse(text));
}

static void nesting_has_a_limit(void **state)
{
	struct oc_json5 *d = NULL;
	struct oc_err e = { 0 };
	char text[OC_MAX_JSON_DEPTH + 2];

	(void)state;
	memset(text, '[', sizeof text);
	assert_int_equal(oc_json5_parse((struct oc_str){ text, sizeof text }, &d, &e), OC_E_INPUT);
	assert_string_equal(e.msg, "JSON5: nested too deeply at 1:129");
}

static void comments_are_counted(void **state)
{
	static const struct {
		const char *in;
		size_t want;
	} cases[] = { { "{a:'//x'}", 0 }, { "{}//", 1 }, { "[/**/]//x", 2 } };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct oc_json5 *d = parse(cases[i].in);
		assert_int_equal(oc_json5_comments(d), cases[i].want);
		oc_json5_free(d);
	}
}

static void writing_keeps_the_form_of_what_did_not_change(void **state)
{
	static const char in[] = "{ // first\n"
				 "  n: [1.50, 1e3, 0x10, 9223372036854775808, -0],\n"
				 "  inf: Infinity,\n"
				 "  ui: { b: 'x', /* kept */ c: 1.0, },\n"
				 "}\n";
	static const char want[] =
	    "{\n"
	    "  \"n\": [\n    7,\n    1.50,\n    1e3,\n    16,\n    9223372036854775808,\n    -0\n  ],\n"
	    "  \"inf\": Infinity,\n"
	    "  \"ui\": { b: 'x', /* kept */ c: 1.0, }\n"
	    "}\n";
	struct oc_strv verbatim = { 0 };
	struct oc_json5 *d = parse(in);
	json_t *v = json_deep_copy(oc_json5_value(d));

	(void)state;
	oc_strv_add(&verbatim, OC_LIT("ui"));
	json_array_insert_new(json_object_get(v, "n"), 0, json_integer(7));
	char *text = oc_json5_write(d, v, &verbatim);
	assert_string_equal(text, want);
	struct oc_json5 *again = parse(text);
	assert_true(json_equal(oc_json5_value(again), v));
	oc_json5_free(again);
	free(text);

	json_object_set_new(json_object_get(v, "ui"), "b", json_string("y"));
	json_object_set_new(v, "inf", json_real(0.1));
	text = oc_json5_write(d, v, &verbatim);
	assert_non_null(strstr(
	    text, "\"inf\": 0.1,\n  \"ui\": {\n    \"b\": \"y\",\n    \"c\": 1.0\n  }\n}\n"));
	free(text);
	json_decref(v);
	oc_json5_free(d);
	oc_strv_deinit(&verbatim);
}

static void the_last_of_two_equal_root_keys_is_the_one_kept(void **state)
{
	struct oc_json5 *d = parse("{a:1,a:[2]}");

	(void)state;
	struct oc_str text = oc_json5_member_text(d, "a");
	assert_memory_equal(text.p, "[2]", text.n);
	assert_null(oc_json5_member_text(d, "b").p);
	oc_json5_free(d);
}

static void reals_are_written_with_the_fewest_digits(void **state)
{
	static const struct {
		double in;
		const char *want;
	} cases[] = { { 0.7, "0.7" }, { 0.1 + 0.2, "0.30000000000000004" }, { 1e300, "1e+300" },
		      { 2, "2.0" },   { 1.0 / 3, "0.3333333333333333" },    { -0.0, "-0.0" } };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		json_t *v = json_real(cases[i].in);
		char *text = oc_json_compact(v);
		assert_string_equal(text, cases[i].want);
		free(text);
		json_decref(v);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_the_grammar_allows_is_read),
		cmocka_unit_test(errors_name_character_line_and_column),
		cmocka_unit_test(every_proper_prefix_of_a_document_is_an_error),
		cmocka_unit_test(nesting_has_a_limit),
		cmocka_unit_test(comments_are_counted),
		cmocka_unit_test(writing_keeps_the_form_of_what_did_not_change),
		cmocka_unit_test(the_last_of_two_equal_root_keys_is_the_one_kept),
		cmocka_unit_test(reals_are_written_with_the_fewest_digits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
