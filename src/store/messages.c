/* Messages: appended, never changed, read in the order of their numbers. */
#include <stdlib.h>

#include "base/mem.h"
#include "store/internal.h"

#define MESSAGE(member, kind) OC_COLUMN(struct oc_stored_message, member, kind)
static const struct oc_column columns[] = {
	MESSAGE(id, TEXT),
	MESSAGE(seq, INT),
	MESSAGE(epoch, INT),
	MESSAGE(run, TEXT),
	MESSAGE(idempotency_key, TEXT),
	MESSAGE(body, JSON),
	MESSAGE(header, TEXT),
	MESSAGE(flags, BITS),
	MESSAGE(tokens, INT),
	MESSAGE(created_ms, INT),
};
#define COLUMNS "id, seq, epoch, run, idempotency_key, body, header, flags, tokens, created_ms"
/* the number of the session whose id is given */
#define SESSION "(SELECT nr FROM session WHERE id = :session)"
static const struct oc_record_type message_type = { columns, sizeof columns / sizeof *columns,
						    sizeof(struct oc_stored_message) };

void oc_stored_message_deinit(struct oc_stored_message *m)
{
	oc_record_deinit(&message_type, m);
}

void oc_stored_messages_deinit(struct oc_stored_messages *l)
{
	oc_records_deinit(&message_type, l->v, l->n);
	*l = (struct oc_stored_messages){ 0 };
}

/* ---- append ---- */

enum { ID_CHARS = 12, ID_BYTES = 1 + ID_CHARS + 20 + 1 };

/* What the step finds out about one message; the caller's struct gets it after the commit. */
struct fresh {
	char id[ID_BYTES]; /* "m" and random characters, completed in the step */
	int64_t seq;
};

struct append {
	const char *session_id;
	const struct oc_stored_message *v;
	struct fresh *fresh;
	size_t n;
	int64_t now_ms;
	int64_t session_nr, last_seq;
	bool duplicate;
};

static enum oc_rc find_session(struct oc_db *db, struct append *a, struct oc_err *e)
{
	struct oc_query q;

	oc_query_begin(&q, db, "SELECT nr, last_seq FROM session WHERE id = :session", e);
	oc_query_text(&q, ":session", a->session_id);
	bool there = oc_query_next(&q);
	if (there) {
		a->session_nr = oc_query_column(&q, 0);
		a->last_seq = oc_query_column(&q, 1);
	}
	enum oc_rc rc = oc_query_end(&q);
	if (!rc && !there)
		return oc_fail(e, OC_E_NOT_FOUND, "there is no session with the id %s",
			       a->session_id);
	return rc;
}

static enum oc_rc find_duplicates(struct oc_db *db, struct append *a, struct oc_err *e)
{
	enum oc_rc rc = OC_OK;

	for (size_t i = 0; i < a->n && !rc && !a->duplicate; i++) {
		struct oc_query q;
		int64_t found;

		if (!a->v[i].idempotency_key) continue;
		oc_query_begin(&q, db,
			       "SELECT 1 FROM message WHERE session = :nr AND "
			       "idempotency_key = :idempotency_key",
			       e);
		oc_query_int(&q, ":nr", a->session_nr);
		oc_query_text(&q, ":idempotency_key", a->v[i].idempotency_key);
		rc = oc_query_number(&q, &found);
		a->duplicate = !rc && found;
	}
	return rc;
}

static enum oc_rc insert(struct oc_db *db, const struct append *a, size_t i, struct oc_err *e)
{
	const struct oc_stored_message *m = &a->v[i];
	struct fresh *f = &a->fresh[i];
	struct oc_query q;

	f->seq = a->last_seq + 1 + (int64_t)i;
	/* The number makes the id unique in its session, whatever the randomness did. */
	snprintf(f->id + 1 + ID_CHARS, ID_BYTES - 1 - ID_CHARS, "%lld", (long long)f->seq);
	oc_query_begin(&q, db,
		       "INSERT INTO message(session, " COLUMNS ") VALUES(:nr, :id, :seq, :epoch, "
		       ":run, :idempotency_key, :body, :header, :flags, :tokens, :created_ms)",
		       e);
	oc_record_bind(&message_type, m, &q);
	oc_query_int(&q, ":nr", a->session_nr);
	oc_query_int(&q, ":seq", f->seq);
	if (!m->id) oc_query_text(&q, ":id", f->id);
	if (!m->created_ms) oc_query_int(&q, ":created_ms", a->now_ms);
	return oc_query_run(&q);
}

