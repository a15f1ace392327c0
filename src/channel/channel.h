#ifndef OC_CHANNEL_H
#define OC_CHANNEL_H
#include "net/server/http_server.h"
#include "rt/task.h"
#include "json/json.h"
/*
 * What a messenger is to the rest of the program (spec 03 §7.1): a row of functions, one instance
 * for each account. The adapter speaks the messenger's protocol and draws its forms. Who may write,
 * which conversation is meant, what is kept, asked and answered is decided above it (channels.h),
 * the same for all.
 *
 * Adding one is adding a file and a row in adapters.c.
 */
struct oc_channel;
struct oc_channels;

/* ---- an account: what an adapter works with ---- */
enum oc_channel_state {
	OC_CHANNEL_STOPPED,
	OC_CHANNEL_STARTING,
	OC_CHANNEL_RUNNING, /* it hears and can speak */
	OC_CHANNEL_WAITING, /* it tries again by itself; the text says why */
	OC_CHANNEL_FAILED,  /* a person has to do something; the text says what */
};
struct oc_channel_account {
	const struct oc_channel *channel;
	struct oc_channels *owner;
	char *id;	/* "default" */
	json_t *config; /* its section, that of the channel filled in; owned. Fixed while it runs */
	struct oc_scope *scope; /* for the adapter's tasks: cancelled and joined before stop */
	void *adapter;		/* the adapter's own */
	enum oc_channel_state state;
	char *trouble;				/* why it waits or failed; NULL */
	char *name;				/* of the bot, as people write it: "my_bot"; NULL */
	int64_t started_ms, heard_ms, spoke_ms; /* 0 = never */
};
/* Told by adapters; logged when it is news. Secrets do not belong into the text. */
void oc_channel_account_tell(struct oc_channel_account *a, enum oc_channel_state state,
			     const char *fmt, ...) OC_PRINTF(3, 4);
void oc_channel_account_name(struct oc_channel_account *a, const char *name);
/* Small state of an account that survives a restart (the offset of what was read …), by name. out
 * is a new reference, NULL when there is none. */
OC_MUST_USE enum oc_rc oc_channel_keep_wait(struct oc_channel_account *a, const char *name,
					    json_t *value, struct oc_err *e);
OC_MUST_USE enum oc_rc oc_channel_kept_wait(struct oc_channel_account *a, const char *name,
					    json_t **out, struct oc_err *e);

/* ---- what comes in ---- */
enum oc_chat_type { OC_CHAT_DIRECT, OC_CHAT_GROUP };
enum oc_msg_in_kind {
	OC_IN_MESSAGE,
	OC_IN_EDITED,	/* a message that was changed: only noted */
	OC_IN_BUTTON,	/* text is the data of the button, native_id the message it hangs on */
	OC_IN_REACTION, /* text is the emoji, native_id the message */
	OC_IN_MOVED,	/* the chat goes on under the id in text */
};
struct oc_channel_media {
	const char *kind;	 /* "image" "audio" "video" "document" */
	const char *ref;	 /* by which the adapter fetches it */
	const char *name, *mime; /* NULL = not known */
	int64_t bytes;		 /* 0 = not known */
};
/* Everything is borrowed until oc_channel_inbound_wait returns. NULL = none. */
struct oc_msg_in {
	enum oc_msg_in_kind kind;
	const char *event_id; /* native, unique in the account: what came twice is taken once */
	const char *chat_id;
	enum oc_chat_type chat_type;
	const char *chat_title;
	const char *thread_id; /* a topic of the chat */
	const char *sender_id, *sender_name, *sender_username;
	const char *native_id; /* of the message, to answer it */
	struct oc_str text;
	bool mentions_bot, is_reply_to_bot;
	bool is_command;			  /* the messenger marked it as one, for this bot */
	const char *reply_sender, *reply_excerpt; /* of what it answers */
	const struct oc_channel_media *media;
	size_t n_media;
	const char *album;   /* messages of one album have the same */
	int64_t sent_ms;     /* 0 = not known */
	const json_t *extra; /* the adapter's own, given back in oc_msg_out.extra of an answer */
};
/* Takes an event over: when it returns OC_OK the event is on disk (or was known already) and the
 * messenger may be told so. For all adapters alike. */
OC_MUST_USE enum oc_rc oc_channel_inbound_wait(struct oc_channel_account *a,
					       const struct oc_msg_in *msg, struct oc_err *e);
/* Many at once, in their order, in one transaction. */
OC_MUST_USE enum oc_rc oc_channel_inbound_many_wait(struct oc_channel_account *a,
						    const struct oc_msg_in *v, size_t n,
						    struct oc_err *e);
/* What the messenger said later about a message that was sent: "delivered", "read" (noted), or
 * "failed" with a reason. Unknown ids are ignored. */
void oc_channel_receipt_wait(struct oc_channel_account *a, const char *native_id,
			     const char *status, const char *reason);

