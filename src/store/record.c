/* Structs to parameters, rows to structs: by a table of members for each kind of record. */
#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "store/internal.h"
#include "json/json.h"

/* Members through their offset; memory that came from a struct of that type. */
static void *member(void *record, const struct oc_column *c)
{
	return (char *)record + c->offset;
}

static const void *const_member(const void *record, const struct oc_column *c)
{
	return (const char *)record + c->offset;
}

void oc_record_deinit(const struct oc_record_type *t, void *record)
{
	for (size_t i = 0; i < t->n; i++) {
		void *m = member(record, &t->columns[i]);

		if (t->columns[i].type == OC_COLUMN_TEXT) free(*(char **)m);
		if (t->columns[i].type == OC_COLUMN_JSON) json_decref(*(json_t **)m);
	}
	memset(record, 0, t->size);
}

void oc_records_deinit(const struct oc_record_type *t, void *records, size_t n)
{
	for (size_t i = 0; i < n; i++) oc_record_deinit(t, (char *)records + i * t->size);
	free(records);
}

void oc_record_copy(const struct oc_record_type *t, const void *record, void *out)
{
	memcpy(out, record, t->size);
	for (size_t i = 0; i < t->n; i++) {
		void *m = member(out, &t->columns[i]);

		if (t->columns[i].type == OC_COLUMN_TEXT && *(char **)m)
			*(char **)m = oc_strdup(*(char **)m);
		if (t->columns[i].type == OC_COLUMN_JSON)
			*(json_t **)m = json_deep_copy(*(json_t **)m);
	}
}

/* ---- binding ---- */

static int bind_json(sqlite3_stmt *st, int at, const json_t *v)
{
	char *text = v ? oc_json_compact(v) : NULL;

	return text ? sqlite3_bind_text64(st, at, text, strlen(text), free, SQLITE_UTF8)
		    : sqlite3_bind_null(st, at);
}

static int bind(sqlite3_stmt *st, int at, enum oc_column_type type, const void *m)
{
	switch (type) {
	case OC_COLUMN_TEXT: return sqlite3_bind_text(st, at, *(char *const *)m, -1, SQLITE_STATIC);
	case OC_COLUMN_INT: return sqlite3_bind_int64(st, at, *(const int64_t *)m);
	case OC_COLUMN_REAL: return sqlite3_bind_double(st, at, *(const double *)m);
	case OC_COLUMN_BOOL: return sqlite3_bind_int(st, at, *(const bool *)m);
	case OC_COLUMN_BITS: return sqlite3_bind_int64(st, at, *(const unsigned *)m);
	case OC_COLUMN_JSON: return bind_json(st, at, *(json_t *const *)m);
	}
	abort();
}

void oc_record_bind(const struct oc_record_type *t, const void *record, struct oc_query *q)
{
	for (size_t i = 0; i < t->n && !q->rc; i++) {
		const struct oc_column *c = &t->columns[i];
		int at = sqlite3_bind_parameter_index(q->st, c->name);
		int rc = at ? bind(q->st, at, c->type, const_member(record, c)) : SQLITE_OK;

		if (rc != SQLITE_OK) q->rc = oc_db_fail(q->db, rc, q->e);
	}
}

/* ---- reading ---- */

static char *text_of(sqlite3_stmt *st, int at)
{
	const unsigned char *text = sqlite3_column_text(st, at);

	return text ? oc_strdup((const char *)text) : NULL;
}

static enum oc_rc read_json(struct oc_query *q, int at, json_t **out)
{
	const char *text = (const char *)sqlite3_column_text(q->st, at);

	if (!text) return OC_OK;
	*out = oc_json_parse_own((struct oc_str){ text, (size_t)sqlite3_column_bytes(q->st, at) },
				 NULL);
	return *out ? OC_OK : oc_db_fail(q->db, SQLITE_CORRUPT, q->e);
}

static enum oc_rc read_column(struct oc_query *q, int at, enum oc_column_type type, void *m)
{
	switch (type) {
	case OC_COLUMN_TEXT: *(char **)m = text_of(q->st, at); break;
	case OC_COLUMN_INT: *(int64_t *)m = sqlite3_column_int64(q->st, at); break;
	case OC_COLUMN_REAL: *(double *)m = sqlite3_column_double(q->st, at); break;
	case OC_COLUMN_BOOL: *(bool *)m = sqlite3_column_int(q->st, at) != 0; break;
	case OC_COLUMN_BITS: *(unsigned *)m = (unsigned)sqlite3_column_int64(q->st, at); break;
	case OC_COLUMN_JSON: return read_json(q, at, m);
	}
	return OC_OK;
}

/* record is deinitialised after a failure. */
static enum oc_rc read_row(const struct oc_record_type *t, struct oc_query *q, void *record)
{
	memset(record, 0, t->size);
	for (size_t i = 0; i < t->n && !q->rc; i++) {
		const struct oc_column *c = &t->columns[i];

		assert(!strcmp(sqlite3_column_name(q->st, (int)i), c->name + 1));
		q->rc = read_column(q, (int)i, c->type, member(record, c));
	}
	if (q->rc) oc_record_deinit(t, record);
	return q->rc;
}

enum oc_rc oc_record_read(const struct oc_record_type *t, struct oc_query *q, void *out)
{
	bool there = oc_query_next(q);

	if (there) (void)read_row(t, q, out);
	enum oc_rc rc = oc_query_end(q);
	return rc ? rc : there ? OC_OK : OC_E_NOT_FOUND;
}

enum oc_rc oc_records_read(const struct oc_record_type *t, struct oc_query *q, void **out,
			   size_t *n)
{
	char *v = NULL;
	size_t count = 0, cap = 0;

	while (oc_query_next(q)) {
		if (count == cap) v = oc_realloc_array(v, cap = cap ? cap * 2 : 16, t->size);
		if (read_row(t, q, v + count * t->size) == OC_OK) count++;
	}
	enum oc_rc rc = oc_query_end(q);
	if (rc) {
		oc_records_deinit(t, v, count);
		return rc;
	}
	*out = v;
	*n = count;
	return OC_OK;
}
