/*
 * What came in, one chat (or topic) after the other in its order: decided, collected, asked. An
 * event stays in the store until its answer is in the outbox.
 */
#include <stdlib.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "channel/internal.h"

enum {
	DEBOUNCE_MOST_MS = 10000,
	BATCH = 12,		 /* messages asked at once (spec 03 §7.2) */
	BATCH_CHARS = 50000,	 /* and their text */
	DEBOUNCE_MS = 300,	 /* for people who write in pieces */
	DEBOUNCE_LONG_MS = 1500, /* for pastes that the messenger cuts */
	LONG_CHARS = 4000,
	RETRY_MS = 1000,
	LANES_AT_WORK = 64,
};

/* ---- the account ---- */

void oc_in_lane_let_go(struct oc_in_lane *l)
{
	oc_account_give_back(l->account);
	l->account = NULL;
}

enum oc_rc oc_in_lane_take(struct oc_in_lane *l, struct oc_err *e)
{
	l->account = oc_account_use(l->owner, l->name.channel, l->name.account);
	if (l->account) return OC_OK;
	return oc_fail(e, OC_E_NOT_FOUND, "the account is switched off");
}

/* ---- one event ---- */

/* An event as it is looked at: its message, and what is decided about it. */
struct event {
	struct oc_inbox_item *item;
	struct oc_msg_in m;
	struct oc_channel_media *media;
	struct oc_policy policy;
};

static void event_deinit(struct event *v)
{
	free(v->media);
	*v = (struct event){ 0 };
}

static struct oc_policy decide(const struct oc_in_lane *l, const struct oc_msg_in *m, bool paired)
{
	struct oc_snapshot *s = oc_channels_snapshot(l->owner);
	const struct oc_policy_facts f = {
		.channel = l->name.channel,
		.account = l->account->pub.config,
		.defaults = oc_config_get(&s->config, "channels.defaults"),
		.owners = oc_config_get(&s->config, "commands.ownerAllowFrom"),
		.patterns = oc_config_get(&s->config, "messages.groupChat.mentionPatterns"),
		.paired = paired,
	};
	struct oc_policy p = oc_policy_decide(&f, m);

	oc_snapshot_unref(s);
	return p;
}

enum oc_sender_trust oc_in_lane_trust(const struct oc_in_lane *l, const struct oc_msg_in *m)
{
	return decide(l, m, false).trust;
}

static enum oc_rc event_init_wait(struct oc_in_lane *l, struct oc_inbox_item *item,
				  struct event *out, struct oc_err *e)
{
	bool paired = false;
	enum oc_rc rc = OC_OK;

	*out = (struct event){ .item = item };
	oc_msg_in_of_json(item->body, &out->m, &out->media);
	if (out->m.sender_id && out->m.chat_type == OC_CHAT_DIRECT)
		rc = oc_is_paired_wait(l->owner, l->account, out->m.sender_id, &paired, e);
	if (rc)
		event_deinit(out);
	else
		out->policy = decide(l, &out->m, paired);
	return rc;
}

static enum oc_rc set_wait(struct oc_in_lane *l, const struct event *v, const char *state,
			   struct oc_err *e)
{
	return oc_store_inbox_set_wait(l->owner->spec.store, &v->item->nr, 1, state, NULL, e);
}

static enum oc_rc keep_wait(struct oc_in_lane *l, const struct event *v, struct oc_err *e)
{
	enum { MOST = 200 };
	enum oc_rc rc = set_wait(l, v, "kept", e);

	return rc ? rc : oc_store_inbox_trim_wait(l->owner->spec.store, &l->name, MOST, e);
}

static enum oc_rc pair_wait(struct oc_in_lane *l, const struct event *v, struct oc_err *e)
{
	char *code, *text = NULL, *key = oc_batch_run_id(v->item);
	enum oc_rc rc = oc_pairing_ask_wait(l->owner, l->account, &v->m, &code, e);

