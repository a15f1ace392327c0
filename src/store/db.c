/*
 * The file: opening it without harm to what is there, its version, and what SQLite's errors mean to
 * a person.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "rt/file.h"
#include "store/internal.h"

enum {
	BUSY_MS = 10000,
	HEADER_BYTES = 100, /* https://www.sqlite.org/fileformat.html, section 1.3 */
	HEADER_VERSION_AT = 60,
};

/* ---- errors ---- */

static const struct cause {
	int code;
	const char *text;
	bool has_errno; /* the system's reason is known, not left over from an earlier failure */
} causes[] = {
	{ SQLITE_FULL, "the disk is full; free some space and try again", false },
	{ SQLITE_READONLY, "the file or its folder is read-only", false },
	{ SQLITE_CANTOPEN, "it cannot be opened", true },
	{ SQLITE_PERM, "access is not permitted", false },
	{ SQLITE_BUSY, "another process keeps it locked", false },
	{ SQLITE_LOCKED, "another process keeps it locked", false },
	{ SQLITE_IOERR, "reading or writing failed", true },
};

static enum oc_rc fail_damaged(const struct oc_db *db, const char *detail, struct oc_err *e)
{
	return oc_fail(e, OC_E_SYS,
		       "the database %s is damaged (%s). Nothing was removed. Put a backup in its "
		       "place, save what can be read with `sqlite3 %s .recover`, or move it away "
		       "together with its -wal and -shm files to begin anew",
		       db->path, detail, db->path);
}

enum oc_rc oc_db_fail(struct oc_db *db, int code, struct oc_err *e)
{
	int base = code & 0xFF;
	bool last = db->sqlite && (sqlite3_errcode(db->sqlite) & 0xFF) == base;
	const char *text = last ? sqlite3_errmsg(db->sqlite) : sqlite3_errstr(code);
	int number = last ? sqlite3_system_errno(db->sqlite) : 0;

	if (base == SQLITE_CORRUPT || base == SQLITE_NOTADB) return fail_damaged(db, text, e);
	if (base == SQLITE_CONSTRAINT)
		return oc_fail(e, OC_E_INPUT, "the database %s refuses: %s", db->path, text);
	for (size_t i = 0; i < sizeof causes / sizeof *causes; i++) {
		const struct cause *c = &causes[i];

		if (c->code != base) continue;
		text = c->text;
		if (c->has_errno && number)
			return oc_fail(e, OC_E_SYS, "cannot use the database %s: %s (%s)", db->path,
				       text, strerror(number));
	}
	return oc_fail(e, OC_E_SYS, "cannot use the database %s: %s", db->path, text);
}

enum oc_rc oc_db_exec(struct oc_db *db, const char *sql, struct oc_err *e)
{
	int rc = sqlite3_exec(db->sqlite, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? OC_OK : oc_db_fail(db, rc, e);
}

void oc_db_rollback(struct oc_db *db)
{
	if (!sqlite3_get_autocommit(db->sqlite))
		sqlite3_exec(db->sqlite, "ROLLBACK", NULL, NULL, NULL);
}

/* ---- versions ---- */

static enum oc_rc number_of(struct oc_db *db, const char *sql, int64_t *out, struct oc_err *e)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(db->sqlite, sql, -1, &st, NULL);

	if (rc == SQLITE_OK) rc = sqlite3_step(st);
	if (rc == SQLITE_ROW) *out = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return rc == SQLITE_ROW ? OC_OK : oc_db_fail(db, rc, e);
}

static enum oc_rc refuse_newer(const char *path, int64_t version, size_t known, struct oc_err *e)
{
	return oc_fail(e, OC_E_SYS,
		       "the database %s is of version %lld, this program knows versions up to %zu. "
		       "It was left as it is: use the newer openclaw that wrote it",
		       path, (long long)version, known);
}

/* In a transaction: another process may be making the tables at this moment. */
static enum oc_rc check_version(struct oc_db *db, size_t known, int64_t *version, struct oc_err *e)
{
	int64_t tables = 0;
	enum oc_rc rc = number_of(db, "PRAGMA user_version", version, e);

	if (rc) return rc;
	if (*version < 0 || *version > (int64_t)known)
		return refuse_newer(db->path, *version, known, e);
	rc = number_of(db, "SELECT count(*) FROM sqlite_schema", &tables, e);
	if (rc) return rc;
	if (*version == 0 && tables > 0)
		return oc_fail(e, OC_E_SYS,
			       "%s is a database of another program and was left as it is: move it "
			       "away, or choose another state folder (OPENCLAW_STATE_DIR)",
			       db->path);
	return OC_OK;
}

static enum oc_rc look_at_version(struct oc_db *db, size_t known, int64_t *version,
				  struct oc_err *e)
{
	enum oc_rc rc = oc_db_exec(db, "BEGIN", e);

	if (!rc) rc = check_version(db, known, version, e);
	oc_db_rollback(db);
	return rc;
}

static enum oc_rc apply(struct oc_db *db, const char *const *migrations, size_t n, struct oc_err *e)
{
	int64_t version = 0;
	enum oc_rc rc = check_version(db, n, &version, e); /* again, now that nobody else writes */
	char set[64];

