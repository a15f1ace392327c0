#include "check.h"

#include <stdlib.h>

#include "tool/internal.h"
/* Arguments as small models send them, fitted to schemas. */

#define SCHEMA                                                                                              \
	"{\"type\":\"object\",\"properties\":{\"path\":{\"type\":\"string\"},"                              \
	"\"offset\":{\"type\":\"integer\"},\"ratio\":{\"type\":\"number\"},\"all\":{\"type\":\"boolean\"}," \
	"\"mode\":{\"type\":\"string\",\"enum\":[\"day\",\"week\"]},"                                       \
	"\"names\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}},"                                   \
	"\"options\":{\"type\":\"object\"}},\"required\":[\"path\"]}"

static json_t *parse(const char *text)
{
	struct oc_err e = { 0 };
	json_t *v = oc_json_parse(oc_str(text), NULL, &e);

	if (!v) fail_msg("%s: %s", text, e.msg);
	return v;
}

static void arguments_are_fitted_to_the_schema(void **state)
{
	static const struct {
		const char *name, *in, *want; /* want: the arguments, or the problem */
	} cases[] = {
		{ "as they are", "{\"path\":\"a\"}", "{\"path\":\"a\"}" },
		{ "alias", "{\"file_path\":\"a\"}", "{\"path\":\"a\"}" },
		{ "other alias", "{\"filename\":\"a\"}", "{\"path\":\"a\"}" },
		{ "the name wins over its alias", "{\"file\":\"b\",\"path\":\"a\"}",
		  "{\"path\":\"a\"}" },
		{ "case folded name", "{\"Path\":\"a\"}", "{\"path\":\"a\"}" },
		{ "numeric string", "{\"path\":\"a\",\"offset\":\"7\"}",
		  "{\"path\":\"a\",\"offset\":7}" },
		{ "padded numeric string", "{\"path\":\"a\",\"offset\":\" 7 \"}",
		  "{\"path\":\"a\",\"offset\":7}" },
		{ "whole real", "{\"path\":\"a\",\"offset\":7.0}",
		  "{\"path\":\"a\",\"offset\":7}" },
		{ "broken real", "{\"path\":\"a\",\"offset\":7.5}",
		  "offset must be of type integer, not a number" },
		{ "word for a number", "{\"path\":\"a\",\"offset\":\"x\"}",
		  "offset must be of type integer, not a string" },
		{ "number in a string", "{\"path\":\"a\",\"ratio\":\"0.5\"}",
		  "{\"path\":\"a\",\"ratio\":0.5}" },
		{ "number for a string", "{\"path\":12}", "{\"path\":\"12\"}" },
		{ "object for a string", "{\"path\":{}}",
		  "path must be of type string, not an object" },
		{ "boolean in a string", "{\"path\":\"a\",\"all\":\"True\"}",
		  "{\"path\":\"a\",\"all\":true}" },
		{ "false in a string", "{\"path\":\"a\",\"all\":\"false\"}",
		  "{\"path\":\"a\",\"all\":false}" },
		{ "no boolean", "{\"path\":\"a\",\"all\":\"yes\"}",
		  "all must be of type boolean, not a string" },
		{ "enum in other case", "{\"path\":\"a\",\"mode\":\"DAY\"}",
		  "{\"path\":\"a\",\"mode\":\"day\"}" },
		{ "not in the enum", "{\"path\":\"a\",\"mode\":\"year\"}",
		  "mode must be one of [\"day\",\"week\"]" },
		{ "single value for an array", "{\"path\":\"a\",\"names\":\"x\"}",
		  "{\"path\":\"a\",\"names\":[\"x\"]}" },
		{ "array in a string", "{\"path\":\"a\",\"names\":\"[\\\"x\\\",1]\"}",
		  "{\"path\":\"a\",\"names\":[\"x\",\"1\"]}" },
		{ "object in a string", "{\"path\":\"a\",\"options\":\"{\\\"k\\\":1}\"}",
		  "{\"path\":\"a\",\"options\":{\"k\":1}}" },
		{ "no object in a string", "{\"path\":\"a\",\"options\":\"k=1\"}",
		  "options must be of type object, not a string" },
		{ "null for an optional one", "{\"path\":\"a\",\"offset\":null}",
		  "{\"path\":\"a\"}" },
		{ "null for a required one", "{\"path\":null}", "path is missing" },
		{ "nothing", "{}", "path is missing" },
		{ "unknown members are dropped", "{\"path\":\"a\",\"why\":\"so\"}",
		  "{\"path\":\"a\"}" },
		{ "wrapped", "{\"arguments\":{\"path\":\"a\"}}", "{\"path\":\"a\"}" },
		{ "wrapped with a name", "{\"name\":\"read\",\"parameters\":{\"file\":\"a\"}}",
		  "{\"path\":\"a\"}" },
		{ "wrapped in a string", "{\"arguments\":\"{\\\"path\\\":\\\"a\\\"}\"}",
		  "{\"path\":\"a\"}" },
		{ "not wrapped when it names a parameter",
		  "{\"path\":\"a\",\"args\":{\"path\":\"b\"}}", "{\"path\":\"a\"}" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct oc_buf problem;
		json_t *schema = parse(SCHEMA), *in = parse(cases[i].in);

		oc_buf_init(&problem, 1000);
		json_t *out = oc_coerce(schema, in, &problem);
		char *got = out ? oc_json_compact(out) : strdup(oc_buf_cstr(&problem));
		if (strcmp(got, cases[i].want) != 0)
			fail_msg("%s: got %s, want %s", cases[i].name, got, cases[i].want);
		free(got);
		json_decref(out);
		json_decref(in);
		json_decref(schema);
		oc_buf_deinit(&problem);
	}
}

static void parameters_are_described_in_one_line(void **state)
{
	struct oc_buf out;
	json_t *schema = parse(
	    "{\"properties\":{\"path\":{\"type\":\"string\"},\"limit\":{\"type\":\"integer\"}},\"required\":[\"path\"]}");

	(void)state;
	oc_buf_init(&out, 1000);
	oc_coerce_describe(schema, &out);
	assert_string_equal(oc_buf_cstr(&out), "path (string, required), limit (integer)");
	oc_buf_deinit(&out);
	json_decref(schema);
}

static void likeness_follows_shared_pairs(void **state)
{
	(void)state;
	assert_int_equal(oc_text_similarity(OC_LIT("notes.txt"), OC_LIT("NOTES.TXT")), 100);
	assert_true(oc_text_similarity(OC_LIT("note.txt"), OC_LIT("notes.txt")) > 60);
	assert_true(oc_text_similarity(OC_LIT("abcdef"), OC_LIT("uvwxyz")) < 20);
	assert_int_equal(oc_text_similarity(OC_LIT(""), OC_LIT("a")), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arguments_are_fitted_to_the_schema),
		cmocka_unit_test(parameters_are_described_in_one_line),
		cmocka_unit_test(likeness_follows_shared_pairs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
