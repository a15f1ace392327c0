/* What happens in a run, as events for who watches, and the questions that it asks. */
#include <stdlib.h>

#include "agent/session/grants.h"
#include "agent/session/session.h"
#include "base/log.h"
#include "base/mem.h"

/* ---- telling ---- */

void oc_session_run_tell(struct oc_session_run *r, struct oc_run_event *event)
{
	const struct oc_sessions_spec *spec = &r->owner->spec;

	if (r->compaction) return; /* no message of anybody */
	event->run = &r->info;
	event->session_key = r->info.session_key;
	if (r->watch) r->watch(r->watch_arg, event);
	if (spec->watch) spec->watch(spec->arg, event);
}

void oc_session_run_tell_kind(struct oc_session_run *r, enum oc_run_event_kind kind)
{
	oc_session_run_tell(r, &(struct oc_run_event){ .kind = kind });
}

void oc_session_tell_change(struct oc_sessions *s, const char *key, const char *reason)
{
	const struct oc_run_event event = { .kind = OC_SESSION_CHANGED,
					    .session_key = key,
					    .reason = reason };

	if (s->spec.watch) s->spec.watch(s->spec.arg, &event);
}

/* ---- what happens in it ---- */

void oc_session_run_moved(void *arg)
{
	struct oc_session_run *r = arg;

	r->moved_ms = oc_now_ms();
}

static void on_text(void *arg, struct oc_str delta)
{
	struct oc_session_run *r = arg;

	oc_session_run_moved(r);
	if (r->segment_over && r->partial.n) {
		oc_buf_clear(&r->partial);
		r->segment++;
	}
	r->segment_over = false;
	oc_buf_add(&r->partial, delta);
	oc_session_run_tell(r, &(struct oc_run_event){ .kind = OC_RUN_TEXT,
						       .delta = delta,
						       .text = oc_buf_view(&r->partial),
						       .segment = r->segment });
}

static void on_reasoning(void *arg, struct oc_str delta)
{
	oc_session_run_moved(arg);
	oc_session_run_tell(arg, &(struct oc_run_event){ .kind = OC_RUN_THINKING, .delta = delta });
}

static void on_progress(void *arg, const struct oc_progress *p)
{
	oc_session_run_moved(arg);
	oc_session_run_tell(arg, &(struct oc_run_event){ .kind = OC_RUN_PROGRESS, .progress = p });
}

static void on_tool_start(void *arg, const struct oc_tool_call *call)
{
	struct oc_session_run *r = arg;

	oc_session_run_moved(r);
	r->segment_over = true;
	r->call = call;
	r->call_began_ms = oc_now_ms();
	oc_session_run_tell(r, &(struct oc_run_event){ .kind = OC_RUN_TOOL_START, .call = call });
}

static void on_tool_end(void *arg, const struct oc_tool_call *call,
			const struct oc_tool_result *result)
{
	struct oc_session_run *r = arg;

	oc_session_run_moved(r);
	r->call = NULL;
	oc_session_run_tell(
	    r, &(struct oc_run_event){ .kind = OC_RUN_TOOL_END,
				       .call = call,
				       .tool_result = result,
				       .tool_ms = (int64_t)(oc_now_ms() - r->call_began_ms) });
}

static void on_output(void *arg, struct oc_str bytes)
{
	struct oc_session_run *r = arg;

	if (!r->call) return;
	oc_session_run_tell(r, &(struct oc_run_event){
				   .kind = OC_RUN_TOOL_OUTPUT, .call = r->call, .delta = bytes });
}

static void on_notice(void *arg, const char *text)
{
	oc_session_run_moved(arg);
	oc_session_run_tell(arg,
			    &(struct oc_run_event){ .kind = OC_RUN_NOTICE, .text = oc_str(text) });
}

static void on_selected(void *arg, const struct oc_selection *target)
{
	struct oc_session_run *r = arg;

	free(r->provider);
	free(r->model);
	r->provider = oc_strdup(target->provider->id);
	r->model = oc_strdup(target->model_id);
	r->info.provider = r->provider;
	r->info.model = r->model;
	oc_session_run_tell_kind(r, OC_RUN_MODEL);
}

