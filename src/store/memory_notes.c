/* The notes of a memory index and their chunks. */
#include <stdlib.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "store/memory_internal.h"

static void chunk_deinit(struct oc_memory_chunk *c)
{
	free(c->heading);
	free(c->text);
	free(c->pairs);
	free(c->hash);
}

void oc_memory_note_deinit(struct oc_memory_note *n)
{
	for (size_t i = 0; i < n->n; i++) chunk_deinit(&n->v[i]);
	free(n->v);
	free(n->path);
	free(n->hash);
	*n = (struct oc_memory_note){ 0 };
}

void oc_memory_notes_deinit(struct oc_memory_notes *l)
{
	for (size_t i = 0; i < l->n; i++) oc_memory_note_deinit(&l->v[i]);
	free(l->v);
	*l = (struct oc_memory_notes){ 0 };
}

/* ---- generations ---- */

static enum oc_rc number_of(struct oc_db *db, const char *sql, int64_t *out, struct oc_err *e)
{
	struct oc_query q;

	oc_query_begin(&q, db, sql, e);
	return oc_query_number(&q, out);
}

#define GENERATION "SELECT CAST(value AS INTEGER) FROM fact WHERE key = 'generation'"

static enum oc_rc next_generation(struct oc_db *db, struct oc_err *e)
{
	return oc_db_exec(db,
			  "INSERT INTO fact(key, value) VALUES('generation', '1')"
			  " ON CONFLICT(key) DO UPDATE SET value = CAST(value AS INTEGER) + 1;"
			  "DELETE FROM fact WHERE key = 'mark'",
			  e);
}

struct mark {
	int64_t generation, mark;
};

static enum oc_rc mark_step(struct oc_db *db, void *arg, struct oc_err *e)
{
	const struct mark *m = arg;
	struct oc_query q;
	int64_t now = 0;
	enum oc_rc rc = number_of(db, GENERATION, &now, e);

	if (rc || now != m->generation) return rc;
	oc_query_begin(&q, db, "INSERT OR REPLACE INTO fact(key, value) VALUES('mark', :mark)", e);
	oc_query_int(&q, ":mark", m->mark);
	return oc_query_run(&q);
}

enum oc_rc oc_memory_index_mark_wait(struct oc_memory_index *m, int64_t generation, int64_t mark,
				     struct oc_err *e)
{
	struct mark arg = { generation, mark };

	return oc_memory_step_wait(m, OC_STEP_WRITE, mark_step, &arg, e);
}

static enum oc_rc marked_step(struct oc_db *db, void *arg, struct oc_err *e)
{
	return number_of(db, "SELECT CAST(value AS INTEGER) FROM fact WHERE key = 'mark'", arg, e);
}

enum oc_rc oc_memory_index_marked_wait(struct oc_memory_index *m, int64_t *out, struct oc_err *e)
{
	return oc_memory_step_wait(m, OC_STEP_READ, marked_step, out, e);
}

/* ---- reading ---- */

static enum oc_rc notes_step(struct oc_db *db, void *arg, struct oc_err *e)
{
	struct oc_memory_notes *out = arg;
	struct oc_query q;
	size_t cap = 0;
	enum oc_rc rc;

	oc_memory_notes_deinit(out); /* of a try before */
	if ((rc = number_of(db, GENERATION, &out->generation, e))) return rc;
	oc_query_begin(&q, db, "SELECT path, hash, size, changed_ns FROM note ORDER BY path", e);
	while (oc_query_next(&q)) {
		if (out->n == cap)
			out->v = oc_realloc_array(out->v, cap = cap ? cap * 2 : 64, sizeof *out->v);
		out->v[out->n++] = (struct oc_memory_note){ .path = oc_query_string(&q, 0),
							    .hash = oc_query_string(&q, 1),
							    .size = oc_query_column(&q, 2),
							    .changed_ns = oc_query_column(&q, 3) };
	}
	rc = oc_query_end(&q);
	if (rc) oc_memory_notes_deinit(out);
	return rc;
}

enum oc_rc oc_memory_index_notes_wait(struct oc_memory_index *m, struct oc_memory_notes *out,
				      struct oc_err *e)
{
	*out = (struct oc_memory_notes){ 0 };
	return oc_memory_step_wait(m, OC_STEP_READ, notes_step, out, e);
}

