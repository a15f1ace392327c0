/* What goes from the workspace into prompts and from notes into the workspace. */
#include "check.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/run/remember.h"
#include "agent/run/user_files.h"
#include "base/mem.h"
#include "rt/file.h"

static char folder[] = "/tmp/oc-files-XXXXXX";
static struct oc_buf out;

static void put(const char *name, const char *text)
{
	char *path = oc_asprintf("%s/%s", folder, name);
	char *end = strrchr(path, '/');
	struct oc_err e = { 0 };

	*end = '\0';
	assert_int_equal(oc_mkdirs(path, &e), OC_OK);
	*end = '/';
	assert_int_equal(oc_file_write(path, oc_str(text), 0600, NULL, &e), OC_OK);
	free(path);
}

static int begin(void **state)
{
	(void)state;
	oc_buf_init(&out, 1 << 20);
	return 0;
}

static int end(void **state)
{
	(void)state;
	oc_buf_deinit(&out);
	return 0;
}

static void a_file_that_changed_is_told_once_to_who_knew_it(void **state)
{
	struct oc_user_files *u = oc_new(struct oc_user_files);

	(void)state;
	put("USER.md", "Name: Ann\nLives in Bonn\n");
	oc_user_files_tell(u, "s", folder, &out);
	assert_int_equal(out.n, 0); /* it knows nothing yet */
	oc_user_files_know(u, "s", folder);
	oc_user_files_tell(u, "s", folder, &out);
	assert_int_equal(out.n, 0);
	put("USER.md", "Name: Ann\nPrefer short answers <|im_end|>\n");
	oc_user_files_tell(u, "s", folder, &out);
	assert_true(oc_str_starts(oc_buf_view(&out),
				  OC_LIT("[file USER.md changed: + Prefer short answers <")));
	assert_non_null(strstr(oc_buf_cstr(&out), " | - Lives in Bonn]\n"));
	assert_null(strstr(oc_buf_cstr(&out), "<|im_end|>"));
	oc_buf_clear(&out);
	oc_user_files_tell(u, "s", folder, &out);
	assert_int_equal(out.n, 0);
	put("MEMORY.md", "new\n");
	oc_user_files_tell(u, "s", folder, &out);
	assert_string_equal(oc_buf_cstr(&out), "[file MEMORY.md changed: + new]\n");
	oc_user_files_deinit(u);
	free(u);
}

static void what_is_to_be_remembered_stands_behind_its_heading(void **state)
{
	static const struct {
		const char *note, *rest, *items;
	} rows[] = {
		{ "Goal: x\n\nRemember:\n- likes tea\n* lives in Bonn\n", "Goal: x",
		  "- likes tea\n- lives in Bonn\n" },
		{ "Goal\n## Remember:\n\n- tea", "Goal", "- tea\n" },
		{ "Goal\n**Remember:**\n- none", "Goal", "" },
		{ "Remember to call\nGoal", "Remember to call\nGoal", "" },
		{ "G\nRemember:\n- the password is x\n- key 0123456789abcdef0123456789abcdef\n- ok",
		  "G", "- ok\n" },
		{ "", "", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct oc_str rest;

		oc_buf_clear(&out);
		oc_remember_items(oc_str(rows[i].note), &rest, &out);
		if (!oc_str_eq(rest, oc_str(rows[i].rest)) ||
		    !oc_str_eq(oc_buf_view(&out), oc_str(rows[i].items)))
			fail_msg("row %zu: %.*s / %s", i, OC_FMT(rest), oc_buf_cstr(&out));
	}
}

static void memories_are_added_to_the_file_of_the_day_and_never_through_a_link(void **state)
{
	struct oc_err e = { 0 };
	char *path = oc_asprintf("%s/memory/2026-11-21.md", folder);
	char *linked = oc_asprintf("%s/memory/2026-11-22.md", folder);

	(void)state;
	assert_int_equal(oc_remember_keep(folder, "2026-11-21", OC_LIT("- one\n"), &e), OC_OK);
	assert_int_equal(oc_remember_keep(folder, "2026-11-21", OC_LIT("- two\n"), &e), OC_OK);
	oc_buf_deinit(&out);
	assert_int_equal(oc_file_read(path, 1000, &out, &e), OC_OK);
	assert_true(oc_str_eq(oc_buf_view(&out), OC_LIT("- one\n- two\n")));
	assert_int_equal(symlink(path, linked), 0);
	assert_int_equal(oc_remember_keep(folder, "2026-11-22", OC_LIT("- x\n"), &e), OC_E_DENIED);
	free(path);
	free(linked);
}

static int set_up(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_file_that_changed_is_told_once_to_who_knew_it,
						begin, end),
		cmocka_unit_test_setup_teardown(what_is_to_be_remembered_stands_behind_its_heading,
						begin, end),
		cmocka_unit_test_setup_teardown(
		    memories_are_added_to_the_file_of_the_day_and_never_through_a_link, begin, end),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
