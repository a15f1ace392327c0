/* One candidate: is it fit, is it loaded, what came of the run with it. */
#include "agent/run/trial.h"

#include <stdlib.h>

#include "agent/run/babble.h"
#include "agent/run/context_guard.h"
#include "agent/run/speed.h"
#include "agent/run/target.h"
#include "agent/run/tool_choice.h"
#include "agent/run/window.h"
#include "base/mem.h"
#include "model/call/call.h"
#include "model/provider/context.h"
#include "model/provider/lmstudio.h"
#include "model/provider/preload.h"
#include "tool/mcp.h"

/* ---- the model port ---- */

void oc_job_notice(const struct oc_job *job, const char *text)
{
	if (job->spec->alive) job->spec->alive(job->spec->alive_arg);
	if (job->spec->sink->notice) job->spec->sink->notice(job->spec->sink->arg, text);
}

static void pass_notice(void *arg, const char *text)
{
	oc_job_notice(arg, text);
}

/* The smaller one of the plan's limit and the caller's. */
static int64_t output_limit(const struct oc_job *job, int64_t planned)
{
	int64_t asked = oc_json_positive(job->spec->params, "max_tokens");

	return asked && asked < planned ? asked : planned;
}

static struct oc_call_spec call_spec(const struct oc_trial *c, const struct oc_turn_request *r)
{
	const struct oc_agent_spec *spec = c->job->spec;

	return (struct oc_call_spec){
		.catalog = spec->catalog,
		.target = c->target,
		.messages = r->messages,
		.tools = r->tools,
		.tool_names = r->tool_names,
		.agent_id = spec->settings->id,
		.thinking = r->thinking_off ? "off" : c->thinking,
		.max_tokens = output_limit(c->job, r->max_tokens),
		.params = !r->tools	     ? spec->params
			  : r->no_more_calls ? c->params_without_calls
					     : c->params_with_tools,
		.alive = spec->alive,
		.alive_arg = spec->alive_arg,
		.request_model = c->request_model,
		.sink = r->sink,
		.notice = pass_notice,
		.notice_arg = c->job,
		.run_id = c->job->result->run_id,
		.breaker = &c->job->breaker,
		.session_key = spec->session_key,
		.session_id = spec->session_id,
		.priority = spec->priority,
		.side_effects = r->visible_before,
	};
}

static void tell_loading(void *arg)
{
	const struct oc_run_sink *sink = arg;
	const struct oc_progress loading = { .present = true, .phase = OC_PHASE_LOADING };

	if (sink->progress) sink->progress(sink->arg, &loading);
}

/* Before each request: the server may have thrown the model out. A recent look at the list holds
 * (D54). */
static enum oc_rc preload_wait(struct oc_trial *c)
{
	const struct oc_provider *p = c->target->provider;
	const struct oc_preload_watch watch = { .loading = tell_loading,
						.arg = (void *)(uintptr_t)c->job->spec->sink };
	char *request_model = NULL;
	enum oc_rc rc;

	if (c->job->spec->port || oc_provider_kind(p->id)->load != OC_LOAD_LMSTUDIO) return OC_OK;
	rc = oc_lmstudio_preload_wait(c->job->spec->catalog, p, c->target->model_id,
				      c->target->model, &watch, &request_model, &c->loaded_ctx);
	free(c->request_model);
	c->request_model = request_model;
	return rc;
}

/* What failover needs to know of a failure. */
static void keep_error(struct oc_trial *c, const struct oc_call_error *error)
{
	oc_call_error_deinit(&c->error);
	c->error.class = error->class;
	c->error.status = error->status;
	if (error->message) c->error.message = oc_strdup(error->message);
	if (error->code) c->error.code = oc_strdup(error->code);
}

/* What the server says of the window that is loaded, where a preload did not tell. */
static enum oc_rc read_context_wait(struct oc_trial *c, struct oc_err *e)
{
	const struct oc_catalog *catalog = c->job->spec->catalog;
	struct oc_provider *p = c->target->provider;
	struct oc_context found;
	enum oc_rc rc = OC_OK;

