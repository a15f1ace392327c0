/* The index of memory: what is put in is found, and a file that cannot be used is made anew. */
#include "check.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "rt/file.h"
#include "store/memory_index.h"

static struct oc_err e;
#define OK(call)                                                                                   \
	do {                                                                                       \
		if ((call) != OC_OK) fail_msg("%s", e.msg);                                        \
	} while (0)

static char dir[64];

static int make_dir(void **state)
{
	(void)state;
	strncpy(dir, "memory_index_test-XXXXXX", sizeof dir - 1);
	return mkdtemp(dir) ? 0 : -1;
}

static char *in_dir(const char *name)
{
	return oc_asprintf("%s/%s", dir, name);
}

static void in_task(oc_task_fn *fn)
{
	assert_int_equal(oc_rt_run(fn, NULL), 0);
}

static struct oc_memory_index *open_at(const char *path)
{
	struct oc_memory_index *m = NULL;

	OK(oc_memory_index_open_wait(path, &m, &e));
	return m;
}

static void put(struct oc_memory_index *m, const char *path, const char *text, const char *pairs)
{
	struct oc_memory_note n = { .path = oc_strdup(path), .hash = oc_strdup(text), .size = 1 };

	n.v = oc_alloc(sizeof *n.v);
	n.n = 1;
	*n.v = (struct oc_memory_chunk){ .first_line = 3,
					 .last_line = 5,
					 .heading = oc_strdup("Title"),
					 .text = oc_strdup(text),
					 .pairs = oc_strdup(pairs),
					 .hash = oc_asprintf("hash of %s", text) };
	OK(oc_memory_index_put_wait(m, &n, 1, &e));
	oc_memory_note_deinit(&n);
}

static size_t found(struct oc_memory_index *m, const char *words, const char *part)
{
	struct oc_strv parts = { 0 };
	struct oc_memory_question q = { .words = words, .limit = 10 };
	struct oc_memory_hits hits;

	if (part) {
		oc_strv_add(&parts, OC_LIT("\"absent\""));
		oc_strv_add(&parts, oc_str(part));
		q.parts = &parts;
	}
	OK(oc_memory_index_search_wait(m, &q, &hits, &e));
	size_t n = hits.n;
	oc_memory_hits_deinit(&hits);
	oc_strv_deinit(&parts);
	return n;
}

/* ---- notes ---- */

static void words_in(void *arg)
{
	struct oc_memory_index *m = open_at(":memory:");
	const struct oc_memory_question q = { .words = "\"tulips\"* OR \"müll\"* OR \"absent\"",
					      .limit = 10 };
	struct oc_memory_hits hits;

	(void)arg;
	put(m, "a.md", "Frau MULLER likes tulips", "");
	put(m, "b.md", "Datenschutzvereinbarung", "");
	put(m, "c.md", "我们在北京", "我们 们在 在北 北京");
	OK(oc_memory_index_search_wait(m, &q, &hits, &e));
	assert_int_equal(hits.n, 1);
	assert_string_equal(hits.v[0].path, "a.md");
	assert_string_equal(hits.v[0].heading, "Title");
	assert_int_equal(hits.v[0].first_line, 3);
	assert_int_equal(hits.v[0].last_line, 5);
	assert_int_equal(hits.v[0].n_words, 2);
	assert_true(hits.v[0].words > 0);
	oc_memory_hits_deinit(&hits);
	assert_int_equal(found(m, "\"vereinbarung\"*", NULL), 0);
	assert_int_equal(found(m, NULL, "\"vereinbarung\""), 1);
	assert_int_equal(found(m, "pairs : \"北京\"", NULL), 1);
	assert_int_equal(found(m, "\"title\"*", NULL), 3);
	oc_memory_index_close_wait(m);
}

static void words_parts_and_pairs_are_found(void **state)
{
	(void)state;
	in_task(words_in);
}

