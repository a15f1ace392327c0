/* What was decided about is what is used, whatever somebody puts in its way in between. */
#include "check.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "tool/place.h"

static char made[] = "/tmp/oc-place-XXXXXX";
static char *root;

static char *in_root(const char *name)
{
	return oc_asprintf("%s/%s", root, name);
}

static void put(const char *name, const char *text)
{
	char *path = in_root(name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	free(path);
}

static void make_folder(const char *name)
{
	char *path = in_root(name);

	assert_int_equal(mkdir(path, 0755), 0);
	free(path);
}

static void swap_for_link(const char *name, const char *target)
{
	char *path = in_root(name), *old = in_root("was");

	assert_int_equal(rename(path, old), 0);
	assert_int_equal(symlink(target, path), 0);
	free(path);
	free(old);
}

static enum oc_rc open_place(const char *name, bool create, struct oc_place *p)
{
	struct oc_err e = { 0 };
	char *path = in_root(name);
	enum oc_rc rc = oc_place_open(path, create, p, &e);

	free(path);
	return rc;
}

static enum oc_rc read_place(const struct oc_place *p, char *out, size_t n)
{
	struct oc_err e = { 0 };
	struct oc_buf b;
	enum oc_rc rc = oc_place_read(p, 100, &b, &e);

	out[0] = '\0';
	if (rc) return rc;
	assert_true(b.n < n);
	memcpy(out, oc_buf_cstr(&b), b.n + 1);
	oc_buf_deinit(&b);
	return OC_OK;
}

static int fresh(void **state)
{
	(void)state;
	memcpy(made + sizeof made - 7, "XXXXXX", 6);
	if (!mkdtemp(made)) return -1;
	root = realpath(made, NULL);
	make_folder("ws");
	make_folder("ws/d");
	make_folder("secret");
	put("ws/d/f", "inside");
	put("secret/f", "outside");
	return 0;
}

static int clean(void **state)
{
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		execl("/bin/rm", "rm", "-rf", made, (char *)NULL);
		_exit(1);
	}
	waitpid(pid, NULL, 0);
	free(root);
	return 0;
}

static void with_and_without_openat2(void (*body)(void))
{
	body();
	clean(NULL);
	assert_int_equal(fresh(NULL), 0);
	oc_place_avoid_openat2(true);
	body();
	oc_place_avoid_openat2(false);
}

static void files_body(void)
{
	struct oc_place p;
	struct oc_err e = { 0 };
	char text[100];
	bool written;

	assert_int_equal(open_place("ws/d/f", false, &p), OC_OK);
	assert_int_equal(read_place(&p, text, sizeof text), OC_OK);
	assert_string_equal(text, "inside");
	assert_int_equal(oc_place_write(&p, OC_LIT("inside"), &written, &e), OC_OK);
	assert_false(written);
	assert_int_equal(oc_place_write(&p, OC_LIT("new"), &written, &e), OC_OK);
	assert_true(written);
	assert_int_equal(read_place(&p, text, sizeof text), OC_OK);
	assert_string_equal(text, "new");
	assert_int_equal(oc_place_remove(&p, &e), OC_OK);
	assert_int_equal(oc_place_remove(&p, &e), OC_E_NOT_FOUND);
	assert_int_equal(read_place(&p, text, sizeof text), OC_E_NOT_FOUND);
	oc_place_close(&p);
	assert_int_equal(open_place("ws/x/y/z", false, &p), OC_E_NOT_FOUND);
	assert_int_equal(open_place("ws/x/y/z", true, &p), OC_OK);
	assert_int_equal(oc_place_write(&p, OC_LIT("deep"), NULL, &e), OC_OK);
	assert_int_equal(read_place(&p, text, sizeof text), OC_OK);
	assert_string_equal(text, "deep");
	oc_place_close(&p);
}

static void files_are_read_written_and_removed(void **state)
{
	(void)state;
	with_and_without_openat2(files_body);
}

