/* Pages of a log: read by cursor, every line comes once and whole. */
#include "check.h"

#include "fixture.h"
#include "gateway/view/log_page.h"
#include "rt/task.h"

enum { LINES = 40 };

static json_t *page_at(int64_t cursor, int64_t limit, int64_t max_bytes)
{
	char path[512];
	struct oc_log_ask ask = { path, cursor, limit, max_bytes };
	struct oc_err e = { 0 };
	json_t *page = NULL;

	home_path("log", path, sizeof path);
	if (oc_log_page_wait(&ask, &page, &e)) fail_msg("%s", e.msg);
	return page;
}

static size_t take_lines(const json_t *page, size_t next)
{
	const json_t *line;
	char want[64];
	size_t i;

	json_array_foreach (json_object_get(page, "lines"), i, line) {
		snprintf(want, sizeof want, "line %zu", next++);
		assert_string_equal(json_string_value(line), want);
	}
	return next;
}

/* The file grows while it is read, a piece at a time, whatever the pieces are. */
static void follow(void *arg)
{
	struct oc_buf all;
	size_t next = 0;
	int64_t cursor = 0;

	(void)arg;
	oc_buf_init(&all, 1 << 16);
	for (size_t i = 0; i < LINES; i++) oc_buf_addf(&all, "line %zu\n", i);
	for (size_t n = 0; n <= all.n; n += 7) {
		size_t end = n + 7 > all.n ? all.n : n + 7;
		char *text = strndup(all.p, end);
		home_write("log", text);
		free(text);
		json_t *page = page_at(cursor, 100, 1000);
		next = take_lines(page, next);
		cursor = oc_json_int(page, "cursor", -1);
		json_decref(page);
	}
	assert_int_equal(next, LINES);
	assert_int_equal(cursor, all.n);
	oc_buf_deinit(&all);
}

static void bounds(void *arg)
{
	json_t *page;

	(void)arg;
	page = page_at(-1, 10, 100); /* no file yet */
	assert_int_equal(json_array_size(json_object_get(page, "lines")), 0);
	json_decref(page);
	home_write("log", "one\ntwo\nthree\n");
	page = page_at(-1, 2, 100);
	assert_true(oc_json_bool(page, "truncated", false));
	assert_int_equal(json_array_size(json_object_get(page, "lines")), 2);
	json_decref(page);
	page = page_at(99, 10, 100);
	assert_true(oc_json_bool(page, "reset", false));
	assert_int_equal(json_array_size(json_object_get(page, "lines")), 3);
	json_decref(page);
	page = page_at(0, 10, 8); /* begins inside of "two" */
	assert_int_equal(oc_json_int(page, "skippedBytes", 0), 6);
	assert_int_equal(json_array_size(json_object_get(page, "lines")), 1);
	assert_string_equal(json_string_value(json_array_get(json_object_get(page, "lines"), 0)),
			    "three");
	json_decref(page);
}

static void every_line_comes_once_and_whole(void **state)
{
	(void)state;
	assert_int_equal(oc_rt_run(follow, NULL), 0);
}

static void pages_are_bounded(void **state)
{
	(void)state;
	assert_int_equal(oc_rt_run(bounds, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_line_comes_once_and_whole, new_home,
						drop_home),
		cmocka_unit_test_setup_teardown(pages_are_bounded, new_home, drop_home),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