static void change_in(void *arg)
{
	struct oc_memory_index *m = open_at(":memory:");
	struct oc_memory_note same = { .path = oc_strdup("a.md"),
				       .hash = oc_strdup("new text"),
				       .size = 7,
				       .changed_ns = 9,
				       .same = true };
	struct oc_memory_notes notes;
	struct oc_strv gone = { 0 };

	(void)arg;
	put(m, "a.md", "old text", "");
	put(m, "a.md", "new text", "");
	assert_int_equal(found(m, "\"old\"", "\"old text\""), 0);
	assert_int_equal(found(m, "\"new\"", NULL), 1);
	OK(oc_memory_index_put_wait(m, &same, 1, &e));
	OK(oc_memory_index_notes_wait(m, &notes, &e));
	assert_int_equal(notes.n, 1);
	assert_int_equal(notes.v[0].size, 7);
	assert_int_equal(notes.v[0].changed_ns, 9);
	assert_string_equal(notes.v[0].hash, "new text");
	oc_memory_notes_deinit(&notes);
	assert_int_equal(found(m, "\"new\"", NULL), 1);
	oc_strv_add(&gone, OC_LIT("a.md"));
	OK(oc_memory_index_remove_wait(m, &gone, &e));
	assert_int_equal(found(m, "\"new\"", "\"new text\""), 0);
	oc_strv_deinit(&gone);
	oc_memory_note_deinit(&same);
	oc_memory_index_close_wait(m);
}

static void a_note_that_changes_leaves_nothing_behind(void **state)
{
	(void)state;
	in_task(change_in);
}

/* ---- vectors ---- */

static void vectors_in(void *arg)
{
	static const int8_t north[] = { 0, 127 }, east[] = { 127, 0 }, asked[] = { 10, 120 };
	const struct oc_memory_vector to_north = { north, 2, 1.0 / 127 },
				      to_east = { east, 2, 1.0 / 127 };
	const struct oc_memory_question q = { .near = { asked, 2, 1.0 / 120.4 }, .limit = 1 };
	struct oc_memory_index *m = open_at(":memory:");
	struct oc_memory_counts counts;
	struct oc_memory_texts bare;
	struct oc_memory_hits hits;

	(void)arg;
	OK(oc_memory_index_model_wait(m, "box/embed", &e));
	put(m, "a.md", "north", "");
	put(m, "b.md", "east", "");
	OK(oc_memory_index_bare_wait(m, 10, &bare, &e));
	assert_int_equal(bare.n, 2);
	oc_memory_texts_deinit(&bare);
	OK(oc_memory_index_vector_wait(m, "hash of north", &to_north, &e));
	OK(oc_memory_index_vector_wait(m, "hash of east", &to_east, &e));
	OK(oc_memory_index_bare_wait(m, 10, &bare, &e));
	assert_int_equal(bare.n, 0);
	OK(oc_memory_index_search_wait(m, &q, &hits, &e));
	assert_int_equal(hits.n, 1);
	assert_string_equal(hits.v[0].path, "a.md");
	assert_true(hits.v[0].has_near && hits.v[0].near > 0.98 && hits.v[0].near < 1.01);
	oc_memory_hits_deinit(&hits);
	OK(oc_memory_index_model_wait(m, "box/embed", &e));
	OK(oc_memory_index_counts_wait(m, &counts, &e));
	assert_int_equal(counts.vectors, 2);
	assert_string_equal(counts.model, "box/embed");
	oc_memory_counts_deinit(&counts);
	OK(oc_memory_index_model_wait(m, "box/other", &e)); /* its vectors mean something else */
	OK(oc_memory_index_counts_wait(m, &counts, &e));
	assert_int_equal(counts.vectors, 0);
	oc_memory_counts_deinit(&counts);
	oc_memory_index_close_wait(m);
}

static void the_nearest_vector_is_found_and_another_model_begins_anew(void **state)
{
	(void)state;
	in_task(vectors_in);
}

/* ---- the file ---- */

static void write_at(const char *path, off_t at, const char *bytes, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT, 0600);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, n, at), (ssize_t)n);
	close(fd);
}

static size_t count_notes(const char *path)
{
	struct oc_memory_index *m = open_at(path);
	struct oc_memory_notes notes;

	OK(oc_memory_index_notes_wait(m, &notes, &e));
	size_t n = notes.n;
	oc_memory_notes_deinit(&notes);
	oc_memory_index_close_wait(m);
	return n;
}

static void keep_in(void *arg)
{
	char *path = in_dir("kept/main.sqlite");
	struct oc_memory_index *m = open_at(path);
	struct stat st;

	(void)arg;
	put(m, "a.md", "text", "");
	oc_memory_index_close_wait(m);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(count_notes(path), 1);
	free(path);
}

