/* Where messages go that answer nobody: cron, the message tool, clients. */
#include <stdlib.h>

#include "agent/session/delivery.h"
#include "base/log.h"
#include "base/mem.h"
#include "channel/internal.h"
#include "channel/media_type.h"
#include "channel/session_key.h"

static const char of_session[] = "channel-session", last_of_account[] = "channel-last",
		  moved[] = "channel-moved";
enum { WATCH_MS = 100 };

void oc_channel_target_deinit(struct oc_channel_target *t)
{
	free(t->channel);
	free(t->account);
	free(t->chat);
	free(t->thread);
	*t = (struct oc_channel_target){ 0 };
}

void oc_delivery_result_deinit(struct oc_delivery_result *r)
{
	free(r->native_id);
	free(r->error);
	*r = (struct oc_delivery_result){ 0 };
}

/* ---- what is remembered ---- */

static void put_wait(struct oc_channels *c, const char *kind, const char *id, json_t *value)
{
	struct oc_err e = { 0 };
	json_t *old = NULL;

	if (oc_store_get_wait(c->spec.store, kind, id, &old, &(struct oc_err){ 0 }) == OC_OK &&
	    json_equal(old, value)) {
		json_decref(old);
		return;
	}
	json_decref(old);
	if (oc_store_put_wait(c->spec.store, kind, id, oc_wall_ms(), value, &e) != OC_OK)
		oc_log(OC_LOG_WARN, "channels", "%s", e.msg);
}

void oc_target_note_wait(struct oc_channels *c, const struct oc_account *a,
			 const struct oc_msg_in *m, const char *session_key)
{
	json_t *v = json_pack("{s:s,s:s,s:s}", "channel", a->pub.channel->id, "account", a->pub.id,
			      "chat", m->chat_id);
	char *id = oc_asprintf("%s/%s", a->pub.channel->id, a->pub.id);

	if (m->thread_id) oc_json_put(v, "thread", json_string(m->thread_id));
	json_object_set_new(c->routes, session_key, json_true());
	put_wait(c, of_session, session_key, v);
	if (m->chat_type == OC_CHAT_DIRECT) put_wait(c, last_of_account, id, v);
	free(id);
	json_decref(v);
}

static char *moved_id(const struct oc_lane *lane, const char *chat)
{
	return oc_asprintf("%s/%s/%s", lane->channel, lane->account, chat);
}

/* The id that a chat had when its conversation began, a new reference; NULL = the one it has. */
static json_t *origin_wait(struct oc_channels *c, const struct oc_lane *lane, const char *chat)
{
	char *id = moved_id(lane, chat);
	json_t *v = NULL;

	if (oc_store_get_wait(c->spec.store, moved, id, &v, &(struct oc_err){ 0 }) != OC_OK)
		v = NULL;
	free(id);
	return v;
}

void oc_chat_moved_wait(struct oc_channels *c, const struct oc_lane *from, const char *to)
{
	json_t *before = origin_wait(c, from, from->lane);
	json_t *v = before ? before : json_pack("{s:s}", "chat", from->lane);
	char *id = moved_id(from, to);
	struct oc_err e = { 0 };

	if (oc_store_put_wait(c->spec.store, moved, id, oc_wall_ms(), v, &e) != OC_OK ||
	    oc_store_outbox_move_wait(c->spec.store, from, to, &e) != OC_OK)
		oc_log(OC_LOG_WARN, "channels", "%s/%s: %s", from->channel, from->account, e.msg);
	else
		oc_log(OC_LOG_INFO, "channels", "%s/%s: the chat %s is %s now", from->channel,
		       from->account, from->lane, to);
	oc_out_lane_wake(c, from->channel, from->account, to);
	json_decref(v);
	free(id);
}

char *oc_chat_session_wait(struct oc_channels *c, const struct oc_lane *lane,
			   const struct oc_msg_in *m)
{
	json_t *origin = m->chat_type == OC_CHAT_GROUP ? origin_wait(c, lane, m->chat_id) : NULL;
	struct oc_snapshot *s = oc_channels_snapshot(c);
	struct oc_msg_in first = *m;
	char *key;

	if (oc_json_cstr(origin, "chat")) first.chat_id = oc_json_cstr(origin, "chat");
	key = oc_channel_session_key(oc_config_get(&s->config, "session"), "main", lane->channel,
				     lane->account, &first);
	oc_snapshot_unref(s);
	json_decref(origin);
	return key;
}

