/* Runs and what they used. */
#include <stdlib.h>

#include "base/mem.h"
#include "store/internal.h"

#define RUN(member, kind) OC_COLUMN(struct oc_run_record, member, kind)
static const struct oc_column columns[] = {
	RUN(id, TEXT),	    RUN(session_id, TEXT), RUN(session_key, TEXT), RUN(status, TEXT),
	RUN(error, TEXT),   RUN(provider, TEXT),   RUN(model, TEXT),	   RUN(started_ms, INT),
	RUN(ended_ms, INT), RUN(input, INT),	   RUN(output, INT),	   RUN(cached, INT),
	RUN(cost, REAL),
};
#define COLUMNS                                                                                    \
	"id, session_id, session_key, status, error, provider, model, started_ms, ended_ms, "      \
	"input, output, cached, cost"
static const struct oc_record_type run_type = { columns, sizeof columns / sizeof *columns,
						sizeof(struct oc_run_record) };

void oc_run_record_deinit(struct oc_run_record *r)
{
	oc_record_deinit(&run_type, r);
}

void oc_run_records_deinit(struct oc_run_records *l)
{
	oc_records_deinit(&run_type, l->v, l->n);
	*l = (struct oc_run_records){ 0 };
}

enum oc_rc oc_run_save_step(struct oc_db *db, void *run_record, struct oc_err *e)
{
	struct oc_query q;

	oc_query_begin(&q, db,
		       "INSERT OR REPLACE INTO run(" COLUMNS ") VALUES(:id, :session_id, "
		       ":session_key, :status, :error, :provider, :model, :started_ms, :ended_ms, "
		       ":input, :output, :cached, :cost)",
		       e);
	oc_record_bind(&run_type, run_record, &q);
	return oc_query_run(&q);
}

enum oc_rc oc_store_run_save_wait(struct oc_store *s, const struct oc_run_record *r,
				  struct oc_err *e)
{
	struct oc_run_record borrowed = *r;

	return oc_store_step_wait(s, OC_STEP_WRITE, oc_run_save_step, &borrowed, e);
}

enum oc_rc oc_run_status(struct oc_db *db, const char *run_id, char **out, struct oc_err *e)
{
	struct oc_query q;

	oc_query_begin(&q, db, "SELECT status FROM run WHERE id = :id", e);
	oc_query_text(&q, ":id", run_id);
	*out = oc_query_next(&q) ? oc_strdup((const char *)sqlite3_column_text(q.st, 0)) : NULL;
	return oc_query_end(&q);
}

struct lookup {
	const char *id;
	struct oc_run_record *out;
};

static enum oc_rc find_step(struct oc_db *db, void *arg, struct oc_err *e)
{
	struct lookup *l = arg;
	struct oc_query q;

	oc_query_begin(&q, db, "SELECT " COLUMNS " FROM run WHERE id = :id", e);
	oc_query_text(&q, ":id", l->id);
	enum oc_rc rc = oc_record_read(&run_type, &q, l->out);
	if (rc == OC_E_NOT_FOUND) return oc_fail(e, rc, "there is no run %s", l->id);
	return rc;
}

enum oc_rc oc_store_run_wait(struct oc_store *s, const char *id, struct oc_run_record *out,
			     struct oc_err *e)
{
	struct lookup l = { id, out };

	return oc_store_step_wait(s, OC_STEP_READ, find_step, &l, e);
}

/* ---- lists ---- */

struct listing {
	int64_t from_ms, to_ms; /* interrupting: now */
	struct oc_run_records list;
};

static enum oc_rc between_step(struct oc_db *db, void *arg, struct oc_err *e)
{
	struct listing *l = arg;
	struct oc_query q;

	oc_query_begin(&q, db,
		       "SELECT " COLUMNS " FROM run WHERE started_ms >= :from AND started_ms < :to "
		       "AND status NOT IN ('queued', 'running') ORDER BY started_ms, id",
		       e);
	oc_query_int(&q, ":from", l->from_ms);
	oc_query_int(&q, ":to", l->to_ms);
	return oc_records_read(&run_type, &q, (void **)&l->list.v, &l->list.n);
}

enum oc_rc oc_store_runs_between_wait(struct oc_store *s, int64_t from_ms, int64_t to_ms,
				      struct oc_run_records *out, struct oc_err *e)
{
	struct listing l = { .from_ms = from_ms, .to_ms = to_ms };
	enum oc_rc rc = oc_store_step_wait(s, OC_STEP_READ, between_step, &l, e);

	if (!rc) *out = l.list;
	return rc;
}

static enum oc_rc interrupt_step(struct oc_db *db, void *arg, struct oc_err *e)
{
	struct listing *l = arg;
	struct oc_query q;

	oc_query_begin(&q, db,
		       "SELECT " COLUMNS
		       " FROM run WHERE status IN ('queued', 'running') ORDER BY started_ms, id",
		       e);
	enum oc_rc rc = oc_records_read(&run_type, &q, (void **)&l->list.v, &l->list.n);
	if (rc) return rc;
	oc_query_begin(&q, db,
		       "UPDATE run SET status = 'interrupted', ended_ms = :now "
		       "WHERE status IN ('queued', 'running')",
		       e);
	oc_query_int(&q, ":now", l->to_ms);
	return oc_query_run(&q);
}

enum oc_rc oc_store_runs_interrupt_wait(struct oc_store *s, struct oc_run_records *out,
					struct oc_err *e)
{
	struct listing l = { .to_ms = oc_wall_ms() };
	enum oc_rc rc = oc_store_step_wait(s, OC_STEP_WRITE, interrupt_step, &l, e);

	if (rc) {
		oc_run_records_deinit(&l.list);
		return rc;
	}
	for (size_t i = 0; i < l.list.n; i++) {
		free(l.list.v[i].status);
		l.list.v[i].status = oc_strdup("interrupted");
		l.list.v[i].ended_ms = l.to_ms;
	}
	*out = l.list;
	return OC_OK;
}
