/* Documents: JSON values by kind and id, for what is small and needs no table of its own. */
#include <stdlib.h>

#include "store/internal.h"

/* "order" is a word of SQL: the column is called rank. */
static const struct oc_column columns[] = {
	{ ":id", OC_COLUMN_TEXT, offsetof(struct oc_document, id) },
	{ ":rank", OC_COLUMN_INT, offsetof(struct oc_document, order) },
	{ ":value", OC_COLUMN_JSON, offsetof(struct oc_document, value) },
};
#define COLUMNS "id, rank, value"
static const struct oc_record_type document_type = { columns, sizeof columns / sizeof *columns,
						     sizeof(struct oc_document) };

void oc_documents_deinit(struct oc_documents *l)
{
	oc_records_deinit(&document_type, l->v, l->n);
	*l = (struct oc_documents){ 0 };
}

/* What a step needs of the parameters below, and gives back. */
struct request {
	const char *kind, *id;
	size_t limit, offset;
	int64_t order;
	const struct oc_document *put;
	struct oc_document found;
	struct oc_documents list;
	bool removed;
};

static enum oc_rc put_step(struct oc_db *db, void *arg, struct oc_err *e)
{
	struct request *r = arg;
	struct oc_query q;

	oc_query_begin(&q, db,
		       "INSERT INTO document(kind, " COLUMNS ") VALUES(:kind, :id, :rank, :value) "
		       "ON CONFLICT(kind, id) DO UPDATE SET rank = :rank, value = :value",
		       e);
	oc_query_text(&q, ":kind", r->kind);
	oc_record_bind(&document_type, r->put, &q);
	return oc_query_run(&q);
}

enum oc_rc oc_store_put_wait(struct oc_store *s, const char *kind, const char *id, int64_t order,
			     json_t *value, struct oc_err *e)
{
	struct oc_document d = { .id = (char *)(uintptr_t)id, .order = order, .value = value };
	struct request r = { .kind = kind, .put = &d };

	return oc_store_step_wait(s, OC_STEP_WRITE, put_step, &r, e);
}

static enum oc_rc get_step(struct oc_db *db, void *arg, struct oc_err *e)
{
	struct request *r = arg;
	struct oc_query q;

	oc_query_begin(&q, db, "SELECT " COLUMNS " FROM document WHERE kind = :kind AND id = :id",
		       e);
	oc_query_text(&q, ":kind", r->kind);
	oc_query_text(&q, ":id", r->id);
	enum oc_rc rc = oc_record_read(&document_type, &q, &r->found);
	if (rc == OC_E_NOT_FOUND) return oc_fail(e, rc, "there is no %s %s", r->kind, r->id);
	return rc;
}

enum oc_rc oc_store_get_wait(struct oc_store *s, const char *kind, const char *id, json_t **out,
			     struct oc_err *e)
{
	struct request r = { .kind = kind, .id = id };
	enum oc_rc rc = oc_store_step_wait(s, OC_STEP_READ, get_step, &r, e);

	if (rc) return rc;
	*out = r.found.value;
	free(r.found.id);
	return OC_OK;
}

static enum oc_rc remove_step(struct oc_db *db, void *arg, struct oc_err *e)
{
	struct request *r = arg;
	struct oc_query q;

	oc_query_begin(&q, db, "DELETE FROM document WHERE kind = :kind AND id = :id", e);
	oc_query_text(&q, ":kind", r->kind);
	oc_query_text(&q, ":id", r->id);
	enum oc_rc rc = oc_query_run(&q);
	r->removed = !rc && sqlite3_changes(db->sqlite) > 0;
	return rc;
}

enum oc_rc oc_store_remove_wait(struct oc_store *s, const char *kind, const char *id,
				bool *was_there, struct oc_err *e)
{
	struct request r = { .kind = kind, .id = id };
	enum oc_rc rc = oc_store_step_wait(s, OC_STEP_WRITE, remove_step, &r, e);

	if (!rc && was_there) *was_there = r.removed;
	return rc;
}

/* ---- lists ---- */

#define FILTER                                                                                     \
	" FROM document WHERE kind = :kind"                                                        \
	" AND (:id IS NULL OR substr(id, 1, length(:id)) = :id)"

static enum oc_rc list_step(struct oc_db *db, void *arg, struct oc_err *e)
{
	struct request *r = arg;
	struct oc_query q;
	int64_t total;

	oc_query_begin(&q, db, "SELECT count(*)" FILTER, e);
	oc_query_text(&q, ":kind", r->kind);
	oc_query_text(&q, ":id", r->id);
	enum oc_rc rc = oc_query_number(&q, &total);
	if (rc) return rc;
	r->list.total = (size_t)total;
	oc_query_begin(
	    &q, db,
	    "SELECT " COLUMNS FILTER " ORDER BY rank DESC, nr DESC LIMIT :limit OFFSET :offset", e);
	oc_query_text(&q, ":kind", r->kind);
	oc_query_text(&q, ":id", r->id);
	oc_query_int(&q, ":limit", r->limit ? (int64_t)r->limit : -1);
	oc_query_int(&q, ":offset", (int64_t)r->offset);
	return oc_records_read(&document_type, &q, (void **)&r->list.v, &r->list.n);
}

enum oc_rc oc_store_list_wait(struct oc_store *s, const char *kind, const char *id_prefix,
			      size_t limit, size_t offset, struct oc_documents *out,
			      struct oc_err *e)
{
	struct request r = { .kind = kind, .id = id_prefix, .limit = limit, .offset = offset };
	enum oc_rc rc = oc_store_step_wait(s, OC_STEP_READ, list_step, &r, e);

	if (!rc) *out = r.list;
	return rc;
}

static enum oc_rc prune_step(struct oc_db *db, void *arg, struct oc_err *e)
{
	struct request *r = arg;
	struct oc_query q;

	oc_query_begin(&q, db,
		       "DELETE FROM document WHERE nr IN (SELECT nr FROM document "
		       "WHERE kind = :kind AND rank < :rank "
		       "AND nr NOT IN (SELECT nr FROM document WHERE kind = :kind "
		       "ORDER BY rank DESC, nr DESC LIMIT :keep))",
		       e);
	oc_query_text(&q, ":kind", r->kind);
	oc_query_int(&q, ":rank", r->order);
	oc_query_int(&q, ":keep", (int64_t)r->limit);
	return oc_query_run(&q);
}

enum oc_rc oc_store_prune_wait(struct oc_store *s, const char *kind, size_t keep, int64_t at_least,
			       struct oc_err *e)
{
	struct request r = { .kind = kind, .limit = keep, .order = at_least };

	return oc_store_step_wait(s, OC_STEP_WRITE, prune_step, &r, e);
}
