/* The store on a bad disk: damage, places where nothing can be written, no room. */
#include "check.h"

#include <signal.h>
#include <sys/resource.h>

#include "store_file_fixture.h"

/* ---- damage ---- */

static void what_is_no_database_is_named_with_the_remedy_and_stays(void **state)
{
	char text[4096];

	(void)state;
	memset(text, 'z', sizeof text);
	text[sizeof text - 1] = '\0';
	OK(oc_file_write(path, oc_str(text), 0600, NULL, &e));
	expect_refusal(".recover");
	char *now = home_read("state/gateway.sqlite");
	assert_string_equal(now, text);
	free(now);
}

static void fill(void *arg)
{
	struct oc_store *s = open_store();
	char *id = new_session(s, "a"), text[2000];

	(void)arg;
	memset(text, 'x', sizeof text);
	text[sizeof text - 1] = '\0';
	for (int i = 0; i < 100; i++) append(s, id, text);
	free(id);
	oc_store_close_wait(s);
}

static void damage_pages(long from)
{
	char junk[4096];
	FILE *f = fopen(path, "r+");

	assert_non_null(f);
	memset(junk, 0xEE, sizeof junk);
	fseek(f, 0, SEEK_END);
	for (long at = from, end = ftell(f); at < end; at += (long)sizeof junk) {
		fseek(f, at, SEEK_SET);
		assert_int_equal(fwrite(junk, sizeof junk, 1, f), 1);
	}
	fclose(f);
}

static void read_damaged(void *arg)
{
	struct oc_store *s = NULL;
	struct oc_session_page page = { 0 };
	enum oc_rc rc = oc_store_open_wait(path, &s, &e);

	(void)arg;
	if (!rc) rc = oc_store_sessions_wait(s, &(struct oc_session_query){ 0 }, &page, &e);
	assert_int_equal(rc, OC_E_SYS);
	if (!strstr(e.msg, path) || !strstr(e.msg, "damaged")) fail_msg("%s", e.msg);
	oc_store_close_wait(s);
}

static void damaged_pages_are_named_with_the_remedy(void **state)
{
	(void)state;
	assert_int_equal(oc_rt_run(fill, NULL), 0);
	damage_pages(4096);
	assert_int_equal(oc_rt_run(read_damaged, NULL), 0);
	assert_true(oc_file_exists(path));
}

static void read_broken_value(void *arg)
{
	struct oc_store *s = open_store();
	json_t *v = NULL;

	(void)arg;
	assert_int_equal(oc_store_get_wait(s, "k", "i", &v, &e), OC_E_SYS);
	if (!strstr(e.msg, path) || !strstr(e.msg, "damaged")) fail_msg("%s", e.msg);
	assert_null(v);
	OK(oc_store_get_wait(s, "k", "whole", &v, &e));
	json_decref(v);
	oc_store_close_wait(s);
}

static void a_broken_value_is_damage_and_its_neighbours_are_read(void **state)
{
	(void)state;
	assert_int_equal(oc_rt_run(write_once, NULL), 0);
	raw_file(
	    "INSERT INTO document VALUES(1, 'k', 'i', 1, '{\"cut'), (2, 'k', 'whole', 1, '1')");
	assert_int_equal(oc_rt_run(read_broken_value, NULL), 0);
}

/* ---- places where no file can be ---- */

static void a_folder_that_cannot_be_is_named_with_its_cause(void **state)
{
	(void)state;
	home_write("state", "a file");
	assert_int_equal(oc_rt_run(be_refused, NULL), 0);
	if (!strstr(e.msg, "/state") || !strstr(e.msg, "Not a directory")) fail_msg("%s", e.msg);
}

static void what_is_no_regular_file_is_refused(void **state)
{
	(void)state;
	OK(oc_mkdirs(path, &e));
	expect_refusal("not a regular file");
}

/* Root may write everywhere, so these tests give it up for a while. */
enum { NOBODY = 65534 };

static uid_t give_up_root(void)
{
	uid_t was = geteuid();
	char *folder = oc_folder_of(path);

	OK(oc_mkdirs(folder, &e));
	if (was == 0 && (chown(fixture_home, NOBODY, NOBODY) || chown(folder, NOBODY, NOBODY) ||
			 seteuid(NOBODY)))
		skip();
	free(folder);
	return was;
}

static void a_read_only_file_is_refused(void **state)
{
	uid_t was = give_up_root();

	(void)state;
	assert_int_equal(oc_rt_run(write_once, NULL), 0);
	chmod(path, 0400);
	expect_refusal("read-only");
	assert_int_equal(seteuid(was), 0);
}

static void a_read_only_folder_is_refused(void **state)
{
	uid_t was = give_up_root();
	char *folder = oc_folder_of(path);

	(void)state;
	chmod(folder, 0500);
	expect_refusal("Permission denied");
	chmod(folder, 0700);
	assert_int_equal(oc_rt_run(write_once, NULL), 0);
	chmod(folder, 0500); /* no place for what SQLite keeps beside the file */
	expect_refusal("");
	chmod(folder, 0700);
	assert_int_equal(oc_rt_run(read_once, NULL), 0);
	assert_int_equal(seteuid(was), 0);
	free(folder);
}

/* ---- no room ---- */

static enum oc_rc bound_pages(struct oc_db *db, void *arg, struct oc_err *why)
{
	char *sql = oc_asprintf("PRAGMA max_page_count = %d", *(int *)arg);
	enum oc_rc rc = oc_db_exec(db, sql, why);

