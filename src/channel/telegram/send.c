/* What is sent, and what is tried again in another form when Telegram refuses the first. */
#include <stdlib.h>

#include "base/mem.h"
#include "channel/telegram/telegram.h"

enum { CALL_MS = 30000 };

static json_t *id_json(const char *id)
{
	int64_t n;

	return id && oc_parse_int(oc_str(id), INT64_MIN, INT64_MAX, &n) ? json_integer(n)
									: json_string(id ? id : "");
}

static json_t *buttons_json(const struct oc_msg_out *m)
{
	json_t *row = json_array();

	for (size_t i = 0; i < m->n_buttons; i++)
		json_array_append_new(row, json_pack("{s:s,s:s}", "text", m->buttons[i].label,
						     "callback_data", m->buttons[i].data));
	return json_pack("{s:[o]}", "inline_keyboard", row);
}

/* How a message is put: what Telegram refused is left out the next time. */
struct form {
	bool plain, no_thread, no_reply;
};

static void add_text(json_t *p, const char *member, const struct oc_msg_out *m,
		     const struct form *f)
{
	bool html = m->chunk.format && !strcmp(m->chunk.format, "HTML") && !f->plain;
	const char *text = html || !m->chunk.plain ? m->chunk.text : m->chunk.plain;

	if (!text || !*text) return;
	json_object_set_new(p, member, oc_json_new_str(oc_str(text)));
	if (html) json_object_set_new(p, "parse_mode", json_string("HTML"));
}

static json_t *place(const struct oc_msg_out *m, const struct form *f)
{
	json_t *p = json_pack("{s:o}", "chat_id", id_json(m->chat_id));

	if (m->thread_id && !f->no_thread)
		json_object_set_new(p, "message_thread_id", id_json(m->thread_id));
	if (m->reply_to && !f->no_reply)
		json_object_set_new(p, "reply_parameters",
				    json_pack("{s:o,s:b}", "message_id", id_json(m->reply_to),
					      "allow_sending_without_reply", 1));
	if (m->n_buttons) json_object_set_new(p, "reply_markup", buttons_json(m));
	return p;
}

/* ---- by kind ---- */

static const struct {
	const char *kind, *mime, *method, *field;
} media_rows[] = {
	{ "image", "image/gif", "sendDocument", "document" },
	{ "image", NULL, "sendPhoto", "photo" },
	{ "audio", "audio/ogg", "sendVoice", "voice" },
	{ "audio", NULL, "sendAudio", "audio" },
	{ "video", NULL, "sendVideo", "video" },
	{ "document", NULL, "sendDocument", "document" },
};
enum { MEDIA_ROWS = sizeof media_rows / sizeof *media_rows };

static const char *kind_of(const struct oc_msg_out *m)
{
	struct oc_str mime = oc_str(m->mime);

	if (m->media_kind) return m->media_kind;
	if (oc_str_starts(mime, OC_LIT("image/"))) return "image";
	if (oc_str_starts(mime, OC_LIT("audio/"))) return "audio";
	return oc_str_starts(mime, OC_LIT("video/")) ? "video" : "document";
}

static enum oc_rc media_wait(struct oc_telegram *t, const struct oc_msg_out *m,
			     const struct form *f, json_t **result, struct oc_tg_error *why,
			     struct oc_err *e)
{
	const char *kind = kind_of(m), *slash = strrchr(m->path, '/');
	const char *name = m->name ? m->name : slash ? slash + 1 : m->path;
	json_t *p = place(m, f);
	size_t row = MEDIA_ROWS - 1;

	for (size_t i = 0; i < MEDIA_ROWS; i++) {
		if (strcmp(media_rows[i].kind, kind) != 0) continue;
		if (media_rows[i].mime && (!m->mime || strcmp(media_rows[i].mime, m->mime) != 0))
			continue;
		row = i;
		break;
	}
	add_text(p, "caption", m, f);
	return oc_tg_upload_wait(t, media_rows[row].method, p, media_rows[row].field, m->path, name,
				 m->mime, result, why, e);
}

