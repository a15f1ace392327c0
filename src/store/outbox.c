/* What goes out through the channels: marked before it is sent, and what came of it. */
#include <stdlib.h>

#include "base/mem.h"
#include "store/boxes.h"
#include "store/internal.h"

#define ITEM(member, kind) OC_COLUMN(struct oc_outbox_item, member, kind)
static const struct oc_column columns[] = {
	ITEM(nr, INT),	       ITEM(key, TEXT),		ITEM(channel, TEXT), ITEM(account, TEXT),
	ITEM(chat, TEXT),      ITEM(thread, TEXT),	ITEM(state, TEXT),   ITEM(native_id, TEXT),
	ITEM(error, TEXT),     ITEM(session_key, TEXT), ITEM(body, JSON),    ITEM(attempts, INT),
	ITEM(created_ms, INT), ITEM(changed_ms, INT),
};
#define COLUMNS                                                                                    \
	"nr, key, channel, account, chat, thread, state, native_id, error, session_key, body, "    \
	"attempts, created_ms, changed_ms"
static const struct oc_record_type item_type = { columns, sizeof columns / sizeof *columns,
						 sizeof(struct oc_outbox_item) };

void oc_outbox_item_deinit(struct oc_outbox_item *i)
{
	oc_record_deinit(&item_type, i);
}

void oc_outbox_items_deinit(struct oc_outbox_items *l)
{
	oc_records_deinit(&item_type, l->v, l->n);
	*l = (struct oc_outbox_items){ 0 };
}

/* What a step needs, and gives back. */
struct request {
	const int64_t *nrs;
	size_t n;
	struct oc_outbox_item *add;
	size_t n_add, limit;
	const struct oc_lane *lane;
	int64_t nr;
	const char *from, *to, *native_id, *error, *channel, *account;
	struct oc_outbox_item found;
	struct oc_outbox_items list;
	struct oc_box_counts counts;
	bool changed;
};

/* ---- adding ---- */

static enum oc_rc known_key(struct oc_db *db, const char *key, int64_t *nr, struct oc_err *e)
{
	struct oc_query q;

	oc_query_begin(&q, db, "SELECT nr FROM outbox WHERE key = :key", e);
	oc_query_text(&q, ":key", key);
	return oc_query_number(&q, nr);
}

static enum oc_rc add_one(struct oc_db *db, struct oc_outbox_item *i, struct oc_err *e)
{
	struct oc_query q;
	enum oc_rc rc = OC_OK;

	i->nr = 0;
	if (i->key) rc = known_key(db, i->key, &i->nr, e);
	if (rc || i->nr) return rc;
	oc_query_begin(&q, db,
		       "INSERT INTO outbox(key, channel, account, chat, thread, state, "
		       "session_key, body, created_ms, changed_ms) VALUES(:key, :channel, "
		       ":account, :chat, :thread, :state, :session_key, :body, :created_ms, "
		       ":created_ms)",
		       e);
	oc_record_bind(&item_type, i, &q);
	rc = oc_query_run(&q);
	if (!rc) i->nr = sqlite3_last_insert_rowid(db->sqlite);
	return rc;
}

static enum oc_rc answer_step(struct oc_db *db, void *arg, struct oc_err *e)
{
	struct request *r = arg;
	enum oc_rc rc = OC_OK;

	for (size_t i = 0; i < r->n_add && !rc; i++) rc = add_one(db, &r->add[i], e);
	for (size_t i = 0; i < r->n && !rc; i++) rc = oc_inbox_set(db, r->nrs[i], "done", NULL, e);
	return rc;
}

enum oc_rc oc_store_answer_wait(struct oc_store *s, const int64_t *nrs, size_t n,
				struct oc_outbox_item *items, size_t n_items, struct oc_err *e)
{
	struct request r = { .nrs = nrs, .n = n, .add = items, .n_add = n_items };

	return oc_store_step_wait(s, OC_STEP_WRITE, answer_step, &r, e);
}

/* ---- looking ---- */

static enum oc_rc next_step(struct oc_db *db, void *arg, struct oc_err *e)
{
	struct request *r = arg;
	struct oc_query q;

	oc_query_begin(&q, db,
		       "SELECT " COLUMNS " FROM outbox WHERE channel = :channel AND "
		       "account = :account AND chat = :chat AND state <> 'sent' AND "
		       "state = 'queued' ORDER BY nr LIMIT 1",
		       e);
	oc_query_text(&q, ":channel", r->lane->channel);
	oc_query_text(&q, ":account", r->lane->account);
	oc_query_text(&q, ":chat", r->lane->lane);
	return oc_record_read(&item_type, &q, &r->found);
}

