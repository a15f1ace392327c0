/* One run of a job. */
#include "agent/cron/cron_run.h"

#include <stdlib.h>

#include "agent/session/session_events.h"
#include "base/log.h"
#include "base/mem.h"

enum {
	RUN_LIMIT_MS = 3600000, /* spec 03 §8.1 */
	LOOK_MS = 1000,
	SESSION_MS = 86400000,
	TOLD_CHARS = 300 /* of a reminder, to the model */
};

void oc_cron_outcome_deinit(struct oc_cron_outcome *o)
{
	free(o->session_key);
	free(o->text);
	free(o->provider);
	free(o->model);
}

static char *canonical(const struct oc_cron_spec *spec, const json_t *job, const char *wanted,
		       struct oc_err *e)
{
	struct oc_snapshot *snapshot = spec->snapshot(spec->arg);
	char *key = NULL;

	if (oc_session_key_canonical(&snapshot->config, wanted, oc_json_cstr(job, "agentId"), &key,
				     e) != OC_OK)
		oc_wrap(e, "the session of the job");
	oc_snapshot_unref(snapshot);
	return key;
}

char *oc_cron_main_session(const struct oc_cron_spec *spec, const json_t *job, struct oc_err *e)
{
	return canonical(spec, job, "main", e);
}

char *oc_cron_session(const struct oc_cron_spec *spec, const json_t *job, struct oc_err *e)
{
	const char *target = oc_json_cstr(job, "sessionTarget"),
		   *bound = oc_json_cstr(job, "sessionKey");
	char *own, *key;

	if (oc_str_starts(oc_str(target), OC_LIT("session:")))
		return canonical(spec, job, target + strlen("session:"), e);
	if (strcmp(target, "isolated") != 0) return canonical(spec, job, bound ? bound : "main", e);
	own = oc_asprintf("cron:%s", oc_json_cstr(job, "id"));
	key = canonical(spec, job, own, e);
	free(own);
	return key;
}

static bool is_isolated(const json_t *job)
{
	return !strcmp(oc_json_cstr(job, "sessionTarget"), "isolated");
}

/* ---- without a model ---- */

/* People read it now; the model hears of it with the next message, so that it knows what "done,
 * thanks" means. */
static enum oc_rc say_wait(const struct oc_cron_work *w, struct oc_cron_outcome *o)
{
	struct oc_str name = oc_json_str(w->job, "name");
	struct oc_buf event;
	struct oc_err e = { 0 };
	enum oc_rc rc;

	if (is_isolated(w->job)) return OC_OK;
	rc = oc_cron_say_wait(w->spec, o->session_key, oc_str(o->text), &o->error);
	if (rc) return rc;
	o->delivery = "delivered";
	oc_buf_init(&event, 4096);
	oc_buf_addf(&event, "the job %.*s told the user", OC_FMT(oc_str_head(name, 100)));
	if (!o->foreign && strlen(o->text) <= TOLD_CHARS) oc_buf_addf(&event, ": %s", o->text);
	if (oc_session_event_add_wait(w->spec->sessions, o->session_key, oc_buf_view(&event), &e))
		oc_log(OC_LOG_WARN, "cron", "an event is not kept: %s", e.msg);
	oc_buf_deinit(&event);
	return OC_OK;
}

static enum oc_rc text_wait(const struct oc_cron_work *w, struct oc_cron_outcome *o)
{
	o->text = oc_strdup(oc_json_cstr(json_object_get(w->job, "payload"), "text"));
	return say_wait(w, o);
}

static enum oc_rc command_wait(const struct oc_cron_work *w, struct oc_cron_outcome *o)
{
	enum oc_rc rc = oc_cron_command_wait(w, &o->text, &o->foreign, &o->error);

	return rc || !o->text ? rc : say_wait(w, o);
}

/* A note for the session, without a turn of its own: it stands on top of the next message. */
static enum oc_rc note_wait(const struct oc_cron_work *w, struct oc_cron_outcome *o)
{
	const char *text = oc_json_cstr(json_object_get(w->job, "payload"), "text");

