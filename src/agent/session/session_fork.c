/* A new conversation that begins as another one did. The other stays as it is. */
#include <stdlib.h>

#include "agent/session/session.h"
#include "agent/session/stored_message.h"
#include "base/limits.h"
#include "base/mem.h"

static bool is_user(const struct oc_stored_message *m)
{
	return oc_str_eq(oc_json_str(m->body, "role"), OC_LIT("user"));
}

static bool calls_tools(const struct oc_stored_message *m)
{
	const json_t *part;
	size_t i;

	json_array_foreach (json_object_get(m->body, "content"), i, part)
		if (oc_str_eq(oc_json_str(part, "type"), OC_LIT("toolCall"))) return true;
	return false;
}

/* Where the copy ends: before a question, which is to be asked anew, else behind an answer. */
static enum oc_rc end_wait(struct oc_store *store, const struct oc_session_record *from,
			   const char *message_id, int64_t *before_seq, struct oc_buf *question,
			   struct oc_err *e)
{
	struct oc_stored_message m;
	enum oc_rc rc = oc_store_message_wait(store, from->id, message_id, &m, e);

	if (rc) return rc;
	if (is_user(&m)) {
		*before_seq = m.seq;
		oc_body_text(m.body, question);
	} else if (oc_str_eq(oc_json_str(m.body, "role"), OC_LIT("assistant")) &&
		   !calls_tools(&m)) {
		*before_seq = m.seq + 1;
	} else {
		rc = oc_fail(e, OC_E_INPUT,
			     "a conversation can be branched at a question or an answer only");
	}
	oc_stored_message_deinit(&m);
	return rc;
}

/* What a compaction left out of the requests stays left out; the summary replaces it. */
static enum oc_rc first_seq_wait(struct oc_store *store, int64_t epoch_id, int64_t *first,
				 struct oc_err *e)
{
	struct oc_epoch epoch;
	enum oc_rc rc;

	*first = 0;
	if (!epoch_id) return OC_OK;
	rc = oc_store_epoch_wait(store, epoch_id, &epoch, e);
	if (rc) return rc == OC_E_NOT_FOUND ? OC_OK : rc;
	*first = epoch.first_seq;
	oc_epoch_deinit(&epoch);
	return OC_OK;
}

/* As new messages of another session: what was theirs alone is taken off. */
static void make_copies(struct oc_stored_messages *l, int64_t first_seq)
{
	bool shortened = l->n && l->v[l->n - 1].seq >= first_seq;

	for (size_t i = 0; i < l->n; i++) {
		struct oc_stored_message *m = &l->v[i];
		bool summary = m->flags & OC_MSG_SUMMARY;

		if (shortened && m->seq < first_seq) m->flags |= OC_MSG_HIDDEN_FROM_MODEL;
		if (!shortened && summary) m->flags |= OC_MSG_HIDDEN_FROM_MODEL;
		free(m->id);
		free(m->run);
		free(m->idempotency_key);
		m->id = m->run = m->idempotency_key = NULL;
		m->seq = m->epoch = 0;
		if (!json_object_get(m->body, "idempotencyKey")) continue;
		json_t *body = json_copy(m->body);
		json_object_del(body, "idempotencyKey");
		json_decref(m->body);
		m->body = body;
	}
}

static enum oc_rc like_the_other(void *arg, struct oc_session_record *r, struct oc_err *e)
{
	const struct oc_session_record *from = arg;

	(void)e;
	json_decref(r->settings);
	r->settings = json_deep_copy(from->settings);
	free(r->title);
	r->title = from->title ? oc_strdup(from->title) : NULL;
	return OC_OK;
}

static enum oc_rc fill_wait(struct oc_sessions *s, const char *key,
			    const struct oc_session_record *from, struct oc_stored_messages *l,
			    struct oc_err *e)
{
	struct oc_store_writes w = { .messages = l->v, .n = l->n };
	char *agent = oc_session_key_agent(key);
	struct oc_session_record r;
	bool made = false;
	enum oc_rc rc = oc_store_session_open_wait(s->spec.store, key, agent, &r, &made, e);

	free(agent);
	if (rc) return rc;
	struct oc_session *session = made ? oc_session_use(s, &r) : NULL;

	oc_session_record_deinit(&r);
	if (!made) return oc_fail(e, OC_E_INPUT, "session %.200s exists already", key);
	rc = oc_session_change_wait(session, like_the_other, (void *)(uintptr_t)from, &w, e);
	oc_session_let_go(session);
	if (!rc) oc_session_tell_change(s, key, "create");
	return rc;
}

enum oc_rc oc_sessions_fork_wait(struct oc_sessions *s, const char *key, const char *message_id,
				 const char *new_key, struct oc_buf *question, struct oc_err *e)
{
	struct oc_session_record from;
	struct oc_stored_messages l = { 0 };
	int64_t first = 0;
	enum oc_rc rc = oc_store_session_wait(s->spec.store, key, &from, e);

	if (rc) return rc;
	struct oc_message_query q = { .session_id = from.id, .after_seq = from.boundary_seq };
	rc = end_wait(s->spec.store, &from, message_id, &q.before_seq, question, e);
	if (!rc) rc = first_seq_wait(s->spec.store, from.epoch, &first, e);
	if (!rc) rc = oc_store_messages_wait(s->spec.store, &q, &l, e);
	if (!rc) {
		make_copies(&l, first);
		rc = fill_wait(s, new_key, &from, &l, e);
		oc_stored_messages_deinit(&l);
	}
	oc_session_record_deinit(&from);
	return rc;
}
