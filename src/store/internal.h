#ifndef OC_STORE_INTERNAL_H
#define OC_STORE_INTERNAL_H
#include <sqlite3.h>

#include "store/store.h"
/*
 * What the files of the store share. Everything here runs on the store's thread, inside a step;
 * only oc_store_step_wait is called by tasks.
 */

/* ---- the database (db.c) ---- */
struct oc_statement {
	const char *sql; /* by address: texts of queries are literals */
	sqlite3_stmt *st;
};
struct oc_db {
	sqlite3 *sqlite;
	char *path;
	struct oc_statement *statements;
	size_t n_statements;
};
/* db is zeroed after a failure. */
OC_MUST_USE enum oc_rc oc_db_open(struct oc_db *db, const char *path, struct oc_err *e);
void oc_db_close(struct oc_db *db);
/* An empty file with mode 0600, and its folder, unless they are there. */
OC_MUST_USE enum oc_rc oc_db_create_file(const char *path, struct oc_err *e);
/* Statements without results or parameters. */
OC_MUST_USE enum oc_rc oc_db_exec(struct oc_db *db, const char *sql, struct oc_err *e);
void oc_db_rollback(struct oc_db *db); /* of the transaction, if one is open */
/* A failure that names the file, the cause and the remedy, for one of SQLite's result codes. */
enum oc_rc oc_db_fail(struct oc_db *db, int code, struct oc_err *e);

/* Applies the rows behind the file's version, all of them or none. OC_E_SYS and untouched: the file
 * is newer, or of another program. */
OC_MUST_USE enum oc_rc oc_db_migrate(struct oc_db *db, const char *const *migrations, size_t n,
				     struct oc_err *e);
extern const char *const oc_store_migrations[]; /* row i leads from version i to i + 1 */
extern const size_t oc_store_version;

/* ---- one query (query.c) ---- */
/* Errors are sticky: look at the result of oc_query_end only. */
struct oc_query {
	struct oc_db *db;
	sqlite3_stmt *st;
	enum oc_rc rc;
	struct oc_err *e;
};
/* sql is a literal: its statement is kept. */
void oc_query_begin(struct oc_query *q, struct oc_db *db, const char *sql, struct oc_err *e);
/* Values for a named parameter (":key"), borrowed until the end; one that the text does not have is
 * skipped. */
void oc_query_text(struct oc_query *q, const char *name, const char *value);
void oc_query_int(struct oc_query *q, const char *name, int64_t value);
void oc_query_real(struct oc_query *q, const char *name, double value);
void oc_query_blob(struct oc_query *q, const char *name, const void *p, size_t n);
bool oc_query_next(struct oc_query *q); /* there is a row */
int64_t oc_query_column(struct oc_query *q, int column);
char *oc_query_string(struct oc_query *q, int column); /* a copy; free with free() */
OC_MUST_USE enum oc_rc oc_query_end(struct oc_query *q);
OC_MUST_USE enum oc_rc oc_query_run(struct oc_query *q);		  /* to the end */
OC_MUST_USE enum oc_rc oc_query_number(struct oc_query *q, int64_t *out); /* first column, or 0 */

/* ---- records: structs whose members are columns (record.c) ---- */
enum oc_column_type {
	OC_COLUMN_TEXT, /* char * */
	OC_COLUMN_INT,	/* int64_t */
	OC_COLUMN_REAL, /* double */
	OC_COLUMN_BOOL, /* bool */
	OC_COLUMN_BITS, /* unsigned */
	OC_COLUMN_JSON, /* json_t * */
};
struct oc_column {
	const char *name; /* ":label" binds the parameter, reads the column label */
	enum oc_column_type type;
	size_t offset;
};
struct oc_record_type {
	const struct oc_column *columns;
	size_t n, size; /* of columns; of the struct */
};
#define OC_COLUMN(type, member, kind)                                                              \
	{                                                                                          \
		":" #member, OC_COLUMN_##kind, offsetof(type, member)                              \
	}
void oc_record_deinit(const struct oc_record_type *t, void *record);
void oc_record_copy(const struct oc_record_type *t, const void *record, void *out);
void oc_records_deinit(const struct oc_record_type *t, void *records, size_t n);
/* Gives the query's parameters the values of the members of their names. */
void oc_record_bind(const struct oc_record_type *t, const void *record, struct oc_query *q);
/* Reads one row; the result has all columns in the order of the table. OC_E_NOT_FOUND (e untouched)
 * without a row. Ends the query. */
OC_MUST_USE enum oc_rc oc_record_read(const struct oc_record_type *t, struct oc_query *q,
				      void *out);
/* Reads every row into an array to free with oc_records_deinit. Ends the query. */
OC_MUST_USE enum oc_rc oc_records_read(const struct oc_record_type *t, struct oc_query *q,
				       void **out, size_t *n);

/* ---- steps that others make part of theirs; each says what its arg is ---- */
enum oc_rc oc_session_save_step(struct oc_db *db, void *session_record, struct oc_err *e),
    oc_run_save_step(struct oc_db *db, void *run_record, struct oc_err *e);
/* The status of a run, NULL when there is none of this id. Free with free(). */
OC_MUST_USE enum oc_rc oc_run_status(struct oc_db *db, const char *run_id, char **out,
				     struct oc_err *e);
/* An event of the inbox; run NULL = stays (inbox.c). */
OC_MUST_USE enum oc_rc oc_inbox_set(struct oc_db *db, int64_t nr, const char *state,
				    const char *run, struct oc_err *e);
OC_MUST_USE enum oc_rc oc_epoch_find(struct oc_db *db, int64_t id, struct oc_epoch *out,
				     struct oc_err *e);
OC_MUST_USE enum oc_rc oc_messages_find(struct oc_db *db, const struct oc_message_query *query,
					struct oc_stored_messages *out, struct oc_err *e);

/* ---- steps (store.c) ---- */
enum oc_step_kind { OC_STEP_READ, OC_STEP_WRITE };
/* Runs in a transaction that is rolled back unless it returns OC_OK. Whoever runs it again after a
 * failed commit finds nothing of it. */
typedef enum oc_rc oc_step_fn(struct oc_db *db, void *arg, struct oc_err *e);
OC_MUST_USE enum oc_rc oc_store_step_wait(struct oc_store *s, enum oc_step_kind kind,
					  oc_step_fn *fn, void *arg, struct oc_err *e);
#endif
