/* Searching a memory index: words, parts of words, and vectors; the caller weighs them. */
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "store/memory_internal.h"

/* ---- how much of a question a row has ---- */

static void covers(const Fts5ExtensionApi *api, Fts5Context *fts, sqlite3_context *context, int n,
		   sqlite3_value **v)
{
	int phrases = api->xPhraseCount(fts), found = 0;

	(void)n;
	(void)v;
	for (int i = 0; i < phrases; i++) {
		Fts5PhraseIter at;
		int column = -1, offset = -1;

		if (api->xPhraseFirst(fts, i, &at, &column, &offset) != SQLITE_OK) continue;
		found += column >= 0;
	}
	sqlite3_result_int(context, found);
}

enum oc_rc oc_memory_search_set_up(struct oc_db *db, struct oc_err *e)
{
	sqlite3_stmt *st = NULL;
	fts5_api *api = NULL;
	int rc = sqlite3_prepare_v2(db->sqlite, "SELECT fts5(?1)", -1, &st, NULL);

	if (rc == SQLITE_OK) rc = sqlite3_bind_pointer(st, 1, (void *)&api, "fts5_api_ptr", NULL);
	if (rc == SQLITE_OK) sqlite3_step(st);
	sqlite3_finalize(st);
	if (rc != SQLITE_OK) return oc_db_fail(db, rc, e);
	if (!api)
		return oc_fail(e, OC_E_SYS,
			       "this SQLite has no full-text search (FTS5): notes "
			       "cannot be searched");
	rc = api->xCreateFunction(api, "covers", NULL, covers, NULL);
	return rc == SQLITE_OK ? OC_OK : oc_db_fail(db, rc, e);
}

/* ---- hits ---- */

static void hit_deinit(struct oc_memory_hit *h)
{
	free(h->path);
	free(h->heading);
	free(h->text);
	free(h->hash);
}

void oc_memory_hits_deinit(struct oc_memory_hits *l)
{
	for (size_t i = 0; i < l->n; i++) hit_deinit(&l->v[i]);
	free(l->v);
	*l = (struct oc_memory_hits){ 0 };
}

static struct oc_memory_hit *hit_of(struct oc_memory_hits *l, int64_t id)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].id == id) return &l->v[i];
	l->v = oc_realloc_array(l->v, l->n + 1, sizeof *l->v);
	l->v[l->n] = (struct oc_memory_hit){ .id = id };
	return &l->v[l->n++];
}

/* ---- the lists ---- */

static void ask(struct oc_query *q, const char *match, size_t limit)
{
	oc_query_text(q, ":match", match);
	oc_query_int(q, ":limit", (int64_t)limit);
}

static enum oc_rc find_words(struct oc_db *db, const struct oc_memory_question *question,
			     struct oc_memory_hits *out, struct oc_err *e)
{
	struct oc_query q;

	oc_query_begin(&q, db,
		       "SELECT rowid, -rank, covers(words) FROM words WHERE words MATCH :match"
		       " AND rank MATCH 'bm25(3.0, 1.0, 1.0)' ORDER BY rank LIMIT :limit",
		       e);
	ask(&q, question->words, question->limit);
	while (oc_query_next(&q)) {
		struct oc_memory_hit *h = hit_of(out, oc_query_column(&q, 0));

		h->words = sqlite3_column_double(q.st, 1);
		h->n_words = oc_query_column(&q, 2);
	}
	return oc_query_end(&q);
}

/* Whether fewer pieces have the word than a person would look at. */
static enum oc_rc is_rare(struct oc_db *db, const char *match, bool *out, struct oc_err *e)
{
	enum { FEW = 8 };
	struct oc_query q;
	int64_t n = 0;
	enum oc_rc rc;

	oc_query_begin(&q, db,
		       "SELECT count(*) FROM"
		       " (SELECT rowid FROM words WHERE words MATCH :match LIMIT :limit)",
		       e);
	ask(&q, match, FEW);
	rc = oc_query_number(&q, &n);
	*out = n < FEW;
	return rc;
}

static enum oc_rc ask_parts(struct oc_db *db, const char *match, size_t limit,
			    struct oc_memory_hits *out, struct oc_err *e)
{
	struct oc_query q;

	oc_query_begin(&q, db,
		       "SELECT rowid, -rank, covers(parts) FROM parts WHERE parts MATCH :match"
		       " ORDER BY rank LIMIT :limit",
		       e);
	ask(&q, match, limit);
	while (oc_query_next(&q)) {
		struct oc_memory_hit *h = hit_of(out, oc_query_column(&q, 0));

		h->parts = sqlite3_column_double(q.st, 1);
		h->n_parts = oc_query_column(&q, 2);
	}
	return oc_query_end(&q);
}

static enum oc_rc find_parts(struct oc_db *db, const struct oc_memory_question *question,
			     struct oc_memory_hits *out, struct oc_err *e)
{
	const struct oc_strv *parts = question->parts;
	enum oc_rc rc = OC_OK;
	struct oc_buf match;

	oc_buf_init(&match, SIZE_MAX / 4);
	for (size_t i = 0; !rc && i + 1 < parts->n; i += 2) {
		bool rare;

		rc = is_rare(db, parts->v[i], &rare, e);
		if (rc || !rare) continue;
		oc_buf_addf(&match, "%s%s", match.n ? " OR " : "", parts->v[i + 1]);
	}
	if (!rc && match.n) rc = ask_parts(db, oc_buf_cstr(&match), question->limit, out, e);
	oc_buf_deinit(&match);
	return rc;
}

/* ---- vectors ---- */

struct near {
	double cosine;
	char *hash;
};

