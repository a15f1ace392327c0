/* Mending of JSON that a model wrote: what is mended into what, what is refused and where. */
#include "check.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "json/repair.h"

enum { CLOSE = 1, KEYWORDS = 2 };

static const struct {
	const char *name, *in, *want; /* NULL = refused */
	int options;
	size_t at;
} rows[] = {
	{ "strict stays", "{\"a\":[1,\"x\\n\",null,{\"b\":-2.5e3}]}",
	  "{\"a\":[1,\"x\\n\",null,{\"b\":-2500.0}]}" },
	{ "empty object", " {} ", "{}" },
	{ "junk around", "Sure, here: {\"a\":1} I hope that helps", "{\"a\":1}" },
	{ "one bracket too many", "{\"a\":1}}", "{\"a\":1}" },
	{ "fenced", "```json\n{\"a\":1}\n```", "{\"a\":1}" },
	{ "trailing commas", "{\"a\":[1,2,],}", "{\"a\":[1,2]}" },
	{ "single quotes", "{'a':'it is \"x\"'}", "{\"a\":\"it is \\\"x\\\"\"}" },
	{ "escaped single quote", "{'a':'it\\'s'}", "{\"a\":\"it's\"}" },
	{ "apostrophe in a string", "{\"a\":\"it's\"}", "{\"a\":\"it's\"}" },
	{ "smart quotes", "{“a”: “b”, ‘c’: 1}", "{\"a\":\"b\",\"c\":1}" },
	{ "smart quotes inside", "{\"a\":\"say “b”\"}", "{\"a\":\"say “b”\"}" },
	{ "smart closed by straight", "{“a\":1}", "{\"a\":1}" },
	{ "unquoted keys", "{path: \"x\", max-lines: 3}", "{\"path\":\"x\",\"max-lines\":3}" },
	{ "Python words", "{\"a\":True,\"b\":False,\"c\":None}",
	  "{\"a\":true,\"b\":false,\"c\":null}" },
	{ "raw line breaks", "{\"a\":\"x\ny\tz\r\"}", "{\"a\":\"x\\ny\\tz\\r\"}" },
	{ "control character", "{\"a\":\"\x01\"}", "{\"a\":\"\\u0001\"}" },
	{ "unknown escape", "{\"re\":\"\\d+\\w\"}", "{\"re\":\"\\\\d+\\\\w\"}" },
	{ "broken unicode escape", "{\"a\":\"\\u12\"}", "{\"a\":\"\\\\u12\"}" },
	{ "unicode escape", "{\"a\":\"\\u00e9\"}", "{\"a\":\"é\"}" },
	{ "encoded twice", "\"{\\\"a\\\": \\\"x\\\"}\"", "{\"a\":\"x\"}" },
	{ "encoded twice, mended", "\"{'a': True,}\"", "{\"a\":true}" },
	{ "keywords", "{a='x', b=2}", "{\"a\":\"x\",\"b\":2}", KEYWORDS },
	{ "open string closed", "{\"a\":\"x", "{\"a\":\"x\"}", CLOSE },
	{ "open brackets closed", "{\"a\":[1,{\"b\":2", "{\"a\":[1,{\"b\":2}]}", CLOSE },
	{ "open after comma", "{\"a\":1, ", "{\"a\":1}", CLOSE },
	{ "cut in an escape", "{\"a\":\"x\\", "{\"a\":\"x\"}", CLOSE },
	{ "opened only", "{", "{}", CLOSE },
	{ "open string", "{\"a\":\"x", NULL, 0, 7 },
	{ "open bracket", "{\"a\":1", NULL, 0, 6 },
	{ "key alone", "{\"a\"", NULL, CLOSE, 4 },
	{ "no value", "{\"a\":", NULL, CLOSE, 5 },
	{ "half a word", "{\"a\":tru", NULL, CLOSE, 5 },
	{ "missing comma", "{\"a\":1 \"b\":2}", NULL, 0, 7 },
	{ "missing colon", "{\"a\" 1}", NULL, 0, 5 },
	{ "equals without keywords", "{a=1}", NULL, 0, 2 },
	{ "bare word", "{\"a\":hello}", NULL, 0, 5 },
	{ "wrong bracket", "{\"a\":[1}", NULL, 0, 7 },
	{ "two objects", "{\"a\":1}{\"b\":2}", NULL, 0, 7 },
	{ "no object", "hello", NULL, 0, 0 },
	{ "broken inside a string", "'\xbb{B$$$$", NULL, CLOSE, 0 },
	{ "a string of text", "\"hello\"", NULL, 0, 0 },
	{ "nothing", "", NULL, CLOSE, 0 },
};

static void meant_json_comes_out_and_the_rest_is_refused_with_its_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct oc_json_repair r = { .close_brackets = rows[i].options & CLOSE,
					    .close_strings = rows[i].options & CLOSE,
					    .keywords = rows[i].options & KEYWORDS };
		json_t *v = oc_json_repair(&r, oc_str(rows[i].in));
		char *got = v ? oc_json_compact(v) : NULL;

		if (!got != !rows[i].want || (got && strcmp(got, rows[i].want)))
			fail_msg("%s: %s (%s)", rows[i].name, got ? got : "refused",
				 r.fault ? r.fault : "");
		if (!got && (!r.fault || r.at != rows[i].at))
			fail_msg("%s: fault '%s' at %zu", rows[i].name, r.fault ? r.fault : "",
				 r.at);
		if (got && r.fault) fail_msg("%s: fault beside a result", rows[i].name);
		free(got);
		json_decref(v);
	}
}

static void depth_and_length_are_bounded(void **state)
{
	struct oc_json_repair r = { .close_brackets = true, .close_strings = true };
	struct oc_buf b;

	(void)state;
	oc_buf_init(&b, 2 * (size_t)OC_MAX_REPAIR_BYTES);
	for (int i = 0; i < 60000; i++) oc_buf_adds(&b, i ? "[" : "{a:");
	assert_null(oc_json_repair(&r, oc_buf_view(&b)));
	assert_string_equal(r.fault, "it is nested too deeply");
	oc_buf_clear(&b);
	oc_buf_adds(&b, "{\"a\":\"");
	while (b.n < OC_MAX_REPAIR_BYTES) oc_buf_addc(&b, 'x');
	json_t *v = oc_json_repair(&r, oc_buf_view(&b));
	assert_non_null(v);
	json_decref(v);
	oc_buf_addc(&b, 'x');
	assert_null(oc_json_repair(&r, oc_buf_view(&b)));
	assert_non_null(r.fault);
	oc_buf_deinit(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(meant_json_comes_out_and_the_rest_is_refused_with_its_place),
		cmocka_unit_test(depth_and_length_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
