/* One run of a prepared statement; statements are kept for the next time. */
#include <stdlib.h>

#include "base/mem.h"
#include "store/internal.h"

static sqlite3_stmt *kept(struct oc_db *db, const char *sql)
{
	for (size_t i = 0; i < db->n_statements; i++)
		if (db->statements[i].sql == sql) return db->statements[i].st;
	return NULL;
}

static void keep(struct oc_db *db, const char *sql, sqlite3_stmt *st)
{
	db->statements =
	    oc_realloc_array(db->statements, db->n_statements + 1, sizeof *db->statements);
	db->statements[db->n_statements++] = (struct oc_statement){ sql, st };
}

void oc_query_begin(struct oc_query *q, struct oc_db *db, const char *sql, struct oc_err *e)
{
	*q = (struct oc_query){ .db = db, .e = e, .st = kept(db, sql) };
	if (q->st) return;
	int rc = sqlite3_prepare_v3(db->sqlite, sql, -1, SQLITE_PREPARE_PERSISTENT, &q->st, NULL);
	if (rc == SQLITE_OK)
		keep(db, sql, q->st);
	else
		q->rc = oc_db_fail(db, rc, e);
}

static void check(struct oc_query *q, int rc)
{
	if (rc != SQLITE_OK && !q->rc) q->rc = oc_db_fail(q->db, rc, q->e);
}

void oc_query_text(struct oc_query *q, const char *name, const char *value)
{
	int at = q->rc ? 0 : sqlite3_bind_parameter_index(q->st, name);

	if (at) check(q, sqlite3_bind_text(q->st, at, value, -1, SQLITE_STATIC));
}

void oc_query_int(struct oc_query *q, const char *name, int64_t value)
{
	int at = q->rc ? 0 : sqlite3_bind_parameter_index(q->st, name);

	if (at) check(q, sqlite3_bind_int64(q->st, at, value));
}

void oc_query_real(struct oc_query *q, const char *name, double value)
{
	int at = q->rc ? 0 : sqlite3_bind_parameter_index(q->st, name);

	if (at) check(q, sqlite3_bind_double(q->st, at, value));
}

void oc_query_blob(struct oc_query *q, const char *name, const void *p, size_t n)
{
	int at = q->rc ? 0 : sqlite3_bind_parameter_index(q->st, name);

	if (at) check(q, sqlite3_bind_blob64(q->st, at, p, n, SQLITE_STATIC));
}

bool oc_query_next(struct oc_query *q)
{
	if (q->rc) return false;
	int rc = sqlite3_step(q->st);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE) check(q, rc);
	return rc == SQLITE_ROW;
}

int64_t oc_query_column(struct oc_query *q, int column)
{
	return sqlite3_column_int64(q->st, column);
}

char *oc_query_string(struct oc_query *q, int column)
{
	const unsigned char *text = sqlite3_column_text(q->st, column);

	return oc_strdup(text ? (const char *)text : "");
}

enum oc_rc oc_query_end(struct oc_query *q)
{
	if (q->st) {
		sqlite3_reset(q->st);
		sqlite3_clear_bindings(q->st);
	}
	return q->rc;
}

enum oc_rc oc_query_run(struct oc_query *q)
{
	while (oc_query_next(q)) continue;
	return oc_query_end(q);
}

enum oc_rc oc_query_number(struct oc_query *q, int64_t *out)
{
	*out = oc_query_next(q) ? oc_query_column(q, 0) : 0;
	return oc_query_end(q);
}