static enum oc_rc call_wait(struct oc_telegram *t, const struct oc_msg_out *m, const struct form *f,
			    json_t **result, struct oc_tg_error *why, struct oc_err *e)
{
	json_t *p = place(m, f);
	const char *method = "sendMessage";

	switch (m->kind) {
	case OC_OUT_TEXT:
	case OC_OUT_MEDIA: add_text(p, "text", m, f); break;
	case OC_OUT_EDIT:
		method = "editMessageText";
		json_object_del(p, "message_thread_id");
		json_object_set_new(p, "message_id", id_json(m->native_id));
		add_text(p, "text", m, f);
		break;
	case OC_OUT_DELETE:
		method = "deleteMessage";
		json_object_set_new(p, "message_id", id_json(m->native_id));
		break;
	case OC_OUT_REACT:
		method = "setMessageReaction";
		json_object_set_new(p, "message_id", id_json(m->native_id));
		json_object_set_new(
		    p, "reaction",
		    m->chunk.text && *m->chunk.text
			? json_pack("[{s:s,s:s}]", "type", "emoji", "emoji", m->chunk.text)
			: json_array());
		break;
	case OC_OUT_TYPING:
		method = "sendChatAction";
		json_object_set_new(p, "action", json_string("typing"));
		break;
	case OC_OUT_ANSWER_BUTTON:
		method = "answerCallbackQuery";
		json_decref(p);
		p = json_pack(
		    "{s:s}", "callback_query_id",
		    oc_json_cstr(m->extra, "callback") ? oc_json_cstr(m->extra, "callback") : "");
		add_text(p, "text", m, f);
		break;
	}
	return oc_tg_call_wait(t, method, p, CALL_MS, result, why, e);
}

/* ---- refusals that another form avoids ---- */

static const struct {
	const char *says;
	size_t flag; /* of struct form */
} refusals[] = {
	{ "can't parse entities", offsetof(struct form, plain) },
	{ "message thread not found", offsetof(struct form, no_thread) },
	{ "message to be replied not found", offsetof(struct form, no_reply) },
	{ "TOPIC_CLOSED", offsetof(struct form, no_thread) },
};

/* Nothing was sent, and it is worth another try. */
static bool put_otherwise(const struct oc_tg_error *why, struct form *f)
{
	for (size_t i = 0; i < sizeof refusals / sizeof *refusals && why->code == 400; i++) {
		bool *flag = (bool *)((char *)f + refusals[i].flag);

		if (*flag || !oc_str_ihas(oc_str(why->description), refusals[i].says)) continue;
		*flag = true;
		return true;
	}
	return false;
}

static void note(const struct oc_tg_error *why, struct oc_msg_sent *out)
{
	out->maybe_sent = why->maybe_sent;
	out->retry_ms = why->retry_ms;
	out->moved_to = why->moved_to ? oc_strdup(why->moved_to) : NULL;
}

static void take_id(const json_t *result, struct oc_msg_sent *out)
{
	int64_t id = oc_json_int(result, "message_id", 0);

	if (id) out->native_id = oc_asprintf("%lld", (long long)id);
}

enum oc_rc oc_tg_send_wait(struct oc_channel_account *a, const struct oc_msg_out *m,
			   struct oc_msg_sent *out, struct oc_err *e)
{
	struct oc_telegram *t = a->adapter;
	struct form form = { 0 };
	bool again;
	enum oc_rc rc;

	do {
		struct oc_tg_error why = { 0 };
		json_t *result = NULL;

		rc = m->kind == OC_OUT_MEDIA ? media_wait(t, m, &form, &result, &why, e)
					     : call_wait(t, m, &form, &result, &why, e);
		again = rc && put_otherwise(&why, &form);
		if (!rc)
			take_id(result, out);
		else if (m->kind == OC_OUT_EDIT && why.description &&
			 oc_str_ihas(oc_str(why.description), "not modified"))
			rc = OC_OK;
		else if (!again)
			note(&why, out);
		json_decref(result);
		oc_tg_error_deinit(&why);
	} while (again);
	return rc;
}