enum oc_rc oc_store_outbox_next_wait(struct oc_store *s, const struct oc_lane *chat,
				     struct oc_outbox_item *out, struct oc_err *e)
{
	struct request r = { .lane = chat };
	enum oc_rc rc = oc_store_step_wait(s, OC_STEP_READ, next_step, &r, e);

	if (!rc) *out = r.found;
	return rc;
}

static enum oc_rc get_step(struct oc_db *db, void *arg, struct oc_err *e)
{
	struct request *r = arg;
	struct oc_query q;

	oc_query_begin(&q, db, "SELECT " COLUMNS " FROM outbox WHERE nr = :nr", e);
	oc_query_int(&q, ":nr", r->nr);
	return oc_record_read(&item_type, &q, &r->found);
}

enum oc_rc oc_store_outbox_get_wait(struct oc_store *s, int64_t nr, struct oc_outbox_item *out,
				    struct oc_err *e)
{
	struct request r = { .nr = nr };
	enum oc_rc rc = oc_store_step_wait(s, OC_STEP_READ, get_step, &r, e);

	if (rc == OC_E_NOT_FOUND)
		return oc_fail(e, rc, "there is no message %lld in the outbox", (long long)nr);
	if (!rc) *out = r.found;
	return rc;
}

static enum oc_rc find_step(struct oc_db *db, void *arg, struct oc_err *e)
{
	struct request *r = arg;
	struct oc_query q;

	oc_query_begin(&q, db,
		       "SELECT " COLUMNS " FROM outbox WHERE channel = :channel AND "
		       "account = :account AND native_id = :native_id ORDER BY nr DESC LIMIT 1",
		       e);
	oc_query_text(&q, ":channel", r->channel);
	oc_query_text(&q, ":account", r->account);
	oc_query_text(&q, ":native_id", r->native_id);
	return oc_record_read(&item_type, &q, &r->found);
}

enum oc_rc oc_store_outbox_find_wait(struct oc_store *s, const char *channel, const char *account,
				     const char *native_id, struct oc_outbox_item *out,
				     struct oc_err *e)
{
	struct request r = { .channel = channel, .account = account, .native_id = native_id };
	enum oc_rc rc = oc_store_step_wait(s, OC_STEP_READ, find_step, &r, e);

	if (!rc) *out = r.found;
	return rc;
}

static enum oc_rc list_step(struct oc_db *db, void *arg, struct oc_err *e)
{
	struct request *r = arg;
	struct oc_query q;

	oc_query_begin(
	    &q, db,
	    "SELECT " COLUMNS " FROM outbox WHERE CASE WHEN :state IS NULL "
	    "THEN state NOT IN ('sent', 'discarded') ELSE state = :state END ORDER BY nr DESC LIMIT :limit",
	    e);
	oc_query_text(&q, ":state", r->to);
	oc_query_int(&q, ":limit", r->limit ? (int64_t)r->limit : -1);
	return oc_records_read(&item_type, &q, (void **)&r->list.v, &r->list.n);
}

enum oc_rc oc_store_outbox_list_wait(struct oc_store *s, const char *state, size_t limit,
				     struct oc_outbox_items *out, struct oc_err *e)
{
	struct request r = { .to = state, .limit = limit };
	enum oc_rc rc = oc_store_step_wait(s, OC_STEP_READ, list_step, &r, e);

	if (!rc) *out = r.list;
	return rc;
}

static enum oc_rc count(struct oc_db *db, const char *state, int64_t *out, struct oc_err *e)
{
	struct oc_query q;

	oc_query_begin(&q, db,
		       "SELECT count(*) FROM outbox WHERE state <> 'sent' AND state = :state", e);
	oc_query_text(&q, ":state", state);
	return oc_query_number(&q, out);
}

static enum oc_rc count_step(struct oc_db *db, void *arg, struct oc_err *e)
{
	struct request *r = arg;
	struct oc_query q;
	enum oc_rc rc;

	oc_query_begin(&q, db,
		       "SELECT count(*) FROM inbox WHERE state <> 'done' AND state IN ('new', "
		       "'asked')",
		       e);
	rc = oc_query_number(&q, &r->counts.waiting);
	if (!rc) rc = count(db, "queued", &r->counts.queued, e);
	if (!rc) rc = count(db, "failed", &r->counts.failed, e);
	if (!rc) rc = count(db, "unknown", &r->counts.unknown, e);
	return rc;
}

enum oc_rc oc_store_boxes_count_wait(struct oc_store *s, struct oc_box_counts *out,
				     struct oc_err *e)
{
	struct request r = { 0 };
	enum oc_rc rc = oc_store_step_wait(s, OC_STEP_READ, count_step, &r, e);