	if (!rc && code) {
		oc_log(OC_LOG_INFO, "channels",
		       "%s/%s: somebody asks to be let in: `openclaw pairing list` shows who",
		       l->account->pub.channel->id, l->account->pub.id);
		text = oc_asprintf(
		    "This assistant answers only people whom its owner has let in.\n\n"
		    "Your %s user id: %s\nPairing code: `%s`\n\nAsk the owner to run:\n\n"
		    "```\nopenclaw pairing approve %s %s\n```\n\nThe code holds for an hour.",
		    l->account->pub.channel->label, v->m.sender_id, code,
		    l->account->pub.channel->id, code);
	}
	if (!rc)
		rc = oc_reply_wait(l->owner, l->account, &v->m, &v->item->nr, 1, key, oc_str(text),
				   NULL, e);
	free(key);
	free(text);
	free(code);
	return rc;
}

/* ---- commands ---- */

static bool is_command(const struct oc_in_lane *l, const struct event *v)
{
	const struct oc_channels_spec *spec = &l->owner->spec;

	if (v->m.kind != OC_IN_MESSAGE || v->policy.trust == OC_SENDER_STRANGER) return false;
	if (oc_is_stop_word(v->m.text) || oc_str_ieq(oc_first_word(v->m.text), OC_LIT("/start")))
		return true;
	return spec->is_command && spec->is_command(spec->arg, v->m.text);
}

static enum oc_rc greet_wait(struct oc_in_lane *l, const struct event *v, struct oc_err *e)
{
	return oc_reply_wait(l->owner, l->account, &v->m, &v->item->nr, 1, NULL,
			     OC_LIT("Hello. Write to me, or send /help for the commands."), NULL,
			     e);
}

static enum oc_rc command_wait(struct oc_in_lane *l, struct event *v, struct oc_err *e)
{
	const struct oc_channels_spec *spec = &l->owner->spec;
	char *key = oc_chat_session_wait(l->owner, &l->name, &v->m),
	     *run = oc_batch_run_id(v->item), *rest = NULL;
	struct oc_channel_command c = {
		.session_key = key,
		.run_id = run,
		.channel = l->account->pub.channel->id,
		.text = oc_is_stop_word(v->m.text) ? OC_LIT("/stop") : v->m.text,
		.admin = v->policy.trust == OC_SENDER_OWNER,
	};
	struct oc_buf reply;
	enum oc_rc rc = OC_OK;

	oc_buf_init(&reply, OC_MAX_REPLY_BYTES);
	oc_target_note_wait(l->owner, l->account, &v->m, key);
	oc_in_lane_let_go(l);
	spec->command_wait(spec->arg, &c, &reply, &rest);
	if (!rest && !reply.n) oc_buf_adds(&reply, "Done.");
	rc = oc_in_lane_take(l, e);
	if (rc) {
		/* Later: the answer is lost with the account. */
	} else if (rest) {
		const struct oc_batch b = { .items = v->item,
					    .n = 1,
					    .first = &v->m,
					    .text = rest,
					    .trust = v->policy.trust };
		rc = oc_store_inbox_set_wait(spec->store, &v->item->nr, 1, "asked", run, e);
		if (!rc) rc = oc_batch_answer_wait(l, &b, e);
	} else {
		rc = oc_reply_wait(l->owner, l->account, &v->m, &v->item->nr, 1, run,
				   oc_buf_view(&reply), key, e);
	}
	oc_buf_deinit(&reply);
	free(rest);
	free(run);
	free(key);
	return rc;
}

/* ---- messages for the agent ---- */

/* messages.inbound.byChannel.<channel>, else debounceMs. */
static int64_t configured_pause(const struct oc_in_lane *l)
{
	struct oc_snapshot *s = oc_channels_snapshot(l->owner);
	const json_t *inbound = oc_config_get(&s->config, "messages.inbound");
	int64_t ms = oc_json_int(inbound, "debounceMs", DEBOUNCE_MS);

	ms = oc_json_int(json_object_get(inbound, "byChannel"), l->name.channel, ms);
	oc_snapshot_unref(s);
	return ms < 0 ? 0 : ms > DEBOUNCE_MOST_MS ? DEBOUNCE_MOST_MS : ms;
}

