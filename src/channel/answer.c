/*
 * From messages to an answer in the outbox. The run's id is made of the event that it answers:
 * after a crash the same question is asked under the same id, and a run that had ended already
 * gives the answer that the conversation keeps.
 */
#include <stdlib.h>

#include "agent/session/delivery.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "channel/internal.h"
#include "net/sha256.h"

enum { BUSY_MS = 1000, RUN_ID_HEX = 32, LOOKED_AT = 400, RENDERED_AT_ONCE = 16384 };

char *oc_batch_run_id(const struct oc_inbox_item *first)
{
	char hex[OC_SHA256_HEX + 1];
	char *name = oc_asprintf("%s\n%s\n%s", first->channel, first->account, first->event), *id;

	oc_sha256_hex(oc_str(name), hex);
	id = oc_asprintf("%.*s-%.*s", 32, first->channel, RUN_ID_HEX, hex);
	free(name);
	return id;
}

/* ---- into the outbox ---- */

struct rendering {
	const struct oc_channel_account *account;
	struct oc_str markdown;
	struct oc_chunks *out;
	enum oc_rc rc;
	struct oc_err *e;
};

static void render(void *arg)
{
	struct rendering *r = arg;

	r->rc = r->account->channel->render(r->account, r->markdown, r->out, r->e);
}

enum oc_rc oc_render_wait(const struct oc_account *a, struct oc_str markdown, struct oc_chunks *out,
			  struct oc_err *e)
{
	struct rendering r = { &a->pub, markdown, out, OC_OK, e };

	/* What takes longer than a moment is done beside the loop. */
	if (markdown.n > RENDERED_AT_ONCE)
		oc_work_wait(render, &r);
	else
		render(&r);
	return r.rc;
}

static enum oc_rc store_reply_wait(struct oc_channels *c, struct oc_account *a,
				   const struct oc_msg_in *m, const int64_t *nrs, size_t n,
				   const char *key, struct oc_str markdown, const char *session_key,
				   struct oc_err *e)
{
	struct oc_chunks chunks = { 0 };
	struct oc_outbox_items items = { 0 };
	/* A group sees which message is meant. */
	const char *reply_to = m->chat_type == OC_CHAT_GROUP ? m->native_id : NULL;
	enum oc_rc rc = OC_OK;

	if (oc_str_trim(markdown).n) rc = oc_render_wait(a, markdown, &chunks, e);
	if (!rc) {
		oc_outbox_of_chunks(a, m->chat_id, m->thread_id, &chunks, reply_to, key,
				    session_key, &items);
		rc = oc_store_answer_wait(c->spec.store, nrs, n, items.v, items.n, e);
	}
	if (!rc && items.n) oc_out_lane_wake(c, a->pub.channel->id, a->pub.id, m->chat_id);
	oc_outbox_items_deinit(&items);
	oc_chunks_deinit(&chunks);
	return rc;
}

enum oc_rc oc_reply_wait(struct oc_channels *c, struct oc_account *a, const struct oc_msg_in *m,
			 const int64_t *nrs, size_t n, const char *key, struct oc_str markdown,
			 const char *session_key, struct oc_err *e)
{
	return store_reply_wait(c, a, m, nrs, n, key, markdown, session_key, e);
}

/* ---- an answer that was given before a crash ---- */

static bool is_answer(const struct oc_stored_message *m, const char *run)
{
	return m->run && !strcmp(m->run, run) &&
	       oc_str_eq(oc_json_str(m->body, "role"), OC_LIT("assistant")) &&
	       !(m->flags & (OC_MSG_NO_ANSWER | OC_MSG_SUMMARY | OC_MSG_HIDDEN_FROM_PEOPLE));
}

static void text_of(const json_t *body, struct oc_buf *out)
{
	const json_t *content = json_object_get(body, "content"), *part;
	size_t i;

	oc_buf_add(out, oc_json_text(content));
	json_array_foreach (content, i, part)
		if (oc_str_eq(oc_json_str(part, "type"), OC_LIT("text")))
			oc_buf_add(out, oc_json_str(part, "text"));
}

/* The last words of the run in its conversation. */
static enum oc_rc stored_answer_wait(struct oc_channels *c, const char *key, const char *run,
				     struct oc_buf *out, struct oc_err *e)
{
	struct oc_session_record r;
	struct oc_stored_messages l = { 0 };
	enum oc_rc rc = oc_store_session_wait(c->spec.store, key, &r, e);

