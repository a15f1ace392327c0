/* The head of a SKILL.md: a table of heads and what is read of them. */
#include "check.h"

#include <stdlib.h>

#include "agent/skill/front_matter.h"

static const struct {
	const char *name, *text, *want;
} rows[] = {
	{ "plain", "---\nname: a\ndescription: what it is for\n---\nbody\n",
	  "{\"name\":\"a\",\"description\":\"what it is for\"}" },
	{ "none", "# Title\nname: a\n", "{}" },
	{ "never closed", "---\nname: a\n", "{}" },
	{ "empty", "---\n---\n", "{}" },
	{ "line ends of other systems", "---\r\nname: a\r\ntwo: b\r\n---\r\n",
	  "{\"name\":\"a\",\"two\":\"b\"}" },
	{ "byte order mark", "\xEF\xBB\xBF---\nname: a\n---\n", "{\"name\":\"a\"}" },
	{ "quotes", "---\na: \"x: \\\"y\\\"\"\nb: 'it is #1'\nc: \"open\n---\n",
	  "{\"a\":\"x: \\\"y\\\"\",\"b\":\"it is #1\",\"c\":\"\\\"open\"}" },
	{ "comments", "---\n# first\na: b # second\n\nc: d#e\n---\n",
	  "{\"a\":\"b\",\"c\":\"d#e\"}" },
	{ "colons in a value", "---\nurl: https://example.com/x: y\n---\n",
	  "{\"url\":\"https://example.com/x: y\"}" },
	{ "folded", "---\na: >\n  one\n  two\nb: |-\n  one\n  two\nc: d\n---\n",
	  "{\"a\":\"one two\",\"b\":\"one\\ntwo\",\"c\":\"d\"}" },
	{ "a plain text over lines", "---\na: one\n  two\n  three\nb: c\n---\n",
	  "{\"a\":\"one two three\",\"b\":\"c\"}" },
	{ "nested",
	  "---\nm:\n  o:\n    r:\n      bins: [git, rg]\n    os:\n      - linux\n      - "
	  "darwin\nx: y\n---\n",
	  "{\"m\":{\"o\":{\"r\":{\"bins\":[\"git\",\"rg\"]},\"os\":[\"linux\",\"darwin\"]}},"
	  "\"x\":\"y\"}" },
	{ "a list at the key's own place", "---\nos:\n- linux\n- darwin\nx: y\n---\n",
	  "{\"os\":[\"linux\",\"darwin\"],\"x\":\"y\"}" },
	{ "JSON on one line", "---\nm: {\"o\":{\"bins\":[\"ls\"]}}\nx: y\n---\n",
	  "{\"m\":{\"o\":{\"bins\":[\"ls\"]}},\"x\":\"y\"}" },
	{ "JSON5 over lines",
	  "---\nm:\n  {\n    \"o\":\n      { \"bins\": [\"a\"], // why\n      },\n  }\nx: y\n---\n",
	  "{\"m\":{\"o\":{\"bins\":[\"a\"]}},\"x\":\"y\"}" },
	{ "JSON with a brace in a text", "---\nm: {\"a\":\"}\"}\nx: y\n---\n",
	  "{\"m\":{\"a\":\"}\"},\"x\":\"y\"}" },
	{ "what is no member", "---\njust words\nname: a\n: b\n---\n", "{\"name\":\"a\"}" },
	{ "no value", "---\nname:\nx: y\n---\n", "{\"name\":\"\",\"x\":\"y\"}" },
	{ "keys in quotes", "---\n\"name\": a\n'b c': d\n---\n", "{\"name\":\"a\",\"b c\":\"d\"}" },
};

static void heads_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		json_t *v = oc_front_matter(oc_str(rows[i].text));
		char *got = oc_json_compact(v);

		if (strcmp(got, rows[i].want) != 0)
			fail_msg("%s\n got: %s\nwant: %s", rows[i].name, got, rows[i].want);
		free(got);
		json_decref(v);
	}
}

/* Whatever is cut off, or nested too deep, something comes back. */
static void any_beginning_of_a_head_is_survived(void **state)
{
	struct oc_buf deep;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (size_t n = 0; n <= strlen(rows[i].text); n++)
			json_decref(oc_front_matter((struct oc_str){ rows[i].text, n }));
	oc_buf_init(&deep, 100000);
	oc_buf_adds(&deep, "---\n");
	for (int i = 0; i < 200; i++) oc_buf_addf(&deep, "%*sa:\n", i, "");
	oc_buf_adds(&deep, "---\n");
	json_t *v = oc_front_matter(oc_buf_view(&deep));
	assert_true(json_is_object(v));
	json_decref(v);
	oc_buf_deinit(&deep);
}

static void the_body_is_what_follows(void **state)
{
	(void)state;
	struct oc_str body = oc_front_matter_body(OC_LIT("---\nname: a\n---\nDo it.\n---\n"));

	assert_true(oc_str_eq(body, OC_LIT("Do it.\n---\n")));
	assert_true(oc_str_eq(oc_front_matter_body(OC_LIT("no head")), OC_LIT("no head")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(heads_are_read),
		cmocka_unit_test(any_beginning_of_a_head_is_survived),
		cmocka_unit_test(the_body_is_what_follows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