/* ---- writing ---- */

/* sql: a literal with the parameter ":path". */
static enum oc_rc run_for(struct oc_db *db, const char *sql, const char *path, struct oc_err *e)
{
	struct oc_query q;

	oc_query_begin(&q, db, sql, e);
	oc_query_text(&q, ":path", path);
	return oc_query_run(&q);
}

/* The tables of words have no text of their own: they are told what to forget. */
static enum oc_rc remove_one(struct oc_db *db, const char *path, struct oc_err *e)
{
	static const char *const steps[] = {
		"INSERT INTO words(words, rowid, heading, text, pairs)"
		" SELECT 'delete', id, heading, text, pairs FROM chunk WHERE note = (SELECT id FROM note WHERE path = :path)",
		"INSERT INTO parts(parts, rowid, text)"
		" SELECT 'delete', id, text FROM chunk WHERE note = (SELECT id FROM note WHERE path = :path)",
		"DELETE FROM chunk WHERE note = (SELECT id FROM note WHERE path = :path)",
		"DELETE FROM note WHERE path = :path",
	};
	enum oc_rc rc = OC_OK;

	for (size_t i = 0; !rc && i < sizeof steps / sizeof *steps; i++)
		rc = run_for(db, steps[i], path, e);
	return rc;
}

static enum oc_rc put_words(struct oc_db *db, int64_t chunk, const struct oc_memory_chunk *c,
			    struct oc_err *e)
{
	struct oc_query q;
	enum oc_rc rc;

	oc_query_begin(&q, db,
		       "INSERT INTO words(rowid, heading, text, pairs)"
		       " VALUES(:id, :heading, :text, :pairs)",
		       e);
	oc_query_int(&q, ":id", chunk);
	oc_query_text(&q, ":heading", c->heading);
	oc_query_text(&q, ":text", c->text);
	oc_query_text(&q, ":pairs", c->pairs);
	if ((rc = oc_query_run(&q))) return rc;
	oc_query_begin(&q, db, "INSERT INTO parts(rowid, text) VALUES(:id, :text)", e);
	oc_query_int(&q, ":id", chunk);
	oc_query_text(&q, ":text", c->text);
	return oc_query_run(&q);
}

static enum oc_rc put_chunk(struct oc_db *db, int64_t note, const struct oc_memory_chunk *c,
			    struct oc_err *e)
{
	struct oc_query q;
	enum oc_rc rc;

	oc_query_begin(&q, db,
		       "INSERT INTO chunk(note, first_line, last_line, heading, text, pairs, hash)"
		       " VALUES(:note, :first, :last, :heading, :text, :pairs, :hash)",
		       e);
	oc_query_int(&q, ":note", note);
	oc_query_int(&q, ":first", c->first_line);
	oc_query_int(&q, ":last", c->last_line);
	oc_query_text(&q, ":heading", c->heading);
	oc_query_text(&q, ":text", c->text);
	oc_query_text(&q, ":pairs", c->pairs);
	oc_query_text(&q, ":hash", c->hash);
	if ((rc = oc_query_run(&q))) return rc;
	return put_words(db, sqlite3_last_insert_rowid(db->sqlite), c, e);
}

static enum oc_rc restamp(struct oc_db *db, const struct oc_memory_note *n, struct oc_err *e)
{
	struct oc_query q;

	oc_query_begin(&q, db,
		       "UPDATE note SET size = :size, changed_ns = :changed WHERE path = :path", e);
	oc_query_text(&q, ":path", n->path);
	oc_query_int(&q, ":size", n->size);
	oc_query_int(&q, ":changed", n->changed_ns);
	return oc_query_run(&q);
}

static enum oc_rc put_one(struct oc_db *db, const struct oc_memory_note *n, struct oc_err *e)
{
	struct oc_query q;
	enum oc_rc rc = n->same ? restamp(db, n, e) : remove_one(db, n->path, e);