static char *copy(const json_t *v, const char *key)
{
	const char *s = oc_json_cstr(v, key);

	return s ? oc_strdup(s) : NULL;
}

static enum oc_rc remembered_wait(struct oc_channels *c, const char *kind, const char *id,
				  struct oc_channel_target *out, struct oc_err *e)
{
	json_t *v = NULL;
	enum oc_rc rc = oc_store_get_wait(c->spec.store, kind, id, &v, e);

	if (rc) return rc;
	*out = (struct oc_channel_target){ copy(v, "channel"), copy(v, "account"), copy(v, "chat"),
					   copy(v, "thread") };
	json_decref(v);
	return OC_OK;
}

enum oc_rc oc_channels_target_of_session_wait(struct oc_channels *c, const char *session_key,
					      struct oc_channel_target *out, struct oc_err *e)
{
	enum oc_rc rc = c ? remembered_wait(c, of_session, session_key, out, e) : OC_E_NOT_FOUND;

	if (rc != OC_E_NOT_FOUND) return rc;
	return oc_fail(e, rc, "no channel belongs to the conversation %s", session_key);
}

/* ---- what is known without waiting ---- */

void oc_routes_load_wait(struct oc_channels *c)
{
	struct oc_documents l = { 0 };
	struct oc_err e = { 0 };

	c->routes = json_object();
	if (oc_store_list_wait(c->spec.store, of_session, NULL, 0, 0, &l, &e) != OC_OK)
		oc_log(OC_LOG_WARN, "channels", "%s", e.msg);
	for (size_t i = 0; i < l.n; i++) json_object_set_new(c->routes, l.v[i].id, json_true());
	oc_documents_deinit(&l);
}

/* ---- what a person or a model writes ---- */

static struct oc_account *only_account(struct oc_channels *c, struct oc_err *e)
{
	struct oc_account *found = NULL;

	for (struct oc_account *a = c ? c->accounts : NULL; a; a = a->next) {
		if (a->closing || !a->pub.adapter) continue;
		if (found && found->pub.channel != a->pub.channel) {
			oc_fail(
			    e, OC_E_INPUT,
			    "several channels are configured: say which, as in \"telegram:123\"");
			return NULL;
		}
		found = a;
	}
	if (!found)
		oc_fail(e, OC_E_NOT_FOUND, "no channel is configured: see docs/channels/README.md");
	return found ? oc_account_find(c, found->pub.channel->id, NULL) : NULL;
}

/* Where somebody wrote last, as far as this life of the gateway knows; else the only one. */
static struct oc_account *last_account(struct oc_channels *c, struct oc_err *e)
{
	struct oc_account *found = NULL;

	for (struct oc_account *a = c->accounts; a; a = a->next) {
		if (a->closing || !a->pub.adapter || !a->pub.heard_ms) continue;
		if (!found || a->pub.heard_ms > found->pub.heard_ms) found = a;
	}
	return found ? found : only_account(c, e);
}

/* "telegram:123": the channel before the colon, when there is one of that name. */
static const struct oc_channel *prefix_of(struct oc_str to)
{
	size_t colon = oc_str_find(to, OC_LIT(":"), 0);
	const struct oc_channel *found;
	char *id;

	if (colon == SIZE_MAX) return NULL;
	id = oc_strndup(to.p, colon);
	found = oc_channel_find(id);
	free(id);
	return found;
}

static enum oc_rc chat_of(const struct oc_account *a, struct oc_str to,
			  struct oc_channel_target *out, struct oc_err *e)
{
	char *chat = NULL, *thread = NULL;
	enum oc_rc rc = OC_OK;

	if (a->pub.channel->normalize_target)
		rc = a->pub.channel->normalize_target(to, &chat, &thread, e);
	else
		chat = oc_strndup(to.p, to.n);
	if (rc) return rc;
	*out = (struct oc_channel_target){ oc_strdup(a->pub.channel->id), oc_strdup(a->pub.id),
					   chat, thread };
	return OC_OK;
}

static enum oc_rc last_wait(struct oc_channels *c, const struct oc_account *a,
			    struct oc_channel_target *out, struct oc_err *e)
{
	char *id = oc_asprintf("%s/%s", a->pub.channel->id, a->pub.id);
	enum oc_rc rc = remembered_wait(c, last_of_account, id, out, e);

