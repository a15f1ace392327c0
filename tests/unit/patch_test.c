/* Patches as models write them: read, applied, refused as a whole. */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "rt/file.h"
#include "tool/patch_parse.h"
#include "tool/tool.h"

/* ---- one file ---- */

static const struct {
	const char *name, *text, *hunks, *want; /* want "!…": part of the error */
} cases[] = {
	{ "replace", "a\nb\nc\n", "@@\n a\n-b\n+B\n c\n", "a\nB\nc\n" },
	{ "without @@", "a\nb\n", "-a\n+A\n", "A\nb\n" },
	{ "add behind a line", "a\nb\n", "@@ a\n+x\n", "a\nx\nb\n" },
	{ "add at the end", "a\n", "@@\n+x\n", "a\nx\n" },
	{ "delete", "a\nb\nc\n", "@@\n-b\n", "a\nc\n" },
	{ "two hunks in order", "a\nb\nc\nd\n", "@@\n-a\n+A\n@@\n-d\n+D\n", "A\nb\nc\nD\n" },
	{ "the place decides between equals", "f\nx\ng\nx\n", "@@ g\n-x\n+y\n", "f\nx\ng\ny\n" },
	{ "the hunk may begin with the place", "f\nx\n", "@@ f\n f\n-x\n+y\n", "f\ny\n" },
	{ "numbers of a diff are no place", "a\nb\n", "@@ -1,2 +1,2 @@\n-b\n+B\n", "a\nB\n" },
	{ "white space at the end is forgiven", "a  \nb\n", "@@\n a\n-b\n+B\n", "a  \nB\n" },
	{ "indentation is forgiven", "\ta\n\tb\n", "@@\n a\n-b\n+\tB\n", "\ta\n\tB\n" },
	{ "exact before forgiving", " b\nb\n", "@@\n-b\n+B\n", " b\nB\n" },
	{ "at the end of the file", "x\ny\nx\n", "@@\n-x\n+z\n*** End of File\n", "x\ny\nz\n" },
	{ "CRLF stays", "a\r\nb\r\n", "@@\n a\n-b\n+B\n", "a\r\nB\r\n" },
	{ "no line end at the end stays so", "a\nb", "@@\n-a\n+A\n", "A\nb" },
	{ "an empty line of the hunk is context", "a\n\nb\n", "@@\n a\n\n-b\n+B\n", "a\n\nB\n" },
	{ "an empty file", "", "@@\n+a\n", "a\n" },
	{ "text that is not there", "a\n", "@@\n-b\n+B\n",
	  "!hunk 1: the text that begins with \"b\"" },
	{ "place that is not there", "a\n", "@@ def f\n-a\n", "!hunk 1: the line \"def f\"" },
	{ "hunks in the wrong order", "a\nb\n", "@@\n-b\n+B\n@@\n-a\n+A\n", "!hunk 2" },
	{ "a hunk without lines", "a\n", "@@\n@@\n-a\n", "!hunk 1 has no lines" },
	{ "a line of another kind", "a\n", "@@\n-a\nb\n", "!begin with a space, - or +" },
};

static void hunks_are_found_and_applied(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *text = oc_asprintf("*** Begin Patch\n*** Update File: f\n%s*** End Patch\n",
					 cases[i].hunks);
		struct oc_patch p;
		struct oc_err e = { 0 };
		struct oc_buf out;
		enum oc_rc rc = oc_patch_parse(oc_str(text), &p, &e);

		oc_buf_init(&out, 4096);
		if (!rc) rc = oc_patch_apply(&p.files[0], oc_str(cases[i].text), &out, &e);
		const char *want = cases[i].want;
		if (*want == '!' ? !rc || !strstr(e.msg, want + 1)
				 : rc || strcmp(oc_buf_cstr(&out), want) != 0)
			fail_msg("%s: %s%s", cases[i].name, rc ? e.msg : "", oc_buf_cstr(&out));
		oc_buf_deinit(&out);
		oc_patch_deinit(&p);
		free(text);
	}
}

/* ---- the whole text ---- */

