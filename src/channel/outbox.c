/*
 * What goes out, one chat after the other in its order. A message is marked "sending" on disk
 * before the messenger hears of it, so that after a crash it is known that nothing is known: it is
 * never sent a second time by itself.
 */
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "channel/internal.h"

enum { RETRY_FIRST_MS = 1000, RETRY_MOST_MS = 300000, RETRIES = 50, IDLE_KEPT_MS = 120000 };

struct oc_out_lane {
	struct oc_out_lane *next;
	struct oc_channels *owner;
	struct oc_lane name; /* lane is the chat */
	struct oc_wait *sleeper;
	bool working, again, sending;
	uint64_t idle_since_ms; /* its pace is remembered for a while */
	uint64_t backoff_ms;
	struct oc_pace chat, group;
};

/* ---- rows ---- */

static json_t *chunk_json(const struct oc_chunk *c, const char *reply_to)
{
	json_t *o =
	    json_pack("{s:s,s:o}", "kind", "text", "text", oc_json_new_str(oc_str(c->text)));

	if (c->format) oc_json_put(o, "format", json_string(c->format));
	if (c->plain) oc_json_put(o, "plain", oc_json_new_str(oc_str(c->plain)));
	if (reply_to) oc_json_put(o, "replyTo", json_string(reply_to));
	return o;
}

void oc_outbox_item_add(struct oc_outbox_items *l, struct oc_outbox_item *item)
{
	l->v = oc_realloc_array(l->v, l->n + 1, sizeof *l->v);
	l->v[l->n++] = *item;
	*item = (struct oc_outbox_item){ 0 };
}

void oc_outbox_of_chunks(const struct oc_account *a, const char *chat, const char *thread,
			 const struct oc_chunks *chunks, const char *reply_to, const char *key,
			 const char *session_key, struct oc_outbox_items *out)
{
	for (size_t i = 0; i < chunks->n; i++) {
		struct oc_outbox_item item = {
			.key = key ? oc_asprintf("%s/%zu", key, i) : NULL,
			.channel = oc_strdup(a->pub.channel->id),
			.account = oc_strdup(a->pub.id),
			.chat = oc_strdup(chat),
			.thread = thread ? oc_strdup(thread) : NULL,
			.state = oc_strdup("queued"),
			.session_key = session_key ? oc_strdup(session_key) : NULL,
			.body = chunk_json(&chunks->v[i], i == 0 ? reply_to : NULL),
			.created_ms = oc_wall_ms(),
		};

		oc_outbox_item_add(out, &item);
	}
}

static void message_of(const struct oc_outbox_item *i, struct oc_msg_out *m)
{
	bool media = oc_str_eq(oc_json_str(i->body, "kind"), OC_LIT("media"));

	*m = (struct oc_msg_out){
		.kind = media ? OC_OUT_MEDIA : OC_OUT_TEXT,
		.chat_id = i->chat,
		.thread_id = i->thread,
		.reply_to = oc_json_cstr(i->body, "replyTo"),
		.path = oc_json_cstr(i->body, "path"),
		.name = oc_json_cstr(i->body, "name"),
		.mime = oc_json_cstr(i->body, "mime"),
		.media_kind = oc_json_cstr(i->body, "mediaKind"),
		.extra = json_object_get(i->body, "extra"),
		/* Borrowed: never freed by this struct. */
		.chunk = { (char *)(uintptr_t)oc_json_cstr(i->body, "text"),
			   (char *)(uintptr_t)oc_json_cstr(i->body, "format"),
			   (char *)(uintptr_t)oc_json_cstr(i->body, "plain") },
	};
}

/* ---- pace ---- */

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t account_delay(const struct oc_account *a)
{
	const struct oc_channel_limits *l = &a->pub.channel->limits;
	uint64_t now = oc_now_ms(), paused = 0;

	if (a->paused_until_ms > now) paused = a->paused_until_ms - now;
	return larger(paused, oc_pace_delay(&a->pace, l->burst, l->burst_ms, now));
}

static uint64_t delay_of(const struct oc_out_lane *l, const struct oc_account *a)
{
	const struct oc_channel_limits *lim = &a->pub.channel->limits;
	uint64_t now = oc_now_ms(), ms = account_delay(a);

	ms = larger(ms, oc_pace_delay(&l->chat, lim->chat_ms ? 1 : 0, lim->chat_ms, now));
	/* A group is told from a person by its id, where the messenger has it so. */
	if (l->name.lane[0] == '-')
		ms = larger(ms, oc_pace_delay(&l->group, lim->group_burst, lim->group_ms, now));
	return ms;
}