static enum oc_rc touch_session(struct oc_db *db, const struct append *a, struct oc_err *e)
{
	struct oc_query q;

	oc_query_begin(&q, db,
		       "UPDATE session SET last_seq = :seq, updated_ms = max(updated_ms, :now) "
		       "WHERE nr = :nr",
		       e);
	oc_query_int(&q, ":seq", a->last_seq + (int64_t)a->n);
	oc_query_int(&q, ":now", a->now_ms);
	oc_query_int(&q, ":nr", a->session_nr);
	return oc_query_run(&q);
}

static enum oc_rc append_step(struct oc_db *db, void *arg, struct oc_err *e)
{
	struct append *a = arg;
	enum oc_rc rc = find_session(db, a, e);

	if (!rc) rc = find_duplicates(db, a, e);
	if (rc || a->duplicate) return rc;
	for (size_t i = 0; i < a->n && !rc; i++) rc = insert(db, a, i, e);
	return rc ? rc : touch_session(db, a, e);
}

static void hand_out(const struct append *a, struct oc_stored_message *v)
{
	for (size_t i = 0; i < a->n; i++) {
		v[i].seq = a->fresh[i].seq;
		if (!v[i].id) v[i].id = oc_strdup(a->fresh[i].id);
		if (!v[i].created_ms) v[i].created_ms = a->now_ms;
	}
}

static void append_init(struct append *a, const char *session_id, struct oc_stored_message *v,
			size_t n)
{
	*a = (struct append){ .session_id = session_id, .v = v, .n = n, .now_ms = oc_wall_ms() };
	a->fresh = oc_realloc_array(NULL, n ? n : 1, sizeof *a->fresh);
	for (size_t i = 0; i < n; i++) {
		a->fresh[i].id[0] = 'm';
		oc_rand_id(a->fresh[i].id + 1, ID_CHARS);
	}
}

/* ---- reading ---- */

static void reverse(struct oc_stored_messages *l)
{
	for (size_t i = 0; i < l->n / 2; i++) {
		struct oc_stored_message m = l->v[i];
		l->v[i] = l->v[l->n - 1 - i];
		l->v[l->n - 1 - i] = m;
	}
}

enum oc_rc oc_messages_find(struct oc_db *db, const struct oc_message_query *query,
			    struct oc_stored_messages *out, struct oc_err *e)
{
	struct oc_query q;

	oc_query_begin(&q, db,
		       "SELECT " COLUMNS " FROM message WHERE session = " SESSION
		       " AND seq > :after AND seq < :before AND (:epoch = 0 OR epoch = :epoch)"
		       " ORDER BY seq DESC LIMIT :limit",
		       e);
	oc_query_text(&q, ":session", query->session_id);
	oc_query_int(&q, ":after", query->after_seq);
	oc_query_int(&q, ":before", query->before_seq ? query->before_seq : INT64_MAX);
	oc_query_int(&q, ":epoch", query->epoch);
	oc_query_int(&q, ":limit", query->limit ? (int64_t)query->limit : -1);
	enum oc_rc rc = oc_records_read(&message_type, &q, (void **)&out->v, &out->n);
	if (!rc) reverse(out); /* SQLite would copy every body to sort them */
	return rc;
}

struct reading {
	const struct oc_message_query *query;
	struct oc_stored_messages list;
};

static enum oc_rc read_step(struct oc_db *db, void *arg, struct oc_err *e)
{
	struct reading *r = arg;

	return oc_messages_find(db, r->query, &r->list, e);
}

enum oc_rc oc_store_messages_wait(struct oc_store *s, const struct oc_message_query *q,
				  struct oc_stored_messages *out, struct oc_err *e)
{
	struct reading r = { .query = q };
	enum oc_rc rc = oc_store_step_wait(s, OC_STEP_READ, read_step, &r, e);

	if (!rc) *out = r.list;
	return rc;
}

struct lookup {
	const char *session_id, *message_id;
	struct oc_stored_message *out;
};

static enum oc_rc find_step(struct oc_db *db, void *arg, struct oc_err *e)
{
	struct lookup *l = arg;
	struct oc_query q;

	oc_query_begin(
	    &q, db, "SELECT " COLUMNS " FROM message WHERE session = " SESSION " AND id = :id", e);
	oc_query_text(&q, ":session", l->session_id);
	oc_query_text(&q, ":id", l->message_id);
	enum oc_rc rc = oc_record_read(&message_type, &q, l->out);
	if (rc == OC_E_NOT_FOUND)
		return oc_fail(e, rc, "the session has no message %s", l->message_id);
	return rc;
}

