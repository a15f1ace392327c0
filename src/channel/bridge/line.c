/* Lines of a bridge, both ways. */
#include "channel/bridge/line.h"

#include "base/limits.h"

void oc_bridge_lines_init(struct oc_bridge_lines *l)
{
	oc_buf_init(&l->rest, OC_MAX_BRIDGE_LINE_BYTES);
}

void oc_bridge_lines_deinit(struct oc_bridge_lines *l)
{
	oc_buf_deinit(&l->rest);
}

enum oc_rc oc_bridge_lines_feed(struct oc_bridge_lines *l, struct oc_str bytes,
				oc_bridge_line_fn *fn, void *arg)
{
	while (bytes.n) {
		struct oc_str part = oc_str_head(bytes, oc_str_find(bytes, OC_LIT("\n"), 0));

		oc_buf_add(&l->rest, part);
		if (l->rest.bad) return OC_E_LIMIT;
		if (part.n == bytes.n) return OC_OK;
		struct oc_str line = oc_str_trim(oc_buf_view(&l->rest));

		if (line.n) fn(arg, line);
		oc_buf_clear(&l->rest);
		bytes = oc_str_from(bytes, part.n + 1);
	}
	return OC_OK;
}

/* ---- reading ---- */

/* Ids become parts of keys: no control characters, not endless. Numbers will do as well, but only
 * as strings: what is not exact in one language is not in the other. */
static const char *id_of(const json_t *o, const char *key)
{
	struct oc_str s = oc_json_str(o, key);

	if (!s.n || s.n > OC_MAX_CHANNEL_ID_BYTES || strlen(s.p) != s.n) return NULL;
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f) return NULL;
	return s.p;
}

static void read_media(const json_t *list, struct oc_bridge_said *out)
{
	const json_t *item;
	size_t i;

	out->in.media = out->media;
	json_array_foreach (list, i, item) {
		const char *path = oc_json_cstr(item, "path"), *kind = oc_json_cstr(item, "kind");

		if (out->in.n_media >= OC_BRIDGE_MEDIA || !path || *path != '/') continue;
		out->media[out->in.n_media++] =
		    (struct oc_channel_media){ .kind = kind ? kind : "document",
					       .ref = path,
					       .name = oc_json_cstr(item, "name"),
					       .mime = oc_json_cstr(item, "mime") };
	}
}

static enum oc_rc read_inbound(const json_t *o, struct oc_bridge_said *out, struct oc_err *e)
{
	const json_t *sender = json_object_get(o, "sender"), *reply = json_object_get(o, "replyTo");

	out->in = (struct oc_msg_in){
		.event_id = id_of(o, "id"),
		.chat_id = id_of(o, "chat"),
		.chat_type = oc_json_bool(o, "group", false) ? OC_CHAT_GROUP : OC_CHAT_DIRECT,
		.chat_title = oc_json_cstr(o, "title"),
		.thread_id = id_of(o, "thread"),
		.sender_id = id_of(sender, "id"),
		.sender_name = oc_json_cstr(sender, "name"),
		.sender_username = oc_json_cstr(sender, "username"),
		.native_id = id_of(o, "messageId"),
		.text = oc_json_str(o, "text"),
		.mentions_bot = oc_json_bool(o, "mentioned", false),
		.is_reply_to_bot = oc_json_bool(reply, "mine", false),
		.reply_sender = oc_json_cstr(reply, "sender"),
		.reply_excerpt = oc_json_cstr(reply, "text"),
		.sent_ms = oc_json_positive(o, "at"),
	};
	if (!out->in.text.p) out->in.text = OC_LIT("");
	if (!out->in.native_id) out->in.native_id = out->in.event_id;
	read_media(json_object_get(o, "media"), out);
	if (!out->in.event_id || !out->in.chat_id || !out->in.sender_id)
		return oc_fail(e, OC_E_PROTO, "inbound needs id, chat and sender.id, as strings");
	return OC_OK;
}

static enum oc_rc read_result(const json_t *o, struct oc_bridge_said *out, struct oc_err *e)
{
	int64_t retry = oc_json_positive(o, "retryMs");

