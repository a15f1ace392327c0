/* Messages as JSON, for the inbox. */
#include <stdlib.h>

#include "base/mem.h"
#include "channel/internal.h"

static const char *const kinds[] = { "message", "edited", "button", "reaction", "moved" };

static void put(json_t *o, const char *key, const char *value)
{
	if (value) oc_json_put(o, key, oc_json_new_str(oc_str(value)));
}

static json_t *media_json(const struct oc_channel_media *m)
{
	json_t *o = json_object();

	put(o, "kind", m->kind);
	put(o, "ref", m->ref);
	put(o, "name", m->name);
	put(o, "mime", m->mime);
	oc_json_put(o, "bytes", json_integer(m->bytes));
	return o;
}

json_t *oc_msg_in_json(const struct oc_msg_in *m)
{
	json_t *o = json_object(), *list = m->n_media ? json_array() : NULL;

	put(o, "kind", kinds[m->kind]);
	put(o, "event", m->event_id);
	put(o, "chat", m->chat_id);
	put(o, "type", m->chat_type == OC_CHAT_GROUP ? "group" : "direct");
	put(o, "title", m->chat_title);
	put(o, "thread", m->thread_id);
	put(o, "sender", m->sender_id);
	put(o, "name", m->sender_name);
	put(o, "username", m->sender_username);
	put(o, "id", m->native_id);
	oc_json_put(o, "text", oc_json_new_str(m->text.p ? m->text : OC_LIT("")));
	if (m->mentions_bot) oc_json_put(o, "mentioned", json_true());
	if (m->is_reply_to_bot) oc_json_put(o, "replyToBot", json_true());
	if (m->is_command) oc_json_put(o, "command", json_true());
	put(o, "replySender", m->reply_sender);
	put(o, "reply", m->reply_excerpt);
	for (size_t i = 0; i < m->n_media; i++)
		json_array_append_new(list, media_json(&m->media[i]));
	oc_json_put(o, "media", list);
	put(o, "album", m->album);
	if (m->sent_ms) oc_json_put(o, "sentMs", json_integer(m->sent_ms));
	if (m->extra) oc_json_put(o, "extra", json_deep_copy(m->extra));
	return o;
}

static enum oc_msg_in_kind kind_of(const char *name)
{
	for (size_t i = 0; name && i < sizeof kinds / sizeof *kinds; i++)
		if (!strcmp(kinds[i], name)) return (enum oc_msg_in_kind)i;
	return OC_IN_MESSAGE;
}

static struct oc_channel_media media_of(const json_t *o)
{
	return (struct oc_channel_media){ .kind = oc_json_cstr(o, "kind"),
					  .ref = oc_json_cstr(o, "ref"),
					  .name = oc_json_cstr(o, "name"),
					  .mime = oc_json_cstr(o, "mime"),
					  .bytes = oc_json_int(o, "bytes", 0) };
}

void oc_msg_in_of_json(const json_t *v, struct oc_msg_in *out, struct oc_channel_media **media)
{
	const json_t *list = json_object_get(v, "media");
	struct oc_str type = oc_json_str(v, "type");
	size_t n = json_array_size(list);

	*media = n ? oc_realloc_array(NULL, n, sizeof **media) : NULL;
	for (size_t i = 0; i < n; i++) (*media)[i] = media_of(json_array_get(list, i));
	*out = (struct oc_msg_in){
		.kind = kind_of(oc_json_cstr(v, "kind")),
		.event_id = oc_json_cstr(v, "event"),
		.chat_id = oc_json_cstr(v, "chat"),
		.chat_type = oc_str_eq(type, OC_LIT("group")) ? OC_CHAT_GROUP : OC_CHAT_DIRECT,
		.chat_title = oc_json_cstr(v, "title"),
		.thread_id = oc_json_cstr(v, "thread"),
		.sender_id = oc_json_cstr(v, "sender"),
		.sender_name = oc_json_cstr(v, "name"),
		.sender_username = oc_json_cstr(v, "username"),
		.native_id = oc_json_cstr(v, "id"),
		.text = oc_json_str(v, "text"),
		.mentions_bot = oc_json_bool(v, "mentioned", false),
		.is_reply_to_bot = oc_json_bool(v, "replyToBot", false),
		.is_command = oc_json_bool(v, "command", false),
		.reply_sender = oc_json_cstr(v, "replySender"),
		.reply_excerpt = oc_json_cstr(v, "reply"),
		.media = *media,
		.n_media = n,
		.album = oc_json_cstr(v, "album"),
		.sent_ms = oc_json_int(v, "sentMs", 0),
		.extra = json_object_get(v, "extra"),
	};
}

char *oc_lane_name(const char *chat, const char *thread)
{
	return thread ? oc_asprintf("%s:topic:%s", chat, thread) : oc_strdup(chat);
}

/* ---- what goes out ---- */

void oc_chunks_add(struct oc_chunks *l, char *text, const char *format, char *plain)
{
	l->v = oc_realloc_array(l->v, l->n + 1, sizeof *l->v);
	l->v[l->n++] = (struct oc_chunk){ text, format ? oc_strdup(format) : NULL, plain };
}

static char *numbered(char *text, size_t i, size_t n)
{
	char *out = text ? oc_asprintf("%s\n\n(%zu/%zu)", text, i + 1, n) : NULL;

	free(text);
	return out;
}

void oc_chunks_number(struct oc_chunks *l)
{
	enum { FEW = 3 };

	if (l->n <= FEW) return;
	for (size_t i = 0; i < l->n; i++) {
		l->v[i].text = numbered(l->v[i].text, i, l->n);
		l->v[i].plain = numbered(l->v[i].plain, i, l->n);
	}
}

void oc_chunks_deinit(struct oc_chunks *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->v[i].text);
		free(l->v[i].format);
		free(l->v[i].plain);
	}
	free(l->v);
	*l = (struct oc_chunks){ 0 };
}

void oc_msg_sent_deinit(struct oc_msg_sent *s)
{
	free(s->native_id);
	free(s->moved_to);
	*s = (struct oc_msg_sent){ 0 };
}
