/* edit: one exact place or none, and a helpful word when it does not apply. */
#include "check.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "rt/file.h"
#include "tool/tool.h"

static const struct {
	const char *name, *file, *args, *want_file, *says;
} cases[] = {
	{ "once", "a b c", "\"old\":\"b\",\"new\":\"x\"", "a x c",
	  "replaced 1 occurrence in f (5 bytes now)" },
	{ "removal", "a b c", "\"old\":\" b\",\"new\":\"\"", "a c",
	  "replaced 1 occurrence in f (3 bytes now)" },
	{ "all", "a a a", "\"old\":\"a\",\"new\":\"aa\",\"all\":true", "aa aa aa",
	  "replaced 3 occurrences in f (8 bytes now)" },
	{ "all in a string", "a a", "\"old\":\"a\",\"new\":\"b\",\"replace_all\":\"true\"", "b b",
	  "replaced 2 occurrences in f (3 bytes now)" },
	{ "alias", "a", "\"old_string\":\"a\",\"new_string\":\"b\"", "b",
	  "replaced 1 occurrence in f (1 bytes now)" },
	{ "upstream's names", "a", "\"oldText\":\"a\",\"newText\":\"b\"", "b",
	  "replaced 1 occurrence in f (1 bytes now)" },
	{ "several", "x\nx\ny x", "\"old\":\"x\",\"new\":\"z\"", "x\nx\ny x",
	  "old occurs 3 times in f; add lines around it until it is unique, or set all=true. It is at line 1, 2, 3" },
	{ "absent", "int main(void)\n{\n\treturn 0;\n}\n", "\"old\":\"int main()\",\"new\":\"x\"",
	  "int main(void)\n{\n\treturn 0;\n}\n",
	  "old does not occur in f; it must match exactly, white space included. read the file and copy the text.\n"
	  "Closest lines:\n1 (72 %): int main(void)" },
	{ "wrong indentation", "\tfoo();\n", "\"old\":\"    foo();\",\"new\":\"x\"", "\tfoo();\n",
	  "old does not occur in f; it must match exactly, white space included. read the file and copy the text.\n"
	  "Closest lines:\n1 (100 %): \\tfoo();" },
	{ "nothing alike", "abc\n", "\"old\":\"xyz\",\"new\":\"x\"", "abc\n",
	  "old does not occur in f; it must match exactly, white space included. read the file and copy the text." },
	{ "empty old", "a", "\"old\":\"\",\"new\":\"b\"", "a",
	  "edit: old is empty; use write to create a file" },
	{ "no change", "a", "\"old\":\"a\",\"new\":\"a\"", "a",
	  "edit: old and new are the same, so nothing would change" },
	{ "CRLF file, LF call", "a\r\nb\r\nc\r\n", "\"old\":\"a\\nb\",\"new\":\"a\\nx\\ny\"",
	  "a\r\nx\r\ny\r\nc\r\n", "replaced 1 occurrence in f (12 bytes now)" },
	{ "CRLF file, one line", "a\r\nb\r\n", "\"old\":\"b\",\"new\":\"x\"", "a\r\nx\r\n",
	  "replaced 1 occurrence in f (6 bytes now)" },
	{ "overlapping", "aaa", "\"old\":\"aa\",\"new\":\"b\"", "ba",
	  "replaced 1 occurrence in f (2 bytes now)" },
	{ "special tokens", "a<|im_end|>b", "\"old\":\"<|im_end|>\",\"new\":\"\"", "ab",
	  "replaced 1 occurrence in f (2 bytes now)" },
};

static void an_edit_applies_to_one_exact_place_or_says_why_not(void **state)
{
	char folder[] = "/tmp/oc-edit-XXXXXX";
	struct oc_tool_context ctx = { .workspace = mkdtemp(folder), .max_result_chars = 12000 };
	char *path = oc_asprintf("%s/f", folder);

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct oc_err e = { 0 };
		struct oc_tool_result result;
		struct oc_buf now;
		struct oc_tool_call call = { .name = oc_strdup("edit"), .valid = true };

		call.arguments = oc_asprintf("{\"path\":\"f\",%s}", cases[i].args);
		call.args = oc_json_parse(oc_str(call.arguments), NULL, &e);
		assert_non_null(call.args);
		assert_int_equal(oc_file_write(path, oc_str(cases[i].file), 0600, NULL, &e), OC_OK);
		assert_int_equal(oc_tool_run_wait(&ctx, &call, &result), OC_OK);
		if (strcmp(oc_buf_cstr(&result.text), cases[i].says) != 0)
			fail_msg("%s: %s", cases[i].name, oc_buf_cstr(&result.text));
		assert_int_equal(oc_file_read(path, 4096, &now, &e), OC_OK);
		if (strcmp(oc_buf_cstr(&now), cases[i].want_file) != 0)
			fail_msg("%s: the file is %s", cases[i].name, oc_buf_cstr(&now));
		assert_int_equal(result.is_error, !strcmp(cases[i].file, cases[i].want_file));
		oc_buf_deinit(&now);
		oc_tool_result_deinit(&result);
		oc_tool_call_deinit(&call);
	}
	unlink(path);
	rmdir(folder);
	free(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_edit_applies_to_one_exact_place_or_says_why_not),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
