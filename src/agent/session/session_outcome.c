/* How runs ended, which are under way, and how they are stopped. */
#include <stdlib.h>

#include "agent/session/session.h"
#include "base/log.h"
#include "base/mem.h"

/* ---- outcomes ---- */

static char *copy(const char *s)
{
	return s ? oc_strdup(s) : NULL;
}

static void copy_outcome(const struct oc_session_run *r, struct oc_run_outcome *out)
{
	struct oc_str text = oc_str_trim(oc_buf_view(&r->result.text));

	*out = (struct oc_run_outcome){
		.status = r->state == OC_RUN_ENDED ? r->status : "pending",
		.text = oc_strndup(text.p ? text.p : "", text.n),
		.error = r->state == OC_RUN_ENDED && r->rc && r->error.msg[0]
			     ? oc_strdup(r->error.msg)
			     : NULL,
		.provider = copy(r->provider),
		.model = copy(r->model),
		.session_id = copy(r->session_id),
		.usage = r->result.usage,
		.finish = r->result.finish,
		.error_class = r->result.error,
		.http_status = r->result.http_status,
		.client_calls = json_incref(r->result.client_calls),
		.started_ms = r->info.started_ms,
		.ended_ms = r->info.ended_ms,
	};
}

void oc_run_outcome_deinit(struct oc_run_outcome *o)
{
	free(o->text);
	free(o->error);
	free(o->provider);
	free(o->model);
	free(o->session_id);
	json_decref(o->client_calls);
	*o = (struct oc_run_outcome){ 0 };
}

/* What the store still knows of a run that memory forgot. */
static enum oc_rc stored_outcome_wait(struct oc_sessions *s, const char *run_id,
				      struct oc_run_outcome *out)
{
	static const char *const names[] = { "ok", "error", "aborted", "timeout" };
	struct oc_err e = { 0 };
	struct oc_run_record r;
	enum oc_rc rc = oc_store_run_wait(s->spec.store, run_id, &r, &e);

	if (rc) return rc;
	*out = (struct oc_run_outcome){ .status = "error",
					.error = copy(r.error),
					.provider = copy(r.provider),
					.model = copy(r.model),
					.session_id = copy(r.session_id),
					.started_ms = r.started_ms,
					.ended_ms = r.ended_ms };
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (!strcmp(r.status, names[i])) out->status = names[i];
	oc_run_record_deinit(&r);
	return OC_OK;
}

enum oc_rc oc_sessions_outcome_wait(struct oc_sessions *s, const char *run_id, struct oc_deadline d,
				    struct oc_run_outcome *out)
{
	struct oc_session_run *r = oc_session_run_find(s, run_id);

	*out = (struct oc_run_outcome){ 0 };
	if (!r) return stored_outcome_wait(s, run_id, out);
	r->users++;
	while (r->state != OC_RUN_ENDED && oc_bell_wait(&r->ended, d) == OC_OK) continue;
	r->users--;
	copy_outcome(r, out);
	return OC_OK;
}

/* ---- aborting ---- */

static bool is_wanted(const struct oc_session_run *r, const char *session_key, const char *run_id,
		      bool queued_too)
{
	if (r->state == OC_RUN_ENDED) return false;
	if (run_id) return !strcmp(r->info.run_id, run_id);
	if (!r->session || !session_key || strcmp(r->session->key, session_key) != 0) return false;
	return queued_too || r->session->active == r;
}

static void drop_queued_wait(struct oc_session *session)
{
	for (size_t i = 0; i < session->queue.n;) {
		struct oc_queued item = session->queue.v[i];
		struct oc_err e = { 0 };

		i++;
		if (item.own) continue; /* aborted as a run */
		item = oc_queue_take(&session->queue, i - 1);
		if (oc_session_forget_waiting_wait(session, item.input->run_id, "aborted", &e) !=
		    OC_OK)
			oc_log(OC_LOG_WARN, "sessions", "%s", e.msg);
		oc_input_free(item.input);
		i = 0; /* the queue may have changed */
	}
}

void oc_sessions_abort_wait(struct oc_sessions *s, const char *session_key, const char *run_id,
			    bool queued_too, const char *reason, struct oc_strv *aborted)
{
	struct oc_session *session = session_key ? oc_session_find(s, session_key) : NULL;
	struct oc_strv ids = { 0 };

	for (struct oc_session_run *r = s->runs; r; r = r->next)
		if (is_wanted(r, session_key, run_id, queued_too))
			oc_strv_add(&ids, oc_str(r->info.run_id));
	if (session) session->users++;
	if (session && queued_too && !run_id) drop_queued_wait(session);
	for (size_t i = 0; i < ids.n; i++) {
		struct oc_session_run *r = oc_session_run_find(s, ids.v[i]);

		if (!r || r->state == OC_RUN_ENDED) continue;
		oc_session_run_abort_wait(r, reason);
		oc_strv_add(aborted, oc_str(ids.v[i]));
		r->users++;
		while (r->state != OC_RUN_ENDED && oc_bell_wait(&r->ended, OC_NO_DEADLINE) == OC_OK)
			continue;
		r->users--;
	}
	oc_session_let_go(session);
	oc_strv_deinit(&ids);
}

/* ---- looking ---- */

void oc_sessions_runs(const struct oc_sessions *s, const char *session_key, struct oc_strv *out)
{
	const struct oc_session *session = session_key ? oc_session_find(s, session_key) : NULL;
	const struct oc_session_run *active = session ? session->active : NULL;

	if (session_key && !session) return;
	if (active && active->state != OC_RUN_ENDED) oc_strv_add(out, oc_str(active->info.run_id));
	for (const struct oc_session_run *r = s->runs; r; r = r->next)
		if (r->state != OC_RUN_ENDED && r != active && (!session || r->session == session))
			oc_strv_add(out, oc_str(r->info.run_id));
}

struct oc_str oc_sessions_partial(const struct oc_sessions *s, const char *session_key)
{
	const struct oc_session *session = oc_session_find(s, session_key);

	if (!session || !session->active) return (struct oc_str){ 0 };
	return oc_buf_view(&session->active->partial);
}