	free(id);
	if (rc != OC_E_NOT_FOUND) return rc;
	return oc_fail(e, rc, "nobody has written on %s yet: name the chat", a->pub.channel->label);
}

enum oc_rc oc_channels_resolve_wait(struct oc_channels *c, const char *channel, const char *account,
				    const char *to, struct oc_channel_target *out, struct oc_err *e)
{
	struct oc_str where = oc_str_trim(oc_str(to));
	const struct oc_channel *prefix = prefix_of(where);
	struct oc_account *a;

	if (!c) return oc_fail(e, OC_E_NOT_FOUND, "no channel is configured");
	if (channel && !strcmp(channel, "last")) channel = NULL;
	if (prefix && (!channel || !strcmp(channel, prefix->id))) {
		channel = prefix->id;
		where = oc_str_from(where, strlen(prefix->id) + 1);
	}
	if (channel && !oc_channel_find(channel))
		return oc_fail(e, OC_E_NOT_FOUND, "there is no channel \"%.40s\"", channel);
	bool last = !where.n || oc_str_eq(where, OC_LIT("last"));

	a = channel ? oc_account_find(c, channel, account)
	    : last  ? last_account(c, e)
		    : only_account(c, e);
	if (!a && channel)
		return oc_fail(e, OC_E_NOT_FOUND, "%s is not configured%s%s", channel,
			       account ? " with the account " : "", account ? account : "");
	if (!a) return OC_E_NOT_FOUND;
	if (last) return last_wait(c, a, out, e);
	return chat_of(a, where, out, e);
}

enum oc_rc oc_channels_check(struct oc_channels *c, const char *channel, const char *account,
			     const char *to, const char *session_key, struct oc_err *e)
{
	struct oc_channel_target t = { 0 };
	bool last = !channel || !strcmp(channel, "last");
	const struct oc_account *a;
	enum oc_rc rc;

	if (!c) return oc_fail(e, OC_E_NOT_FOUND, "no channel is configured");
	if (last && (!to || !*to)) {
		if (session_key && json_object_get(c->routes, session_key)) return OC_OK;
		return oc_fail(e, OC_E_NOT_FOUND, "no channel belongs to the conversation %s",
			       session_key ? session_key : "");
	}
	if (last) { /* "telegram:123" */
		const struct oc_channel *prefix = prefix_of(oc_str(to));

		if (!prefix) return only_account(c, e) ? OC_OK : OC_E_NOT_FOUND;
		channel = prefix->id;
		to += strlen(prefix->id) + 1;
	}
	a = oc_account_find(c, channel, account);
	if (!a) return oc_fail(e, OC_E_NOT_FOUND, "the channel %s is not configured", channel);
	if (!to || !*to || !strcmp(to, "last")) return OC_OK;
	rc = chat_of(a, oc_str(to), &t, e);
	oc_channel_target_deinit(&t);
	return rc;
}

/* ---- delivering ---- */

static json_t *media_body(const struct oc_delivery_order *o, const struct oc_chunk *caption)
{
	const char *slash = strrchr(o->path, '/'), *mime = oc_media_type(o->path);
	json_t *b = json_pack("{s:s,s:s}", "kind", "media", "path", o->path);

	oc_json_put(b, "name", oc_json_new_str(oc_str(slash ? slash + 1 : o->path)));
	if (mime) oc_json_put(b, "mime", json_string(mime));
	if (o->reply_to) oc_json_put(b, "replyTo", json_string(o->reply_to));
	if (!caption) return b;
	oc_json_put(b, "text", oc_json_new_str(oc_str(caption->text)));
	if (caption->format) oc_json_put(b, "format", json_string(caption->format));
	if (caption->plain) oc_json_put(b, "plain", oc_json_new_str(oc_str(caption->plain)));
	return b;
}

static void add_media(const struct oc_account *a, const struct oc_delivery_order *o,
		      const struct oc_chunk *caption, struct oc_outbox_items *out)
{
	struct oc_outbox_item item = {
		.key = o->key ? oc_asprintf("%s/media", o->key) : NULL,
		.channel = oc_strdup(a->pub.channel->id),
		.account = oc_strdup(a->pub.id),
		.chat = oc_strdup(o->target->chat),
		.thread = o->target->thread ? oc_strdup(o->target->thread) : NULL,
		.state = oc_strdup("queued"),
		.session_key = o->session_key ? oc_strdup(o->session_key) : NULL,
		.body = media_body(o, caption),
		.created_ms = oc_wall_ms(),
	};

	oc_outbox_item_add(out, &item);
}