	if (c->job->spec->port || oc_provider_kind(p->id)->load == OC_LOAD_LMSTUDIO) return rc;
	if (!oc_window_held(catalog, p, c->target->model_id, &found)) {
		rc = oc_call_context_wait(catalog, c->target, &found, e);
		if (!rc) oc_window_hold(catalog, p, c->target->model_id, &found);
	}
	if (found.tokens) c->loaded_ctx = found.tokens;
	c->chars_per_token = found.chars_per_token;
	return rc;
}

static void keep_sent(void *arg, json_t *body)
{
	struct oc_trial *c = arg;

	json_decref(c->sent);
	c->sent = json_incref(body);
}

static enum oc_rc port_call_wait(void *arg, const struct oc_turn_request *r, struct oc_reply *reply,
				 struct oc_err *e)
{
	struct oc_trial *c = arg;
	enum oc_rc rc = c->preloaded ? OC_OK : preload_wait(c);

	if (rc) return rc;
	c->preloaded = false;
	struct oc_call_spec spec = call_spec(c, r);
	spec.sent = keep_sent;
	spec.sent_arg = c;
	rc = oc_call_wait(&spec, reply, e);
	if (!rc && reply->outcome != OC_OUTCOME_OK) {
		oc_lmstudio_preload_forget(c->target->provider);
		oc_window_forget(c->target->provider);
	}
	if (!rc) keep_error(c, &reply->error);
	return rc;
}

static void port_explain(void *arg, const struct oc_turn_request *r, const struct oc_reply *reply,
			 struct oc_buf *out)
{
	const struct oc_call_spec spec = call_spec(arg, r);

	oc_call_explain(&spec, reply, out);
}

/* ---- whoever answers: looked after ---- */

/* One request: its task can be stopped from the stream it gives. */
struct watched {
	struct oc_trial *trial;
	const struct oc_reply_sink *sink; /* who is told */
	struct oc_turn_request request;
	struct oc_reply *reply;
	struct oc_err *e;
	enum oc_rc rc;
	struct oc_scope *scope;
	struct oc_babble text, reasoning;
	uint64_t began_ms, first_ms; /* monotonic; first 0 = nothing came */
};

static void watch_delta(struct watched *w, struct oc_babble *b, struct oc_str delta)
{
	if (!w->first_ms) w->first_ms = oc_now_ms();
	if (w->trial->babbled || !oc_babble_feed(b, delta)) return;
	w->trial->babbled = true;
	oc_scope_cancel(w->scope);
}

static void watched_text(void *arg, struct oc_str delta)
{
	struct watched *w = arg;

	if (w->sink->text) w->sink->text(w->sink->arg, delta);
	watch_delta(w, &w->text, delta);
}

static void watched_reasoning(void *arg, struct oc_str delta)
{
	struct watched *w = arg;

	if (w->sink->reasoning) w->sink->reasoning(w->sink->arg, delta);
	watch_delta(w, &w->reasoning, delta);
}

static void watched_progress(void *arg, const struct oc_progress *p)
{
	const struct watched *w = arg;

	if (w->sink->progress) w->sink->progress(w->sink->arg, p);
}

static void ask(void *arg)
{
	struct watched *w = arg;
	const struct oc_model_port *port = &w->trial->port;

	w->rc = port->call_wait(port->arg, &w->request, w->reply, w->e);
}

static void measure(const struct watched *w)
{
	const struct oc_usage *u = &w->reply->usage;
	const struct oc_selection *target = w->trial->target;

	if (w->rc || !u->present || !w->first_ms || w->trial->job->spec->port) return;
	oc_speed_note(target, u->input - (u->cached > 0 ? u->cached : 0),
		      w->first_ms - w->began_ms);
	oc_speed_note_writing(target, u->output, oc_now_ms() - w->first_ms);
}

static enum oc_rc told_call_wait(void *arg, const struct oc_turn_request *r, struct oc_reply *reply,
				 struct oc_err *e)
{
	struct oc_trial *c = arg;
	const struct oc_agent_spec *spec = c->job->spec;
	const struct oc_reply_sink sink = { .text = watched_text,
					    .reasoning = watched_reasoning,
					    .progress = watched_progress };
	struct oc_reply_sink mine = sink;
	struct watched w = { .trial = c, .sink = r->sink, .request = *r, .reply = reply, .e = e };

