/*
 * The file of a memory index: opening it, its tables, and making it anew when it cannot be used.
 * Nothing here is worth a message to a person as long as a new file can be made.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "rt/file.h"
#include "rt/worker.h"
#include "store/memory_internal.h"

enum { VERSION = 1, BUSY_MS = 10000, LOCK_MS = 15000, APPLICATION = 0x6f636d69 /* "ocmi" */ };

static const char tables[] =
    "CREATE TABLE note(id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, hash TEXT NOT NULL,"
    " size INTEGER NOT NULL, changed_ns INTEGER NOT NULL);"
    "CREATE TABLE chunk(id INTEGER PRIMARY KEY, note INTEGER NOT NULL, first_line INTEGER NOT NULL,"
    " last_line INTEGER NOT NULL, heading TEXT NOT NULL, text TEXT NOT NULL, pairs TEXT NOT NULL,"
    " hash TEXT NOT NULL);"
    "CREATE INDEX chunk_note ON chunk(note);"
    "CREATE INDEX chunk_hash ON chunk(hash);"
    "CREATE TABLE vector(hash TEXT PRIMARY KEY, scale REAL NOT NULL, v BLOB NOT NULL)"
    " WITHOUT ROWID;"
    "CREATE TABLE fact(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE VIRTUAL TABLE words USING fts5(heading, text, pairs, content='chunk',"
    " content_rowid='id', tokenize='unicode61 remove_diacritics 2');"
    "CREATE VIRTUAL TABLE parts USING fts5(text, content='chunk', content_rowid='id',"
    " tokenize='trigram');";

struct oc_memory_index {
	struct oc_worker *worker;
	struct oc_db db; /* the worker's alone, as all below */
	char *path;
	ino_t inode; /* of the file that is open */
	char *anew;  /* why a new file was made, until it is told; NULL */
};

/* ---- the file ---- */

static bool is_on_disk(const struct oc_memory_index *m)
{
	return strcmp(m->path, ":memory:") != 0;
}

static enum oc_rc number_of(struct oc_db *db, const char *sql, int64_t *out, struct oc_err *e)
{
	struct oc_query q;

	oc_query_begin(&q, db, sql, e);
	return oc_query_number(&q, out);
}

enum state {
	STATE_EMPTY, /* no tables yet */
	STATE_USABLE,
	STATE_OTHER_VERSION,
	STATE_FOREIGN, /* of another program: never touched */
};

static enum oc_rc look(struct oc_db *db, enum state *state, struct oc_err *e)
{
	int64_t version = 0, application = 0, count = 0;
	enum oc_rc rc = number_of(db, "PRAGMA user_version", &version, e);

	if (!rc) rc = number_of(db, "PRAGMA application_id", &application, e);
	if (!rc) rc = number_of(db, "SELECT count(*) FROM sqlite_schema", &count, e);
	if (application == APPLICATION)
		*state = version == VERSION ? STATE_USABLE : STATE_OTHER_VERSION;
	else
		*state = count ? STATE_FOREIGN : STATE_EMPTY;
	return rc;
}

static enum oc_rc make_tables(struct oc_db *db, enum state *state, struct oc_err *e)
{
	char set[96];
	enum oc_rc rc = oc_db_exec(db, "BEGIN IMMEDIATE", e);

	if (!rc) rc = look(db, state, e); /* another process may have been faster */
	if (rc || *state != STATE_EMPTY) return rc;
	snprintf(set, sizeof set, "PRAGMA user_version = %d; PRAGMA application_id = %d", VERSION,
		 APPLICATION);
	rc = oc_db_exec(db, tables, e);
	if (!rc) rc = oc_db_exec(db, set, e);
	if (!rc) rc = oc_db_exec(db, "COMMIT", e);
	if (!rc) *state = STATE_USABLE;
	return rc;
}

static enum oc_rc set_up(struct oc_db *db, enum state *state, struct oc_err *e)
{
	static const char settings[] = "PRAGMA journal_mode = WAL;"
				       "PRAGMA synchronous = NORMAL;"
				       "PRAGMA trusted_schema = OFF;"
				       "PRAGMA cache_size = -2048;"
				       "PRAGMA journal_size_limit = 4194304;";

	sqlite3_extended_result_codes(db->sqlite, 1);
	sqlite3_busy_timeout(db->sqlite, BUSY_MS);
	enum oc_rc rc = look(db, state, e);
	if (rc || *state > STATE_USABLE) return rc;
	rc = oc_db_exec(db, settings, e);
	if (!rc && *state == STATE_EMPTY) rc = make_tables(db, state, e);
	oc_db_rollback(db);
	return rc || *state != STATE_USABLE ? rc : oc_memory_search_set_up(db, e);
}

/* What SQLite last said means that the file is no good. */
static bool is_damaged(const struct oc_db *db)
{
	int code = db->sqlite ? sqlite3_errcode(db->sqlite) & 0xFF : SQLITE_OK;

	return code == SQLITE_CORRUPT || code == SQLITE_NOTADB || code == SQLITE_FORMAT;
}

/* *useless: a new file has to take its place. */
static enum oc_rc open_file(struct oc_memory_index *m, bool *useless, struct oc_err *e)
{
	enum state state = STATE_EMPTY;
	enum oc_rc rc = is_on_disk(m) ? oc_db_create_file(m->path, e) : OC_OK;