static void note_sent(struct oc_out_lane *l, struct oc_account *a)
{
	oc_pace_note(&l->chat, oc_now_ms());
	oc_pace_note(&l->group, oc_now_ms());
	oc_pace_note(&a->pace, oc_now_ms());
}

enum oc_rc oc_send_now_wait(struct oc_account *a, const struct oc_msg_out *msg,
			    struct oc_msg_sent *out, struct oc_err *e)
{
	uint64_t ms;
	enum oc_rc rc;

	while (msg->kind != OC_OUT_TYPING && (ms = account_delay(a)))
		if ((rc = oc_sleep_wait(ms))) return rc;
	if (msg->kind != OC_OUT_TYPING) oc_pace_note(&a->pace, oc_now_ms());
	rc = a->pub.channel->send_wait(&a->pub, msg, out, e);
	if (out->retry_ms) a->paused_until_ms = oc_now_ms() + out->retry_ms;
	return rc;
}

/* ---- one message ---- */

static void set_wait(struct oc_channels *c, int64_t nr, const char *to, const char *native_id,
		     const char *error)
{
	struct oc_err e = { 0 };

	if (oc_store_outbox_set_wait(c->spec.store, nr, "sending", to, native_id, error, NULL, &e))
		oc_log(OC_LOG_ERROR, "channels", "outbox: %s", e.msg);
}

static uint64_t backoff(struct oc_out_lane *l)
{
	l->backoff_ms = l->backoff_ms ? l->backoff_ms * 2 : RETRY_FIRST_MS;
	if (l->backoff_ms > RETRY_MOST_MS) l->backoff_ms = RETRY_MOST_MS;
	return l->backoff_ms;
}

/* What came of it, on disk. Returns how long to wait before the next. */
static uint64_t settle_wait(struct oc_out_lane *l, const struct oc_outbox_item *i, enum oc_rc rc,
			    const struct oc_msg_sent *sent, const struct oc_err *e)
{
	struct oc_channels *c = l->owner;

	if (!rc) {
		l->backoff_ms = 0;
		set_wait(c, i->nr, "sent", sent->native_id, NULL);
		return 0;
	}
	if (sent->moved_to) {
		set_wait(c, i->nr, "queued", NULL, e->msg);
		oc_chat_moved_wait(c, &l->name, sent->moved_to);
		return 0;
	}
	if (sent->retry_ms && i->attempts < RETRIES) {
		uint64_t own = backoff(l);

		set_wait(c, i->nr, "queued", NULL, e->msg);
		return larger(sent->retry_ms, rc == OC_E_LIMIT ? 0 : own);
	}
	bool unknown = sent->maybe_sent || rc == OC_CANCELLED;
	set_wait(c, i->nr, unknown ? "unknown" : "failed", NULL, e->msg[0] ? e->msg : "stopped");
	oc_log(OC_LOG_WARN, "channels", "%s/%s: message %lld %s: %s", i->channel, i->account,
	       (long long)i->nr,
	       unknown ? "may or may not have arrived and is not sent again by itself"
		       : "was not sent",
	       e->msg);
	return 0;
}

static enum oc_rc send_one_wait(struct oc_out_lane *l, struct oc_account *a,
				const struct oc_outbox_item *i, uint64_t *pause)
{
	struct oc_msg_sent sent = { 0 };
	struct oc_msg_out m;
	struct oc_err e = { 0 };
	bool mine = false;
	enum oc_rc rc = oc_store_outbox_set_wait(l->owner->spec.store, i->nr, "queued", "sending",
						 NULL, NULL, &mine, &e);

	*pause = 0;
	if (rc || !mine) return rc;
	message_of(i, &m);
	note_sent(l, a);
	rc = a->pub.channel->send_wait(&a->pub, &m, &sent, &e);
	if (!rc) a->pub.spoke_ms = oc_wall_ms();
	if (rc == OC_E_LIMIT && sent.retry_ms) a->paused_until_ms = oc_now_ms() + sent.retry_ms;
	*pause = settle_wait(l, i, rc, &sent, &e);
	oc_msg_sent_deinit(&sent);
	return rc == OC_CANCELLED ? rc : OC_OK;
}

/* ---- a lane ---- */

static enum oc_rc nap_wait(struct oc_out_lane *l, uint64_t ms)
{
	struct oc_wait w = { 0 };
	enum oc_rc rc;

