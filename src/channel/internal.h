#ifndef OC_CHANNEL_INTERNAL_H
#define OC_CHANNEL_INTERNAL_H
#include "agent/run/snapshot.h"
#include "channel/channels.h"
#include "channel/pace.h"
#include "channel/policy.h"
#include "store/boxes.h"
/* Between the files of this folder. */

/* ---- accounts (channels.c) ---- */
struct oc_account {
	struct oc_channel_account pub; /* first: adapters hold it */
	struct oc_account *next;
	unsigned users; /* calls of the adapter under way */
	bool closing;
	struct oc_wait *closer;
	uint64_t paused_until_ms; /* monotonic: the messenger said so */
	struct oc_pace pace;	  /* of the whole account */
};
struct oc_in_lane;
struct oc_out_lane;
struct oc_channels {
	struct oc_channels_spec spec;
	struct oc_scope *scope;
	struct oc_account *accounts;
	struct oc_in_lane *in;
	size_t n_in;  /* lanes at work */
	bool more_in; /* and others have something to do */
	struct oc_out_lane *out;
	struct oc_chat_question *questions;
	json_t *routes; /* session key: true, for those that a chat belongs to */
	bool draining, stopping;
	bool reloading, reload_again;
	bool pruning;
};
/* One that can be called, or NULL. id NULL = the default one. use: it stays until given back. */
struct oc_account *oc_account_find(struct oc_channels *c, const char *channel, const char *id);
struct oc_account *oc_account_use(struct oc_channels *c, const char *channel, const char *id);
void oc_account_give_back(struct oc_account *a); /* accepts NULL */
struct oc_snapshot *oc_channels_snapshot(struct oc_channels *c);

/* ---- messages as documents (message.c) ---- */
json_t *oc_msg_in_json(const struct oc_msg_in *m);
/* Borrows from v. media is owned: free it. */
void oc_msg_in_of_json(const json_t *v, struct oc_msg_in *out, struct oc_channel_media **media);
/* "-100:topic:4" */
char *oc_lane_name(const char *chat, const char *thread);

/* ---- taking in (inbound.c) ---- */
struct oc_str oc_first_word(struct oc_str text);
bool oc_is_stop_word(struct oc_str text); /* "stop": as /stop */
bool oc_lane_is_urgent(const char *lane); /* of what cannot wait */

/* ---- inbox (lane.c) ---- */
void oc_in_lane_wake(struct oc_channels *c, const char *channel, const char *account,
		     const char *lane);
/* All lanes with something to do; account NULL = of all. */
void oc_in_lanes_wake_wait(struct oc_channels *c);
/* A batch of one lane, asked under one run. */
struct oc_batch {
	struct oc_inbox_item *items; /* borrowed */
	size_t n;
	const struct oc_msg_in *first;
	const char *text; /* in place of what the items say; NULL */
	enum oc_sender_trust trust;
};
struct oc_in_lane {
	struct oc_in_lane *next;
	struct oc_channels *owner;
	struct oc_lane name;
	struct oc_wait *sleeper;
	bool again, urgent;
	bool is_beside;		    /* hands over what comes while the lane waits for a run */
	struct oc_account *account; /* in use during a step; NULL while it waits for a run */
	/* The run that it waits for, NULL. */
	const char *session_key;
	const struct oc_msg_in *message;
};
/* Gives the account back for as long as something else is waited for. The second takes it again;
 * OC_E_NOT_FOUND: it is gone, and the events stay where they are. */
void oc_in_lane_let_go(struct oc_in_lane *l); /* none in use: nothing */
OC_MUST_USE enum oc_rc oc_in_lane_take(struct oc_in_lane *l, struct oc_err *e);
/* The next messages behind those that are asked already, when they are for the agent. OC_EOF: there
 * are none. */
OC_MUST_USE enum oc_rc oc_in_lane_beside_wait(struct oc_in_lane *l);
enum oc_sender_trust oc_in_lane_trust(const struct oc_in_lane *l, const struct oc_msg_in *m);
/* Asks, waits for the answer, puts it into the outbox (answer.c). OC_CANCELLED, or an error that
 * leaves the events where they are: later. */
OC_MUST_USE enum oc_rc oc_batch_answer_wait(struct oc_in_lane *l, const struct oc_batch *b,
					    struct oc_err *e);