/* Milliseconds until nothing came for the pause; 0 = now. */
static uint64_t pause_left(const struct oc_in_lane *l, const struct oc_inbox_items *items,
			   const struct event *first)
{
	const struct oc_inbox_item *last = &items->v[items->n - 1];
	int64_t pause = configured_pause(l), left;

	if (first->m.text.n >= LONG_CHARS && pause < DEBOUNCE_LONG_MS) pause = DEBOUNCE_LONG_MS;
	left = last->received_ms + pause - oc_wall_ms();
	if (items->n >= BATCH || left <= 0 || left > pause) return 0;
	return (uint64_t)left;
}

static bool same_sender(const struct oc_msg_in *a, const struct oc_msg_in *b)
{
	return oc_str_eq(oc_str(a->sender_id), oc_str(b->sender_id));
}

/* How many of the items, from the first, are one thought of one person. */
static enum oc_rc batch_size_wait(struct oc_in_lane *l, const struct oc_inbox_items *items,
				  const struct event *first, size_t *n, struct oc_err *e)
{
	size_t chars = first->m.text.n;
	enum oc_rc rc = OC_OK;
	bool more = true;

	for (*n = 1; *n < items->n && more && !rc; *n += more) {
		struct event v;

		if (strcmp(items->v[*n].state, "new") != 0) break;
		rc = event_init_wait(l, &items->v[*n], &v, e);
		if (rc) break;
		chars += v.m.text.n;
		more = v.m.kind == OC_IN_MESSAGE && v.policy.verdict == OC_HEAR &&
		       same_sender(&v.m, &first->m) && !is_command(l, &v) && chars <= BATCH_CHARS;
		event_deinit(&v);
	}
	return rc;
}

static size_t asked_together(const struct oc_inbox_items *items)
{
	size_t n = 1;

	while (n < items->n && items->v[n].run && items->v[0].run &&
	       !strcmp(items->v[n].run, items->v[0].run))
		n++;
	return n;
}

static enum oc_rc mark_asked_wait(struct oc_in_lane *l, const struct oc_inbox_items *items,
				  size_t n, struct oc_err *e)
{
	int64_t nrs[BATCH];
	char *run = oc_batch_run_id(&items->v[0]);
	enum oc_rc rc;

	for (size_t i = 0; i < n; i++) nrs[i] = items->v[i].nr;
	rc = oc_store_inbox_set_wait(l->owner->spec.store, nrs, n, "asked", run, e);
	free(run);
	return rc;
}

static enum oc_rc hear_wait(struct oc_in_lane *l, struct oc_inbox_items *items, struct event *first,
			    struct oc_err *e)
{
	bool again = !strcmp(items->v[0].state, "asked");
	size_t n = again ? asked_together(items) : 1;
	enum oc_rc rc = OC_OK;

	if (!again) rc = batch_size_wait(l, items, first, &n, e);
	if (!rc && !again) rc = mark_asked_wait(l, items, n, e);
	if (rc) return rc;
	const struct oc_batch b = {
		.items = items->v, .n = n, .first = &first->m, .trust = first->policy.trust
	};
	return oc_batch_answer_wait(l, &b, e);
}

/* ---- a step of a lane ---- */

static enum oc_rc nap_wait(struct oc_in_lane *l, uint64_t ms)
{
	struct oc_wait w = { 0 };
	enum oc_rc rc;

	l->sleeper = &w;
	rc = oc_wait_park(&w, oc_deadline_in(ms));
	l->sleeper = NULL;
	return rc == OC_CANCELLED ? rc : OC_OK;
}

static enum oc_rc decided_wait(struct oc_in_lane *l, struct oc_inbox_items *items, struct event *v,
			       struct oc_err *e)
{
	uint64_t pause;

