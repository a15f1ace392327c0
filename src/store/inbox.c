/* What came in through the channels, until it is answered. */
#include <stdlib.h>

#include "base/mem.h"
#include "store/boxes.h"
#include "store/internal.h"

#define ITEM(member, kind) OC_COLUMN(struct oc_inbox_item, member, kind)
static const struct oc_column columns[] = {
	ITEM(nr, INT),	   ITEM(channel, TEXT), ITEM(account, TEXT),
	ITEM(event, TEXT), ITEM(lane, TEXT),	ITEM(state, TEXT),
	ITEM(run, TEXT),   ITEM(body, JSON),	ITEM(received_ms, INT),
};
#define COLUMNS "nr, channel, account, event, lane, state, run, body, received_ms"
static const struct oc_record_type item_type = { columns, sizeof columns / sizeof *columns,
						 sizeof(struct oc_inbox_item) };

#define LANE(member) OC_COLUMN(struct oc_lane, member, TEXT)
static const struct oc_column lane_columns[] = { LANE(channel), LANE(account), LANE(lane) };
static const struct oc_record_type lane_type = { lane_columns, 3, sizeof(struct oc_lane) };

void oc_inbox_item_deinit(struct oc_inbox_item *i)
{
	oc_record_deinit(&item_type, i);
}

void oc_inbox_items_deinit(struct oc_inbox_items *l)
{
	oc_records_deinit(&item_type, l->v, l->n);
	*l = (struct oc_inbox_items){ 0 };
}

void oc_lanes_deinit(struct oc_lanes *l)
{
	oc_records_deinit(&lane_type, l->v, l->n);
	*l = (struct oc_lanes){ 0 };
}

/* What a step needs, and gives back. */
struct request {
	struct oc_inbox_item *add;
	const int64_t *nrs;
	size_t n, limit;
	const struct oc_lane *lane;
	const char *state, *run;
	struct oc_inbox_items items;
	struct oc_lanes lanes;
};

/* ---- taking in ---- */

static enum oc_rc add_one(struct oc_db *db, struct oc_inbox_item *i, struct oc_err *e)
{
	struct oc_query q;
	enum oc_rc rc;

	oc_query_begin(&q, db,
		       "INSERT OR IGNORE INTO inbox(channel, account, event, lane, state, run, "
		       "body, received_ms) VALUES(:channel, :account, :event, :lane, :state, :run, "
		       ":body, :received_ms)",
		       e);
	oc_record_bind(&item_type, i, &q);
	rc = oc_query_run(&q);
	if (!rc) i->nr = sqlite3_changes(db->sqlite) ? sqlite3_last_insert_rowid(db->sqlite) : 0;
	return rc;
}

static enum oc_rc add_step(struct oc_db *db, void *arg, struct oc_err *e)
{
	struct request *r = arg;
	enum oc_rc rc = OC_OK;

	for (size_t i = 0; i < r->n && !rc; i++) rc = add_one(db, &r->add[i], e);
	return rc;
}

enum oc_rc oc_store_inbox_add_wait(struct oc_store *s, struct oc_inbox_item *v, size_t n,
				   struct oc_err *e)
{
	struct request r = { .add = v, .n = n };

	return oc_store_step_wait(s, OC_STEP_WRITE, add_step, &r, e);
}

/* ---- looking ---- */

static void bind_lane(struct oc_query *q, const struct oc_lane *lane)
{
	oc_query_text(q, ":channel", lane->channel);
	oc_query_text(q, ":account", lane->account);
	oc_query_text(q, ":lane", lane->lane);
}

#define OF_LANE                                                                                    \
	" FROM inbox WHERE channel = :channel AND account = :account AND lane = :lane "            \
	"AND state <> 'done' "

static enum oc_rc next_step(struct oc_db *db, void *arg, struct oc_err *e)
{
	struct request *r = arg;
	struct oc_query q;

	oc_query_begin(
	    &q, db,
	    "SELECT " COLUMNS OF_LANE "AND state IN ('new', 'asked') ORDER BY nr LIMIT :limit", e);
	bind_lane(&q, r->lane);
	oc_query_int(&q, ":limit", (int64_t)r->limit);
	return oc_records_read(&item_type, &q, (void **)&r->items.v, &r->items.n);
}

enum oc_rc oc_store_inbox_next_wait(struct oc_store *s, const struct oc_lane *lane, size_t limit,
				    struct oc_inbox_items *out, struct oc_err *e)
{
	struct request r = { .lane = lane, .limit = limit };
	enum oc_rc rc = oc_store_step_wait(s, OC_STEP_READ, next_step, &r, e);

	if (!rc) *out = r.items;
	return rc;
}

static enum oc_rc kept_step(struct oc_db *db, void *arg, struct oc_err *e)
{
	struct request *r = arg;
	struct oc_query q;

