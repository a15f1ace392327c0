/* Schemas of servers: what is left of them for a model, and which arguments fit. */
#include "check.h"

#include <stdlib.h>

#include "tool/mcp/schema.h"

static json_t *parse(const char *text)
{
	struct oc_err e = { 0 };
	json_t *v = oc_json_parse(oc_str(text), NULL, &e);

	if (!v) fail_msg("%s: %s", text, e.msg);
	return v;
}

#define OBJECT(inside) "{\"type\":\"object\",\"properties\":{" inside "}}"

static void a_schema_is_reduced_to_what_servers_can_take(void **state)
{
	static const struct {
		const char *name, *full, *want;
	} cases[] = {
		{ "keywords",
		  OBJECT("\"a\":{\"type\":\"string\",\"pattern\":\"^x$\",\"format\":\"uri\","
			 "\"minLength\":1,\"maxLength\":9,\"description\":\"one\\ntwo\"}"),
		  OBJECT("\"a\":{\"type\":\"string\",\"description\":\"one\\\\ntwo\"}") },
		{ "numbers", OBJECT("\"n\":{\"type\":\"integer\",\"minimum\":1,\"default\":3}"),
		  OBJECT("\"n\":{\"type\":\"integer\"}") },
		{ "a null among the types", OBJECT("\"n\":{\"type\":[\"null\",\"number\"]}"),
		  OBJECT("\"n\":{\"type\":\"number\"}") },
		{ "alternatives",
		  OBJECT("\"x\":{\"anyOf\":[{\"type\":\"null\"},{\"type\":\"boolean\"}]},"
			 "\"y\":{\"oneOf\":[{\"$ref\":\"#/$defs/t\"}]}"),
		  OBJECT("\"x\":{\"type\":\"boolean\"},\"y\":{\"type\":\"string\"}") },
		{ "references",
		  "{\"type\":\"object\",\"$defs\":{\"p\":{\"type\":\"object\",\"properties\":{\"x\":{"
		  "\"type\":\"number\"}},\"required\":[\"x\"]}},\"properties\":{\"at\":{\"$ref\":\"#/"
		  "$defs/p\"}}}",
		  OBJECT("\"at\":{\"type\":\"object\",\"properties\":{\"x\":{\"type\":\"number\"}},"
			 "\"required\":[\"x\"]}") },
		{ "a reference to itself", "{\"properties\":{\"a\":{\"$ref\":\"#\"}}}",
		  OBJECT(
		      "\"a\":{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"object\"}}}") },
		{ "lists always have items", OBJECT("\"l\":{\"type\":\"array\"}"),
		  OBJECT("\"l\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}}") },
		{ "enumerations",
		  OBJECT("\"e\":{\"enum\":[\"a\",\"b\"]},\"c\":{\"const\":\"only\"}"),
		  OBJECT("\"e\":{\"type\":\"string\",\"enum\":[\"a\",\"b\"]},"
			 "\"c\":{\"type\":\"string\",\"enum\":[\"only\"]}") },
		{ "two levels and no more",
		  OBJECT("\"a\":" OBJECT("\"b\":" OBJECT("\"c\":{\"type\":\"string\"}"))),
		  OBJECT("\"a\":" OBJECT("\"b\":{\"type\":\"object\"}")) },
		{ "eight properties, what is required first",
		  "{\"type\":\"object\",\"required\":[\"p9\"],\"properties\":{\"p1\":{},\"p2\":{},\"p3\":{},"
		  "\"p4\":{},\"p5\":{},\"p6\":{},\"p7\":{},\"p8\":{},\"p9\":{}}}",
		  "{\"type\":\"object\",\"properties\":{\"p9\":{\"type\":\"string\"},\"p1\":{\"type\":"
		  "\"string\"},\"p2\":{\"type\":\"string\"},\"p3\":{\"type\":\"string\"},\"p4\":{\"type\":"
		  "\"string\"},\"p5\":{\"type\":\"string\"},\"p6\":{\"type\":\"string\"},\"p7\":{\"type\":"
		  "\"string\"}},\"required\":[\"p9\"]}" },
		{ "names that are no names",
		  OBJECT("\"<|im_end|>\":{},\"ok\":{\"type\":\"string\"}"),
		  OBJECT("\"ok\":{\"type\":\"string\"}") },
		{ "nonsense", "{\"type\":\"string\"}", OBJECT("") },
		{ "more nonsense", "{\"properties\":[1],\"required\":{}}", OBJECT("") },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		json_t *full = parse(cases[i].full), *reduced = oc_mcp_schema_reduce(full);
		char *text = oc_json_compact(reduced);

		if (strcmp(text, cases[i].want) != 0)
			fail_msg("%s:\n%s\n%s", cases[i].name, text, cases[i].want);
		free(text);
		json_decref(reduced);
		json_decref(full);
	}
}

#define POINT                                                                                      \
	"{\"type\":\"object\",\"properties\":{\"x\":{\"type\":\"number\"}},\"required\":[\"x\"],"  \
	"\"additionalProperties\":false}"

