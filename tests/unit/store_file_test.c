/* The store's file: how it is made, versions, and several who use it. */
#include "check.h"

#include <dirent.h>
#include <pthread.h>

#include "store_file_fixture.h"

static void add_hex(struct oc_buf *out, const char *file)
{
	struct oc_buf content;

	if (oc_file_read(file, 1 << 24, &content, NULL) != OC_OK) return;
	for (size_t i = 0; i < content.n; i++)
		oc_buf_addf(out, "%02x", (unsigned char)content.p[i]);
	oc_buf_deinit(&content);
}

static char *text_of(const char *file)
{
	struct oc_buf b;

	oc_buf_init(&b, 1 << 26);
	add_hex(&b, file);
	return oc_buf_take(&b);
}

/* Names and contents of everything beside the database, itself included. */
static char *picture_of_folder(void)
{
	char *folder = oc_folder_of(path);
	struct dirent **names = NULL;
	struct oc_buf all;
	int n = scandir(folder, &names, NULL, alphasort);

	oc_buf_init(&all, 1 << 26);
	for (int i = 0; i < n; i++) {
		char *file = oc_asprintf("%s/%s", folder, names[i]->d_name);

		oc_buf_addf(&all, "%s ", names[i]->d_name);
		add_hex(&all, file);
		free(file);
		free(names[i]);
	}
	free(names);
	free(folder);
	assert_false(all.bad);
	return oc_buf_take(&all);
}

static void expect_refusal_that_touches_nothing(const char *reason)
{
	char *before = picture_of_folder();

	expect_refusal(reason);
	char *after = picture_of_folder();
	assert_string_equal(after, before);
	free(before);
	free(after);
}

/* ---- a new file ---- */

static void look_at_modes(void *arg)
{
	static const char *const suffixes[] = { "", "-wal", "-shm" };
	struct oc_store *s = open_store();

	(void)arg;
	free(new_session(s, "a"));
	for (size_t i = 0; i < 3; i++) {
		char *file = oc_asprintf("%s%s", path, suffixes[i]);
		struct stat st;

		assert_int_equal(stat(file, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0600);
		free(file);
	}
	oc_store_close_wait(s);
}

static void a_new_file_and_what_lies_beside_it_are_the_owners_alone(void **state)
{
	mode_t before = umask(0);

	(void)state;
	assert_int_equal(oc_rt_run(look_at_modes, NULL), 0);
	umask(before);
	assert_int_equal(raw_number("PRAGMA user_version"), oc_store_version);
}

static void what_was_written_is_there_after_the_next_open(void **state)
{
	(void)state;
	assert_int_equal(oc_rt_run(write_once, NULL), 0);
	assert_int_equal(oc_rt_run(read_once, NULL), 0);
}

/* ---- messages are only appended ---- */

static void messages_cannot_be_changed_or_deleted_while_their_session_is_there(void **state)
{
	static const char *const refused[] = {
		"UPDATE message SET body = '{}'",
		"UPDATE message SET seq = 5",
		"DELETE FROM message",
		"DELETE FROM message WHERE seq = 1",
	};

	(void)state;
	assert_int_equal(oc_rt_run(write_once, NULL), 0);
	sqlite3 *db = raw_open();
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
		assert_int_equal(sqlite3_exec(db, refused[i], NULL, NULL, NULL), SQLITE_CONSTRAINT);
		assert_non_null(strstr(sqlite3_errmsg(db), "only appended"));
	}
	sqlite3_close(db);
	assert_int_equal(oc_rt_run(read_once, NULL), 0);
}

/* ---- versions ---- */