	if (v->m.kind == OC_IN_MOVED) {
		const struct oc_lane from = { l->name.channel, l->name.account,
					      (char *)(uintptr_t)v->m.chat_id };
		char *to = oc_strndup(v->m.text.p, v->m.text.n);

		oc_chat_moved_wait(l->owner, &from, to);
		free(to);
		return set_wait(l, v, "done", e);
	}
	switch (v->policy.verdict) {
	case OC_IGNORE:
		oc_log(OC_LOG_DEBUG, "channels", "%s/%s: a message is not heard: %s",
		       l->account->pub.channel->id, l->account->pub.id, v->policy.why);
		return set_wait(l, v, "done", e);
	case OC_KEEP:
		return v->m.kind == OC_IN_MESSAGE ? keep_wait(l, v, e) : set_wait(l, v, "done", e);
	case OC_PAIR: return pair_wait(l, v, e);
	case OC_HEAR: break;
	}
	if (v->m.kind == OC_IN_BUTTON) {
		enum oc_rc rc =
		    oc_question_button_wait(l->owner, l->account, &v->m, v->policy.trust, e);

		return rc == OC_CANCELLED ? rc : set_wait(l, v, "done", e);
	}
	if (v->m.kind != OC_IN_MESSAGE) return set_wait(l, v, "done", e);
	if (!strcmp(v->item->state, "new") && is_command(l, v))
		return oc_str_ieq(oc_first_word(v->m.text), OC_LIT("/start"))
			   ? greet_wait(l, v, e)
			   : command_wait(l, v, e);
	pause = strcmp(v->item->state, "new") ? 0 : pause_left(l, items, v);
	return pause ? nap_wait(l, pause) : hear_wait(l, items, v, e);
}

/* OC_EOF: nothing is left to do. */
static enum oc_rc step_wait(struct oc_in_lane *l, struct oc_err *e)
{
	struct oc_inbox_items items = { 0 };
	struct event first;
	enum oc_rc rc;

	if (oc_in_lane_take(l, e) != OC_OK) return OC_EOF; /* it wakes us when it starts */
	rc = oc_store_inbox_next_wait(l->owner->spec.store, &l->name, BATCH, &items, e);
	if (!rc && !items.n) rc = OC_EOF;
	if (!rc) rc = event_init_wait(l, &items.v[0], &first, e);
	if (!rc) {
		rc = decided_wait(l, &items, &first, e);
		event_deinit(&first);
	}
	oc_inbox_items_deinit(&items);
	oc_in_lane_let_go(l);
	return rc;
}

/* ---- beside a run ---- */

static bool is_plain(const struct oc_in_lane *l, const struct event *v)
{
	return v->m.kind == OC_IN_MESSAGE && v->policy.verdict == OC_HEAR && !is_command(l, v);
}

/* Those that nobody asked yet, moved to the front; the rest is let go of. */
static void drop_asked(struct oc_inbox_items *items)
{
	size_t n = 0;

	for (size_t i = 0; i < items->n; i++) {
		if (strcmp(items->v[i].state, "new") == 0)
			items->v[n++] = items->v[i];
		else
			oc_inbox_item_deinit(&items->v[i]);
	}
	items->n = n;
}

static enum oc_rc beside_step_wait(struct oc_in_lane *l, struct oc_err *e)
{
	struct oc_inbox_items items = { 0 };
	struct event first;
	uint64_t pause = 0;
	bool plain = false;
	enum oc_rc rc =
	    oc_store_inbox_next_wait(l->owner->spec.store, &l->name, 3 * BATCH, &items, e);

