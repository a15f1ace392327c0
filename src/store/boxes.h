#ifndef OC_STORE_BOXES_H
#define OC_STORE_BOXES_H
#include "store/store.h"
/*
 * Inbox and outbox of the channels (spec 03 §7.1). An event is taken once, whatever its messenger
 * repeats; a message is marked before it is sent, so that a crash leaves it "unknown" and it never
 * goes out twice by itself. A lane is what is kept in order: a chat, or a topic of it.
 */
struct oc_inbox_item {
	int64_t nr; /* in the order of arrival */
	char *channel, *account;
	char *event; /* native id, unique in the account */
	char *lane;
	char *state;  /* "new" "asked" (by run) "kept" (background of a group) "done" */
	char *run;    /* NULL */
	json_t *body; /* NULL once it is done */
	int64_t received_ms;
};
struct oc_inbox_items {
	struct oc_inbox_item *v;
	size_t n;
};
void oc_inbox_item_deinit(struct oc_inbox_item *i);
void oc_inbox_items_deinit(struct oc_inbox_items *l);
struct oc_outbox_item {
	int64_t nr;
	char *key;				 /* idempotency, NULL */
	char *channel, *account, *chat, *thread; /* thread NULL */
	char *state;	   /* "queued" "sending" "sent" "failed" "unknown" "discarded" */
	char *native_id;   /* NULL */
	char *error;	   /* NULL */
	char *session_key; /* NULL */
	json_t *body;
	int64_t attempts, created_ms, changed_ms;
};
struct oc_outbox_items {
	struct oc_outbox_item *v;
	size_t n;
};
void oc_outbox_item_deinit(struct oc_outbox_item *i);
void oc_outbox_items_deinit(struct oc_outbox_items *l);
/* Which lane, of which account. */
struct oc_lane {
	char *channel, *account, *lane;
};
struct oc_lanes {
	struct oc_lane *v;
	size_t n;
};
void oc_lanes_deinit(struct oc_lanes *l);

/* ---- inbox ---- */
/* All of them or none; nr is set, 0 for an event that was known. Nothing is stolen. */
OC_MUST_USE enum oc_rc oc_store_inbox_add_wait(struct oc_store *s, struct oc_inbox_item *v,
					       size_t n, struct oc_err *e);
/* The oldest of a lane that are "new" or "asked". */
OC_MUST_USE enum oc_rc oc_store_inbox_next_wait(struct oc_store *s, const struct oc_lane *lane,
						size_t limit, struct oc_inbox_items *out,
						struct oc_err *e);
/* The newest "kept" ones of a lane, oldest first. */
OC_MUST_USE enum oc_rc oc_store_inbox_kept_wait(struct oc_store *s, const struct oc_lane *lane,
						size_t limit, struct oc_inbox_items *out,
						struct oc_err *e);
/* run NULL = stays. "done" lets go of the body. */
OC_MUST_USE enum oc_rc oc_store_inbox_set_wait(struct oc_store *s, const int64_t *nrs, size_t n,
					       const char *state, const char *run,
					       struct oc_err *e);
/* "kept" ones of a lane beyond the newest `keep` are done. */
OC_MUST_USE enum oc_rc oc_store_inbox_trim_wait(struct oc_store *s, const struct oc_lane *lane,
						size_t keep, struct oc_err *e);
/* Lanes with something to do: of the inbox, of the outbox (lane = chat). */
OC_MUST_USE enum oc_rc oc_store_inbox_lanes_wait(struct oc_store *s, struct oc_lanes *out,
						 struct oc_err *e);
OC_MUST_USE enum oc_rc oc_store_outbox_lanes_wait(struct oc_store *s, struct oc_lanes *out,
						  struct oc_err *e);

/* ---- both ---- */
/* The events are done and their answer is in the outbox, in one step. An item whose key is there is
 * not added again. n or n_items may be 0. nr of the items is set (that of the old one). */
OC_MUST_USE enum oc_rc oc_store_answer_wait(struct oc_store *s, const int64_t *nrs, size_t n,
					    struct oc_outbox_item *items, size_t n_items,
					    struct oc_err *e);

/* ---- outbox ---- */
/* The oldest queued one of a chat. OC_E_NOT_FOUND. */
OC_MUST_USE enum oc_rc oc_store_outbox_next_wait(struct oc_store *s, const struct oc_lane *chat,
						 struct oc_outbox_item *out, struct oc_err *e);
OC_MUST_USE enum oc_rc oc_store_outbox_get_wait(struct oc_store *s, int64_t nr,
						struct oc_outbox_item *out, struct oc_err *e);
/* From one state to another; *changed false: it was not in that state. native_id, error NULL = as
 * they are; from NULL = any. */
OC_MUST_USE enum oc_rc oc_store_outbox_set_wait(struct oc_store *s, int64_t nr, const char *from,
						const char *to, const char *native_id,
						const char *error, bool *changed, struct oc_err *e);
/* Everything that waits for a chat goes to another one. */
OC_MUST_USE enum oc_rc oc_store_outbox_move_wait(struct oc_store *s, const struct oc_lane *from,
						 const char *to_chat, struct oc_err *e);
/* By native id of an account: what became of it later. OC_E_NOT_FOUND. */
OC_MUST_USE enum oc_rc oc_store_outbox_find_wait(struct oc_store *s, const char *channel,
						 const char *account, const char *native_id,
						 struct oc_outbox_item *out, struct oc_err *e);
/* The newest first; state NULL = whatever is neither sent nor discarded. limit 0 = all. */
OC_MUST_USE enum oc_rc oc_store_outbox_list_wait(struct oc_store *s, const char *state,
						 size_t limit, struct oc_outbox_items *out,
						 struct oc_err *e);
struct oc_box_counts {
	int64_t waiting; /* of the inbox */
	int64_t queued, failed, unknown;
};
OC_MUST_USE enum oc_rc oc_store_boxes_count_wait(struct oc_store *s, struct oc_box_counts *out,
						 struct oc_err *e);
/* After a start: what was being sent is unknown; *unknown = how many. */
OC_MUST_USE enum oc_rc oc_store_boxes_recover_wait(struct oc_store *s, int64_t *unknown,
						   struct oc_err *e);
/* Forgets what was done or sent before. */
OC_MUST_USE enum oc_rc oc_store_boxes_prune_wait(struct oc_store *s, int64_t before_ms,
						 struct oc_err *e);
#endif
