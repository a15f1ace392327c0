/* Epochs: the frozen beginning of a session's requests. */
#include "store/internal.h"

#define EPOCH(member, kind) OC_COLUMN(struct oc_epoch, member, kind)
static const struct oc_column columns[] = {
	EPOCH(id, INT),	     EPOCH(system, TEXT),   EPOCH(tools, TEXT),	    EPOCH(profile, TEXT),
	EPOCH(reason, TEXT), EPOCH(first_seq, INT), EPOCH(created_ms, INT),
};
#define COLUMNS "id, system, tools, profile, reason, first_seq, created_ms"
static const struct oc_record_type epoch_type = { columns, sizeof columns / sizeof *columns,
						  sizeof(struct oc_epoch) };

void oc_epoch_deinit(struct oc_epoch *e)
{
	oc_record_deinit(&epoch_type, e);
}

struct adding {
	const char *session_id;
	const struct oc_epoch *epoch;
	int64_t now_ms, id;
};

static enum oc_rc insert(struct oc_db *db, struct adding *a, struct oc_err *e)
{
	struct oc_query q;

	oc_query_begin(&q, db,
		       "INSERT INTO epoch(session, system, tools, profile, reason, first_seq, "
		       "created_ms) SELECT nr, :system, :tools, :profile, :reason, :first_seq, "
		       ":created_ms FROM session WHERE id = :session",
		       e);
	oc_record_bind(&epoch_type, a->epoch, &q);
	oc_query_text(&q, ":session", a->session_id);
	oc_query_int(&q, ":created_ms", a->now_ms);
	enum oc_rc rc = oc_query_run(&q);
	if (!rc && sqlite3_changes(db->sqlite) == 0)
		return oc_fail(e, OC_E_NOT_FOUND, "there is no session with the id %s",
			       a->session_id);
	a->id = sqlite3_last_insert_rowid(db->sqlite);
	return rc;
}

static enum oc_rc add_step(struct oc_db *db, void *arg, struct oc_err *e)
{
	struct adding *a = arg;
	struct oc_query q;
	enum oc_rc rc = insert(db, a, e);

	if (rc) return rc;
	oc_query_begin(&q, db, "UPDATE session SET epoch = :epoch WHERE id = :session", e);
	oc_query_int(&q, ":epoch", a->id);
	oc_query_text(&q, ":session", a->session_id);
	return oc_query_run(&q);
}

enum oc_rc oc_store_epoch_add_wait(struct oc_store *s, const char *session_id,
				   struct oc_epoch *epoch, struct oc_err *e)
{
	struct adding a = { .session_id = session_id, .epoch = epoch, .now_ms = oc_wall_ms() };
	enum oc_rc rc = oc_store_step_wait(s, OC_STEP_WRITE, add_step, &a, e);

	if (rc) return rc;
	epoch->id = a.id;
	epoch->created_ms = a.now_ms;
	return OC_OK;
}

enum oc_rc oc_epoch_find(struct oc_db *db, int64_t id, struct oc_epoch *out, struct oc_err *e)
{
	struct oc_query q;

	oc_query_begin(&q, db, "SELECT " COLUMNS " FROM epoch WHERE id = :id", e);
	oc_query_int(&q, ":id", id);
	enum oc_rc rc = oc_record_read(&epoch_type, &q, out);
	if (rc == OC_E_NOT_FOUND) return oc_fail(e, rc, "there is no epoch %lld", (long long)id);
	return rc;
}

struct lookup {
	int64_t id;
	struct oc_epoch *out;
};

static enum oc_rc find_step(struct oc_db *db, void *arg, struct oc_err *e)
{
	struct lookup *l = arg;

	return oc_epoch_find(db, l->id, l->out, e);
}

enum oc_rc oc_store_epoch_wait(struct oc_store *s, int64_t id, struct oc_epoch *out,
			       struct oc_err *e)
{
	struct lookup l = { id, out };

	return oc_store_step_wait(s, OC_STEP_READ, find_step, &l, e);
}