static int32_t dot(const int8_t *restrict a, const int8_t *restrict b, size_t n)
{
	int32_t sum = 0;

	for (size_t i = 0; i < n; i++) sum += (int32_t)a[i] * b[i];
	return sum;
}

/* best: sorted, the nearest first. */
static void keep_near(struct near *best, size_t *n, size_t limit, double cosine, const char *hash)
{
	size_t at = *n;

	if (*n == limit) {
		if (cosine <= best[limit - 1].cosine) return;
		free(best[limit - 1].hash);
		at = limit - 1;
	} else
		(*n)++;
	while (at > 0 && best[at - 1].cosine < cosine) {
		best[at] = best[at - 1];
		at--;
	}
	best[at] = (struct near){ cosine, oc_strdup(hash) };
}

static enum oc_rc scan(struct oc_db *db, const struct oc_memory_vector *v, size_t limit,
		       struct near *best, size_t *n, struct oc_err *e)
{
	struct oc_query q;

	oc_query_begin(&q, db, "SELECT hash, scale, v FROM vector", e);
	while (oc_query_next(&q)) {
		double scale = sqlite3_column_double(q.st, 1);
		const int8_t *bytes = sqlite3_column_blob(q.st, 2);

		if ((size_t)sqlite3_column_bytes(q.st, 2) != v->n || !bytes) continue;
		keep_near(best, n, limit, dot(bytes, v->v, v->n) * scale * v->scale,
			  (const char *)sqlite3_column_text(q.st, 0));
	}
	return oc_query_end(&q);
}

static enum oc_rc add_near(struct oc_db *db, const struct near *near, struct oc_memory_hits *out,
			   struct oc_err *e)
{
	struct oc_query q;

	oc_query_begin(&q, db, "SELECT id FROM chunk WHERE hash = :hash LIMIT 4", e);
	oc_query_text(&q, ":hash", near->hash);
	while (oc_query_next(&q)) {
		struct oc_memory_hit *h = hit_of(out, oc_query_column(&q, 0));

		h->near = near->cosine;
		h->has_near = true;
	}
	return oc_query_end(&q);
}

static enum oc_rc find_near(struct oc_db *db, const struct oc_memory_question *question,
			    struct oc_memory_hits *out, struct oc_err *e)
{
	struct near *best = oc_alloc((question->limit + 1) * sizeof *best);
	size_t n = 0;
	enum oc_rc rc = scan(db, &question->near, question->limit, best, &n, e);

	for (size_t i = 0; i < n; i++) {
		if (!rc) rc = add_near(db, &best[i], out, e);
		free(best[i].hash);
	}
	free(best);
	return rc;
}

/* The cosine of a hit that the words found. */
static enum oc_rc measure(struct oc_db *db, const struct oc_memory_vector *v,
			  struct oc_memory_hit *h, struct oc_err *e)
{
	struct oc_query q;

	oc_query_begin(&q, db, "SELECT scale, v FROM vector WHERE hash = :hash", e);
	oc_query_text(&q, ":hash", h->hash);
	if (oc_query_next(&q) && (size_t)sqlite3_column_bytes(q.st, 1) == v->n) {
		h->near = dot(sqlite3_column_blob(q.st, 1), v->v, v->n) * v->scale *
			  sqlite3_column_double(q.st, 0);
		h->has_near = true;
	}
	return oc_query_end(&q);
}

/* ---- the texts ---- */

static enum oc_rc read_hit(struct oc_db *db, struct oc_memory_hit *h, struct oc_err *e)
{
	struct oc_query q;

	oc_query_begin(&q, db,
		       "SELECT path, heading, text, chunk.hash, first_line, last_line"
		       " FROM chunk JOIN note ON note.id = chunk.note WHERE chunk.id = :id",
		       e);
	oc_query_int(&q, ":id", h->id);
	if (oc_query_next(&q)) {
		h->path = oc_query_string(&q, 0);
		h->heading = oc_query_string(&q, 1);
		h->text = oc_query_string(&q, 2);
		h->hash = oc_query_string(&q, 3);
		h->first_line = oc_query_column(&q, 4);
		h->last_line = oc_query_column(&q, 5);
	}
	enum oc_rc rc = oc_query_end(&q);

	/* A word without its chunk: the table of words is not that of the chunks. */
	return rc || h->path ? rc : oc_db_fail(db, SQLITE_CORRUPT, e);
}

struct search {
	const struct oc_memory_question *question;
	struct oc_memory_hits *out;
};

static enum oc_rc search_step(struct oc_db *db, void *arg, struct oc_err *e)
{
	const struct search *s = arg;
	const struct oc_memory_question *q = s->question;
	enum oc_rc rc = OC_OK;

	oc_memory_hits_deinit(s->out); /* of a try before */
	if (q->words) rc = find_words(db, q, s->out, e);
	if (!rc && q->parts) rc = find_parts(db, q, s->out, e);
	if (!rc && q->near.n) rc = find_near(db, q, s->out, e);
	for (size_t i = 0; !rc && i < s->out->n; i++) {
		struct oc_memory_hit *h = &s->out->v[i];

		rc = read_hit(db, h, e);
		if (!rc && q->near.n && !h->has_near) rc = measure(db, &q->near, h, e);
	}
	if (rc) oc_memory_hits_deinit(s->out);
	return rc;
}

enum oc_rc oc_memory_index_search_wait(struct oc_memory_index *m,
				       const struct oc_memory_question *q,
				       struct oc_memory_hits *out, struct oc_err *e)
{
	struct search s = { q, out };

	*out = (struct oc_memory_hits){ 0 };
	return oc_memory_step_wait(m, OC_STEP_READ, search_step, &s, e);
}