	return oc_session_event_add_wait(w->spec->sessions, o->session_key, oc_str(text),
					 &o->error);
}

/* ---- a model's turn ---- */

/* The gateway drains its sessions before the scheduler stops, so no run outlives its turn. */
struct turn {
	const struct oc_cron_work *work;
	struct oc_cron_outcome *out;
	bool begun; /* the model reads or speaks */
};

static void watch(void *arg, const struct oc_run_event *event)
{
	struct turn *t = arg;
	bool waits = event->kind == OC_RUN_PROGRESS && event->progress &&
		     event->progress->phase == OC_PHASE_QUEUED;

	if ((event->kind == OC_RUN_PROGRESS && !waits) || event->kind == OC_RUN_TEXT ||
	    event->kind == OC_RUN_THINKING || event->kind == OC_RUN_TOOL_START)
		t->begun = true;
}

static enum oc_rc ask_wait(struct turn *t)
{
	const json_t *job = t->work->job, *payload = json_object_get(job, "payload");
	bool agent_turn = !strcmp(oc_json_cstr(payload, "kind"), "agentTurn");
	const json_t *tools = json_object_get(payload, "toolsAllow");
	struct oc_asked asked;
	const struct oc_ask ask = {
		.session_key = t->out->session_key,
		.run_id = t->work->run_id,
		.message = oc_json_str(payload, agent_turn ? "message" : "text"),
		.model = oc_json_cstr(payload, "model"),
		.thinking = oc_json_cstr(payload, "thinking"),
		.channel = "cron",
		.origin = "cron",
		.queue = OC_QUEUE_FOLLOWUP,
		.timeout_ms = (uint64_t)oc_json_positive(payload, "timeoutSeconds") * 1000,
		.priority = OC_PRIORITY_CRON,
		.own_turn = true,
		/* A session keeps the opening that it has; a job of its own has a small one. */
		.tools_allow = is_isolated(job) && json_array_size(tools) ? tools : NULL,
		.light = is_isolated(job) && oc_json_bool(payload, "lightContext", true),
		.tainted = oc_json_bool(job, "foreign", false),
		.watch = watch,
		.watch_arg = t,
	};

	return oc_sessions_ask_wait(t->work->spec->sessions, &ask, &asked, &t->out->error);
}

/* When a turn that has not begun is too late; 0 = never. */
static int64_t deadline_of(const struct oc_cron_work *w)
{
	int64_t ms = 0;

	if (!w->due_ms) return 0;
	ms = oc_json_positive(w->job, "deadline");
	if (!ms && !oc_parse_duration(oc_json_str(w->job, "deadline"), &ms)) return 0;
	return w->due_ms + ms;
}

static bool is_over(const struct turn *t, uint64_t began_ms, int64_t deadline)
{
	if (oc_now_ms() - began_ms >= RUN_LIMIT_MS) return true;
	return deadline && !t->begun && oc_wall_ms() >= deadline;
}

/* Parks until the run ended, or was ended because it is too late. */
static enum oc_rc await_wait(struct turn *t, struct oc_run_outcome *o)
{
	struct oc_sessions *sessions = t->work->spec->sessions;
	int64_t deadline = deadline_of(t->work);
	uint64_t began_ms = oc_now_ms();
	const char *id = t->work->run_id;
	enum oc_rc rc;

	while (!(rc = oc_sessions_outcome_wait(sessions, id, oc_deadline_in(LOOK_MS), o)) &&
	       !strcmp(o->status, "pending")) {
		if (is_over(t, began_ms, deadline)) {
			struct oc_strv aborted = { 0 };

			oc_sessions_abort_wait(sessions, t->out->session_key, id, true, "timeout",
					       &aborted);
			oc_strv_deinit(&aborted);
			return OC_E_TIMEOUT;
		}
		oc_run_outcome_deinit(o);
		*o = (struct oc_run_outcome){ 0 };
	}
	return rc;
}