	if (rc || n->same) return rc;
	oc_query_begin(&q, db,
		       "INSERT INTO note(path, hash, size, changed_ns)"
		       " VALUES(:path, :hash, :size, :changed)",
		       e);
	oc_query_text(&q, ":path", n->path);
	oc_query_text(&q, ":hash", n->hash);
	oc_query_int(&q, ":size", n->size);
	oc_query_int(&q, ":changed", n->changed_ns);
	if ((rc = oc_query_run(&q))) return rc;
	int64_t id = sqlite3_last_insert_rowid(db->sqlite);

	for (size_t i = 0; !rc && i < n->n; i++) rc = put_chunk(db, id, &n->v[i], e);
	return rc;
}

struct put {
	const struct oc_memory_note *v;
	size_t n;
};

static enum oc_rc put_step(struct oc_db *db, void *arg, struct oc_err *e)
{
	const struct put *p = arg;
	enum oc_rc rc = next_generation(db, e);

	for (size_t i = 0; !rc && i < p->n; i++) rc = put_one(db, &p->v[i], e);
	return rc;
}

enum oc_rc oc_memory_index_put_wait(struct oc_memory_index *m, const struct oc_memory_note *v,
				    size_t n, struct oc_err *e)
{
	struct put p = { v, n };

	return oc_memory_step_wait(m, OC_STEP_WRITE, put_step, &p, e);
}

/* Vectors stay: a note that was renamed has the same ones. There are only so many (spec 03 §10). */
static enum oc_rc remove_step(struct oc_db *db, void *arg, struct oc_err *e)
{
	const struct oc_strv *paths = arg;
	enum oc_rc rc = next_generation(db, e);

	for (size_t i = 0; !rc && i < paths->n; i++) rc = remove_one(db, paths->v[i], e);
	return rc;
}

enum oc_rc oc_memory_index_remove_wait(struct oc_memory_index *m, const struct oc_strv *paths,
				       struct oc_err *e)
{
	struct oc_strv borrowed = *paths;

	return oc_memory_step_wait(m, OC_STEP_WRITE, remove_step, &borrowed, e);
}

static enum oc_rc clear_step(struct oc_db *db, void *arg, struct oc_err *e)
{
	enum oc_rc rc = next_generation(db, e);

	(void)arg;
	if (rc) return rc;
	return oc_db_exec(db,
			  "INSERT INTO words(words) VALUES('delete-all');"
			  "INSERT INTO parts(parts) VALUES('delete-all');"
			  "DELETE FROM chunk; DELETE FROM note; DELETE FROM vector;"
			  "DELETE FROM fact WHERE key = 'model';",
			  e);
}

enum oc_rc oc_memory_index_clear_wait(struct oc_memory_index *m, struct oc_err *e)
{
	return oc_memory_step_wait(m, OC_STEP_WRITE, clear_step, NULL, e);
}

/* ---- counting ---- */

void oc_memory_counts_deinit(struct oc_memory_counts *c)
{
	free(c->model);
	*c = (struct oc_memory_counts){ 0 };
}

static enum oc_rc counts_step(struct oc_db *db, void *arg, struct oc_err *e)
{
	struct oc_memory_counts *c = arg;
	struct oc_query q;
	enum oc_rc rc = number_of(db, "SELECT count(*) FROM note", &c->notes, e);
	int64_t pages = 0, page = 0;

	if (!rc) rc = number_of(db, "SELECT count(*) FROM chunk", &c->chunks, e);
	if (!rc)
		rc = number_of(db,
			       "SELECT count(*) FROM chunk WHERE hash IN (SELECT hash FROM vector)",
			       &c->vectors, e);
	if (!rc) rc = number_of(db, "PRAGMA page_count", &pages, e);
	if (!rc) rc = number_of(db, "PRAGMA page_size", &page, e);
	if (rc) return rc;
	c->bytes = pages * page;
	oc_query_begin(&q, db, "SELECT value FROM fact WHERE key = 'model'", e);
	if (oc_query_next(&q)) c->model = oc_query_string(&q, 0);
	return oc_query_end(&q);
}

enum oc_rc oc_memory_index_counts_wait(struct oc_memory_index *m, struct oc_memory_counts *out,
				       struct oc_err *e)
{
	*out = (struct oc_memory_counts){ 0 };
	return oc_memory_step_wait(m, OC_STEP_READ, counts_step, out, e);
}