enum oc_rc oc_store_message_wait(struct oc_store *s, const char *session_id, const char *message_id,
				 struct oc_stored_message *out, struct oc_err *e)
{
	struct lookup l = { session_id, message_id, out };

	return oc_store_step_wait(s, OC_STEP_READ, find_step, &l, e);
}

struct counting {
	const char *session_id;
	int64_t after_seq, count;
};

static enum oc_rc count_step(struct oc_db *db, void *arg, struct oc_err *e)
{
	struct counting *c = arg;
	struct oc_query q;

	oc_query_begin(
	    &q, db, "SELECT count(*) FROM message WHERE session = " SESSION " AND seq > :after", e);
	oc_query_text(&q, ":session", c->session_id);
	oc_query_int(&q, ":after", c->after_seq);
	return oc_query_number(&q, &c->count);
}

enum oc_rc oc_store_message_count_wait(struct oc_store *s, const char *session_id,
				       int64_t after_seq, int64_t *out, struct oc_err *e)
{
	struct counting c = { .session_id = session_id, .after_seq = after_seq };
	enum oc_rc rc = oc_store_step_wait(s, OC_STEP_READ, count_step, &c, e);

	if (!rc) *out = c.count;
	return rc;
}

/* ---- a conversation as it stands ---- */

void oc_store_view_deinit(struct oc_store_view *v)
{
	oc_epoch_deinit(&v->epoch);
	oc_stored_messages_deinit(&v->messages);
}

static enum oc_rc read_view(struct oc_db *db, const char *session_id, struct oc_store_view *v,
			    struct oc_err *e)
{
	struct oc_message_query q = { .session_id = session_id, .after_seq = v->boundary_seq };
	enum oc_rc rc = v->epoch_id ? oc_epoch_find(db, v->epoch_id, &v->epoch, e) : OC_OK;

	if (!rc && v->epoch.first_seq - 1 > q.after_seq) q.after_seq = v->epoch.first_seq - 1;
	return rc ? rc : oc_messages_find(db, &q, &v->messages, e);
}

struct viewing {
	const char *session_id;
	struct oc_store_view *view;
};

static enum oc_rc view_step(struct oc_db *db, void *arg, struct oc_err *e)
{
	const struct viewing *v = arg;

	return read_view(db, v->session_id, v->view, e);
}

enum oc_rc oc_store_view_wait(struct oc_store *s, const char *session_id,
			      struct oc_store_view *view, struct oc_err *e)
{
	struct viewing v = { session_id, view };
	enum oc_rc rc = oc_store_step_wait(s, OC_STEP_READ, view_step, &v, e);

	if (rc) oc_store_view_deinit(view);
	return rc;
}

enum oc_rc oc_store_append_wait(struct oc_store *s, const char *session_id,
				struct oc_stored_message *v, size_t n, bool *duplicate,
				struct oc_err *e)
{
	struct oc_store_writes w = { .session_id = session_id, .messages = v, .n = n };
	enum oc_rc rc = oc_store_write_wait(s, &w, e);

	if (!rc && duplicate) *duplicate = w.duplicate;
	return rc;
}

/* ---- several writes at once ---- */

struct writing {
	struct oc_store_writes *w;
	struct append append;
};

static enum oc_rc write_step(struct oc_db *db, void *arg, struct oc_err *e)
{
	struct writing *x = arg;
	const struct oc_store_writes *w = x->w;
	enum oc_rc rc = OC_OK;

	if (w->session_id) rc = append_step(db, &x->append, e);
	if (!rc && w->session) rc = oc_session_save_step(db, w->session, e);
	if (!rc && w->run) rc = oc_run_save_step(db, w->run, e);
	if (!rc && w->view) rc = read_view(db, w->session_id, w->view, e);
	return rc;
}

enum oc_rc oc_store_write_wait(struct oc_store *s, struct oc_store_writes *w, struct oc_err *e)
{
	struct writing x = { .w = w };
	enum oc_rc rc;

	append_init(&x.append, w->session_id, w->messages, w->n);
	rc = oc_store_step_wait(s, OC_STEP_WRITE, write_step, &x, e);
	if (rc && w->view) oc_store_view_deinit(w->view);
	w->duplicate = !rc && x.append.duplicate;
	if (!rc && !x.append.duplicate) hand_out(&x.append, w->messages);
	free(x.append.fresh);
	return rc;
}