	if (rc == OC_E_NOT_FOUND) return OC_OK;
	if (rc) return rc;
	const struct oc_message_query q = { .session_id = r.id, .limit = LOOKED_AT };
	rc = oc_store_messages_wait(c->spec.store, &q, &l, e);
	for (size_t i = l.n; i-- > 0 && !out->n && !rc;)
		if (is_answer(&l.v[i], run)) text_of(l.v[i].body, out);
	oc_stored_messages_deinit(&l);
	oc_session_record_deinit(&r);
	return rc;
}

/* ---- asking ---- */

struct question {
	struct oc_in_lane *lane;
	const struct oc_batch *batch;
	char *run, *key;
	struct oc_composed said;
};

static const char *name_of(const struct oc_msg_in *m)
{
	if (m->sender_name && *m->sender_name) return m->sender_name;
	return m->sender_username ? m->sender_username : m->sender_id;
}

static enum oc_rc ask_wait(struct question *q, struct oc_live *live, struct oc_asked *asked,
			   struct oc_err *e)
{
	struct oc_channels *c = q->lane->owner;
	struct oc_ask ask = { .session_key = q->key,
			      .run_id = q->run,
			      .message = oc_buf_view(&q->said.text),
			      .images = q->said.images,
			      .n_images = q->said.n_images,
			      .channel = q->lane->name.channel,
			      .sender = name_of(q->batch->first),
			      .origin = q->lane->name.channel,
			      .queue = OC_QUEUE_CONFIGURED,
			      .priority = OC_PRIORITY_INTERACTIVE,
			      .watch = oc_live_watch,
			      .watch_arg = live,
			      .own_turn = true,
			      .may_join = true,
			      .tainted = q->said.tainted };
	enum oc_rc rc;

	/* A line that is full is no reason to lose a message: it waits here. */
	while ((rc = oc_sessions_ask_wait(c->spec.sessions, &ask, asked, e)) == OC_E_LIMIT &&
	       ask.message.n <= OC_MAX_MESSAGE_BYTES)
		if (oc_sleep_wait(BUSY_MS)) return OC_CANCELLED;
	return rc;
}

static void fill_answer(const struct oc_run_outcome *o, struct oc_buf *out)
{
	const char *status = o->status ? o->status : "error";

	if (!strcmp(status, "ok")) {
		oc_buf_adds(out, o->text ? o->text : "");
	} else if (strcmp(status, "aborted") != 0) {
		if (o->text && *o->text) oc_buf_addf(out, "%s\n\n", o->text);
		oc_buf_addf(out, "⚠️ %s",
			    o->error && *o->error ? o->error : "No answer came: try again.");
	}
}

/* It was taken up before the gateway stopped, and ended with it. */
static bool was_cut(const struct oc_asked *asked, const struct oc_run_outcome *o)
{
	return asked->result == OC_ASK_DONE && o->status && !strcmp(o->status, "aborted");
}

static enum oc_rc outcome_wait(struct question *q, const struct oc_asked *asked, struct oc_buf *out,
			       struct oc_err *e)
{
	struct oc_channels *c = q->lane->owner;
	struct oc_run_outcome o = { 0 };
	enum oc_rc rc =
	    oc_sessions_outcome_wait(c->spec.sessions, asked->run_id, OC_NO_DEADLINE, &o);

	if (!rc && o.status && !strcmp(o.status, "pending")) rc = OC_CANCELLED;
	/* The next life of the gateway says so. */
	if (!rc && c->draining && o.status && !strcmp(o.status, "aborted")) rc = OC_CANCELLED;
	if (!rc && was_cut(asked, &o))
		oc_buf_adds(out,
			    "⚠️ The gateway was stopped while it worked on this. Send it again "
			    "if you still want an answer.");
	if (rc == OC_E_NOT_FOUND) rc = OC_OK;
	if (!rc) fill_answer(&o, out);
	/* Memory knows the text of a run, the store its status alone. */
	if (!rc && !out->n && o.status && !strcmp(o.status, "ok") && !(o.text && *o.text))
		rc = stored_answer_wait(c, q->key, q->run, out, e);
	oc_run_outcome_deinit(&o);
	return rc;
}

/* The answer, or why there is none, as Markdown. */
static enum oc_rc question_wait(struct question *q, struct oc_buf *out, struct oc_err *e)
{
	struct oc_live *live = oc_live_start(q->lane, q->batch->first);
	struct oc_asked asked = { 0 };
	enum oc_rc rc = ask_wait(q, live, &asked, e);