	l->sleeper = &w;
	rc = oc_wait_park(&w, oc_deadline_in(ms));
	l->sleeper = NULL;
	return rc == OC_CANCELLED ? rc : OC_OK;
}

/* OC_EOF: nothing to do. */
static enum oc_rc step_wait(struct oc_out_lane *l)
{
	struct oc_channels *c = l->owner;
	struct oc_account *a = oc_account_use(c, l->name.channel, l->name.account);
	struct oc_outbox_item item = { 0 };
	uint64_t pause = 0;
	enum oc_rc rc;

	if (!a) return OC_EOF; /* it wakes us when it starts */
	rc = oc_store_outbox_next_wait(c->spec.store, &l->name, &item, &(struct oc_err){ 0 });
	if (rc) {
		oc_account_give_back(a);
		return rc == OC_E_NOT_FOUND ? OC_EOF : rc;
	}
	pause = delay_of(l, a);
	if (!pause && !c->stopping) {
		l->sending = true;
		rc = send_one_wait(l, a, &item, &pause);
		l->sending = false;
	}
	oc_account_give_back(a);
	oc_outbox_item_deinit(&item);
	return !rc && pause ? nap_wait(l, pause) : rc;
}

static void work(void *arg)
{
	struct oc_out_lane *l = arg;
	enum oc_rc rc;

	do {
		l->again = false;
		rc = step_wait(l);
		if (rc && rc != OC_EOF && rc != OC_CANCELLED) rc = nap_wait(l, RETRY_FIRST_MS);
	} while (!l->owner->stopping && (!rc || (rc == OC_EOF && l->again)));
	l->idle_since_ms = oc_now_ms();
	l->working = false;
}

static void lane_free(struct oc_out_lane *l)
{
	free(l->name.channel);
	free(l->name.account);
	free(l->name.lane);
	free(l);
}

/* NULL: there is none. Lanes that were quiet for long are let go of. */
static struct oc_out_lane *find(struct oc_channels *c, const struct oc_lane *name)
{
	struct oc_out_lane *found = NULL;

	for (struct oc_out_lane **at = &c->out, *l; (l = *at);) {
		if (!l->working && oc_now_ms() - l->idle_since_ms > IDLE_KEPT_MS) {
			*at = l->next;
			lane_free(l);
			continue;
		}
		if (!strcmp(l->name.lane, name->lane) && !strcmp(l->name.account, name->account) &&
		    !strcmp(l->name.channel, name->channel))
			found = l;
		at = &l->next;
	}
	return found;
}

static struct oc_out_lane *add(struct oc_channels *c, const struct oc_lane *name)
{
	struct oc_out_lane *l = oc_new(struct oc_out_lane);

	l->owner = c;
	l->name = (struct oc_lane){ oc_strdup(name->channel), oc_strdup(name->account),
				    oc_strdup(name->lane) };
	l->next = c->out;
	c->out = l;
	return l;
}

void oc_out_lane_wake(struct oc_channels *c, const char *channel, const char *account,
		      const char *chat)
{
	const struct oc_lane name = { (char *)(uintptr_t)channel, (char *)(uintptr_t)account,
				      (char *)(uintptr_t)chat };
	struct oc_out_lane *l;

	if (c->stopping) return;
	l = find(c, &name);
	if (!l) l = add(c, &name);
	l->again = true;
	if (l->sleeper) oc_wait_end(l->sleeper, OC_OK);
	if (l->working) return;
	l->working = true;
	oc_scope_spawn(c->scope, work, l);
}

void oc_out_lanes_free(struct oc_channels *c)
{
	for (struct oc_out_lane *l = c->out, *next; l; l = next) {
		next = l->next;
		lane_free(l);
	}
}

void oc_out_lanes_wake_wait(struct oc_channels *c)
{
	struct oc_lanes lanes = { 0 };
	struct oc_err e = { 0 };

	if (oc_store_outbox_lanes_wait(c->spec.store, &lanes, &e) != OC_OK) {
		oc_log(OC_LOG_WARN, "channels", "outbox: %s", e.msg);
		return;
	}
	for (size_t i = 0; i < lanes.n; i++)
		oc_out_lane_wake(c, lanes.v[i].channel, lanes.v[i].account, lanes.v[i].lane);
	oc_lanes_deinit(&lanes);
}

void oc_out_lanes_settle_wait(struct oc_channels *c, struct oc_deadline d)
{
	bool busy = true;

	while (busy && !oc_deadline_passed(d)) {
		busy = false;
		for (const struct oc_out_lane *l = c->out; l; l = l->next) busy |= l->sending;
		if (busy && oc_sleep_wait(10)) return;
	}
}