	free(sql);
	return rc;
}

static void fill_up(void *arg)
{
	struct oc_store *s = open_store();
	char *id = new_session(s, "a"), text[50000];
	int few = 60, many = 1000000;
	int64_t stored = 0;
	enum oc_rc rc;

	(void)arg;
	memset(text, 'x', sizeof text);
	text[sizeof text - 1] = '\0';
	struct oc_stored_message m = message(text), v[2] = { message("small"), message(text) };
	OK(oc_store_step_wait(s, OC_STEP_READ, bound_pages, &few, &e));
	do {
		struct oc_stored_message one = { .body = json_incref(m.body) };
		rc = oc_store_append_wait(s, id, &one, 1, NULL, &e);
		stored += rc == OC_OK;
		oc_stored_message_deinit(&one);
	} while (rc == OC_OK);
	assert_int_equal(rc, OC_E_SYS);
	if (!strstr(e.msg, path) || !strstr(e.msg, "disk is full")) fail_msg("%s", e.msg);
	assert_true(stored > 0);
	assert_int_equal(oc_store_append_wait(s, id, v, 2, NULL, &e), OC_E_SYS);
	assert_true(!v[0].id && !v[0].seq); /* what was not committed has no number */
	assert_int_equal(count_messages(s, id), stored);
	OK(oc_store_step_wait(s, OC_STEP_READ, bound_pages, &many, &e));
	OK(oc_store_append_wait(s, id, v, 2, NULL, &e));
	assert_int_equal(v[1].seq, stored + 2);
	oc_stored_message_deinit(&m);
	for (int i = 0; i < 2; i++) oc_stored_message_deinit(&v[i]);
	free(id);
	oc_store_close_wait(s);
}

static void a_full_disk_loses_nothing_and_work_goes_on_when_there_is_room(void **state)
{
	(void)state;
	assert_int_equal(oc_rt_run(fill_up, NULL), 0);
}

/* Every step that writes: none may leave half of itself or change what the caller has. */
static void write_everything(void *arg)
{
	struct oc_store *s = open_store();
	char *id = new_session(s, "a");
	char *big = malloc(200001);
	int now = 1;

	(void)arg;
	memset(big, 'x', 200000);
	big[200000] = '\0';
	struct oc_epoch epoch = { .system = big };
	struct oc_run_record run = { .id = big, .status = big };
	struct oc_session_record r = { 0 };
	json_t *v = json_string(big);
	OK(oc_store_step_wait(s, OC_STEP_READ, bound_pages, &now, &e));
	assert_int_equal(oc_store_epoch_add_wait(s, id, &epoch, &e), OC_E_SYS);
	assert_true(!epoch.id && !epoch.created_ms);
	assert_int_equal(oc_store_run_save_wait(s, &run, &e), OC_E_SYS);
	assert_int_equal(oc_store_put_wait(s, "k", "i", 1, v, &e), OC_E_SYS);
	assert_int_equal(oc_store_session_open_wait(s, big, "main", &r, NULL, &e), OC_E_SYS);
	assert_null(r.key);
	OK(oc_store_session_wait(s, "a", &r, &e));
	assert_int_equal(r.epoch, 0);
	free(r.title);
	r.title = oc_strdup(big);
	assert_int_equal(oc_store_session_save_wait(s, &r, &e), OC_E_SYS);
	assert_non_null(strstr(e.msg, "disk is full"));
	oc_session_record_deinit(&r);
	OK(oc_store_session_wait(s, "a", &r, &e));
	assert_null(r.title);
	oc_session_record_deinit(&r);
	json_decref(v);
	free(big);
	free(id);
	oc_store_close_wait(s);
}

static void every_write_fails_whole_when_there_is_no_room(void **state)
{
	(void)state;
	assert_int_equal(oc_rt_run(write_everything, NULL), 0);
}

/* A bound on the size of files stands for a full disk while the schema is written. */
static void an_open_that_finds_no_room_leaves_nothing_half_made(void **state)
{
	struct rlimit before, few;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	for (rlim_t bytes = 0; bytes < 65536; bytes += 4096) {
		few = (struct rlimit){ bytes, before.rlim_max };
		setrlimit(RLIMIT_FSIZE, &few);
		expect_refusal("");
		setrlimit(RLIMIT_FSIZE, &before);
		assert_int_equal(raw_number("PRAGMA user_version"), 0);
		assert_int_equal(raw_number("SELECT count(*) FROM sqlite_schema"), 0);
	}
	assert_int_equal(oc_rt_run(write_once, NULL), 0);
	assert_int_equal(oc_rt_run(read_once, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FILE_TEST(what_is_no_database_is_named_with_the_remedy_and_stays),
		FILE_TEST(damaged_pages_are_named_with_the_remedy),
		FILE_TEST(a_broken_value_is_damage_and_its_neighbours_are_read),
		FILE_TEST(a_folder_that_cannot_be_is_named_with_its_cause),
		FILE_TEST(what_is_no_regular_file_is_refused),
		FILE_TEST(a_read_only_file_is_refused),
		FILE_TEST(a_read_only_folder_is_refused),
		FILE_TEST(a_full_disk_loses_nothing_and_work_goes_on_when_there_is_room),
		FILE_TEST(every_write_fails_whole_when_there_is_no_room),
		FILE_TEST(an_open_that_finds_no_room_leaves_nothing_half_made),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