/* As version 1 was released: this text is not to follow the schema. */
static const char version_1[] =
    "CREATE TABLE session(nr INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, id TEXT NOT NULL UNIQUE,"
    " agent TEXT NOT NULL, label TEXT, title TEXT, settings TEXT NOT NULL DEFAULT '{}',"
    " created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL, boundary_seq INTEGER NOT NULL"
    " DEFAULT 0, last_seq INTEGER NOT NULL DEFAULT 0, epoch INTEGER NOT NULL DEFAULT 0,"
    " input_tokens INTEGER NOT NULL DEFAULT 0, output_tokens INTEGER NOT NULL DEFAULT 0,"
    " prompt_tokens INTEGER NOT NULL DEFAULT 0, provider TEXT, model TEXT, last_run TEXT,"
    " last_status TEXT, run_started_ms INTEGER NOT NULL DEFAULT 0, run_ended_ms INTEGER NOT NULL"
    " DEFAULT 0, pinned_ms INTEGER NOT NULL DEFAULT 0, archived_ms INTEGER NOT NULL DEFAULT 0,"
    " unread INTEGER NOT NULL DEFAULT 0);"
    "CREATE TABLE message(nr INTEGER PRIMARY KEY, session INTEGER NOT NULL REFERENCES session(nr)"
    " ON DELETE CASCADE, seq INTEGER NOT NULL, id TEXT NOT NULL, epoch INTEGER NOT NULL, run TEXT,"
    " idempotency_key TEXT, flags INTEGER NOT NULL, tokens INTEGER NOT NULL, created_ms INTEGER"
    " NOT NULL, header TEXT, body TEXT NOT NULL, UNIQUE(session, seq), UNIQUE(session, id));"
    "CREATE UNIQUE INDEX message_idempotency ON message(session, idempotency_key)"
    " WHERE idempotency_key IS NOT NULL;"
    "CREATE TABLE epoch(id INTEGER PRIMARY KEY AUTOINCREMENT, session INTEGER NOT NULL REFERENCES"
    " session(nr) ON DELETE CASCADE, system TEXT NOT NULL, tools TEXT, profile TEXT, reason TEXT,"
    " first_seq INTEGER NOT NULL, created_ms INTEGER NOT NULL);"
    "CREATE TABLE run(id TEXT PRIMARY KEY, session_id TEXT, session_key TEXT, status TEXT NOT NULL,"
    " error TEXT, provider TEXT, model TEXT, started_ms INTEGER NOT NULL, ended_ms INTEGER NOT"
    " NULL, input INTEGER NOT NULL, output INTEGER NOT NULL, cached INTEGER NOT NULL, cost REAL"
    " NOT NULL);"
    "CREATE TABLE document(nr INTEGER PRIMARY KEY, kind TEXT NOT NULL, id TEXT NOT NULL, rank"
    " INTEGER NOT NULL, value TEXT NOT NULL, UNIQUE(kind, id));"
    "INSERT INTO session(key, id, agent, created_ms, updated_ms, last_seq)"
    " VALUES('a', 'id-a', 'main', 5, 6, 1);"
    "INSERT INTO message(session, seq, id, epoch, flags, tokens, created_ms, body)"
    " VALUES(1, 1, 'm1', 1, 2, 3, 6, '{\"role\":\"user\",\"content\":\"old\"}');"
    "INSERT INTO epoch(session, system, first_seq, created_ms) VALUES(1, 'sys', 1, 6);"
    "INSERT INTO run VALUES('r', 'id-a', 'a', 'running', NULL, NULL, NULL, 6, 0, 1, 2, 3, 0.5);"
    "INSERT INTO document(kind, id, rank, value) VALUES('cron', 'j', 1, '[1]');"
    "PRAGMA user_version = 1;";

static void read_version_1(void *arg)
{
	struct oc_store *s = open_store();
	struct oc_stored_message m = { 0 };
	struct oc_epoch epoch = { 0 };
	struct oc_run_records runs = { 0 };
	json_t *v = NULL;

	(void)arg;
	OK(oc_store_message_wait(s, "id-a", "m1", &m, &e));
	assert_string_equal(oc_json_cstr(m.body, "content"), "old");
	assert_int_equal(m.flags, OC_MSG_INTERRUPTED);
	OK(oc_store_epoch_wait(s, 1, &epoch, &e));
	OK(oc_store_runs_interrupt_wait(s, &runs, &e));
	assert_int_equal(runs.n, 1);
	OK(oc_store_get_wait(s, "cron", "j", &v, &e));
	append(s, "id-a", "new");
	assert_int_equal(count_messages(s, "id-a"), 2);
	json_decref(v);
	oc_run_records_deinit(&runs);
	oc_epoch_deinit(&epoch);
	oc_stored_message_deinit(&m);
	oc_store_close_wait(s);
}

