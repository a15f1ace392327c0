/* The vectors of a memory index: one for each text, whichever notes hold it. */
#include <stdlib.h>

#include "base/mem.h"
#include "store/memory_internal.h"

enum { MAX_VECTORS = 50000 };

void oc_memory_texts_deinit(struct oc_memory_texts *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->v[i].hash);
		free(l->v[i].heading);
		free(l->v[i].text);
	}
	free(l->v);
	*l = (struct oc_memory_texts){ 0 };
}

/* ---- the model ---- */

static enum oc_rc model_step(struct oc_db *db, void *arg, struct oc_err *e)
{
	const char *key = arg;
	struct oc_query q;
	int64_t same = 0;
	enum oc_rc rc;

	oc_query_begin(&q, db, "SELECT count(*) FROM fact WHERE key = 'model' AND value = :value",
		       e);
	oc_query_text(&q, ":value", key);
	rc = oc_query_number(&q, &same);
	if (rc || same) return rc;
	if ((rc = oc_db_exec(db, "DELETE FROM vector", e))) return rc;
	oc_query_begin(&q, db, "INSERT OR REPLACE INTO fact(key, value) VALUES('model', :value)",
		       e);
	oc_query_text(&q, ":value", key);
	return oc_query_run(&q);
}

enum oc_rc oc_memory_index_model_wait(struct oc_memory_index *m, const char *key, struct oc_err *e)
{
	char *copy = oc_strdup(key);
	enum oc_rc rc = oc_memory_step_wait(m, OC_STEP_WRITE, model_step, copy, e);

	free(copy);
	return rc;
}

/* ---- what is missing ---- */

struct bare {
	size_t limit;
	struct oc_memory_texts *out;
};

static enum oc_rc bare_step(struct oc_db *db, void *arg, struct oc_err *e)
{
	const struct bare *b = arg;
	struct oc_memory_texts *out = b->out;
	struct oc_query q;

	oc_memory_texts_deinit(out);
	oc_query_begin(&q, db,
		       "SELECT hash, heading, text FROM chunk"
		       " WHERE hash NOT IN (SELECT hash FROM vector) GROUP BY hash"
		       " ORDER BY max(id) DESC LIMIT :limit",
		       e);
	oc_query_int(&q, ":limit", (int64_t)b->limit);
	while (oc_query_next(&q)) {
		out->v = oc_realloc_array(out->v, out->n + 1, sizeof *out->v);
		out->v[out->n++] = (struct oc_memory_text){ .hash = oc_query_string(&q, 0),
							    .heading = oc_query_string(&q, 1),
							    .text = oc_query_string(&q, 2) };
	}
	enum oc_rc rc = oc_query_end(&q);

	if (rc) oc_memory_texts_deinit(out);
	return rc;
}

enum oc_rc oc_memory_index_bare_wait(struct oc_memory_index *m, size_t limit,
				     struct oc_memory_texts *out, struct oc_err *e)
{
	struct bare b = { limit, out };

	*out = (struct oc_memory_texts){ 0 };
	return oc_memory_step_wait(m, OC_STEP_READ, bare_step, &b, e);
}

/* ---- one vector ---- */

struct put {
	const char *hash;
	const struct oc_memory_vector *v;
};

/* Those of texts that are gone stay for a while: a text that moves comes back. */
static enum oc_rc make_room(struct oc_db *db, struct oc_err *e)
{
	struct oc_query q;
	int64_t n = 0;
	enum oc_rc rc;

	oc_query_begin(&q, db, "SELECT count(*) FROM vector", e);
	rc = oc_query_number(&q, &n);
	if (rc || n < MAX_VECTORS) return rc;
	rc = oc_db_exec(db, "DELETE FROM vector WHERE hash NOT IN (SELECT hash FROM chunk)", e);
	if (rc) return rc;
	oc_query_begin(&q, db, "SELECT count(*) FROM vector", e);
	rc = oc_query_number(&q, &n);
	if (!rc && n >= MAX_VECTORS)
		rc = oc_fail(e, OC_E_LIMIT, "there are %d vectors already", MAX_VECTORS);
	return rc;
}

static enum oc_rc vector_step(struct oc_db *db, void *arg, struct oc_err *e)
{
	const struct put *p = arg;
	struct oc_query q;
	enum oc_rc rc = make_room(db, e);

	if (rc) return rc;
	oc_query_begin(
	    &q, db, "INSERT OR REPLACE INTO vector(hash, scale, v) VALUES(:hash, :scale, :v)", e);
	oc_query_text(&q, ":hash", p->hash);
	oc_query_real(&q, ":scale", p->v->scale);
	oc_query_blob(&q, ":v", p->v->v, p->v->n);
	return oc_query_run(&q);
}

enum oc_rc oc_memory_index_vector_wait(struct oc_memory_index *m, const char *hash,
				       const struct oc_memory_vector *v, struct oc_err *e)
{
	struct put p = { hash, v };

	return oc_memory_step_wait(m, OC_STEP_WRITE, vector_step, &p, e);
}