static void folder_swap_body(void)
{
	struct oc_place before, after;
	struct oc_err e = { 0 };
	char text[100];

	assert_int_equal(open_place("ws/d/f", false, &before), OC_OK);
	swap_for_link("ws/d", "../secret");
	/* Opened before: the old folder is still the one that is used. */
	assert_int_equal(read_place(&before, text, sizeof text), OC_OK);
	assert_string_equal(text, "inside");
	assert_int_equal(oc_place_write(&before, OC_LIT("x"), NULL, &e), OC_OK);
	oc_place_close(&before);
	/* Decided before, opened after: refused. */
	assert_int_not_equal(open_place("ws/d/f", false, &after), OC_OK);
	assert_int_not_equal(open_place("ws/d/f", true, &after), OC_OK);
	assert_int_not_equal(open_place("ws/d/new/f", true, &after), OC_OK);
	assert_int_equal(open_place("secret/f", false, &after), OC_OK);
	assert_int_equal(read_place(&after, text, sizeof text), OC_OK);
	assert_string_equal(text, "outside");
	oc_place_close(&after);
}

static void a_folder_that_becomes_a_link_leads_nowhere(void **state)
{
	(void)state;
	with_and_without_openat2(folder_swap_body);
}

static void file_swap_body(void)
{
	struct oc_place p;
	struct oc_err e = { 0 };
	char text[100];

	assert_int_equal(open_place("ws/d/f", false, &p), OC_OK);
	swap_for_link("ws/d/f", "../../secret/f");
	assert_int_equal(read_place(&p, text, sizeof text), OC_E_DENIED);
	assert_int_equal(oc_place_write(&p, OC_LIT("x"), NULL, &e), OC_E_DENIED);
	oc_place_close(&p);
	assert_int_equal(open_place("secret/f", false, &p), OC_OK);
	assert_int_equal(read_place(&p, text, sizeof text), OC_OK);
	assert_string_equal(text, "outside");
	oc_place_close(&p);
}

static void a_file_that_becomes_a_link_is_not_followed(void **state)
{
	(void)state;
	with_and_without_openat2(file_swap_body);
}

static void a_second_name_of_a_file_outside_is_not_written_through(void **state)
{
	char *a = in_root("secret/f"), *b = in_root("ws/d/hard"), text[100];
	struct oc_place p;
	struct oc_err e = { 0 };

	(void)state;
	assert_int_equal(link(a, b), 0);
	assert_int_equal(open_place("ws/d/hard", false, &p), OC_OK);
	assert_int_equal(oc_place_write(&p, OC_LIT("changed"), NULL, &e), OC_OK);
	oc_place_close(&p);
	assert_int_equal(open_place("secret/f", false, &p), OC_OK);
	assert_int_equal(read_place(&p, text, sizeof text), OC_OK);
	assert_string_equal(text, "outside");
	oc_place_close(&p);
	free(a);
	free(b);
}

static void only_regular_files_of_bounded_size_are_read(void **state)
{
	char *fifo = in_root("ws/fifo"), *big = in_root("ws/big"), text[200];
	struct oc_place p;
	struct oc_err e = { 0 };

	(void)state;
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(open_place("ws/fifo", false, &p), OC_OK);
	assert_int_equal(read_place(&p, text, sizeof text), OC_E_INPUT);
	assert_int_equal(oc_place_write(&p, OC_LIT("x"), NULL, &e), OC_E_INPUT);
	oc_place_close(&p);
	put("ws/big", "");
	assert_int_equal(truncate(big, 1ll << 40), 0); /* a hole of 1 TiB */
	assert_int_equal(open_place("ws/big", false, &p), OC_OK);
	assert_int_equal(read_place(&p, text, sizeof text), OC_E_LIMIT);
	oc_place_close(&p);
	assert_int_equal(oc_place_open("/dev/zero", false, &p, &e), OC_OK);
	assert_int_equal(read_place(&p, text, sizeof text), OC_E_INPUT);
	oc_place_close(&p);
	assert_int_equal(open_place("ws/d", false, &p), OC_OK);
	assert_int_equal(read_place(&p, text, sizeof text), OC_E_INPUT);
	oc_place_close(&p);
	free(fifo);
	free(big);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(files_are_read_written_and_removed, fresh, clean),
		cmocka_unit_test_setup_teardown(a_folder_that_becomes_a_link_leads_nowhere, fresh,
						clean),
		cmocka_unit_test_setup_teardown(a_file_that_becomes_a_link_is_not_followed, fresh,
						clean),
		cmocka_unit_test_setup_teardown(
		    a_second_name_of_a_file_outside_is_not_written_through, fresh, clean),
		cmocka_unit_test_setup_teardown(only_regular_files_of_bounded_size_are_read, fresh,
						clean),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
