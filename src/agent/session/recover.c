/*
 * What a crash left (D47, spec 03 §5.5): runs that were under way are interrupted, their
 * conversations are completed so that they can be replayed, and what still waited becomes part of
 * them. Nothing is resumed.
 */
#include <stdlib.h>

#include "agent/run/transcript.h"
#include "agent/session/input.h"
#include "agent/session/partial.h"
#include "agent/session/session.h"
#include "agent/session/stored_message.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"

static const char waiting_kind[] = "pending-input";
enum { LOOKED_AT = 64 }; /* messages at the end: more than a turn has */

/* ---- one conversation ---- */

static enum oc_rc add_wait(struct oc_store *store, const char *session_id, const char *run,
			   json_t *body, unsigned flags, struct oc_err *e)
{
	struct oc_stored_message m = { .run = run ? oc_strdup(run) : NULL,
				       .body = body,
				       .flags = flags };
	enum oc_rc rc = oc_store_append_wait(store, session_id, &m, 1, NULL, e);

	oc_stored_message_deinit(&m);
	return rc;
}

static enum oc_rc answer_calls_wait(struct oc_store *store, const char *session_id, const char *run,
				    const struct oc_messages *view, struct oc_err *e)
{
	struct oc_messages open = { 0 };
	enum oc_rc rc = OC_OK;

	oc_transcript_open_calls(view, OC_LIT("interrupted"), &open);
	for (size_t i = 0; i < open.n && !rc; i++)
		rc = add_wait(store, session_id, run,
			      oc_body_tool_result(&open.v[i], true, oc_wall_ms()), 0, e);
	oc_messages_deinit(&open);
	return rc;
}

/* partial: what people had read of the answer; empty: a fixed text stands for it. */
static enum oc_rc add_no_answer_wait(struct oc_store *store, const char *session_id,
				     const char *run, struct oc_str partial, struct oc_err *e)
{
	static const char why[] = "the gateway stopped while it worked on this";
	const unsigned flags = OC_MSG_NO_ANSWER | (partial.n ? OC_MSG_INTERRUPTED : 0);
	const struct oc_said said = { .flags = flags, .error = why };
	struct oc_messages one = { 0 };
	struct oc_message *m = oc_messages_add(&one, OC_ROLE_ASSISTANT, partial);
	enum oc_rc rc;

	if (!partial.n) oc_transcript_no_answer("interrupted", &m->text);
	rc = add_wait(store, session_id, run, oc_body_assistant(m, &said, oc_wall_ms()), flags, e);
	oc_messages_deinit(&one);
	return rc;
}

/* The begin of an answer that was being written; nothing when it has become a message meanwhile. */
static enum oc_rc find_partial_wait(struct oc_store *store, const char *run,
				    const struct oc_messages *view, struct oc_buf *out,
				    struct oc_err *e)
{
	enum oc_rc rc = oc_partial_find_wait(store, run, out, e);
	struct oc_str partial = oc_str_trim(oc_buf_view(out));
	bool is_message = false;

	for (size_t i = view->n; i-- > 0 && view->v[i].role != OC_ROLE_USER && !is_message;)
		is_message = view->v[i].role == OC_ROLE_ASSISTANT &&
			     oc_str_starts(oc_str_trim(oc_buf_view(&view->v[i].text)), partial);
	if (is_message || !partial.n) oc_buf_clear(out);
	return rc;
}

/* Messages of the end as the model sees them, and whether there is one to be answered. */
static enum oc_rc view_end_wait(struct oc_store *store, const char *session_id,
				struct oc_messages *view, struct oc_err *e)
{
	const struct oc_message_query q = { .session_id = session_id, .limit = LOOKED_AT };
	struct oc_stored_messages l;
	enum oc_rc rc = oc_store_messages_wait(store, &q, &l, e);

	if (rc) return rc;
	for (size_t i = 0; i < l.n; i++)
		if (!(l.v[i].flags & (OC_MSG_HIDDEN_FROM_MODEL | OC_MSG_SUMMARY)))
			oc_stored_to_model(&l.v[i], view);
	oc_stored_messages_deinit(&l);
	return OC_OK;
}