static void broken_patches_are_refused_with_the_line(void **state)
{
	static const struct {
		const char *text, *words;
	} rows[] = {
		{ "", "begins with *** Begin Patch" },
		{ "--- a\n+++ b\n", "line 1 of the patch: a patch begins with" },
		{ "*** Begin Patch\n*** End Patch", "changes nothing" },
		{ "*** Begin Patch\n*** Update File: a\n@@\n-x\n", "cut off" },
		{ "*** Begin Patch\nx\n*** End Patch", "line 2" },
		{ "*** Begin Patch\n*** Add File: a\nx\n*** End Patch", "begin with +" },
		{ "*** Begin Patch\n*** Add File:\n+x\n*** End Patch", "no name" },
		{ "*** Begin Patch\n*** Delete File: a\n-x\n*** End Patch", "no further lines" },
		{ "*** Begin Patch\n*** Update File: a\n*** End Patch", "without a hunk" },
		{ "*** Begin Patch\n*** Add File: a\n+x\n*** Update File: a\n-x\n*** End Patch",
		  "named twice" },
		{ "*** Begin Patch\n*** Add File: a\n*** Move to: b\n*** End Patch",
		  "follows *** Update File:" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct oc_patch p;
		struct oc_err e = { 0 };

		assert_int_equal(oc_patch_parse(oc_str(rows[i].text), &p, &e), OC_E_INPUT);
		if (!strstr(e.msg, rows[i].words)) fail_msg("%s: %s", rows[i].words, e.msg);
		oc_patch_deinit(&p);
	}
}

static void a_patch_cut_anywhere_is_refused_and_nothing_breaks(void **state)
{
	static const char text[] =
	    "```\n*** Begin Patch\n*** Update File: a\n*** Move to: b\n@@ x\n-a\n+b\n*** End of "
	    "File\n*** Add File: c\n+1\n*** Delete File: d\n*** End Patch\n```";
	struct oc_patch p;
	struct oc_err e = { 0 };

	(void)state;
	assert_int_equal(oc_patch_parse(oc_str(text), &p, &e), OC_OK);
	assert_int_equal(p.n, 3);
	oc_patch_deinit(&p);
	size_t end = (size_t)(strstr(text, "*** End Patch") - text) + strlen("*** End Patch");
	for (size_t n = 0; n < end; n++) {
		assert_int_not_equal(oc_patch_parse((struct oc_str){ text, n }, &p, &e), OC_OK);
		oc_patch_deinit(&p);
	}
}

/* ---- the tool ---- */

static char root[] = "/tmp/oc-patch-XXXXXX";
static char *workspace;
static struct oc_tool_context ctx;

static void put(const char *name, const char *text)
{
	char *path = oc_asprintf("%s/%s", workspace, name);
	struct oc_err e = { 0 };

	assert_int_equal(oc_file_write(path, oc_str(text), 0644, NULL, &e), OC_OK);
	free(path);
}

static void expect_file(const char *name, const char *want) /* want NULL: it is not there */
{
	char *path = oc_asprintf("%s/%s", workspace, name);
	struct oc_err e = { 0 };
	struct oc_buf b;
	enum oc_rc rc = oc_file_read(path, 1 << 20, &b, &e);

	if (!want) {
		assert_int_equal(rc, OC_E_NOT_FOUND);
	} else {
		if (rc) fail_msg("%s", e.msg);
		assert_string_equal(oc_buf_cstr(&b), want);
		oc_buf_deinit(&b);
	}
	free(path);
}

static void expect(const char *tool, json_t *args, const char *want)
{
	struct oc_tool_call call = { .name = (char *)(uintptr_t)tool,
				     .args = args,
				     .arguments = (char *)(uintptr_t) "",
				     .valid = true };
	struct oc_tool_result r;

	assert_int_equal(oc_tool_run_wait(&ctx, &call, &r), OC_OK);
	if (!strstr(oc_buf_cstr(&r.text), want))
		fail_msg(" got: %s\nlacks: %s", oc_buf_cstr(&r.text), want);
	oc_tool_result_deinit(&r);
	json_decref(args);
}

static void patch(const char *body, const char *want)
{
	char *text = oc_asprintf("*** Begin Patch\n%s*** End Patch", body);

	expect("apply_patch", json_pack("{s:s}", "input", text), want);
	free(text);
}

static void a_patch_changes_all_its_files_or_none(void **state)
{
	(void)state;
	put("a.txt", "one\ntwo\n");
	put("b.txt", "gone\n");
	put("c.txt", "here\n");
	patch("*** Update File: a.txt\n-one\n+1\n*** Add File: new/d.txt\n+x\n"
	      "*** Delete File: b.txt\n*** Update File: c.txt\n*** Move to: e.txt\n-here\n+there\n",
	      "updated a.txt\nadded new/d.txt\ndeleted b.txt\nupdated c.txt, now e.txt");
	expect_file("a.txt", "1\ntwo\n");
	expect_file("new/d.txt", "x\n");
	expect_file("b.txt", NULL);
	expect_file("c.txt", NULL);
	expect_file("e.txt", "there\n");

	patch("*** Update File: a.txt\n-two\n+2\n*** Update File: e.txt\n-absent\n+x\n",
	      "nothing was changed: e.txt, hunk 1");
	patch("*** Update File: a.txt\n-two\n+2\n*** Add File: e.txt\n+x\n",
	      "nothing was changed: e.txt exists already");
	patch("*** Update File: a.txt\n-two\n+2\n*** Delete File: absent\n",
	      "nothing was changed: no such file: absent");
	patch("*** Update File: a.txt\n-two\n+2\n*** Add File: ../out.txt\n+x\n",
	      "is outside the workspace");
	patch("*** Update File: a.txt\n*** Move to: e.txt\n-two\n+2\n", "e.txt exists already");
	expect_file("a.txt", "1\ntwo\n");
}

static void a_tool_of_the_directory_is_reached_both_ways(void **state)
{
	static const char text[] = "*** Begin Patch\n*** Add File: via.txt\n+x\n*** End Patch";

	(void)state;
	expect("use_tool", json_pack("{s:s}", "name", "apply_patch"),
	       "Parameters: input (string, required)\nExample: {\"input\"");
	expect("use_tool", json_pack("{s:s,s:{}}", "name", "apply_patch", "args"), "Parameters: ");
	expect("use_tool", json_pack("{s:s,s:{s:i}}", "name", "apply_patch", "args", "x", 1),
	       "input is missing");
	expect("use_tool", json_pack("{s:s,s:{s:s}}", "name", "apply_patch", "args", "input", text),
	       "added via.txt");
	expect("use_tool", json_pack("{s:s,s:{s:s}}", "name", "read", "args", "path", "via.txt"),
	       "x");
	expect("use_tool",
	       json_pack("{s:s,s:{s:s}}", "name", "read", "arguments", "path", "via.txt"), "x");
	expect("use_tool", json_pack("{s:s}", "name", "absent"), "unknown tool: absent. Tools: ");
	expect("use_tool", json_pack("{s:s}", "name", "use_tool"), "unknown tool: use_tool");
	expect("use_tool", json_object(), "name is missing");
}

static int set_up(void **state)
{
	struct oc_err e = { 0 };

	(void)state;
	if (!mkdtemp(root)) return -1;
	workspace = oc_asprintf("%s/ws", root);
	ctx = (struct oc_tool_context){ .workspace = workspace, .max_result_chars = 12000 };
	return oc_mkdirs(workspace, &e);
}

static int tear_down(void **state)
{
	pid_t pid = fork();

	(void)state;
	free(workspace);
	if (pid == 0) {
		execl("/bin/rm", "rm", "-rf", root, (char *)NULL);
		_exit(1);
	}
	waitpid(pid, NULL, 0);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hunks_are_found_and_applied),
		cmocka_unit_test(broken_patches_are_refused_with_the_line),
		cmocka_unit_test(a_patch_cut_anywhere_is_refused_and_nothing_breaks),
		cmocka_unit_test(a_patch_changes_all_its_files_or_none),
		cmocka_unit_test(a_tool_of_the_directory_is_reached_both_ways),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