/* Text of the channel itself as the answer to these events; markdown empty = none. */
OC_MUST_USE enum oc_rc oc_reply_wait(struct oc_channels *c, struct oc_account *a,
				     const struct oc_msg_in *m, const int64_t *nrs, size_t n,
				     const char *key, struct oc_str markdown,
				     const char *session_key, struct oc_err *e);
/* The account is in use meanwhile. */
OC_MUST_USE enum oc_rc oc_render_wait(const struct oc_account *a, struct oc_str markdown,
				      struct oc_chunks *out, struct oc_err *e);
/* The id of a run, from the event that it answers. Free with free(). */
char *oc_batch_run_id(const struct oc_inbox_item *first);

/* What the agent is told of a batch (compose.c). Deinit it, after a failure too. */
struct oc_composed {
	struct oc_buf text;
	struct oc_ask_image *images; /* their strings are owned */
	size_t n_images;
	int64_t *background; /* numbers of the group's messages that are shown with it */
	size_t n_background;
	bool tainted;
};
OC_MUST_USE enum oc_rc oc_batch_compose_wait(struct oc_in_lane *l, const struct oc_batch *b,
					     struct oc_composed *out, struct oc_err *e);
void oc_composed_deinit(struct oc_composed *c);

/* ---- what a person sees while a run works (live.c) ---- */
/* NULL where nothing is to be seen. */
struct oc_live *oc_live_start(struct oc_in_lane *l, const struct oc_msg_in *m);
void oc_live_watch(void *live, const struct oc_run_event *event);
void oc_live_stop_wait(struct oc_live *v); /* accepts NULL */

/* ---- outbox (outbox.c) ---- */
void oc_out_lane_wake(struct oc_channels *c, const char *channel, const char *account,
		      const char *chat);
void oc_out_lanes_wake_wait(struct oc_channels *c);
void oc_out_lanes_free(struct oc_channels *c); /* no task is left in them */
/* A direct send, paced as all. */
OC_MUST_USE enum oc_rc oc_send_now_wait(struct oc_account *a, const struct oc_msg_out *msg,
					struct oc_msg_sent *out, struct oc_err *e);
/* Chunks as rows; free with oc_outbox_items_deinit. */
void oc_outbox_of_chunks(const struct oc_account *a, const char *chat, const char *thread,
			 const struct oc_chunks *chunks, const char *reply_to, const char *key,
			 const char *session_key, struct oc_outbox_items *out);
void oc_outbox_item_add(struct oc_outbox_items *l, struct oc_outbox_item *item); /* takes it */
/* Until none is on its way. */
void oc_out_lanes_settle_wait(struct oc_channels *c, struct oc_deadline d);

/* ---- who may write (pairing.c) ---- */
OC_MUST_USE enum oc_rc oc_is_paired_wait(struct oc_channels *c, const struct oc_account *a,
					 const char *sender, bool *out, struct oc_err *e);
/* Somebody owns the commands (commands.ownerAllowFrom). */
bool oc_channels_owned(struct oc_channels *c);
/* Makes or finds a request. *code (owned): to be shown, NULL: it was shown, or there are too many.
 */
OC_MUST_USE enum oc_rc oc_pairing_ask_wait(struct oc_channels *c, const struct oc_account *a,
					   const struct oc_msg_in *m, char **code,
					   struct oc_err *e);

/* ---- the tool message (message_tool.c) ---- */
/* Runs of these sessions find c; NULL: no more. */
void oc_message_tool_offer(struct oc_sessions *s, struct oc_channels *c);

/* ---- where an answer goes later (target.c) ---- */
/* What is remembered of routes, into memory. */
void oc_routes_load_wait(struct oc_channels *c);
void oc_target_note_wait(struct oc_channels *c, const struct oc_account *a,
			 const struct oc_msg_in *m, const char *session_key);

/* A chat goes on under another id: what waits goes there, and its conversation stays the same. */
void oc_chat_moved_wait(struct oc_channels *c, const struct oc_lane *from, const char *to);
/* The conversation of a message; free with free(). */
char *oc_chat_session_wait(struct oc_channels *c, const struct oc_lane *lane,
			   const struct oc_msg_in *m);

/* ---- questions to a person (question.c) ---- */
/* A button was pressed. */
OC_MUST_USE enum oc_rc oc_question_button_wait(struct oc_channels *c, struct oc_account *a,
					       const struct oc_msg_in *m,
					       enum oc_sender_trust trust, struct oc_err *e);
#endif
