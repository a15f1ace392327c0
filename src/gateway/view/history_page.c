/* A page of a conversation. */
#include "gateway/view/history_page.h"

#include "base/limits.h"
#include "gateway/events/run_events.h"
#include "gateway/view/history_message.h"
#include "gateway/view/model_rows.h"
#include "gateway/view/session_row.h"
#include "gateway/view/text_blocks.h"

enum { DEFAULT_LIMIT = 200, AFTER_MESSAGE = 50, SHOWN_AT_ONCE = 20, MAX_PENDING = 20 };

struct page {
	struct oc_gateway *gw;
	const struct oc_history_ask *ask;
	json_t *messages;
	int64_t total, first_seq; /* of what is shown; 0 = nothing */
};

/* Where the page ends: before this seq, 0 = at the newest. */
static enum oc_rc end_of_page_wait(struct page *p, const struct oc_session_record *r, int64_t *out,
				   struct oc_err *e)
{
	struct oc_stored_message m;

	*out = p->ask->offset ? r->last_seq + 1 - p->ask->offset : 0;
	if (!p->ask->message_id) return OC_OK;
	enum oc_rc rc = oc_store_message_wait(p->gw->store, r->id, p->ask->message_id, &m, e);
	if (rc) return rc;
	*out = m.seq + AFTER_MESSAGE;
	oc_stored_message_deinit(&m);
	return OC_OK;
}

struct showing {
	const struct oc_stored_messages *l;
	json_t *list;
	size_t max_chars, max_bytes;
	bool rendered;
};

static void show(void *arg)
{
	struct showing *s = arg;

	for (size_t i = 0; i < s->l->n; i++)
		if (!(s->l->v[i].flags & OC_MSG_HIDDEN_FROM_PEOPLE))
			oc_history_append(s->list, &s->l->v[i], s->max_chars);
	for (size_t i = 0; s->rendered && i < json_array_size(s->list); i++)
		json_array_set_new(s->list, i, oc_message_with_blocks(json_array_get(s->list, i)));
	oc_history_fit(s->list, s->max_bytes);
}

/* Copying and measuring a large page takes longer than the loop has time for. */
static void show_wait(struct page *p, const struct oc_stored_messages *l)
{
	int64_t bytes = p->ask->max_bytes;
	struct showing s = { .l = l,
			     .list = p->messages,
			     .max_chars = (size_t)p->ask->max_chars,
			     .max_bytes = bytes && bytes < OC_MAX_HISTORY_BYTES
					      ? (size_t)bytes
					      : OC_MAX_HISTORY_BYTES,
			     .rendered = p->ask->rendered };

	if (l->n > SHOWN_AT_ONCE || s.rendered)
		oc_work_wait(show, &s);
	else
		show(&s);
}

static enum oc_rc read_messages_wait(struct page *p, const struct oc_session_record *r,
				     struct oc_err *e)
{
	struct oc_message_query q = { .session_id = r->id, .after_seq = r->boundary_seq };
	struct oc_stored_messages l;
	enum oc_rc rc = end_of_page_wait(p, r, &q.before_seq, e);

	if (!rc)
		rc =
		    oc_store_message_count_wait(p->gw->store, r->id, r->boundary_seq, &p->total, e);
	if (rc || q.before_seq < 0 || (p->ask->offset && q.before_seq <= r->boundary_seq + 1))
		return rc;
	q.limit = (size_t)(p->ask->limit ? p->ask->limit : DEFAULT_LIMIT);
	if ((rc = oc_store_messages_wait(p->gw->store, &q, &l, e))) return rc;
	show_wait(p, &l);
	oc_stored_messages_deinit(&l);
	p->first_seq =
	    oc_json_int(json_object_get(json_array_get(p->messages, 0), "__openclaw"), "seq", 0);
	return OC_OK;
}

static void put_session(const struct page *p, const struct oc_session_record *r, json_t *o)
{
	const char *level = oc_json_cstr(r->settings, "thinkingLevel");

	oc_json_put(o, "sessionId", json_string(r->id));
	oc_json_put(o, "hasMore",
		    json_boolean(p->first_seq > 0 && p->first_seq > r->boundary_seq + 1));
	oc_json_put(o, "sessionInfo", oc_session_row(p->gw, r, OC_ROW_FULL));
	if (level) oc_json_put(o, "thinkingLevel", json_string(level));
}

static json_t *pending_inputs(struct oc_gateway *gw, const char *session_key)
{
	size_t total = 0;
	json_t *items = oc_sessions_waiting(gw->sessions, session_key, MAX_PENDING, &total);

	return json_pack("{s:o,s:I}", "items", items, "total", (json_int_t)total);
}

enum oc_rc oc_history_page_wait(struct oc_gateway *gw, const struct oc_history_ask *ask,
				json_t **out, struct oc_err *e)
{
	struct page p = { .gw = gw, .ask = ask, .messages = json_array() };
	struct oc_session_record r;
	enum oc_rc rc = oc_store_session_wait(gw->store, ask->session_key, &r, e);
	bool known = rc == OC_OK;
	json_t *o = json_pack("{s:s}", "sessionKey", ask->session_key);

	if (known)
		rc = read_messages_wait(&p, &r, e);
	else if (rc == OC_E_NOT_FOUND)
		rc = OC_OK;
	if (ask->had_cursor) oc_json_put(o, "kind", json_string("reset"));
	oc_json_put(o, "messages", p.messages);
	oc_json_put(o, "activity", json_array());
	oc_json_put(o, "pendingInputs", pending_inputs(gw, ask->session_key));
	oc_json_put(o, "hasMore", json_false());
	oc_json_put(o, "totalMessages", json_integer(p.total));
	oc_json_put(o, "defaults", oc_model_defaults(&gw->snapshot->catalog, NULL));
	if (known) put_session(&p, &r, o);
	if (known) oc_session_record_deinit(&r);
	json_t *live = oc_run_events_in_flight(gw->run_events, ask->session_key, ask->rendered);
	if (live) oc_json_put(o, "inFlightRun", live);
	if (rc)
		json_decref(o);
	else
		*out = o;
	return rc;
}
