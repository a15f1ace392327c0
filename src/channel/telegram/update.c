/* Updates of the Bot API as messages of ours. What is malformed is nothing for us. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "channel/telegram/telegram.h"

static const char *keep(struct oc_tg_update *u, char *s)
{
	if (u->n_strings == sizeof u->strings / sizeof *u->strings) {
		free(s);
		return NULL;
	}
	return u->strings[u->n_strings++] = s;
}

static const char *number(struct oc_tg_update *u, const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	if (!json_is_integer(v)) return NULL;
	return keep(u, oc_asprintf("%" PRId64, (int64_t)json_integer_value(v)));
}

static const char *full_name(struct oc_tg_update *u, const json_t *user)
{
	struct oc_str first = oc_json_str(user, "first_name"),
		      last = oc_json_str(user, "last_name");

	if (!first.n && !last.n) return oc_json_cstr(user, "username");
	return keep(u, oc_asprintf("%.*s%s%.*s", OC_FMT(first), first.n && last.n ? " " : "",
				   OC_FMT(last)));
}

/* ---- entities: offsets are in UTF-16 ---- */

static size_t byte_at(struct oc_str s, int64_t units)
{
	size_t at = 0;

	while (at < s.n && units > 0) {
		uint32_t cp;

		at += oc_utf8_next(oc_str_from(s, at), &cp);
		units -= cp > 0xFFFF ? 2 : 1;
	}
	return at;
}

static struct oc_str entity_text(struct oc_str text, const json_t *entity)
{
	int64_t offset = oc_json_int(entity, "offset", 0),
		length = oc_json_int(entity, "length", 0);
	size_t from = byte_at(text, offset);
	struct oc_str rest = oc_str_from(text, from);

	return oc_str_head(rest, byte_at(rest, length));
}

static bool is_bot_name(struct oc_str name, const char *username)
{
	return name.n > 1 && name.p[0] == '@' && username &&
	       oc_str_ieq(oc_str_from(name, 1), oc_str(username));
}

static bool is_mention(const json_t *entity, struct oc_str text, int64_t bot_id,
		       const char *username)
{
	struct oc_str type = oc_json_str(entity, "type");

	if (oc_str_eq(type, OC_LIT("text_mention")))
		return oc_json_int(json_object_get(entity, "user"), "id", 0) == bot_id;
	return oc_str_eq(type, OC_LIT("mention")) &&
	       is_bot_name(entity_text(text, entity), username);
}

/* "/status@my_bot now": for us, and without the name; "/status@other" is not. */
static void read_command(struct oc_tg_update *u, const json_t *entity, struct oc_str text,
			 const char *username)
{
	struct oc_str word = entity_text(text, entity);
	size_t at = oc_str_find(word, OC_LIT("@"), 0);

	if (oc_json_int(entity, "offset", -1) != 0) return;
	if (at == SIZE_MAX) {
		u->m.is_command = true;
		return;
	}
	if (!is_bot_name(oc_str_from(word, at), username)) return;
	u->m.is_command = true;
	oc_buf_clear(&u->text);
	oc_buf_add(&u->text, oc_str_head(word, at));
	oc_buf_add(&u->text, oc_str_from(text, word.n));
}

static void read_text(struct oc_tg_update *u, const json_t *message, int64_t bot_id,
		      const char *username)
{
	bool caption = !json_object_get(message, "text");
	struct oc_str text = oc_json_str(message, caption ? "caption" : "text");
	const json_t *list = json_object_get(message, caption ? "caption_entities" : "entities"),
		     *entity;
	size_t i;

	oc_buf_add(&u->text, text);
	json_array_foreach (list, i, entity) {
		if (is_mention(entity, text, bot_id, username)) u->m.mentions_bot = true;
		if (oc_str_eq(oc_json_str(entity, "type"), OC_LIT("bot_command")))
			read_command(u, entity, text, username);
	}
	u->m.text = oc_buf_view(&u->text);
}

/* ---- media ---- */

static const struct {
	const char *member, *kind, *mime;
} media_rows[] = {
	{ "animation", "video", "video/mp4" }, { "document", "document", NULL },
	{ "voice", "audio", "audio/ogg" },     { "audio", "audio", "audio/mpeg" },
	{ "video", "video", "video/mp4" },     { "video_note", "video", "video/mp4" },
	{ "sticker", "image", "image/webp" },
};

static void take_media(struct oc_tg_update *u, const json_t *file, const char *kind,
		       const char *mime)
{
	const char *ref = oc_json_cstr(file, "file_id"), *own = oc_json_cstr(file, "mime_type");

	if (!ref || u->m.n_media) return;
	u->media = (struct oc_channel_media){ .kind = kind,
					      .ref = ref,
					      .name = oc_json_cstr(file, "file_name"),
					      .mime = own ? own : mime,
					      .bytes = oc_json_int(file, "file_size", 0) };
	if (own && oc_str_starts(oc_str(own), OC_LIT("image/"))) u->media.kind = "image";
	u->m.media = &u->media;
	u->m.n_media = 1;
}