	oc_query_begin(&q, db,
		       "SELECT * FROM (SELECT " COLUMNS OF_LANE
		       "AND state = 'kept' ORDER BY nr DESC LIMIT :limit) ORDER BY nr",
		       e);
	bind_lane(&q, r->lane);
	oc_query_int(&q, ":limit", (int64_t)r->limit);
	return oc_records_read(&item_type, &q, (void **)&r->items.v, &r->items.n);
}

enum oc_rc oc_store_inbox_kept_wait(struct oc_store *s, const struct oc_lane *lane, size_t limit,
				    struct oc_inbox_items *out, struct oc_err *e)
{
	struct request r = { .lane = lane, .limit = limit };
	enum oc_rc rc = oc_store_step_wait(s, OC_STEP_READ, kept_step, &r, e);

	if (!rc) *out = r.items;
	return rc;
}

static enum oc_rc lanes_step(struct oc_db *db, void *arg, struct oc_err *e)
{
	struct request *r = arg;
	struct oc_query q;

	oc_query_begin(&q, db,
		       "SELECT channel, account, lane FROM inbox WHERE state <> 'done' "
		       "AND state IN ('new', 'asked') GROUP BY channel, account, lane "
		       "ORDER BY min(nr)",
		       e);
	return oc_records_read(&lane_type, &q, (void **)&r->lanes.v, &r->lanes.n);
}

enum oc_rc oc_store_inbox_lanes_wait(struct oc_store *s, struct oc_lanes *out, struct oc_err *e)
{
	struct request r = { 0 };
	enum oc_rc rc = oc_store_step_wait(s, OC_STEP_READ, lanes_step, &r, e);

	if (!rc) *out = r.lanes;
	return rc;
}

static enum oc_rc outbox_lanes_step(struct oc_db *db, void *arg, struct oc_err *e)
{
	struct request *r = arg;
	struct oc_query q;

	oc_query_begin(&q, db,
		       "SELECT channel, account, chat AS lane FROM outbox WHERE state <> 'sent' "
		       "AND state = 'queued' GROUP BY channel, account, chat ORDER BY min(nr)",
		       e);
	return oc_records_read(&lane_type, &q, (void **)&r->lanes.v, &r->lanes.n);
}

enum oc_rc oc_store_outbox_lanes_wait(struct oc_store *s, struct oc_lanes *out, struct oc_err *e)
{
	struct request r = { 0 };
	enum oc_rc rc = oc_store_step_wait(s, OC_STEP_READ, outbox_lanes_step, &r, e);

	if (!rc) *out = r.lanes;
	return rc;
}

/* ---- changing ---- */

enum oc_rc oc_inbox_set(struct oc_db *db, int64_t nr, const char *state, const char *run,
			struct oc_err *e)
{
	struct oc_query q;

	oc_query_begin(&q, db,
		       "UPDATE inbox SET state = :state, run = coalesce(:run, run), "
		       "body = CASE WHEN :state = 'done' THEN NULL ELSE body END WHERE nr = :nr",
		       e);
	oc_query_text(&q, ":state", state);
	oc_query_text(&q, ":run", run);
	oc_query_int(&q, ":nr", nr);
	return oc_query_run(&q);
}

static enum oc_rc set_step(struct oc_db *db, void *arg, struct oc_err *e)
{
	struct request *r = arg;
	enum oc_rc rc = OC_OK;

	for (size_t i = 0; i < r->n && !rc; i++)
		rc = oc_inbox_set(db, r->nrs[i], r->state, r->run, e);
	return rc;
}

enum oc_rc oc_store_inbox_set_wait(struct oc_store *s, const int64_t *nrs, size_t n,
				   const char *state, const char *run, struct oc_err *e)
{
	struct request r = { .nrs = nrs, .n = n, .state = state, .run = run };

	return oc_store_step_wait(s, OC_STEP_WRITE, set_step, &r, e);
}

static enum oc_rc trim_step(struct oc_db *db, void *arg, struct oc_err *e)
{
	struct request *r = arg;
	struct oc_query q;

	oc_query_begin(&q, db,
		       "UPDATE inbox SET state = 'done', body = NULL WHERE nr IN (SELECT nr" OF_LANE
		       "AND state = 'kept' ORDER BY nr DESC LIMIT -1 OFFSET :limit)",
		       e);
	bind_lane(&q, r->lane);
	oc_query_int(&q, ":limit", (int64_t)r->limit);
	return oc_query_run(&q);
}

enum oc_rc oc_store_inbox_trim_wait(struct oc_store *s, const struct oc_lane *lane, size_t keep,
				    struct oc_err *e)
{
	struct request r = { .lane = lane, .limit = keep };

	return oc_store_step_wait(s, OC_STEP_WRITE, trim_step, &r, e);
}