	if (!rc) rc = outcome_wait(q, &asked, out, e);
	oc_live_stop_wait(live);
	if (rc != OC_E_INPUT && rc != OC_E_NOT_FOUND && rc != OC_E_LIMIT) return rc;
	oc_buf_addf(out, "⚠️ %s", e->msg);
	return OC_OK;
}

/* ---- what comes meanwhile ---- */

/* Messages that come while a run works are handed over at once: they steer it, interrupt it or
 * follow it, as the session's queue says (spec 03 §1.10). */
struct beside {
	struct oc_in_lane lane; /* of its own: the same chat, another account reference */
	struct oc_in_lane *of;
	struct oc_scope *scope;
	struct oc_wait *joiner;
	bool over, ended;
};

static void hear_beside(void *arg)
{
	struct beside *s = arg;
	enum oc_rc rc = OC_OK;

	while (!s->over && !rc) {
		struct oc_wait w = { 0 };

		s->of->again = false;
		rc = oc_in_lane_beside_wait(&s->lane);
		if (rc == OC_EOF && !s->of->again && !s->over) {
			s->of->sleeper = &w;
			rc = oc_wait_park(&w, OC_NO_DEADLINE);
			s->of->sleeper = NULL;
		} else if (rc == OC_EOF) {
			rc = OC_OK;
		}
	}
	s->ended = true;
	if (s->joiner) oc_wait_end(s->joiner, OC_OK);
}

static void beside_start(struct beside *s, struct oc_in_lane *l)
{
	*s = (struct beside){ .of = l, .lane = { .owner = l->owner, .name = l->name } };
	if (l->urgent || l->is_beside) return;
	s->lane.is_beside = true;
	s->scope = oc_scope_new();
	oc_scope_spawn(s->scope, hear_beside, s);
}

/* What it has handed over is answered before the lane goes on. */
static void beside_stop_wait(struct beside *s)
{
	if (!s->scope) return;
	s->over = true;
	if (s->of->sleeper) oc_wait_end(s->of->sleeper, OC_OK);
	if (!s->ended) {
		struct oc_wait w = { 0 };

		s->joiner = &w;
		(void)!oc_wait_park(&w, OC_NO_DEADLINE);
		s->joiner = NULL;
	}
	oc_scope_cancel(s->scope);
	oc_scope_join_wait(s->scope);
	oc_scope_free(s->scope);
}

/* ---- the whole ---- */

static enum oc_rc finish_wait(struct question *q, struct oc_buf *text, struct oc_err *e)
{
	struct oc_channels *c = q->lane->owner;
	size_t n = 0;
	int64_t *nrs = oc_realloc_array(NULL, q->batch->n + q->said.n_background, sizeof *nrs);
	struct oc_str said;
	enum oc_rc rc;

	for (; n < q->batch->n; n++) nrs[n] = q->batch->items[n].nr;
	for (size_t i = 0; i < q->said.n_background; i++) nrs[n++] = q->said.background[i];
	oc_delivery_clean(text);
	said = oc_str_trim(oc_buf_view(text));
	if (oc_delivery_is_silence(said)) said = OC_LIT("");
	rc =
	    store_reply_wait(c, q->lane->account, q->batch->first, nrs, n, q->run, said, q->key, e);
	free(nrs);
	return rc;
}

enum oc_rc oc_batch_answer_wait(struct oc_in_lane *l, const struct oc_batch *b, struct oc_err *e)
{
	struct question q = {
		.lane = l,
		.batch = b,
		.run = b->items[0].run ? oc_strdup(b->items[0].run) : oc_batch_run_id(b->items),
		.key = oc_chat_session_wait(l->owner, &l->name, b->first),
	};
	struct beside beside;
	struct oc_buf text;
	enum oc_rc rc;

	oc_buf_init(&text, OC_MAX_REPLY_BYTES);
	oc_target_note_wait(l->owner, l->account, b->first, q.key);
	rc = oc_batch_compose_wait(l, b, &q.said, e);
	l->session_key = q.key;
	l->message = b->first;
	oc_in_lane_let_go(l);
	beside_start(&beside, l);
	if (!rc) rc = question_wait(&q, &text, e);
	if (!rc) rc = oc_in_lane_take(l, e);
	if (!rc) rc = finish_wait(&q, &text, e);
	oc_in_lane_let_go(l);
	beside_stop_wait(&beside);
	l->session_key = NULL;
	l->message = NULL;
	oc_composed_deinit(&q.said);
	oc_buf_deinit(&text);
	free(q.run);
	free(q.key);
	return rc;
}
