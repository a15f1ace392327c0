#ifndef OC_CHANNELS_H
#define OC_CHANNELS_H
#include "agent/session/sessions.h"
#include "channel/channel.h"
/*
 * All channels of a gateway (spec 03 §7): who is connected, what came in, what goes out. The inbox
 * and the outbox are in the store: an event is on disk before its messenger is told that it was
 * taken, and a message is marked before it is sent. After a crash each event is answered once; a
 * message that was just being sent is "unknown", and only a person has it sent again.
 */
struct oc_channels;
struct oc_channel_command {
	const char *session_key, *run_id, *channel;
	struct oc_str text;
	bool admin; /* an owner (commands.ownerAllowFrom) */
};
struct oc_channels_spec {
	struct oc_store *store;
	struct oc_sessions *sessions;
	struct oc_snapshot *(*snapshot)(void *arg); /* the current one, a new reference */
	/* Whether the text is a chat command; and runs it (spec 02 §8). reply (initialised by the
	 * caller) gets Markdown; *rest (owned, NULL = nothing) goes on to the model. */
	bool (*is_command)(void *arg, struct oc_str text);
	void (*command_wait)(void *arg, const struct oc_channel_command *c, struct oc_buf *reply,
			     char **rest);
	json_t *(*commands)(void *arg); /* [{name, description}], a new reference */
	/* decision: "allow-once" "allow-always" "deny". OC_E_NOT_FOUND: unknown or answered. */
	enum oc_rc (*approve)(void *arg, const char *id, const char *decision, const char *by,
			      struct oc_err *e);
	/* The state of an account changed, or somebody asks to be paired; for clients. May be NULL.
	 */
	void (*told)(void *arg, const char *event, const json_t *payload);
	void *arg; /* of all */
};
/* Recovers inbox and outbox, then starts what is configured. An account that cannot start is no
 * failure: its state says why. */
OC_MUST_USE enum oc_rc oc_channels_start_wait(const struct oc_channels_spec *spec,
					      struct oc_channels **out, struct oc_err *e);
/* The gateway stops: what its runs leave unanswered stays in the inbox. Before they are ended. */
void oc_channels_drain(struct oc_channels *c); /* accepts NULL */
/* Nothing more is asked or sent; what is in the boxes stays. Accepts NULL. */
void oc_channels_stop_wait(struct oc_channels *c);
/* The configuration changed: starts, stops and restarts accounts whose section did. */
void oc_channels_reload(struct oc_channels *c);

/* ---- what the gateway tells ---- */
/* A question to a person was asked (decision NULL) or answered. Does not park. */
void oc_channels_approval(struct oc_channels *c, const json_t *record, const char *decision,
			  const char *by);
/* A request below /channels/; false: there is no such path (not answered). */
bool oc_channels_webhook_wait(struct oc_channels *c, struct oc_exchange *x);

/* ---- delivery: cron, the message tool, clients ---- */
/* Where a message goes. Strings are owned by whoever says so. */
struct oc_channel_target {
	char *channel, *account, *chat, *thread; /* account, thread NULL = the default, none */
};
void oc_channel_target_deinit(struct oc_channel_target *t);
/* channel NULL: taken from to ("telegram:123", "telegram:-100:topic:4"), else the only configured
 * one. to NULL or "last": where the person of that channel wrote last. OC_E_NOT_FOUND, OC_E_INPUT:
 * e says what there is. */
OC_MUST_USE enum oc_rc oc_channels_resolve_wait(struct oc_channels *c, const char *channel,
						const char *account, const char *to,
						struct oc_channel_target *out, struct oc_err *e);
/* The chat that a session belongs to: where its last message of a channel came from.
 * OC_E_NOT_FOUND.
 */
OC_MUST_USE enum oc_rc oc_channels_target_of_session_wait(struct oc_channels *c,
							  const char *session_key,
							  struct oc_channel_target *out,
							  struct oc_err *e);
/* Whether a delivery could be made there, as far as can be said without waiting; channel NULL or
 * "last" and no chat: to that of the session. */
OC_MUST_USE enum oc_rc oc_channels_check(struct oc_channels *c, const char *channel,
					 const char *account, const char *to,
					 const char *session_key, struct oc_err *e);
/* One delivery. Borrowed for the call. */
struct oc_delivery_order {
	const struct oc_channel_target *target;
	struct oc_str markdown;	 /* text, or the caption of path */
	const char *path;	 /* a file to send; NULL */
	const char *reply_to;	 /* native id; NULL */
	const char *key;	 /* idempotency: a second order with it does nothing; NULL */
	const char *session_key; /* that it belongs to; NULL */
	uint64_t
	    wait_ms; /* how long to wait for its end; 0 = it is in the outbox, that is enough */
};
struct oc_delivery_result {
	const char *status; /* "queued" "sent" "failed" "unknown"; static */
	char *native_id;    /* of the last part; NULL */
	char *error;	    /* NULL */
	int64_t outbox_id;  /* of the first part */
};
void oc_delivery_result_deinit(struct oc_delivery_result *r);
/* In the outbox when it returns OC_OK. Silence (NO_REPLY) is OC_OK and sends nothing. */
OC_MUST_USE enum oc_rc oc_channels_deliver_wait(struct oc_channels *c,
						const struct oc_delivery_order *order,
						struct oc_delivery_result *out, struct oc_err *e);
/* Directly and at once, kept nowhere: reactions, edits, deletions of a message. */
OC_MUST_USE enum oc_rc oc_channels_act_wait(struct oc_channels *c,
					    const struct oc_channel_target *target,
					    const struct oc_msg_out *msg, struct oc_msg_sent *out,
					    struct oc_err *e);

/* ---- what can be looked at and changed ---- */
/* The answer of channels.status (spec 02 §2.7); probe: ask the messengers too. New reference. */
json_t *oc_channels_status_wait(struct oc_channels *c, const char *channel, bool probe);
/* {pending, failed, unknown} and the newest rows that are not sent; state NULL = those three. New
 * reference. */
OC_MUST_USE enum oc_rc oc_channels_outbox_wait(struct oc_channels *c, const char *state,
					       size_t limit, json_t **out, struct oc_err *e);
/* Sends a failed or unknown row again, or gives it up. id 0 = all of them. *n = how many. */
OC_MUST_USE enum oc_rc oc_channels_resend_wait(struct oc_channels *c, int64_t id, size_t *n,
					       struct oc_err *e);
OC_MUST_USE enum oc_rc oc_channels_discard_wait(struct oc_channels *c, int64_t id, size_t *n,
						struct oc_err *e);
/* Who asks to be let in (spec 03 §6.5): [{channel, accountId, id, name, code, createdAt,
 * expiresAt}]. channel, account NULL = all. */
OC_MUST_USE enum oc_rc oc_channels_pairing_list_wait(struct oc_channels *c, const char *channel,
						     const char *account, json_t **out,
						     struct oc_err *e);
/* By its code (or the sender's id). *out: the request as it was, a new reference; with "owner":
 * nobody owns the commands yet. OC_E_NOT_FOUND: no such code, or expired. */
OC_MUST_USE enum oc_rc oc_channels_pairing_approve_wait(struct oc_channels *c, const char *channel,
							const char *account, const char *code,
							bool notify, json_t **out,
							struct oc_err *e);
OC_MUST_USE enum oc_rc oc_channels_pairing_dismiss_wait(struct oc_channels *c, const char *channel,
							const char *account, const char *code,
							struct oc_err *e);
#endif