static void what_was_indexed_is_there_the_next_time(void **state)
{
	(void)state;
	in_task(keep_in);
}

static void garbage_in(void *arg)
{
	char *path = in_dir("garbage.sqlite"), junk[8192];

	(void)arg;
	memset(junk, 'x', sizeof junk);
	write_at(path, 0, junk, sizeof junk);
	assert_int_equal(count_notes(path), 0);
	struct oc_memory_index *m = open_at(path);
	put(m, "a.md", "text", "");
	oc_memory_index_close_wait(m);
	write_at(path, 60, "\0\0\0\7", 4); /* of a version to come */
	assert_int_equal(count_notes(path), 0);
	free(path);
}

static void a_file_that_is_no_index_or_of_another_version_is_made_anew(void **state)
{
	(void)state;
	in_task(garbage_in);
}

static void deep_in(void *arg)
{
	char *path = in_dir("deep.sqlite"), junk[4096];
	struct oc_memory_index *m = open_at(path);
	struct stat st;

	(void)arg;
	for (int i = 0; i < 50; i++) {
		char name[16];

		snprintf(name, sizeof name, "%d.md", i);
		put(m, name, "many words about tulips and other flowers", "");
	}
	oc_memory_index_close_wait(m);
	memset(junk, 0x5A, sizeof junk);
	assert_int_equal(stat(path, &st), 0);
	for (off_t at = 4096; at < st.st_size; at += 4096) write_at(path, at, junk, sizeof junk);
	m = open_at(path); /* the first page is sound */
	assert_int_equal(found(m, "\"tulips\"", NULL), 0);
	put(m, "a.md", "tulips", "");
	assert_int_equal(found(m, "\"tulips\"", NULL), 1);
	oc_memory_index_close_wait(m);
	free(path);
}

static void damage_that_shows_later_is_mended_too(void **state)
{
	(void)state;
	in_task(deep_in);
}

static void foreign_in(void *arg)
{
	static const char header[] = "SQLite format 3";
	char *path = in_dir("foreign.sqlite");
	struct oc_memory_index *own = open_at(path), *m = NULL;

	(void)arg;
	oc_memory_index_close_wait(own);
	write_at(path, 68, "\1\2\3\4", 4); /* the id of another application */
	assert_int_equal(oc_memory_index_open_wait(path, &m, &e), OC_E_SYS);
	assert_non_null(strstr(e.msg, "another program"));
	struct oc_buf bytes;
	OK(oc_file_read(path, 1 << 24, &bytes, &e));
	assert_memory_equal(bytes.p, header, sizeof header);
	assert_memory_equal(bytes.p + 68, "\1\2\3\4", 4);
	oc_buf_deinit(&bytes);
	free(path);
}

static void a_database_of_another_program_is_left_alone(void **state)
{
	(void)state;
	in_task(foreign_in);
}

static void two_in(void *arg)
{
	char *path = in_dir("two.sqlite");
	struct oc_memory_index *a = open_at(path), *b = open_at(path);

	(void)arg;
	put(a, "a.md", "tulips", "");
	put(b, "a.md", "tulips", "");
	put(b, "b.md", "tulips", "");
	assert_int_equal(found(a, "\"tulips\"", NULL), 2);
	assert_int_equal(found(b, "\"tulips\"", NULL), 2);
	OK(oc_memory_index_clear_wait(a, &e));
	assert_int_equal(found(b, "\"tulips\"", NULL), 0);
	oc_memory_index_close_wait(a);
	oc_memory_index_close_wait(b);
	free(path);
}

static void two_at_once_see_the_same(void **state)
{
	(void)state;
	in_task(two_in);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_parts_and_pairs_are_found),
		cmocka_unit_test(a_note_that_changes_leaves_nothing_behind),
		cmocka_unit_test(the_nearest_vector_is_found_and_another_model_begins_anew),
		cmocka_unit_test(what_was_indexed_is_there_the_next_time),
		cmocka_unit_test(a_file_that_is_no_index_or_of_another_version_is_made_anew),
		cmocka_unit_test(damage_that_shows_later_is_mended_too),
		cmocka_unit_test(a_database_of_another_program_is_left_alone),
		cmocka_unit_test(two_at_once_see_the_same),
	};
	return cmocka_run_group_tests(tests, make_dir, NULL);
}
