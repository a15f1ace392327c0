#ifndef OC_STORE_FILE_FIXTURE_H
#define OC_STORE_FILE_FIXTURE_H
/* A place for the store's file, and SQLite beside the store to prepare files and to look at them.
 */
#include "store/internal.h"
#include "store_fixture.h"

static char path[128];

static inline int new_folder(void **state)
{
	if (new_home(state)) return 1;
	home_path("state/gateway.sqlite", path, sizeof path);
	return 0;
}

static inline struct oc_store *open_store(void)
{
	struct oc_store *s = NULL;

	OK(oc_store_open_wait(path, &s, &e));
	return s;
}

/* A task that opens a store which the test cannot have. */
static inline void be_refused(void *arg)
{
	struct oc_store *s = NULL;

	(void)arg;
	e = (struct oc_err){ 0 };
	assert_int_equal(oc_store_open_wait(path, &s, &e), OC_E_SYS);
	assert_null(s);
}

static inline void expect_refusal(const char *reason)
{
	assert_int_equal(oc_rt_run(be_refused, NULL), 0);
	if (!strstr(e.msg, path) || !strstr(e.msg, reason)) fail_msg("%s", e.msg);
}

static inline void run_sql(sqlite3 *db, const char *sql)
{
	char *why = NULL;

	if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK) fail_msg("%s: %s", why, sql);
}

static inline sqlite3 *raw_open(void)
{
	sqlite3 *db = NULL;
	char *folder = oc_folder_of(path);

	OK(oc_mkdirs(folder, &e));
	free(folder);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	return db;
}

static inline void raw_file(const char *sql)
{
	sqlite3 *db = raw_open();

	run_sql(db, sql);
	sqlite3_close(db);
}

static inline int64_t raw_number(const char *sql)
{
	sqlite3 *db = raw_open();
	sqlite3_stmt *st = NULL;

	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	int64_t n = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	sqlite3_close(db);
	return n;
}

static inline void write_once(void *arg)
{
	struct oc_store *s = open_store();
	char *id = new_session(s, "a");

	(void)arg;
	append(s, id, "kept");
	free(id);
	oc_store_close_wait(s);
}

static inline void read_once(void *arg)
{
	struct oc_store *s = open_store();
	char *id = new_session(s, "a");

	(void)arg;
	assert_int_equal(count_messages(s, id), 1);
	free(id);
	oc_store_close_wait(s);
}

#define FILE_TEST(name) cmocka_unit_test_setup_teardown(name, new_folder, drop_home)
#endif