static void read_media(struct oc_tg_update *u, const json_t *message)
{
	const json_t *sizes = json_object_get(message, "photo");

	if (json_array_size(sizes))
		take_media(u, json_array_get(sizes, json_array_size(sizes) - 1), "image",
			   "image/jpeg");
	for (size_t i = 0; i < sizeof media_rows / sizeof *media_rows; i++)
		take_media(u, json_object_get(message, media_rows[i].member), media_rows[i].kind,
			   media_rows[i].mime);
}

/* ---- messages ---- */

static void read_reply(struct oc_tg_update *u, const json_t *message, int64_t bot_id)
{
	const json_t *reply = json_object_get(message, "reply_to_message"), *from;

	/* In a topic everything answers the message that opened it. */
	if (!reply || json_object_get(reply, "forum_topic_created")) return;
	from = json_object_get(reply, "from");
	u->m.is_reply_to_bot = oc_json_int(from, "id", 0) == bot_id;
	u->m.reply_sender = full_name(u, from);
	u->m.reply_excerpt = oc_json_cstr(reply, "text");
	if (!u->m.reply_excerpt) u->m.reply_excerpt = oc_json_cstr(reply, "caption");
}

static bool read_chat(struct oc_tg_update *u, const json_t *message)
{
	const json_t *chat = json_object_get(message, "chat");
	struct oc_str type = oc_json_str(chat, "type");

	u->m.chat_id = number(u, chat, "id");
	u->m.chat_title = oc_json_cstr(chat, "title");
	u->m.chat_type = oc_str_eq(type, OC_LIT("private")) ? OC_CHAT_DIRECT : OC_CHAT_GROUP;
	if (oc_json_bool(message, "is_topic_message", false))
		u->m.thread_id = number(u, message, "message_thread_id");
	return u->m.chat_id && !oc_str_eq(type, OC_LIT("channel"));
}

static bool read_sender(struct oc_tg_update *u, const json_t *from)
{
	u->m.sender_id = number(u, from, "id");
	u->m.sender_name = full_name(u, from);
	u->m.sender_username = oc_json_cstr(from, "username");
	/* Two bots would talk to each other for ever. */
	return u->m.sender_id && !oc_json_bool(from, "is_bot", false);
}

static bool read_message(struct oc_tg_update *u, const json_t *message, int64_t bot_id,
			 const char *username)
{
	if (!json_is_object(message) || !read_chat(u, message)) return false;
	if (json_is_integer(json_object_get(message, "migrate_to_chat_id"))) {
		u->m.kind = OC_IN_MOVED;
		u->m.text = oc_str(number(u, message, "migrate_to_chat_id"));
		return true;
	}
	if (!read_sender(u, json_object_get(message, "from"))) return false;
	u->m.native_id = number(u, message, "message_id");
	u->m.sent_ms = oc_json_int(message, "date", 0) * 1000;
	u->m.album = oc_json_cstr(message, "media_group_id");
	read_text(u, message, bot_id, username);
	read_media(u, message);
	read_reply(u, message, bot_id);
	return u->m.text.n || u->m.n_media;
}

static bool read_button(struct oc_tg_update *u, const json_t *query)
{
	const json_t *message = json_object_get(query, "message");
	const char *id = oc_json_cstr(query, "id");

	if (!id || !json_is_object(message) || !read_chat(u, message) ||
	    !read_sender(u, json_object_get(query, "from")))
		return false;
	u->m.kind = OC_IN_BUTTON;
	u->m.native_id = number(u, message, "message_id");
	u->m.text = oc_json_str(query, "data");
	u->extra = json_pack("{s:s}", "callback", id);
	u->m.extra = u->extra;
	return u->m.text.n > 0;
}

bool oc_tg_read_update(const json_t *update, int64_t bot_id, const char *bot_username,
		       struct oc_tg_update *out)
{
	const json_t *id = json_object_get(update, "update_id");
	bool ok = false;

	*out = (struct oc_tg_update){ 0 };
	oc_buf_init(&out->text, 65536);
	if (!json_is_integer(id)) return false;
	if (json_object_get(update, "message")) {
		ok = read_message(out, json_object_get(update, "message"), bot_id, bot_username);
	} else if (json_object_get(update, "edited_message")) {
		ok = read_message(out, json_object_get(update, "edited_message"), bot_id,
				  bot_username);
		out->m.kind = OC_IN_EDITED;
	} else if (json_object_get(update, "callback_query")) {
		ok = read_button(out, json_object_get(update, "callback_query"));
	}
	out->m.event_id =
	    keep(out, oc_asprintf("%" PRId64 ":%" PRId64, bot_id, (int64_t)json_integer_value(id)));
	return ok && out->m.event_id;
}

void oc_tg_update_deinit(struct oc_tg_update *u)
{
	for (size_t i = 0; i < u->n_strings; i++) free(u->strings[i]);
	oc_buf_deinit(&u->text);
	json_decref(u->extra);
	*u = (struct oc_tg_update){ 0 };
}