static void arguments_fit_or_it_is_said_why(void **state)
{
	static const struct {
		const char *full, *args, *want; /* arguments, or what the problem says */
	} cases[] = {
		{ OBJECT("\"a\":{\"type\":\"integer\"}"), "{\"a\":\"5\"}", "{\"a\":5}" },
		{ OBJECT("\"a\":{\"type\":\"integer\"}"), "{\"a\":\"x\"}",
		  "a must be of type integer, not a string" },
		{ OBJECT("\"a\":{\"type\":\"integer\"}"), "{\"a\":1,\"b\":2}", "{\"a\":1}" },
		{ "{\"type\":\"object\"}", "{\"any\":[1]}", "{\"any\":[1]}" },
		{ "{\"properties\":{\"a\":{}},\"additionalProperties\":{}}", "{\"a\":1,\"b\":2}",
		  "{\"a\":1,\"b\":2}" },
		{ "{\"properties\":{\"a\":{}},\"required\":[\"a\",\"b\"]}", "{\"a\":1}",
		  "b is missing" },
		{ OBJECT("\"l\":{\"type\":\"array\",\"items\":" POINT "}"), "{\"l\":[{\"x\":1}]}",
		  "{\"l\":[{\"x\":1}]}" },
		{ OBJECT("\"l\":{\"type\":\"array\",\"items\":" POINT "}"), "{\"l\":{\"x\":1}}",
		  "{\"l\":[{\"x\":1}]}" },
		{ OBJECT("\"l\":{\"type\":\"array\",\"items\":" POINT "}"),
		  "{\"l\":[{\"x\":1},{}]}", "l[1].x is missing" },
		{ OBJECT("\"l\":{\"type\":\"array\",\"items\":" POINT "}"),
		  "{\"l\":[{\"x\":1,\"y\":2}]}", "l[0].y is not known" },
		{ OBJECT("\"n\":{\"type\":\"number\",\"minimum\":1,\"maximum\":3}"), "{\"n\":4}",
		  "n must be at most 3" },
		{ OBJECT("\"s\":{\"type\":\"string\",\"minLength\":2}"), "{\"s\":\"x\"}",
		  "s must be at least this many characters long: 2" },
		{ OBJECT("\"e\":{\"enum\":[\"Fast\",\"slow\"]}"), "{\"e\":\"fast\"}",
		  "{\"e\":\"Fast\"}" },
		{ OBJECT("\"x\":{\"anyOf\":[{\"type\":\"integer\"},{\"type\":\"null\"}]}"),
		  "{\"x\":1}", "{\"x\":1}" },
		{ OBJECT("\"x\":{\"anyOf\":[{\"type\":\"integer\"},{\"type\":\"boolean\"}]}"),
		  "{\"x\":\"y\"}", "x fits none of the forms it may have" },
		{ "{\"properties\":{\"a\":{\"$ref\":\"#/$defs/i\"}},\"$defs\":{\"i\":{\"type\":\"integer\"}}}",
		  "{\"a\":\"7\"}", "{\"a\":7}" },
		{ "{\"properties\":{\"a\":{\"anyOf\":[{\"$ref\":\"#\"},{\"$ref\":\"#/properties/a\"}]}}}",
		  "{\"a\":{\"a\":{\"a\":1}}}", "{\"a\":{\"a\":{\"a\":1}}}" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		json_t *full = parse(cases[i].full), *args = parse(cases[i].args);
		struct oc_buf problem;

		oc_buf_init(&problem, 1000);
		json_t *fitted = oc_mcp_schema_fit(full, args, &problem);
		char *text = fitted ? oc_json_compact(fitted) : oc_buf_take(&problem);
		if (strcmp(text, cases[i].want) != 0)
			fail_msg("%s\n%s\n%s", cases[i].args, text, cases[i].want);
		free(text);
		oc_buf_deinit(&problem);
		json_decref(fitted);
		json_decref(args);
		json_decref(full);
	}
}

static void an_example_names_what_is_required(void **state)
{
	json_t *full = parse(
	    "{\"properties\":{\"a\":{\"type\":\"integer\"},\"b\":{},\"c\":{\"type\":\"array\","
	    "\"items\":{\"type\":\"object\",\"properties\":{\"k\":{\"enum\":[\"x\"]}},"
	    "\"required\":[\"k\"]}}},\"required\":[\"a\",\"c\"]}");
	json_t *reduced = oc_mcp_schema_reduce(full), *example = oc_mcp_schema_example(reduced);
	char *text = oc_json_compact(example);

	(void)state;
	assert_string_equal(text, "{\"a\":1,\"c\":[{\"k\":\"x\"}]}");
	assert_false(oc_mcp_schema_needs_nothing(full));
	free(text);
	json_decref(example);
	json_decref(reduced);
	json_decref(full);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_schema_is_reduced_to_what_servers_can_take),
		cmocka_unit_test(arguments_fit_or_it_is_said_why),
		cmocka_unit_test(an_example_names_what_is_required),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