/* ---- what can be looked at and changed ---- */

static json_t *row_json(const struct oc_outbox_item *i)
{
	json_t *o = json_pack("{s:I,s:s,s:s,s:s,s:s,s:I,s:I,s:I}", "id", (json_int_t)i->nr,
			      "channel", i->channel, "accountId", i->account, "to", i->chat,
			      "state", i->state, "attempts", (json_int_t)i->attempts, "createdAt",
			      (json_int_t)i->created_ms, "updatedAt", (json_int_t)i->changed_ms);
	const char *plain = oc_json_cstr(i->body, "plain"), *text = oc_json_cstr(i->body, "text");

	if (i->thread) oc_json_put(o, "threadId", json_string(i->thread));
	if (i->error) oc_json_put(o, "error", oc_json_new_str(oc_str(i->error)));
	if (i->session_key) oc_json_put(o, "sessionKey", json_string(i->session_key));
	if (plain || text) oc_json_put(o, "text", json_string(plain ? plain : text));
	return o;
}

enum oc_rc oc_channels_outbox_wait(struct oc_channels *c, const char *state, size_t limit,
				   json_t **out, struct oc_err *e)
{
	struct oc_outbox_items l = { 0 };
	struct oc_box_counts n = { 0 };
	json_t *rows = json_array();
	enum oc_rc rc = oc_store_outbox_list_wait(c->spec.store, state, limit, &l, e);

	if (!rc) rc = oc_store_boxes_count_wait(c->spec.store, &n, e);
	for (size_t i = 0; i < l.n; i++) json_array_append_new(rows, row_json(&l.v[i]));
	oc_outbox_items_deinit(&l);
	if (rc)
		json_decref(rows);
	else
		*out = json_pack("{s:I,s:I,s:I,s:o}", "pending", (json_int_t)n.queued, "failed",
				 (json_int_t)n.failed, "unknown", (json_int_t)n.unknown, "messages",
				 rows);
	return rc;
}

static bool is_open(const struct oc_outbox_item *i)
{
	return !strcmp(i->state, "failed") || !strcmp(i->state, "unknown");
}

static enum oc_rc change_wait(struct oc_channels *c, int64_t id, const char *to, size_t *n,
			      struct oc_err *e)
{
	struct oc_outbox_items l = { 0 };
	enum oc_rc rc = oc_store_outbox_list_wait(c->spec.store, NULL, 0, &l, e);

	*n = 0;
	for (size_t i = l.n; i-- > 0 && !rc;) { /* the oldest first */
		bool changed = false;

		if (!is_open(&l.v[i]) || (id && l.v[i].nr != id)) continue;
		rc = oc_store_outbox_set_wait(c->spec.store, l.v[i].nr, l.v[i].state, to, NULL,
					      NULL, &changed, e);
		*n += changed;
		if (changed) oc_out_lane_wake(c, l.v[i].channel, l.v[i].account, l.v[i].chat);
	}
	oc_outbox_items_deinit(&l);
	if (!rc && id && !*n)
		return oc_fail(e, OC_E_NOT_FOUND,
			       "no failed or unknown message has the number %lld: see `openclaw "
			       "channels outbox`",
			       (long long)id);
	return rc;
}

enum oc_rc oc_channels_resend_wait(struct oc_channels *c, int64_t id, size_t *n, struct oc_err *e)
{
	return change_wait(c, id, "queued", n, e);
}

enum oc_rc oc_channels_discard_wait(struct oc_channels *c, int64_t id, size_t *n, struct oc_err *e)
{
	return change_wait(c, id, "discarded", n, e);
}

void oc_channel_receipt_wait(struct oc_channel_account *a, const char *native_id,
			     const char *status, const char *reason)
{
	struct oc_outbox_item item = { 0 };
	struct oc_err e = { 0 };

	if (oc_store_outbox_find_wait(a->owner->spec.store, a->channel->id, a->id, native_id, &item,
				      &e) != OC_OK)
		return;
	if (!strcmp(status, "failed")) {
		oc_log(OC_LOG_WARN, "channels", "%s/%s: message %lld did not arrive: %s",
		       a->channel->id, a->id, (long long)item.nr, reason ? reason : "no reason");
		if (oc_store_outbox_set_wait(a->owner->spec.store, item.nr, NULL, "failed", NULL,
					     reason, NULL, &e) != OC_OK)
			oc_log(OC_LOG_WARN, "channels", "outbox: %s", e.msg);
	}
	oc_outbox_item_deinit(&item);
}