static enum oc_rc rows_wait(const struct oc_account *a, const struct oc_delivery_order *o,
			    struct oc_outbox_items *out, struct oc_err *e)
{
	struct oc_str text = oc_str_trim(o->markdown);
	struct oc_chunks chunks = { 0 };
	enum oc_rc rc = OC_OK;
	bool fits;

	if (oc_delivery_is_silence(text)) text = OC_LIT("");
	if (text.n) rc = oc_render_wait(a, text, &chunks, e);
	/* One that is too long for a caption follows as messages. */
	fits = chunks.n == 1 && text.n <= a->pub.channel->limits.caption_units;
	if (!rc && o->path) add_media(a, o, fits ? &chunks.v[0] : NULL, out);
	if (!rc && !(o->path && fits))
		oc_outbox_of_chunks(a, o->target->chat, o->target->thread, &chunks, o->reply_to,
				    o->key, o->session_key, out);
	oc_chunks_deinit(&chunks);
	return rc;
}

static bool is_settled(const char *state)
{
	return strcmp(state, "queued") != 0 && strcmp(state, "sending") != 0;
}

static const char *known_state(const char *state)
{
	static const char *const names[] = { "queued", "sent", "failed", "unknown" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (!strcmp(names[i], state)) return names[i];
	return "queued"; /* being sent */
}

/* Until the last part has left, or was given up. */
static enum oc_rc watch_wait(struct oc_channels *c, int64_t nr, uint64_t ms,
			     struct oc_delivery_result *out, struct oc_err *e)
{
	struct oc_deadline until = oc_deadline_in(ms);
	enum oc_rc rc = OC_OK;
	bool settled = false;

	while (!rc && !settled) {
		struct oc_outbox_item i = { 0 };

		rc = oc_store_outbox_get_wait(c->spec.store, nr, &i, e);
		if (rc) break;
		settled = is_settled(i.state) || oc_deadline_passed(until);
		if (settled) {
			out->status = known_state(i.state);
			out->native_id = i.native_id ? oc_strdup(i.native_id) : NULL;
			out->error = i.error ? oc_strdup(i.error) : NULL;
		}
		oc_outbox_item_deinit(&i);
		if (!settled) rc = oc_sleep_wait(WATCH_MS);
	}
	return rc;
}

enum oc_rc oc_channels_deliver_wait(struct oc_channels *c, const struct oc_delivery_order *o,
				    struct oc_delivery_result *out, struct oc_err *e)
{
	struct oc_account *a = c ? oc_account_use(c, o->target->channel, o->target->account) : NULL;
	struct oc_outbox_items items = { 0 };
	enum oc_rc rc;

	*out = (struct oc_delivery_result){ .status = "queued" };
	if (!a)
		return oc_fail(e, OC_E_NOT_FOUND, "the channel %s is not running",
			       o->target->channel ? o->target->channel : "");
	rc = rows_wait(a, o, &items, e);
	if (!rc && items.n) rc = oc_store_answer_wait(c->spec.store, NULL, 0, items.v, items.n, e);
	if (!rc && !items.n) out->status = "sent"; /* silence */
	if (!rc && items.n) {
		out->outbox_id = items.v[0].nr;
		oc_out_lane_wake(c, a->pub.channel->id, a->pub.id, o->target->chat);
	}
	oc_account_give_back(a);
	if (!rc && items.n && o->wait_ms)
		rc = watch_wait(c, items.v[items.n - 1].nr, o->wait_ms, out, e);
	oc_outbox_items_deinit(&items);
	return rc;
}

enum oc_rc oc_channels_act_wait(struct oc_channels *c, const struct oc_channel_target *target,
				const struct oc_msg_out *msg, struct oc_msg_sent *out,
				struct oc_err *e)
{
	struct oc_account *a = c ? oc_account_use(c, target->channel, target->account) : NULL;
	struct oc_msg_out m = *msg;
	enum oc_rc rc;

	*out = (struct oc_msg_sent){ 0 };
	if (!a)
		return oc_fail(e, OC_E_NOT_FOUND, "the channel %s is not running",
			       target->channel ? target->channel : "");
	m.chat_id = target->chat;
	m.thread_id = target->thread;
	rc = oc_send_now_wait(a, &m, out, e);
	oc_account_give_back(a);
	return rc;
}