static enum oc_rc close_session_wait(struct oc_store *store, const char *session_id,
				     const char *run, struct oc_err *e)
{
	struct oc_messages view = { 0 };
	struct oc_buf partial;
	enum oc_rc rc = view_end_wait(store, session_id, &view, e);
	const struct oc_message *last = view.n ? &view.v[view.n - 1] : NULL;

	oc_buf_init(&partial, OC_MAX_REPLY_BYTES);
	if (!rc) rc = find_partial_wait(store, run, &view, &partial, e);

	if (!rc && last) rc = answer_calls_wait(store, session_id, run, &view, e);
	if (!rc && last && (last->role != OC_ROLE_ASSISTANT || last->n_calls))
		rc = add_no_answer_wait(store, session_id, run, oc_buf_view(&partial), e);
	oc_buf_deinit(&partial);
	oc_messages_deinit(&view);
	return rc;
}

/* ---- runs ---- */

static enum oc_rc mark_session_wait(struct oc_store *store, const struct oc_run_record *run,
				    struct oc_err *e)
{
	struct oc_session_record r;
	enum oc_rc rc = oc_store_session_wait(store, run->session_key, &r, e);

	if (rc == OC_E_NOT_FOUND) return OC_OK;
	if (rc) return rc;
	if (r.last_status && !strcmp(r.last_status, "running")) {
		free(r.last_status);
		r.last_status = oc_strdup("killed");
		r.run_ended_ms = oc_wall_ms();
		rc = oc_store_session_save_wait(store, &r, e);
	}
	if (!rc) rc = close_session_wait(store, r.id, run->id, e);
	oc_session_record_deinit(&r);
	return rc;
}

static enum oc_rc end_runs_wait(struct oc_store *store, struct oc_err *e)
{
	struct oc_run_records l;
	enum oc_rc rc = oc_store_runs_interrupt_wait(store, &l, e);

	if (rc) return rc;
	for (size_t i = 0; i < l.n && !rc; i++)
		if (l.v[i].session_key) rc = mark_session_wait(store, &l.v[i], e);
	if (l.n)
		oc_log(OC_LOG_WARN, "sessions", "%zu run%s interrupted by the last stop", l.n,
		       l.n == 1 ? " was" : "s were");
	oc_run_records_deinit(&l);
	return rc;
}

/* ---- what waited ---- */

/* It becomes part of the conversation, unanswered. */
static enum oc_rc keep_input_wait(struct oc_store *store, const struct oc_input *i,
				  struct oc_err *e)
{
	struct oc_session_record r;
	enum oc_rc rc = oc_store_session_wait(store, i->session_key, &r, e);
	bool duplicate = false;

	if (rc == OC_E_NOT_FOUND) return OC_OK;
	if (rc) return rc;
	char *key = oc_asprintf("%s:user", i->run_id);
	struct oc_stored_message m = {
		.run = oc_strdup(i->run_id),
		.idempotency_key = key,
		.body = oc_body_user(oc_input_text(i), &i->images, key, i->accepted_ms),
		.header = i->header ? oc_strdup(i->header) : NULL,
	};

	rc = oc_store_append_wait(store, r.id, &m, 1, &duplicate, e);
	if (!rc && !duplicate) rc = add_no_answer_wait(store, r.id, i->run_id, OC_LIT(""), e);
	oc_stored_message_deinit(&m);
	oc_session_record_deinit(&r);
	return rc;
}

static enum oc_rc keep_waiting_inputs_wait(struct oc_store *store, struct oc_err *e)
{
	struct oc_documents l;
	enum oc_rc rc = oc_store_list_wait(store, waiting_kind, NULL, 0, 0, &l, e);

	if (rc) return rc;
	for (size_t i = l.n; i > 0 && !rc; i--) { /* the oldest first */
		struct oc_input *input = oc_input_of_json(l.v[i - 1].value);

		if (input) rc = keep_input_wait(store, input, e);
		if (!rc) rc = oc_store_remove_wait(store, waiting_kind, l.v[i - 1].id, NULL, e);
		oc_input_free(input);
	}
	oc_documents_deinit(&l);
	return rc;
}

enum oc_rc oc_sessions_recover_wait(struct oc_sessions *s, struct oc_err *e)
{
	enum oc_rc rc = end_runs_wait(s->spec.store, e);

	if (!rc) rc = keep_waiting_inputs_wait(s->spec.store, e);
	if (!rc) rc = oc_partials_forget_wait(s->spec.store, e);
	return rc ? oc_wrap(e, "repair of what the last stop left") : OC_OK;
}