static void a_file_of_version_1_is_read_and_written(void **state)
{
	(void)state;
	raw_file(version_1);
	assert_int_equal(oc_rt_run(read_version_1, NULL), 0);
	assert_int_equal(raw_number("PRAGMA user_version"), oc_store_version);
}

/* The released rows and two that a later version could have. */
static size_t later_rows(const char **rows, const char *one, const char *two)
{
	size_t n = 0;

	for (; n < oc_store_version; n++) rows[n] = oc_store_migrations[n];
	rows[n++] = one;
	rows[n++] = two;
	return n;
}

static void migrations_run_once_and_all_or_none(void **state)
{
	const char *rows[32];
	struct oc_db db = { 0 };
	size_t n = later_rows(rows, "CREATE TABLE extra(a); INSERT INTO extra VALUES(1)",
			      "INSERT INTO nowhere VALUES(1)");

	(void)state;
	OK(oc_db_open(&db, path, &e));
	assert_int_equal(oc_db_migrate(&db, rows, n, &e), OC_E_SYS);
	assert_non_null(strstr(e.msg, "nowhere"));
	assert_int_equal(raw_number("PRAGMA user_version"), oc_store_version);
	assert_int_equal(raw_number("SELECT count(*) FROM sqlite_schema WHERE name='extra'"), 0);
	n = later_rows(rows, rows[n - 2], "INSERT INTO extra VALUES(2)");
	OK(oc_db_migrate(&db, rows, n, &e));
	OK(oc_db_migrate(&db, rows, n, &e));
	oc_db_close(&db);
	assert_int_equal(raw_number("SELECT count(*) FROM extra"), 2);
	assert_int_equal(raw_number("PRAGMA user_version"), n);
	expect_refusal("is of version");
}

static void a_newer_file_is_refused_untouched(void **state)
{
	(void)state;
	raw_file("PRAGMA journal_mode = WAL; CREATE TABLE t(a); PRAGMA user_version = 99");
	expect_refusal_that_touches_nothing("is of version 99");
}

static void copy(const char *from, const char *to)
{
	struct oc_buf b;

	OK(oc_file_read(from, 1 << 24, &b, &e));
	OK(oc_file_write(to, oc_buf_view(&b), 0600, NULL, &e));
	oc_buf_deinit(&b);
}

/* What a newer program left that was killed: the version stands in the -wal file alone. */
static void a_newer_version_in_the_log_is_seen_and_database_and_log_stay(void **state)
{
	char crashed[128], from_wal[160], to_wal[160];
	sqlite3 *db = raw_open();

	(void)state;
	home_path("crashed/gateway.sqlite", crashed, sizeof crashed);
	snprintf(from_wal, sizeof from_wal, "%s-wal", path);
	snprintf(to_wal, sizeof to_wal, "%s-wal", crashed);
	run_sql(db, "PRAGMA journal_mode = WAL; CREATE TABLE t(a); PRAGMA wal_checkpoint;"
		    "PRAGMA wal_autocheckpoint = 0; PRAGMA user_version = 99");
	copy(path, crashed);
	copy(from_wal, to_wal);
	sqlite3_close(db);
	snprintf(path, sizeof path, "%s", crashed);
	char *before = text_of(path), *log_before = text_of(to_wal);
	expect_refusal("is of version 99");
	char *after = text_of(path), *log_after = text_of(to_wal);
	assert_string_equal(after, before);
	assert_string_equal(log_after, log_before);
	assert_int_equal(raw_number("PRAGMA user_version"), 99);
	free(before);
	free(after);
	free(log_before);
	free(log_after);
}

static void a_database_of_another_program_is_refused_untouched(void **state)
{
	(void)state;
	raw_file("CREATE TABLE theirs(a)");
	expect_refusal_that_touches_nothing("another program");
}

/* ---- several at once ---- */

static void open_twice(void *arg)
{
	struct oc_store *a = open_store(), *b = open_store();
	char *id = new_session(a, "a"), *same = new_session(b, "a");

	(void)arg;
	assert_string_equal(id, same);
	append(a, id, "one");
	append(b, id, "two");
	append(a, id, "three");
	assert_int_equal(count_messages(b, id), 3);
	oc_store_close_wait(a);
	append(b, id, "four");
	oc_store_close_wait(b);
	free(id);
	free(same);
}