static enum oc_rc too_late(struct turn *t)
{
	if (t->begun)
		return oc_fail(&t->out->error, OC_E_TIMEOUT, "the run took longer than %d minutes",
			       RUN_LIMIT_MS / 60000);
	t->out->status = "skipped";
	oc_fail(&t->out->error, OC_E_TIMEOUT, "the model was not free before the job's deadline");
	return OC_OK;
}

static enum oc_rc take_outcome(struct turn *t, enum oc_rc rc, const struct oc_run_outcome *o)
{
	struct oc_cron_outcome *out = t->out;

	if (rc == OC_CANCELLED) return rc;
	if (rc == OC_E_TIMEOUT) return too_late(t);
	if (o->provider) out->provider = oc_strdup(o->provider);
	if (o->model) out->model = oc_strdup(o->model);
	if (!rc && o->status && !strcmp(o->status, "ok")) {
		if (o->text && *o->text) out->text = oc_strdup(o->text);
		return OC_OK;
	}
	out->passing = true;
	return oc_fail(&out->error, OC_E_UPSTREAM, "%s",
		       o->error	   ? o->error
		       : o->status ? o->status
				   : "the run was lost");
}

/* Each run begins anew, and once a day with an empty session: what was said before is kept in the
 * history. */
static enum oc_rc fresh_wait(const struct oc_cron_work *w, const char *key, struct oc_err *e)
{
	struct oc_session_record r;
	bool old;

	if (oc_store_session_wait(w->spec->store, key, &r, NULL) != OC_OK) return OC_OK;
	old = oc_wall_ms() - r.created_ms >= SESSION_MS;
	oc_session_record_deinit(&r);
	return old ? oc_sessions_delete_wait(w->spec->sessions, key, e)
		   : oc_sessions_reset_wait(w->spec->sessions, key, "new", e);
}

static enum oc_rc model_wait(const struct oc_cron_work *w, struct oc_cron_outcome *out)
{
	struct turn t = { .work = w, .out = out };
	struct oc_run_outcome outcome = { 0 };
	enum oc_rc rc = OC_OK;

	if (is_isolated(w->job)) rc = fresh_wait(w, out->session_key, &out->error);
	if (!rc) rc = ask_wait(&t);
	if (rc) return rc;
	rc = await_wait(&t, &outcome);
	rc = take_outcome(&t, rc, &outcome);
	oc_run_outcome_deinit(&outcome);
	return rc;
}

/* ---- any ---- */

static enum oc_rc perform_wait(const struct oc_cron_work *w, struct oc_cron_outcome *out)
{
	const char *kind = oc_json_cstr(json_object_get(w->job, "payload"), "kind"),
		   *wake = oc_json_cstr(w->job, "wakeMode");

	out->session_key = oc_cron_session(w->spec, w->job, &out->error);
	if (!out->session_key) return out->error.rc;
	if (!strcmp(kind, "text")) return text_wait(w, out);
	if (!strcmp(kind, "command")) return command_wait(w, out);
	if (!strcmp(kind, "systemEvent") && wake && !strcmp(wake, "next-heartbeat"))
		return note_wait(w, out);
	return model_wait(w, out);
}

void oc_cron_work_wait(const struct oc_cron_work *w, struct oc_cron_outcome *out)
{
	int64_t began_ms = oc_wall_ms();
	enum oc_rc rc;

	*out = (struct oc_cron_outcome){ .status = "ok" };
	rc = perform_wait(w, out);
	if (rc) out->status = "error";
	if (rc == OC_CANCELLED) oc_fail(&out->error, rc, "the gateway stopped");
	if (rc != OC_CANCELLED) oc_cron_deliver_wait(w, out, began_ms);
	if (rc || strcmp(out->delivery ? out->delivery : "", "not-delivered") != 0) return;
	if (oc_json_bool(json_object_get(w->job, "delivery"), "bestEffort", false)) return;
	out->status = "error";
	out->passing = true;
	oc_fail(&out->error, OC_E_UPSTREAM, "not delivered: %s", out->delivery_error.msg);
}