	mine.arg = &w;
	w.request.sink = &mine;
	w.began_ms = oc_now_ms();
	c->babbled = false;
	w.scope = oc_scope_new();
	oc_scope_spawn(w.scope, ask, &w);
	oc_scope_join_wait(w.scope);
	oc_scope_free(w.scope);
	if (c->babbled && w.rc == OC_CANCELLED && !oc_scope_cancelled(oc_scope_current())) {
		reply->outcome = OC_OUTCOME_ERROR;
		reply->error.class = OC_ERR_BAD_PAYLOAD;
		w.rc = OC_OK;
	}
	measure(&w);
	/* Afterwards: nobody waits for it then. */
	if (spec->requested) spec->requested(spec->requested_arg, r->messages, r->tools, c->sent);
	json_decref(c->sent);
	c->sent = NULL;
	return w.rc;
}

static void told_explain(void *arg, const struct oc_turn_request *r, const struct oc_reply *reply,
			 struct oc_buf *out)
{
	const struct oc_trial *c = arg;

	if (c->babbled)
		oc_buf_adds(
		    out, "the model said the same thing again and again and was stopped. Ask once "
			 "more, give it a higher repeat penalty, or try another model.");
	else
		c->port.explain(c->port.arg, r, reply, out);
}

/* ---- one candidate ---- */

static const char *thinking_of(const struct oc_job *job, const struct oc_selection *target)
{
	if (job->spec->thinking) return job->spec->thinking;
	if (job->spec->settings->thinking) return job->spec->settings->thinking;
	return target->model && target->model->reasoning ? "medium" : "off";
}

static void report(struct oc_job *job, struct oc_run *run)
{
	struct oc_agent_result *r = job->result;

	oc_buf_clear(&r->text);
	oc_buf_add(&r->text, oc_buf_view(&run->answer));
	r->finish = run->finish;
	r->error = run->error;
	r->turns += run->turns;
	r->calls = run->calls_run;
	r->prompt_tokens = run->last_prompt_tokens;
	r->nearly_full = run->messages.n && oc_compact_is_near(run);
	r->usage.present = r->usage.present || run->usage.present;
	r->usage.input += run->usage.input;
	r->usage.output += run->usage.output;
	if (run->usage.cached >= 0)
		r->usage.cached = (r->usage.cached < 0 ? 0 : r->usage.cached) + run->usage.cached;
	r->client_calls = json_incref(run->client_calls);
	job->calls_run = run->calls_run;
	job->shown = run->shown;
	job->answered = run->answered;
}

/* For the next run with this model. */
static void learn(const struct oc_trial *c, const struct oc_run *run)
{
	const struct oc_catalog *catalog = c->job->spec->catalog;
	const struct oc_selection *t = c->target;

	if (run->error == OC_ERR_CONTEXT_OVERFLOW && run->told_ctx > 0)
		oc_context_refused(catalog, t->provider, t->model_id, run->told_ctx);
	if (run->usage.present && !c->job->spec->port)
		oc_context_measured(catalog, t->provider, t->model_id, run->plan.chars_per_token);
}

/* Who is not waited for by a person has fewer turns (spec 03 §1.3). */
static unsigned max_turns(enum oc_priority p)
{
	enum { SUBAGENT_TURNS = 25, BACKGROUND_TURNS = 20 };

	if (p < OC_PRIORITY_SUBAGENT) return 0;
	return p == OC_PRIORITY_SUBAGENT ? SUBAGENT_TURNS : BACKGROUND_TURNS;
}

static void begin_run(struct oc_trial *c, struct oc_run *run)
{
	struct oc_job *job = c->job;

	oc_run_init(run);
	c->port = job->spec->port ? *job->spec->port
				  : (struct oc_model_port){ port_call_wait, port_explain, c };
	run->model = (struct oc_model_port){ told_call_wait, told_explain, c };
	run->sink = job->spec->sink;
	run->max_turns = max_turns(job->spec->priority);
	run->tools = &job->tools;
	run->conversation = job->conversation;
	run->target = c->target;
	run->callers_tools = &job->callers_tools;
	run->calls_run = job->calls_run;
	run->shown = job->shown;
	if (job->spec->reading) *job->spec->reading = &run->reading;
}

static enum oc_rc run_wait(const struct oc_trial *c, struct oc_run *run, struct oc_err *e)
{
	enum oc_rc rc = oc_compose_wait(c, run, e);