/* ---- questions ---- */

static json_t *request_json(const struct oc_session_run *r, const struct oc_question *q)
{
	json_t *o = json_object();

	oc_json_put(o, "command", oc_json_new_str(oc_str(q->what)));
	oc_json_put(o, "cwd", oc_json_new_str(oc_str(q->workdir)));
	oc_json_put(o, "host", json_string("gateway"));
	oc_json_put(o, "security", json_string(r->settings.exec_mode));
	oc_json_put(o, "ask", json_string("always"));
	oc_json_put(o, "tool", json_string(q->tool));
	if (q->why) oc_json_put(o, "reason", oc_json_new_str(oc_str(q->why)));
	if (q->program) oc_json_put(o, "resolvedPath", oc_json_new_str(oc_str(q->program)));
	oc_json_put(o, "agentId", oc_json_new_str(oc_str(r->info.agent)));
	if (r->session) oc_json_put(o, "sessionKey", oc_json_new_str(oc_str(r->session->key)));
	oc_json_put(o, "runId", oc_json_new_str(oc_str(r->info.run_id)));
	return o;
}

static const char *state_dir(const struct oc_session_run *r)
{
	return r->snapshot->config.paths.state_dir;
}

/* For every conversation of the agent, until it is taken back. */
static void remember_yes(const struct oc_session_run *r, const struct oc_question *q)
{
	const struct oc_grant grant = { .agent = r->info.agent,
					.tool = q->tool,
					.what = q->what,
					.workdir = q->workdir,
					.program = q->program,
					.binding = q->binding };
	struct oc_err e = { 0 };

	if (oc_grants_add(state_dir(r), &grant, oc_wall_ms(), &e) != OC_OK)
		oc_log(OC_LOG_WARN, "approvals", "a lasting yes holds but once: %s", e.msg);
}

static enum oc_rc ask_person_wait(struct oc_session_run *r, json_t *request,
				  const struct oc_question *q, struct oc_err *e)
{
	uint64_t asked_ms = oc_now_ms();
	enum oc_decision decision = OC_DENY;
	enum oc_rc rc;

	r->asking = true;
	rc = oc_approvals_ask_wait(r->owner->spec.approvals, request, &decision, e);
	r->asking = false;
	r->began_ms += oc_now_ms() - asked_ms;
	oc_session_run_moved(r);
	if (rc) return rc;
	if (decision == OC_ALLOW_ALWAYS && q->binding) remember_yes(r, q);
	if (decision == OC_DENY)
		return oc_fail(e, OC_E_DENIED, "not run: the user did not allow it");
	return OC_OK;
}

static enum oc_rc approve_wait(void *arg, const struct oc_question *q, struct oc_err *e)
{
	struct oc_session_run *r = arg;
	enum oc_rc rc;

	if (!r->owner->spec.approvals)
		return oc_fail(
		    e, OC_E_DENIED,
		    "not run: it needs the person's approval, and nobody is here to give it");
	if (q->binding && oc_grants_hold(state_dir(r), r->info.agent, q->binding)) return OC_OK;
	json_t *request = request_json(r, q);
	rc = ask_person_wait(r, request, q, e);
	json_decref(request);
	return rc;
}

/* ---- all of it ---- */

void oc_session_run_listen(struct oc_session_run *r, struct oc_run_sink *sink,
			   struct oc_agent_spec *spec)
{
	*sink = (struct oc_run_sink){ .text = on_text,
				      .reasoning = on_reasoning,
				      .progress = on_progress,
				      .tool_start = on_tool_start,
				      .tool_end = on_tool_end,
				      .notice = on_notice,
				      .arg = r };
	spec->sink = sink;
	spec->approve_wait = approve_wait;
	spec->output = on_output;
	spec->alive = oc_session_run_moved;
	spec->selected = on_selected;
	spec->approve_arg = spec->output_arg = spec->alive_arg = spec->selected_arg = r;
	spec->reading = &r->reading;
}