	if (!rc) drop_asked(&items);
	if (!rc && items.n > BATCH)
		while (items.n > BATCH) oc_inbox_item_deinit(&items.v[--items.n]);
	if (!rc && !items.n) rc = OC_EOF;
	if (!rc) rc = event_init_wait(l, &items.v[0], &first, e);
	if (!rc) {
		plain = is_plain(l, &first);
		pause = plain ? pause_left(l, &items, &first) : 0;
		if (!plain)
			rc = OC_EOF; /* the lane itself looks after it later */
		else
			rc = pause ? oc_sleep_wait(pause) : hear_wait(l, &items, &first, e);
		event_deinit(&first);
	}
	oc_inbox_items_deinit(&items);
	return rc;
}

enum oc_rc oc_in_lane_beside_wait(struct oc_in_lane *l)
{
	struct oc_err e = { 0 };
	enum oc_rc rc = oc_in_lane_take(l, &e);

	if (!rc) rc = beside_step_wait(l, &e);
	oc_in_lane_let_go(l);
	if (!rc || rc == OC_EOF || rc == OC_CANCELLED) return rc;
	oc_log(OC_LOG_WARN, "channels", "%s/%s: %s", l->name.channel, l->name.account, e.msg);
	return OC_EOF; /* the lane itself tries again */
}

static void lane_end(struct oc_in_lane *l)
{
	struct oc_channels *c = l->owner;
	struct oc_in_lane **at;

	for (at = &c->in; *at != l;) at = &(*at)->next;
	*at = l->next;
	c->n_in--;
	free(l->name.channel);
	free(l->name.account);
	free(l->name.lane);
	free(l);
	if (c->stopping || !c->more_in || c->n_in > LANES_AT_WORK / 2) return;
	c->more_in = false;
	oc_in_lanes_wake_wait(c);
}

static void work(void *arg)
{
	struct oc_in_lane *l = arg;
	enum oc_rc rc;

	do {
		struct oc_err e = { 0 };

		l->again = false;
		rc = step_wait(l, &e);
		if (rc && rc != OC_EOF && rc != OC_CANCELLED) {
			oc_log(OC_LOG_WARN, "channels", "%s/%s: %s", l->name.channel,
			       l->name.account, e.msg);
			rc = oc_sleep_wait(RETRY_MS);
		}
	} while (!l->owner->stopping && (!rc || (rc == OC_EOF && l->again)));
	lane_end(l);
}

static struct oc_in_lane *find(struct oc_channels *c, const char *channel, const char *account,
			       const char *lane)
{
	struct oc_in_lane *l = c->in;

	while (l && (strcmp(l->name.lane, lane) != 0 || strcmp(l->name.account, account) != 0 ||
		     strcmp(l->name.channel, channel) != 0))
		l = l->next;
	return l;
}

void oc_in_lane_wake(struct oc_channels *c, const char *channel, const char *account,
		     const char *lane)
{
	struct oc_in_lane *l = find(c, channel, account, lane);
	bool urgent = oc_lane_is_urgent(lane);

	if (c->stopping) return;
	if (l) {
		l->again = true;
		if (l->sleeper) oc_wait_end(l->sleeper, OC_OK);
		return;
	}
	if (c->n_in >= LANES_AT_WORK && !urgent) {
		c->more_in = true; /* the store remembers which */
		return;
	}
	l = oc_new(struct oc_in_lane);
	l->owner = c;
	l->urgent = urgent;
	l->name = (struct oc_lane){ oc_strdup(channel), oc_strdup(account), oc_strdup(lane) };
	l->next = c->in;
	c->in = l;
	c->n_in++;
	oc_scope_spawn(c->scope, work, l);
}

void oc_in_lanes_wake_wait(struct oc_channels *c)
{
	struct oc_lanes lanes = { 0 };
	struct oc_err e = { 0 };

	if (oc_store_inbox_lanes_wait(c->spec.store, &lanes, &e) != OC_OK) {
		oc_log(OC_LOG_WARN, "channels", "inbox: %s", e.msg);
		return;
	}
	for (size_t i = 0; i < lanes.n; i++)
		oc_in_lane_wake(c, lanes.v[i].channel, lanes.v[i].account, lanes.v[i].lane);
	oc_lanes_deinit(&lanes);
}