	out->send = oc_json_int(o, "id", 0);
	out->ok = oc_json_bool(o, "ok", false);
	out->maybe_sent = oc_json_bool(o, "maybeSent", false);
	out->retry_ms = (uint64_t)(retry < OC_MAX_BRIDGE_RETRY_MS ? retry : OC_MAX_BRIDGE_RETRY_MS);
	out->text = oc_json_cstr(o, "error");
	out->message_id = id_of(o, "messageId");
	if (out->send <= 0) return oc_fail(e, OC_E_PROTO, "result needs the id of its send");
	return OC_OK;
}

static enum oc_rc read_status(const json_t *o, struct oc_bridge_said *out, struct oc_err *e)
{
	out->state = oc_json_cstr(o, "state");
	out->text = oc_json_cstr(o, "text");
	out->name = oc_json_cstr(o, "name");
	if (!out->state) return oc_fail(e, OC_E_PROTO, "status needs a state");
	return OC_OK;
}

static enum oc_rc read_receipt(const json_t *o, struct oc_bridge_said *out, struct oc_err *e)
{
	out->message_id = id_of(o, "messageId");
	out->state = oc_json_cstr(o, "status");
	out->text = oc_json_cstr(o, "reason");
	if (!out->message_id || !out->state)
		return oc_fail(e, OC_E_PROTO, "receipt needs messageId and status");
	return OC_OK;
}

static const struct {
	const char *type;
	enum oc_bridge_word word;
	enum oc_rc (*read)(const json_t *o, struct oc_bridge_said *out, struct oc_err *e);
} words[] = {
	{ "inbound", OC_BRIDGE_INBOUND, read_inbound },
	{ "result", OC_BRIDGE_RESULT, read_result },
	{ "status", OC_BRIDGE_STATUS, read_status },
	{ "receipt", OC_BRIDGE_RECEIPT, read_receipt },
};

enum oc_rc oc_bridge_read(const json_t *line, struct oc_bridge_said *out, struct oc_err *e)
{
	struct oc_str type = oc_json_str(line, "type");

	*out = (struct oc_bridge_said){ 0 };
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (!oc_str_eq(type, oc_str(words[i].type))) continue;
		out->word = words[i].word;
		return words[i].read(line, out, e);
	}
	if (!json_is_object(line)) return oc_fail(e, OC_E_PROTO, "the line is no JSON object");
	return oc_fail(e, OC_E_PROTO, "type must be inbound, result, status or receipt");
}

/* ---- writing ---- */

static void put(json_t *o, const char *key, const char *value)
{
	if (value) oc_json_put(o, key, oc_json_new_str(oc_str(value)));
}

json_t *oc_bridge_start(const char *account, const json_t *settings)
{
	json_t *o = json_pack("{s:s,s:i}", "type", "start", "version", 1);

	put(o, "account", account);
	oc_json_put(o, "settings",
		    json_is_object(settings) ? json_deep_copy(settings) : json_object());
	return o;
}

json_t *oc_bridge_send(int64_t number, const struct oc_msg_out *m)
{
	json_t *o = json_pack("{s:s,s:I}", "type", "send", "id", (json_int_t)number);

	put(o, "chat", m->chat_id);
	put(o, "thread", m->thread_id);
	put(o, "text", m->chunk.text ? m->chunk.text : "");
	put(o, "replyTo", m->reply_to);
	if (m->kind == OC_OUT_MEDIA) {
		json_t *media = json_object();

		put(media, "path", m->path);
		put(media, "name", m->name);
		put(media, "mime", m->mime);
		oc_json_put(o, "media", media);
	}
	return o;
}

json_t *oc_bridge_typing(const struct oc_msg_out *m)
{
	json_t *o = json_pack("{s:s}", "type", "typing");

	put(o, "chat", m->chat_id);
	put(o, "thread", m->thread_id);
	return o;
}

json_t *oc_bridge_ack(const char *event_id, const char *error)
{
	json_t *o = json_pack("{s:s}", "type", "ack");

	put(o, "id", event_id);
	put(o, "error", error);
	return o;
}
