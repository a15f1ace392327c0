/* Sessions: found by key or id, made on first use, listed in pages. */
#include <stdlib.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "store/internal.h"

#define SESSION(member, kind) OC_COLUMN(struct oc_session_record, member, kind)
static const struct oc_column columns[] = {
	SESSION(key, TEXT),	      SESSION(id, TEXT),	   SESSION(agent, TEXT),
	SESSION(label, TEXT),	      SESSION(title, TEXT),	   SESSION(settings, JSON),
	SESSION(created_ms, INT),     SESSION(updated_ms, INT),	   SESSION(boundary_seq, INT),
	SESSION(last_seq, INT),	      SESSION(epoch, INT),	   SESSION(input_tokens, INT),
	SESSION(output_tokens, INT),  SESSION(prompt_tokens, INT), SESSION(provider, TEXT),
	SESSION(model, TEXT),	      SESSION(last_run, TEXT),	   SESSION(last_status, TEXT),
	SESSION(run_started_ms, INT), SESSION(run_ended_ms, INT),  SESSION(pinned_ms, INT),
	SESSION(archived_ms, INT),    SESSION(unread, BOOL),
};
#define COLUMNS                                                                                    \
	"key, id, agent, label, title, settings, created_ms, updated_ms, boundary_seq, last_seq, " \
	"epoch, input_tokens, output_tokens, prompt_tokens, provider, model, last_run, "           \
	"last_status, run_started_ms, run_ended_ms, pinned_ms, archived_ms, unread"
static const struct oc_record_type session_type = { columns, sizeof columns / sizeof *columns,
						    sizeof(struct oc_session_record) };

void oc_session_record_copy(const struct oc_session_record *r, struct oc_session_record *out)
{
	oc_record_copy(&session_type, r, out);
}

void oc_session_record_deinit(struct oc_session_record *r)
{
	oc_record_deinit(&session_type, r);
}

void oc_session_page_deinit(struct oc_session_page *p)
{
	oc_records_deinit(&session_type, p->v, p->n);
	*p = (struct oc_session_page){ 0 };
}

/* ---- one session ---- */

struct lookup {
	const char *key, *id; /* one of them */
	struct oc_session_record *out;
};

static enum oc_rc find(struct oc_db *db, const struct lookup *l, struct oc_err *e)
{
	struct oc_query q;

	oc_query_begin(&q, db,
		       "SELECT " COLUMNS " FROM session WHERE key = :key "
		       "UNION ALL SELECT " COLUMNS " FROM session WHERE id = :id",
		       e);
	oc_query_text(&q, ":key", l->key);
	oc_query_text(&q, ":id", l->id);
	enum oc_rc rc = oc_record_read(&session_type, &q, l->out);
	if (rc == OC_E_NOT_FOUND)
		return oc_fail(e, rc, "there is no session %s", l->key ? l->key : l->id);
	return rc;
}

static enum oc_rc find_step(struct oc_db *db, void *arg, struct oc_err *e)
{
	return find(db, arg, e);
}

enum oc_rc oc_store_session_wait(struct oc_store *s, const char *key, struct oc_session_record *out,
				 struct oc_err *e)
{
	struct lookup l = { .key = key, .out = out };

	return oc_store_step_wait(s, OC_STEP_READ, find_step, &l, e);
}

enum oc_rc oc_store_session_by_id_wait(struct oc_store *s, const char *id,
				       struct oc_session_record *out, struct oc_err *e)
{
	struct lookup l = { .id = id, .out = out };

	return oc_store_step_wait(s, OC_STEP_READ, find_step, &l, e);
}

struct opening {
	const char *key, *agent;
	char id[OC_ID_CHARS + 1]; /* for a new one */
	int64_t now_ms;
	const char *run_id; /* NULL = none is asked for */
	char *run_status;
	struct oc_session_record record;
	bool made;
};

static enum oc_rc insert(struct oc_db *db, struct opening *o, struct oc_err *e)
{
	struct oc_query q;

	oc_query_begin(&q, db,
		       "INSERT INTO session(key, id, agent, created_ms, updated_ms) "
		       "VALUES(:key, :id, :agent, :now, :now) ON CONFLICT DO NOTHING",
		       e);
	oc_query_text(&q, ":key", o->key);
	oc_query_text(&q, ":id", o->id);
	oc_query_text(&q, ":agent", o->agent);
	oc_query_int(&q, ":now", o->now_ms);
	enum oc_rc rc = oc_query_run(&q);
	o->made = !rc && sqlite3_changes(db->sqlite) > 0;
	return rc;
}

static enum oc_rc open_step(struct oc_db *db, void *arg, struct oc_err *e)
{
	struct opening *o = arg;
	enum oc_rc rc = insert(db, o, e);

	if (!rc) rc = find(db, &(struct lookup){ .key = o->key, .out = &o->record }, e);
	if (!rc && o->run_id) rc = oc_run_status(db, o->run_id, &o->run_status, e);
	return rc;
}

static enum oc_rc open_wait(struct oc_store *s, struct opening *o, struct oc_err *e)
{
	enum oc_rc rc;

	/* Without a session and not made: the id is taken, which happens where tests seed the
	 * randomness and start a second process. */
	do {
		oc_session_record_deinit(&o->record);
		oc_uuid(o->id);
		rc = oc_store_step_wait(s, OC_STEP_WRITE, open_step, o, e);
	} while (rc == OC_E_NOT_FOUND);
	if (rc) {
		oc_session_record_deinit(&o->record);
		free(o->run_status);
	}
	return rc;
}

enum oc_rc oc_store_session_open_wait(struct oc_store *s, const char *key, const char *agent,
				      struct oc_session_record *out, bool *made, struct oc_err *e)
{
	struct opening o = { .key = key, .agent = agent, .now_ms = oc_wall_ms() };
	enum oc_rc rc = open_wait(s, &o, e);

