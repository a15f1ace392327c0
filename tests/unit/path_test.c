#include "check.h"

#include <stdlib.h>

#include "json/json5.h"
#include "json/path.h"

/* Segments joined by '|', an index as #n. */
static char *show(const struct oc_path *p)
{
	struct oc_buf out;

	oc_buf_init(&out, 1000);
	for (size_t i = 0; i < p->n; i++) {
		if (p->seg[i].key)
			oc_buf_addf(&out, "%s%s", i ? "|" : "", p->seg[i].key);
		else
			oc_buf_addf(&out, "%s#%zu", i ? "|" : "", p->seg[i].index);
	}
	return oc_buf_take(&out);
}

static void paths_split_into_keys_and_indexes(void **state)
{
	static const struct {
		const char *in, *want;
	} cases[] = {
		{ "a", "a" },
		{ "  a.b ", "a|b" },
		{ "a\\.b.c", "a.b|c" },
		{ "a[0].b", "a|#0|b" },
		{ "a[0][12]", "a|#0|#12" },
		{ "a[\"b.c\"].d", "a|b.c|d" },
		{ "a['b\\'c']", "a|b'c" },
		{ "a[\"0\"]", "a|0" },
		{ "a[\"\\u0041\\n\"]", "a|A\n" },
		{ "[\"a\"].b", "a|b" },
		{ "a[b]", "a|b" },
		{ "a[ 3 ]", "a|#3" },
		{ "a.0", "a|0" },
		{ "agents.defaults.models.local/my-model",
		  "agents|defaults|models|local/my-model" },
		{ "a[\"]\"]", "a|]" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct oc_path p = { 0 };
		struct oc_err e = { 0 };
		if (oc_path_parse(oc_str(cases[i].in), &p, &e))
			fail_msg("%s: %s", cases[i].in, e.msg);
		char *text = show(&p);
		assert_string_equal(text, cases[i].want);
		free(text);
		oc_path_deinit(&p);
	}
}

static void broken_paths_are_refused(void **state)
{
	static const struct {
		const char *in, *want;
	} cases[] = {
		{ "", "the path is empty" },
		{ "  ", "the path is empty" },
		{ ".a", "path \".a\": empty segment at character 1" },
		{ "a.", "path \"a.\": empty segment at character 3" },
		{ "a..b", "path \"a..b\": empty segment at character 3" },
		{ "a. .b", "path \"a. .b\": empty segment at character 4" },
		{ "a.\xFF", "path \"a.\xFF\": NUL or broken UTF-8 in a key at character 4" },
		{ "a['\\0']", "path \"a['\\0']\": NUL or broken UTF-8 in a key at character 7" },
		{ "a[]", "path \"a[]\": empty [] at character 3" },
		{ "a[0", "path \"a[0\": missing ']' at character 3" },
		{ "a[\"x", "path \"a[\"x\": quote without its end at character 3" },
		{ "a[\"x\"b", "path \"a[\"x\"b\": missing ']' at character 6" },
		{ "a[0]b", "path \"a[0]b\": expected '.' or '[' at character 5" },
		{ "a.[0]", "path \"a.[0]\": empty segment at character 3" },
		{ "a\\", "path \"a\\\": nothing after '\\' at character 3" },
		{ "a[\"\"]", "path \"a[\"\"]\": empty segment at character 5" },
		{ "__proto__.x", "path \"__proto__.x\": this name is not allowed at character 10" },
		{ "a.constructor",
		  "path \"a.constructor\": this name is not allowed at character 14" },
		{ "a['prototype']",
		  "path \"a['prototype']\": this name is not allowed at character 14" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct oc_path p = { 0 };
		struct oc_err e = { 0 };
		assert_int_equal(oc_path_parse(oc_str(cases[i].in), &p, &e), OC_E_INPUT);
		assert_string_equal(e.msg, cases[i].want);
		assert_null(p.seg);
	}
}

static void setting_creates_parents_and_leaves_the_tree_alone_when_refused(void **state)
{
	static const struct {
		const char *doc, *path, *want; /* want "!" + message: refused */
	} cases[] = {
		{ "{}", "a.b", "{\"a\":{\"b\":9}}" },
		{ "{}", "a[0].b", "{\"a\":[{\"b\":9}]}" },
		{ "{a:[1]}", "a[1]", "{\"a\":[1,9]}" },
		{ "{a:[1]}", "a[0]", "{\"a\":[9]}" },
		{ "{a:[1]}", "a.0", "{\"a\":[9]}" },
		{ "{a:{}}", "a.0", "{\"a\":{\"0\":9}}" },
		{ "{a:1}", "a", "{\"a\":9}" },
		{ "{a:1}", "a.b", "!a is a plain value, not an object; unset it first" },
		{ "{a:[1]}", "a.b", "!a is an array: name an index like [0]" },
		{ "{a:[1]}", "a[2]", "!a is an array that is shorter than this index" },
		{ "{a:{}}", "a[0]", "!a is an object: name a key, not an index" },
		{ "{}", "a[1].b", "!a is an empty array: begin with [0]" },
		{ "{}", "[0]", "!the root is an object: name a key, not an index" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct oc_json5 *d = NULL;
		struct oc_path p = { 0 };
		struct oc_err e = { 0 };
		json_t *nine = json_integer(9);

		assert_int_equal(oc_json5_parse(oc_str(cases[i].doc), &d, &e), OC_OK);
		json_t *before = json_deep_copy(oc_json5_value(d));
		assert_int_equal(oc_path_parse(oc_str(cases[i].path), &p, &e), OC_OK);
		enum oc_rc rc = oc_path_set(oc_json5_value(d), &p, nine, &e);
		if (cases[i].want[0] == '!') {
			assert_int_equal(rc, OC_E_INPUT);
			assert_string_equal(e.msg, cases[i].want + 1);
			assert_true(json_equal(before, oc_json5_value(d)));
		} else {
			char *text = oc_json_compact(oc_json5_value(d));
			assert_int_equal(rc, OC_OK);
			assert_string_equal(text, cases[i].want);
			assert_int_equal(json_integer_value(oc_path_get(oc_json5_value(d), &p)), 9);
			free(text);
		}
		json_decref(before);
		json_decref(nine);
		oc_path_deinit(&p);
		oc_json5_free(d);
	}
}

static void unsetting_removes_keys_and_elements(void **state)
{
	static const struct {
		const char *doc, *path, *want; /* NULL: not found */
	} cases[] = {
		{ "{a:{b:1,c:2}}", "a.b", "{\"a\":{\"c\":2}}" },
		{ "{a:[1,2]}", "a[0]", "{\"a\":[2]}" },
		{ "{a:null}", "a", "{}" },
		{ "{a:1}", "b", NULL },
		{ "{a:1}", "a.b", NULL },
		{ "{a:[1]}", "a[1]", NULL },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct oc_json5 *d = NULL;
		struct oc_path p = { 0 };
		struct oc_err e = { 0 };

		assert_int_equal(oc_json5_parse(oc_str(cases[i].doc), &d, &e), OC_OK);
		assert_int_equal(oc_path_parse(oc_str(cases[i].path), &p, &e), OC_OK);
		enum oc_rc rc = oc_path_unset(oc_json5_value(d), &p, &e);
		assert_int_equal(rc, cases[i].want ? OC_OK : OC_E_NOT_FOUND);
		char *text = oc_json_compact(oc_json5_value(d));
		if (cases[i].want) assert_string_equal(text, cases[i].want);
		free(text);
		oc_path_deinit(&p);
		oc_json5_free(d);
	}
}

/* The table of RFC 7396, appendix A, as far as both sides are objects. */
static void a_merge_patch_does_what_rfc_7396_says(void **state)
{
	static const struct {
		const char *doc, *patch, *want;
	} cases[] = {
		{ "{a:'b'}", "{a:'c'}", "{\"a\":\"c\"}" },
		{ "{a:'b'}", "{b:'c'}", "{\"a\":\"b\",\"b\":\"c\"}" },
		{ "{a:'b'}", "{a:null}", "{}" },
		{ "{a:'b',b:'c'}", "{a:null}", "{\"b\":\"c\"}" },
		{ "{a:['b']}", "{a:'c'}", "{\"a\":\"c\"}" },
		{ "{a:'c'}", "{a:['b']}", "{\"a\":[\"b\"]}" },
		{ "{a:{b:'c'}}", "{a:{b:'d',c:null}}", "{\"a\":{\"b\":\"d\"}}" },
		{ "{a:[{b:'c'}]}", "{a:[1]}", "{\"a\":[1]}" },
		{ "{e:null}", "{a:1}", "{\"e\":null,\"a\":1}" },
		{ "{}", "{a:{bb:{ccc:null}}}", "{\"a\":{\"bb\":{}}}" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct oc_json5 *d = NULL, *patch = NULL;
		struct oc_err e = { 0 };

		assert_int_equal(oc_json5_parse(oc_str(cases[i].doc), &d, &e), OC_OK);
		assert_int_equal(oc_json5_parse(oc_str(cases[i].patch), &patch, &e), OC_OK);
		oc_json_merge_patch(oc_json5_value(d), oc_json5_value(patch));
		char *text = oc_json_compact(oc_json5_value(d));
		assert_string_equal(text, cases[i].want);
		free(text);
		oc_json5_free(patch);
		oc_json5_free(d);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_split_into_keys_and_indexes),
		cmocka_unit_test(broken_paths_are_refused),
		cmocka_unit_test(setting_creates_parents_and_leaves_the_tree_alone_when_refused),
		cmocka_unit_test(unsetting_removes_keys_and_elements),
		cmocka_unit_test(a_merge_patch_does_what_rfc_7396_says),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
