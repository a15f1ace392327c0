#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "rt/file.h"

static char dir[64];

static char *in_dir(const char *name)
{
	return oc_asprintf("%s/%s", dir, name);
}

static int make_dir(void **state)
{
	(void)state;
	strncpy(dir, "file_test-XXXXXX", sizeof dir - 1);
	return mkdtemp(dir) ? 0 : -1;
}

static void expect_content(const char *path, const char *want)
{
	struct oc_buf b;
	struct oc_err e;

	assert_int_equal(oc_file_read(path, 1000, &b, &e), OC_OK);
	assert_string_equal(oc_buf_cstr(&b), want);
	oc_buf_deinit(&b);
}

static void a_write_creates_folders_and_sets_the_mode(void **state)
{
	char *path = in_dir("a/b/c.json");
	struct stat st;
	bool written;

	(void)state;
	assert_int_equal(oc_file_write(path, OC_LIT("one"), 0600, &written, NULL), OC_OK);
	assert_true(written);
	expect_content(path, "one");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	free(path);
}

static void equal_bytes_are_not_written_again(void **state)
{
	char *path = in_dir("same");
	struct stat before, after;
	bool written;

	(void)state;
	assert_int_equal(oc_file_write(path, OC_LIT("x"), 0600, NULL, NULL), OC_OK);
	assert_int_equal(stat(path, &before), 0);
	assert_int_equal(oc_file_write(path, OC_LIT("x"), 0600, &written, NULL), OC_OK);
	assert_false(written);
	assert_int_equal(stat(path, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	free(path);
}

static void a_write_through_a_link_keeps_the_link(void **state)
{
	char *target = in_dir("target"), *name = in_dir("link");
	struct stat st;

	(void)state;
	assert_int_equal(oc_file_write(target, OC_LIT("old"), 0600, NULL, NULL), OC_OK);
	assert_int_equal(symlink("target", name), 0);
	assert_int_equal(oc_file_write(name, OC_LIT("new"), 0600, NULL, NULL), OC_OK);
	assert_int_equal(lstat(name, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	expect_content(target, "new");
	free(target);
	free(name);
}

static void a_failed_write_leaves_the_old_file_and_no_temporary(void **state)
{
	char *path = in_dir("taken");
	struct oc_err e;

	(void)state;
	assert_int_equal(mkdir(path, 0700), 0); /* a folder cannot be replaced by a file */
	assert_int_equal(oc_file_write(path, OC_LIT("x"), 0600, NULL, &e), OC_E_SYS);
	assert_non_null(strstr(e.msg, path));
	assert_int_equal(rmdir(path), 0);
	free(path);
}

static void a_device_or_a_pipe_is_never_replaced(void **state)
{
	char *path = in_dir("pipe");
	struct stat st;
	struct oc_err e;

	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(oc_file_write(path, OC_LIT("x"), 0600, NULL, &e), OC_E_SYS);
	assert_non_null(strstr(e.msg, "not a regular file"));
	assert_int_equal(stat(path, &st), 0);
	assert_true(S_ISFIFO(st.st_mode));
	assert_int_equal(unlink(path), 0);
	free(path);
}

static void reads_are_bounded_and_only_of_regular_files(void **state)
{
	char *path = in_dir("big");
	struct oc_buf b;
	struct oc_err e;

	(void)state;
	assert_int_equal(oc_file_write(path, OC_LIT("0123456789"), 0600, NULL, NULL), OC_OK);
	assert_int_equal(oc_file_read(path, 9, &b, &e), OC_E_LIMIT);
	assert_int_equal(oc_file_read(dir, 9, &b, &e), OC_E_SYS);
	assert_int_equal(truncate(path, 1ll << 40), 0); /* a hole: refused before it is read */
	assert_int_equal(oc_file_read(path, 1ull << 39, &b, &e), OC_E_LIMIT);
	assert_int_equal(oc_file_read("/dev/zero", 9, &b, &e), OC_E_SYS);
	assert_int_equal(oc_file_read("/nonexistent", 9, &b, &e), OC_E_NOT_FOUND);
	free(path);
}

static void a_lock_excludes_a_second_holder(void **state)
{
	char *path = in_dir("lock");
	struct oc_lock first, second;
	struct oc_err e;

	(void)state;
	assert_int_equal(oc_lock_take(&first, path, 0, &e), OC_OK);
	assert_int_equal(oc_lock_take(&second, path, 20, &e), OC_E_TIMEOUT);
	oc_lock_release(&first);
	assert_int_equal(oc_lock_take(&second, path, 0, &e), OC_OK);
	oc_lock_release(&second);
	free(path);
}

static void remove_one(const char *name)
{
	char *path = in_dir(name);
	remove(path);
	free(path);
}

static int remove_dir(void **state)
{
	static const char *const names[] = { "a/b/c.json", "a/b",    "a",   "same",
					     "link",	   "target", "big", "lock" };

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) remove_one(names[i]);
	return rmdir(dir); /* fails when a temporary was left behind */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_write_creates_folders_and_sets_the_mode),
		cmocka_unit_test(equal_bytes_are_not_written_again),
		cmocka_unit_test(a_write_through_a_link_keeps_the_link),
		cmocka_unit_test(a_failed_write_leaves_the_old_file_and_no_temporary),
		cmocka_unit_test(a_device_or_a_pipe_is_never_replaced),
		cmocka_unit_test(reads_are_bounded_and_only_of_regular_files),
		cmocka_unit_test(a_lock_excludes_a_second_holder),
	};
	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