	if (rc) return rc;
	*out = o.record;
	if (made) *made = o.made;
	return OC_OK;
}

enum oc_rc oc_store_arrival_wait(struct oc_store *s, const char *key, const char *agent,
				 const char *run_id, struct oc_session_record *out,
				 char **run_status, struct oc_err *e)
{
	struct opening o = { .key = key, .agent = agent, .now_ms = oc_wall_ms(), .run_id = run_id };
	enum oc_rc rc = open_wait(s, &o, e);

	if (rc) return rc;
	*out = o.record;
	*run_status = o.run_status;
	return OC_OK;
}

enum oc_rc oc_session_save_step(struct oc_db *db, void *session_record, struct oc_err *e)
{
	const struct oc_session_record *r = session_record;
	struct oc_query q;

	oc_query_begin(
	    &q, db,
	    "UPDATE session SET key = :key, agent = :agent, label = :label, title = :title, "
	    "settings = coalesce(:settings, '{}'), updated_ms = max(updated_ms, :updated_ms), "
	    "boundary_seq = :boundary_seq, epoch = :epoch, input_tokens = :input_tokens, "
	    "output_tokens = :output_tokens, prompt_tokens = :prompt_tokens, provider = :provider, "
	    "model = :model, last_run = :last_run, last_status = :last_status, "
	    "run_started_ms = :run_started_ms, run_ended_ms = :run_ended_ms, "
	    "pinned_ms = :pinned_ms, archived_ms = :archived_ms, unread = :unread WHERE id = :id",
	    e);
	oc_record_bind(&session_type, r, &q);
	enum oc_rc rc = oc_query_run(&q);
	if (!rc && sqlite3_changes(db->sqlite) == 0)
		return oc_fail(e, OC_E_NOT_FOUND, "there is no session %s", r->key);
	return rc;
}

enum oc_rc oc_store_session_save_wait(struct oc_store *s, const struct oc_session_record *r,
				      struct oc_err *e)
{
	struct oc_session_record borrowed = *r;

	return oc_store_step_wait(s, OC_STEP_WRITE, oc_session_save_step, &borrowed, e);
}

/* Messages and epochs go with their session by foreign key. */
static enum oc_rc delete_step(struct oc_db *db, void *arg, struct oc_err *e)
{
	const struct lookup *l = arg;
	struct oc_query q;

	oc_query_begin(
	    &q, db, "DELETE FROM run WHERE session_id = (SELECT id FROM session WHERE key = :key)",
	    e);
	oc_query_text(&q, ":key", l->key);
	enum oc_rc rc = oc_query_run(&q);
	if (rc) return rc;
	oc_query_begin(&q, db, "DELETE FROM session WHERE key = :key", e);
	oc_query_text(&q, ":key", l->key);
	rc = oc_query_run(&q);
	if (!rc && sqlite3_changes(db->sqlite) == 0)
		return oc_fail(e, OC_E_NOT_FOUND, "there is no session %s", l->key);
	return rc;
}

enum oc_rc oc_store_session_delete_wait(struct oc_store *s, const char *key, struct oc_err *e)
{
	struct lookup l = { .key = key };

	return oc_store_step_wait(s, OC_STEP_WRITE, delete_step, &l, e);
}

/* ---- pages ---- */

#define FILTER                                                                                     \
	" FROM session WHERE (:agent IS NULL OR agent = :agent)"                                   \
	" AND (:label IS NULL OR label = :label)"                                                  \
	" AND updated_ms >= :since"                                                                \
	" AND (:archived < 0 OR (archived_ms > 0) = :archived)"                                    \
	" AND (:search IS NULL OR instr(lower_text(key || char(10) || coalesce(label, '')"         \
	" || char(10) || coalesce(title, '')), lower_text(:search)) > 0)"

struct listing {
	const struct oc_session_query *query;
	struct oc_session_page page;
};

static void bind_filter(struct oc_query *q, const struct oc_session_query *query)
{
	bool any = !query->search || !*query->search;

	oc_query_text(q, ":agent", query->agent);
	oc_query_text(q, ":label", query->label);
	oc_query_text(q, ":search", any ? NULL : query->search);
	oc_query_int(q, ":since", query->active_since_ms);
	oc_query_int(q, ":archived", query->archived);
	oc_query_int(q, ":limit", query->limit ? (int64_t)query->limit : 100);
	oc_query_int(q, ":offset", (int64_t)query->offset);
}

static enum oc_rc list_step(struct oc_db *db, void *arg, struct oc_err *e)
{
	struct listing *l = arg;
	struct oc_query q;
	int64_t total;

	oc_query_begin(&q, db, "SELECT count(*)" FILTER, e);
	bind_filter(&q, l->query);
	enum oc_rc rc = oc_query_number(&q, &total);
	if (rc) return rc;
	l->page.total = (size_t)total;
	oc_query_begin(&q, db,
		       "SELECT " COLUMNS FILTER
		       " ORDER BY pinned_ms > 0 DESC, updated_ms DESC, nr DESC"
		       " LIMIT :limit OFFSET :offset",
		       e);
	bind_filter(&q, l->query);
	return oc_records_read(&session_type, &q, (void **)&l->page.v, &l->page.n);
}

enum oc_rc oc_store_sessions_wait(struct oc_store *s, const struct oc_session_query *q,
				  struct oc_session_page *out, struct oc_err *e)
{
	struct listing l = { .query = q };
	enum oc_rc rc = oc_store_step_wait(s, OC_STEP_READ, list_step, &l, e);

	if (!rc) *out = l.page;
	return rc;
}