/* ---- what goes out ---- */
/* One message as the messenger takes it. */
struct oc_chunk {
	char *text;   /* in the form named by format */
	char *format; /* the adapter's word: "html"; NULL = plain */
	char *plain;  /* the same without form, for a messenger that refuses it; NULL = text */
};
struct oc_chunks {
	struct oc_chunk *v;
	size_t n;
};
/* Takes text and plain; format is copied. */
void oc_chunks_add(struct oc_chunks *l, char *text, const char *format, char *plain);
/* More than three get "(2/5)" at their end, so that it is seen when one is missing. */
void oc_chunks_number(struct oc_chunks *l);
void oc_chunks_deinit(struct oc_chunks *l);

enum oc_msg_out_kind {
	OC_OUT_TEXT,
	OC_OUT_MEDIA,  /* path, with text as its caption */
	OC_OUT_EDIT,   /* native_id becomes text */
	OC_OUT_DELETE, /* native_id */
	OC_OUT_REACT,  /* text is the emoji, empty takes it back */
	OC_OUT_TYPING,
	OC_OUT_ANSWER_BUTTON, /* button_id, text is a short note or empty */
};
struct oc_channel_button {
	const char *label, *data; /* data: at most limits.button_bytes */
};
/* Borrowed for the call. */
struct oc_msg_out {
	enum oc_msg_out_kind kind;
	const char *chat_id, *thread_id;
	struct oc_chunk chunk;
	const char *reply_to; /* native id that is answered; NULL */
	const char *native_id;
	const char *path, *name, *mime,
	    *media_kind; /* OC_OUT_MEDIA; media_kind as above, NULL = by mime */
	const struct oc_channel_button *buttons;
	size_t n_buttons;
	const char *button_id;
	const json_t *extra;
};
/* What came of it. Zeroed before. Beside the result code of send_wait:
 * OC_OK with native_id; otherwise the first that holds: moved_to (nothing was sent: the chat has
 * another id), retry_ms (nothing was sent: later), maybe_sent (nobody knows: never again by
 * itself), none (nothing was sent and will not be). */
struct oc_msg_sent {
	char *native_id;
	char *moved_to;
	uint64_t retry_ms;
	bool maybe_sent;
};
void oc_msg_sent_deinit(struct oc_msg_sent *s);

struct oc_channel_limits {
	size_t text_units,
	    caption_units; /* in the messenger's own unit, after its forms are read */
	int64_t media_in_bytes, media_out_bytes;
	size_t buttons, button_bytes; /* 0 = it has none */
	bool can_edit, can_delete, can_type, can_react;
	uint32_t typing_ms; /* how often typing has to be said again */
	/* Pace: a message each chat_ms in a chat; group_burst of them in group_ms in a group;
	 * burst in burst_ms of the account. 0 = no bound. */
	uint32_t chat_ms, group_burst, group_ms, burst, burst_ms;
	/* A message may be sent only so long after the last one of the person; 0 = always. */
	uint64_t window_ms;
};

struct oc_channel {
	const char *id, *label; /* "telegram", "Telegram"; the section is channels.<id> */
	struct oc_channel_limits limits;
	/* Whether the section says enough to start an account; e: what is missing. Does not wait.
	 */
	enum oc_rc (*check)(const json_t *config, const char *account, struct oc_err *e);
	/* Begins its tasks in a->scope, does not wait. stop: the tasks have ended; frees
	 * a->adapter. */
	enum oc_rc (*start)(struct oc_channel_account *a, struct oc_err *e);
	void (*stop)(struct oc_channel_account *a);
	enum oc_rc (*send_wait)(struct oc_channel_account *a, const struct oc_msg_out *msg,
				struct oc_msg_sent *out, struct oc_err *e);
	/* Markdown to chunks that can be sent one by one. Pure. */
	enum oc_rc (*render)(const struct oc_channel_account *a, struct oc_str markdown,
			     struct oc_chunks *out, struct oc_err *e);
	/* The chat id and thread in a target that a person wrote ("123", "@name", "-100:topic:4");
	 * both owned. NULL = the target is the chat id. */
	enum oc_rc (*normalize_target)(struct oc_str in, char **ret_chat, char **ret_thread,
				       struct oc_err *e);
	/* The bytes of a media.ref into out (initialised by the caller: its ceiling holds). NULL =
	 * cannot. *mime, *name (owned, may stay NULL): what was learnt of it. */
	enum oc_rc (*fetch_wait)(struct oc_channel_account *a, const char *ref, struct oc_buf *out,
				 char **mime, char **name, struct oc_err *e);
	/* Asks the messenger whether the account works; adds members to out. NULL = nothing to ask.
	 */
	enum oc_rc (*probe_wait)(struct oc_channel_account *a, json_t *out, struct oc_err *e);
	/* A request below /channels/<id>/ (its rest in path, "webhook"); answers it. NULL = none.
	 * The account is the one that the path names (…/webhook/<account>), else the default one.
	 */
	void (*webhook_wait)(struct oc_channel_account *a, const char *path, struct oc_exchange *x);
	/* Commands that people can be offered, [{name, description}]. NULL = the messenger has no
	 * such list. */
	void (*commands)(struct oc_channel_account *a, const json_t *commands);
};
/* The rows, ends with NULL. */
extern const struct oc_channel *const oc_channel_adapters[];
const struct oc_channel *oc_channel_find(const char *id); /* NULL */
#endif