	*useless = false;
	if (rc) return rc;
	m->db.path = oc_strdup(m->path);
	int code = sqlite3_open_v2(m->path, &m->db.sqlite,
				   SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	rc = code == SQLITE_OK ? set_up(&m->db, &state, e) : oc_db_fail(&m->db, code, e);
	if (!rc && state == STATE_USABLE) return OC_OK;
	*useless = state == STATE_OTHER_VERSION || is_damaged(&m->db);
	if (state == STATE_OTHER_VERSION)
		rc = oc_fail(e, OC_E_SYS, "%s is of another version", m->path);
	if (state == STATE_FOREIGN)
		rc = oc_fail(e, OC_E_SYS,
			     "%s is a database of another program and was left as it is: move it "
			     "away",
			     m->path);
	oc_db_close(&m->db);
	return rc;
}

static void remove_files(const char *path)
{
	static const char *const tails[] = { "-wal", "-shm", "-journal", "" };

	for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
		char *file = oc_asprintf("%s%s", path, tails[i]);

		(void)unlink(file);
		free(file);
	}
}

static void remove_useless(struct oc_memory_index *m, const char *why)
{
	remove_files(m->path);
	free(m->anew);
	m->anew = oc_strdup(why);
}

static ino_t inode_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? st.st_ino : 0;
}

/* Under a lock that all who do it take: nobody removes what another has just made. damaged: the
 * file that was found to be so while it was in use; 0 = none. */
static enum oc_rc open_anew(struct oc_memory_index *m, ino_t damaged, struct oc_err *e)
{
	char *lock_path = oc_asprintf("%s.lock", m->path);
	struct oc_lock lock;
	bool useless = false;
	enum oc_rc rc = oc_lock_take(&lock, lock_path, LOCK_MS, e);

	free(lock_path);
	if (rc) return rc;
	if (damaged && inode_of(m->path) == damaged) remove_useless(m, e->msg);
	rc = open_file(m, &useless, e);
	if (rc && useless) {
		remove_useless(m, e->msg);
		rc = open_file(m, &useless, e);
	}
	oc_lock_release(&lock);
	return rc;
}

static enum oc_rc open_index(struct oc_memory_index *m, struct oc_err *e)
{
	bool useless;
	enum oc_rc rc = open_file(m, &useless, e);

	if (rc && useless && is_on_disk(m)) rc = open_anew(m, 0, e);
	m->inode = inode_of(m->path);
	return rc;
}

/* ---- steps ---- */

struct step {
	struct oc_memory_index *m;
	enum oc_step_kind kind;
	oc_step_fn *fn;
	void *arg;
	enum oc_rc rc;
	struct oc_err *e;
};

static enum oc_rc transaction(struct step *s, bool *damaged)
{
	struct oc_db *db = &s->m->db;
	bool writes = s->kind == OC_STEP_WRITE;
	enum oc_rc rc = oc_db_exec(db, writes ? "BEGIN IMMEDIATE" : "BEGIN", s->e);

	if (!rc) rc = s->fn(db, s->arg, s->e);
	if (!rc && writes) rc = oc_db_exec(db, "COMMIT", s->e);
	*damaged = rc == OC_E_SYS && is_damaged(db);
	oc_db_rollback(db);
	return rc;
}

static void run_step(void *arg)
{
	struct step *s = arg;
	bool damaged;

	if (!s->m->db.sqlite && open_index(s->m, s->e)) {
		s->rc = s->e->rc;
		return;
	}
	s->rc = transaction(s, &damaged);
	if (!damaged || !is_on_disk(s->m)) return;
	/* Damage deep in the file does not show when it is opened. */
	oc_db_close(&s->m->db);
	s->rc = open_anew(s->m, s->m->inode, s->e);
	s->m->inode = inode_of(s->m->path);
	if (!s->rc) s->rc = transaction(s, &damaged);
}

/* The log is the loop's. */
static void tell(struct oc_memory_index *m)
{
	if (!m->anew) return;
	oc_log(OC_LOG_INFO, "memory", "the index was made anew: %s", m->anew);
	free(m->anew);
	m->anew = NULL;
}

enum oc_rc oc_memory_step_wait(struct oc_memory_index *m, enum oc_step_kind kind, oc_step_fn *fn,
			       void *arg, struct oc_err *e)
{
	struct oc_err own = { 0 };
	struct step step = { .m = m, .kind = kind, .fn = fn, .arg = arg, .e = e ? e : &own };

	oc_worker_run_wait(m->worker, run_step, &step);
	tell(m);
	return step.rc;
}

/* ---- open and close ---- */

static void open_step(void *arg)
{
	struct step *s = arg;

	s->rc = open_index(s->m, s->e);
}

static void close_step(void *arg)
{
	oc_db_close(arg);
}

enum oc_rc oc_memory_index_open_wait(const char *path, struct oc_memory_index **out,
				     struct oc_err *e)
{
	struct oc_memory_index *m = oc_new(struct oc_memory_index);
	struct step open = { .m = m, .e = e };
	enum oc_rc rc = oc_worker_new("memory", &m->worker, e);

	if (rc) {
		free(m);
		return rc;
	}
	m->path = oc_strdup(path);
	oc_worker_run_wait(m->worker, open_step, &open);
	tell(m);
	if (open.rc)
		oc_memory_index_close_wait(m);
	else
		*out = m;
	return open.rc;
}

void oc_memory_index_close_wait(struct oc_memory_index *m)
{
	if (!m) return;
	oc_worker_run_wait(m->worker, close_step, &m->db);
	oc_worker_free_wait(m->worker);
	free(m->path);
	free(m);
}