	if (!rc) *out = r.counts;
	return rc;
}

/* ---- changing ---- */

static enum oc_rc set_step(struct oc_db *db, void *arg, struct oc_err *e)
{
	struct request *r = arg;
	struct oc_query q;
	enum oc_rc rc;

	oc_query_begin(
	    &q, db,
	    "UPDATE outbox SET state = :to, native_id = coalesce(:native_id, native_id), "
	    "error = CASE WHEN :to = 'sent' THEN NULL ELSE coalesce(:error, error) END, "
	    "attempts = attempts + (:to = 'sending'), "
	    "body = CASE WHEN :to = 'discarded' THEN NULL ELSE body END, "
	    "changed_ms = :now WHERE nr = :nr AND (:from IS NULL OR state = :from)",
	    e);
	oc_query_text(&q, ":to", r->to);
	oc_query_text(&q, ":from", r->from);
	oc_query_text(&q, ":native_id", r->native_id);
	oc_query_text(&q, ":error", r->error);
	oc_query_int(&q, ":now", oc_wall_ms());
	oc_query_int(&q, ":nr", r->nr);
	rc = oc_query_run(&q);
	r->changed = !rc && sqlite3_changes(db->sqlite) > 0;
	return rc;
}

enum oc_rc oc_store_outbox_set_wait(struct oc_store *s, int64_t nr, const char *from,
				    const char *to, const char *native_id, const char *error,
				    bool *changed, struct oc_err *e)
{
	struct request r = {
		.nr = nr, .from = from, .to = to, .native_id = native_id, .error = error
	};
	enum oc_rc rc = oc_store_step_wait(s, OC_STEP_WRITE, set_step, &r, e);

	if (!rc && changed) *changed = r.changed;
	return rc;
}

static enum oc_rc move_step(struct oc_db *db, void *arg, struct oc_err *e)
{
	struct request *r = arg;
	struct oc_query q;

	oc_query_begin(&q, db,
		       "UPDATE outbox SET chat = :to WHERE channel = :channel AND "
		       "account = :account AND chat = :chat AND state <> 'sent'",
		       e);
	oc_query_text(&q, ":channel", r->lane->channel);
	oc_query_text(&q, ":account", r->lane->account);
	oc_query_text(&q, ":chat", r->lane->lane);
	oc_query_text(&q, ":to", r->to);
	return oc_query_run(&q);
}

enum oc_rc oc_store_outbox_move_wait(struct oc_store *s, const struct oc_lane *from,
				     const char *to_chat, struct oc_err *e)
{
	struct request r = { .lane = from, .to = to_chat };

	return oc_store_step_wait(s, OC_STEP_WRITE, move_step, &r, e);
}

static enum oc_rc recover_step(struct oc_db *db, void *arg, struct oc_err *e)
{
	struct request *r = arg;
	struct oc_query q;
	enum oc_rc rc;

	oc_query_begin(&q, db,
		       "UPDATE outbox SET state = 'unknown', error = 'the gateway stopped while it "
		       "was being sent', changed_ms = :now WHERE state <> 'sent' AND "
		       "state = 'sending'",
		       e);
	oc_query_int(&q, ":now", oc_wall_ms());
	rc = oc_query_run(&q);
	if (!rc) r->nr = sqlite3_changes(db->sqlite);
	return rc;
}

enum oc_rc oc_store_boxes_recover_wait(struct oc_store *s, int64_t *unknown, struct oc_err *e)
{
	struct request r = { 0 };
	enum oc_rc rc = oc_store_step_wait(s, OC_STEP_WRITE, recover_step, &r, e);

	if (!rc) *unknown = r.nr;
	return rc;
}

static enum oc_rc prune_step(struct oc_db *db, void *arg, struct oc_err *e)
{
	struct request *r = arg;
	struct oc_query q;
	enum oc_rc rc;

	oc_query_begin(&q, db,
		       "DELETE FROM inbox WHERE received_ms < :before AND state IN ('done', "
		       "'kept')",
		       e);
	oc_query_int(&q, ":before", r->nr);
	rc = oc_query_run(&q);
	if (rc) return rc;
	oc_query_begin(
	    &q, db,
	    "DELETE FROM outbox WHERE changed_ms < :before AND state IN ('sent', 'discarded')", e);
	oc_query_int(&q, ":before", r->nr);
	return oc_query_run(&q);
}

enum oc_rc oc_store_boxes_prune_wait(struct oc_store *s, int64_t before_ms, struct oc_err *e)
{
	struct request r = { .nr = before_ms };

	return oc_store_step_wait(s, OC_STEP_WRITE, prune_step, &r, e);
}
