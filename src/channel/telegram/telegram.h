#ifndef OC_TELEGRAM_H
#define OC_TELEGRAM_H
#include "channel/channel.h"
#include "net/client/http_client.h"
/* Telegram's Bot API (spec 03 §7.2): between the files of this folder. */
extern const struct oc_channel oc_channel_telegram;

enum {
	TG_TEXT_UNITS = 4096, /* of UTF-16, after the entities are read */
	TG_CAPTION_UNITS = 1024,
	TG_CHUNK_UNITS = 4000,
	TG_TABLE_COLUMNS = 60,
	TG_DOWNLOAD_BYTES = 20 << 20,
	TG_UPLOAD_BYTES = 50 << 20,
};

/* The state of an account. */
struct oc_telegram {
	struct oc_channel_account *account;
	char *token, *root; /* root without a slash at its end */
	struct oc_guard guard;
	int64_t bot_id;
	char *username;
	json_t *commands; /* to be offered; NULL = told already */
};

/* ---- calls (api.c) ---- */
struct oc_tg_error {
	int code; /* error_code or HTTP status; 0 = no answer came */
	uint64_t retry_ms;
	char *description, *moved_to;
	bool maybe_sent; /* it is not known whether the call was done */
};
void oc_tg_error_deinit(struct oc_tg_error *e);
/* params is stolen. *result is a new reference. The token never gets into e. */
OC_MUST_USE enum oc_rc oc_tg_call_wait(struct oc_telegram *t, const char *method, json_t *params,
				       uint64_t timeout_ms, json_t **result,
				       struct oc_tg_error *why, struct oc_err *e);
/* The same with a file: params become parts of a form. */
OC_MUST_USE enum oc_rc oc_tg_upload_wait(struct oc_telegram *t, const char *method, json_t *params,
					 const char *field, const char *path, const char *name,
					 const char *mime, json_t **result, struct oc_tg_error *why,
					 struct oc_err *e);
OC_MUST_USE enum oc_rc oc_tg_fetch_wait(struct oc_channel_account *a, const char *ref,
					struct oc_buf *out, char **mime, char **name,
					struct oc_err *e);
/* From an answer's body; pure. OC_OK: *result is a new reference. */
OC_MUST_USE enum oc_rc oc_tg_read_answer(int status, struct oc_str body, json_t **result,
					 struct oc_tg_error *why, struct oc_err *e);

/* ---- updates (update.c), pure ---- */
struct oc_tg_update {
	struct oc_msg_in m;
	struct oc_channel_media media;
	struct oc_buf text; /* what m.text views */
	char *strings[12];  /* what m views */
	size_t n_strings;
	json_t *extra;
};
/* False: it is nothing for us. m borrows from out and update. */
bool oc_tg_read_update(const json_t *update, int64_t bot_id, const char *bot_username,
		       struct oc_tg_update *out);
void oc_tg_update_deinit(struct oc_tg_update *u);

/* ---- texts (render.c), pure ---- */
OC_MUST_USE enum oc_rc oc_tg_render(const struct oc_channel_account *a, struct oc_str markdown,
				    struct oc_chunks *out, struct oc_err *e);
void oc_tg_render_units(struct oc_str markdown, size_t max_units, struct oc_chunks *out);

/* ---- sending (send.c) ---- */
OC_MUST_USE enum oc_rc oc_tg_send_wait(struct oc_channel_account *a, const struct oc_msg_out *msg,
				       struct oc_msg_sent *out, struct oc_err *e);

/* ---- listening (poll.c) ---- */
void oc_tg_poll(void *telegram); /* a task */
#endif