	if (!rc) rc = oc_compact_wait(c, run, e);
	if (rc || c->job->spec->compact) return rc;
	return oc_run_wait(run, e);
}

/* Plans, runs, reports. *again: the server named a smaller window and nothing was shown: worth a
 * new plan. */
static enum oc_rc attempt_wait(struct oc_trial *c, bool *movable, bool *again, struct oc_err *e)
{
	struct oc_run run;
	enum oc_rc rc;

	begin_run(c, &run);
	rc = run_wait(c, &run, e);
	learn(c, &run);
	report(c->job, &run);
	*again = rc && !run.shown_in_turn && run.error == OC_ERR_CONTEXT_OVERFLOW &&
		 run.told_ctx > 0 && run.told_ctx < run.plan.n_ctx && !c->told_ctx;
	if (*again) c->told_ctx = run.told_ctx;
	if (run.error != c->error.class)
		keep_error(c, &(struct oc_call_error){ .class = run.error });
	*movable = rc && !run.shown_in_turn && !oc_call_breaker_open(&c->job->breaker) &&
		   (run.error == OC_ERR_NONE ||
		    oc_fail_policy(oc_fail_reason_of(&c->error))->next_candidate);
	if (c->job->spec->reading) *c->job->spec->reading = NULL;
	oc_run_deinit(&run);
	return rc;
}

/* The policy of tools may depend on the model. */
static void settle_tools(struct oc_job *job, const struct oc_selection *target)
{
	oc_tool_settings_deinit(&job->tool_settings);
	oc_tool_settings_init_for(&job->tool_settings, job->spec->catalog->config,
				  job->spec->settings->entry, target->provider->id,
				  target->model_id, job->spec->tools_allow);
	oc_tool_settings_apply(&job->tool_settings, &job->tools);
	job->tools.vision = target->model && target->model->vision;
}

/* Before the prompt names them. */
static enum oc_rc settle_servers_wait(const struct oc_trial *c)
{
	const struct oc_agent_spec *spec = c->job->spec;

	if (spec->no_tools || !c->compat.supports_tools) return OC_OK;
	return oc_mcp_settle_wait(spec->mcp, c->job->tool_settings.policy);
}

static void name_target(struct oc_job *job, const struct oc_selection *target)
{
	free(job->result->provider);
	free(job->result->model);
	job->result->provider = oc_strdup(target->provider->id);
	job->result->model = oc_strdup(target->model_id);
	if (job->spec->selected) job->spec->selected(job->spec->selected_arg, target);
}

static void settle_choice(struct oc_trial *c)
{
	const char *api = oc_model_api(c->target->provider, c->target->model);
	json_t *params = c->job->spec->params, *none = json_string("none");

	c->params_with_tools = oc_tool_choice_params(params, api, c->job->spec->tool_choice);
	c->params_without_calls = oc_tool_choice_params(params, api, none);
	json_decref(none);
}

enum oc_rc oc_trial_wait(struct oc_job *job, const struct oc_selection *target, bool *movable,
			 struct oc_call_error *error, struct oc_err *e)
{
	struct oc_trial c = { .job = job, .target = target, .thinking = thinking_of(job, target) };
	struct oc_context_guard guard;
	bool again = false;
	enum oc_rc rc;

	*movable = true;
	name_target(job, target);
	settle_tools(job, target);
	oc_context_guard_init(&guard, job->spec->catalog->config, job->spec->settings->entry,
			      target);
	rc = oc_context_guard_check(&guard, target, e);
	if (rc) return rc;
	oc_call_error_init(&c.error);
	oc_target_compat(target, &c.compat);
	settle_choice(&c);
	rc = settle_servers_wait(&c);
	if (!rc) rc = preload_wait(&c);
	c.preloaded = true;
	if (!rc) rc = read_context_wait(&c, e);
	if (!rc) rc = attempt_wait(&c, movable, &again, e);
	if (rc && again) {
		oc_job_notice(job,
			      "the server's context is smaller than configured; planning again");
		rc = attempt_wait(&c, movable, &again, e);
	}
	*error = c.error;
	free(c.request_model);
	json_decref(c.params_with_tools);
	json_decref(c.params_without_calls);
	oc_compat_deinit(&c.compat);
	return rc;
}