	for (size_t i = (size_t)version; !rc && i < n; i++) rc = oc_db_exec(db, migrations[i], e);
	if (rc || (size_t)version == n) return rc;
	snprintf(set, sizeof set, "PRAGMA user_version = %zu", n);
	return oc_db_exec(db, set, e);
}

enum oc_rc oc_db_migrate(struct oc_db *db, const char *const *migrations, size_t n,
			 struct oc_err *e)
{
	int64_t version = 0;
	enum oc_rc rc = look_at_version(db, n, &version, e);

	if (rc || (size_t)version == n) return rc;
	rc = oc_db_exec(db, "BEGIN IMMEDIATE", e);
	if (!rc) rc = apply(db, migrations, n, e);
	if (!rc) rc = oc_db_exec(db, "COMMIT", e);
	oc_db_rollback(db);
	return rc;
}

/* ---- opening ---- */

/* SQLite would make the file itself, but readable by others as the umask has it. Its -wal and -shm
 * take their mode from it. */
enum oc_rc oc_db_create_file(const char *path, struct oc_err *e)
{
	char *folder = oc_folder_of(path);
	enum oc_rc rc = oc_mkdirs(folder, e);

	free(folder);
	if (rc) return OC_E_SYS;
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd >= 0) close(fd);
	if (fd < 0 && errno != EEXIST)
		return oc_fail(e, OC_E_SYS, "cannot create the database %s: %s", path,
			       strerror(errno));
	return OC_OK;
}

static uint32_t big_endian(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Before SQLite touches the file: merely reading one in WAL mode makes files beside it. */
static enum oc_rc check_header(const char *path, struct oc_err *e)
{
	unsigned char h[HEADER_BYTES];
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 || fstat(fd, &st) != 0) {
		oc_fail(e, OC_E_SYS, "cannot open the database %s: %s", path, strerror(errno));
		if (fd >= 0) close(fd);
		return OC_E_SYS;
	}
	ssize_t n = S_ISREG(st.st_mode) ? pread(fd, h, sizeof h, 0) : 0;
	close(fd);
	if (!S_ISREG(st.st_mode))
		return oc_fail(e, OC_E_SYS, "cannot open the database %s: not a regular file",
			       path);
	if (n < HEADER_BYTES || memcmp(h, "SQLite format 3", 16) != 0) return OC_OK;
	uint32_t version = big_endian(h + HEADER_VERSION_AT);
	return version > oc_store_version ? refuse_newer(path, version, oc_store_version, e)
					  : OC_OK;
}

static void lower(sqlite3_context *context, int n, sqlite3_value **v)
{
	const unsigned char *text = sqlite3_value_text(v[0]);
	struct oc_str s = { (const char *)text, (size_t)sqlite3_value_bytes(v[0]) };
	struct oc_buf out;

	(void)n;
	if (!text) return;
	oc_buf_init(&out, SIZE_MAX / 4);
	oc_utf8_lower(s, &out);
	sqlite3_result_text64(context, oc_buf_cstr(&out), out.n, SQLITE_TRANSIENT, SQLITE_UTF8);
	oc_buf_deinit(&out);
}

static enum oc_rc set_up(struct oc_db *db, struct oc_err *e)
{
	static const char settings[] = "PRAGMA journal_mode = WAL;"
				       "PRAGMA synchronous = NORMAL;"
				       "PRAGMA foreign_keys = ON;"
				       "PRAGMA trusted_schema = OFF;"
				       "PRAGMA cache_size = -1024;"
				       "PRAGMA journal_size_limit = 16777216;";
	int64_t version;

	sqlite3_extended_result_codes(db->sqlite, 1);
	sqlite3_busy_timeout(db->sqlite, BUSY_MS);
	if (sqlite3_db_readonly(db->sqlite, "main") == 1) return oc_db_fail(db, SQLITE_READONLY, e);
	enum oc_rc rc = look_at_version(db, oc_store_version, &version, e);
	if (!rc) rc = oc_db_exec(db, settings, e);
	if (rc) return rc;
	sqlite3_create_function(db->sqlite, "lower_text", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC,
				NULL, lower, NULL, NULL);
	return oc_db_migrate(db, oc_store_migrations, oc_store_version, e);
}

enum oc_rc oc_db_open(struct oc_db *db, const char *path, struct oc_err *e)
{
	enum oc_rc rc = OC_OK;

	if (strcmp(path, ":memory:") != 0) {
		rc = oc_db_create_file(path, e);
		if (!rc) rc = check_header(path, e);
		if (rc) return rc;
	}
	db->path = oc_strdup(path);
	int code =
	    sqlite3_open_v2(path, &db->sqlite, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	rc = code == SQLITE_OK ? set_up(db, e) : oc_db_fail(db, code, e);
	if (rc && db->sqlite) /* what was not opened is not changed either */
		sqlite3_db_config(db->sqlite, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	if (rc) oc_db_close(db);
	return rc;
}

void oc_db_close(struct oc_db *db)
{
	for (size_t i = 0; i < db->n_statements; i++) sqlite3_finalize(db->statements[i].st);
	free(db->statements);
	sqlite3_close(db->sqlite);
	free(db->path);
	*db = (struct oc_db){ 0 };
}