static void two_stores_share_one_file(void **state)
{
	(void)state;
	assert_int_equal(oc_rt_run(open_twice, NULL), 0);
}

static void open_and_append(void *arg)
{
	struct oc_store *s = open_store();
	char *id = new_session(s, "a");

	(void)arg;
	append(s, id, "x");
	free(id);
	oc_store_close_wait(s);
}

static void open_many(void *arg)
{
	struct oc_scope *scope = oc_scope_new();

	(void)arg;
	for (int i = 0; i < 8; i++) oc_scope_spawn(scope, open_and_append, NULL);
	oc_scope_join_wait(scope);
	oc_scope_free(scope);
}

static void a_new_file_may_be_opened_by_many_at_once(void **state)
{
	(void)state;
	for (int round = 0; round < 5; round++) {
		assert_int_equal(oc_rt_run(open_many, NULL), 0);
		assert_int_equal(raw_number("SELECT count(*) FROM message"), 8);
		unlink(path);
	}
}

static void *unlock_soon(void *arg)
{
	usleep(200000);
	run_sql(arg, "COMMIT");
	return NULL;
}

static void append_while_locked(void *arg)
{
	struct oc_store *s = open_store();
	char *id = new_session(s, "a");
	sqlite3 *other = raw_open();
	pthread_t thread;

	(void)arg;
	run_sql(other, "BEGIN IMMEDIATE; INSERT INTO document VALUES(9, 'k', 'i', 1, '1')");
	assert_int_equal(pthread_create(&thread, NULL, unlock_soon, other), 0);
	append(s, id, "waited");
	pthread_join(thread, NULL);
	sqlite3_close(other);
	free(id);
	oc_store_close_wait(s);
}

static void a_step_waits_for_another_process_that_writes(void **state)
{
	(void)state;
	assert_int_equal(oc_rt_run(append_while_locked, NULL), 0);
}

static enum oc_rc be_impatient(struct oc_db *db, void *arg, struct oc_err *why)
{
	(void)arg, (void)why;
	sqlite3_busy_timeout(db->sqlite, 20);
	return OC_OK;
}

static void give_up_when_locked(void *arg)
{
	struct oc_store *s = open_store();
	char *id = new_session(s, "a");
	sqlite3 *other = raw_open();
	struct oc_stored_message m = message("x");

	(void)arg;
	OK(oc_store_step_wait(s, OC_STEP_READ, be_impatient, NULL, &e));
	run_sql(other, "BEGIN IMMEDIATE");
	assert_int_equal(oc_store_append_wait(s, id, &m, 1, NULL, &e), OC_E_SYS);
	if (!strstr(e.msg, path) || !strstr(e.msg, "locked")) fail_msg("%s", e.msg);
	run_sql(other, "COMMIT");
	OK(oc_store_append_wait(s, id, &m, 1, NULL, &e));
	assert_int_equal(m.seq, 1);
	sqlite3_close(other);
	oc_stored_message_deinit(&m);
	free(id);
	oc_store_close_wait(s);
}

static void a_lock_that_stays_is_an_error_after_which_work_goes_on(void **state)
{
	(void)state;
	assert_int_equal(oc_rt_run(give_up_when_locked, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FILE_TEST(a_new_file_and_what_lies_beside_it_are_the_owners_alone),
		FILE_TEST(what_was_written_is_there_after_the_next_open),
		FILE_TEST(messages_cannot_be_changed_or_deleted_while_their_session_is_there),
		FILE_TEST(a_file_of_version_1_is_read_and_written),
		FILE_TEST(migrations_run_once_and_all_or_none),
		FILE_TEST(a_newer_file_is_refused_untouched),
		FILE_TEST(a_newer_version_in_the_log_is_seen_and_database_and_log_stay),
		FILE_TEST(a_database_of_another_program_is_refused_untouched),
		FILE_TEST(two_stores_share_one_file),
		FILE_TEST(a_new_file_may_be_opened_by_many_at_once),
		FILE_TEST(a_step_waits_for_another_process_that_writes),
		FILE_TEST(a_lock_that_stays_is_an_error_after_which_work_goes_on),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
