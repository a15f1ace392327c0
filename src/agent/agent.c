/* A run: candidates in order, each with a plan and a prompt of its own. */
#include "agent/agent.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "agent/context_guard.h"
#include "agent/loop.h"
#include "agent/prompt.h"
#include "agent/transcript.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/rand.h"
#include "model/call/call.h"
#include "model/provider/lmstudio.h"
#include "model/provider/preload.h"
#include "net/url.h"
#include "rt/file.h"

enum { SYSTEM_AND_USER = 2, MAX_PROMPT_BYTES = 4194304 };

struct job {
	const struct oc_agent_spec *spec;
	struct oc_agent_result *result;
	struct oc_tool_context tools;
	char *time_zone;
	struct oc_buf user; /* the message with its header: the same for every candidate */
	struct oc_messages
	    progress; /* what a failed candidate had done: the next goes on from there */
	unsigned calls_run;
	bool shown;
	struct oc_call_breaker breaker;
};

/* One candidate and what was found out about it. */
struct candidate {
	struct job *job;
	const struct oc_selection *target;
	struct oc_compat compat;
	char *request_model;	/* what a preload said */
	bool preloaded;		/* just now, for the plan: the first request needs no other look */
	int64_t loaded_ctx;	/* 0 = unknown */
	int64_t told_ctx;	/* the server corrected us; 0 = it did not */
	double chars_per_token; /* measured in earlier runs; 0 = never */
	struct oc_call_error error; /* of the last reply that was one */
	const char *thinking;
};

/* ---- the model port ---- */

static void pass_notice(void *arg, const char *text)
{
	const struct job *job = arg;

	if (job->spec->alive) job->spec->alive(job->spec->alive_arg);
	if (job->spec->sink->notice) job->spec->sink->notice(job->spec->sink->arg, text);
}

static struct oc_call_spec call_spec(const struct candidate *c, const struct oc_turn_request *r)
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
		.max_tokens = r->max_tokens,
		.request_model = c->request_model,
		.sink = r->sink,
		.notice = pass_notice,
		.notice_arg = c->job,
		.run_id = c->job->result->run_id,
		.breaker = &c->job->breaker,
		.side_effects = r->visible_before,
	};
}

/* Before each request: the server may have thrown the model out. A recent look at the list holds
 * (D54). */
static enum oc_rc preload_wait(struct candidate *c)
{
	const struct oc_provider *p = c->target->provider;
	char *request_model = NULL;
	enum oc_rc rc;

	if (oc_provider_kind(p->id)->load != OC_LOAD_LMSTUDIO) return OC_OK;
	rc = oc_lmstudio_preload_wait(c->job->spec->catalog, p, c->target->model_id,
				      c->target->model, &request_model, &c->loaded_ctx);
	free(c->request_model);
	c->request_model = request_model;
	return rc;
}

/* What failover needs to know of a failure. */
static void keep_error(struct candidate *c, const struct oc_call_error *error)
{
	oc_call_error_deinit(&c->error);
	c->error.class = error->class;
	c->error.status = error->status;
	if (error->message) c->error.message = oc_strdup(error->message);
	if (error->code) c->error.code = oc_strdup(error->code);
}

/* What the server says of the window that is loaded, where a preload did not tell. */
static enum oc_rc read_context_wait(struct candidate *c, struct oc_err *e)
{
	struct oc_provider *p = c->target->provider;
	struct oc_context found;
	enum oc_rc rc = OC_OK;

	if (oc_provider_kind(p->id)->load == OC_LOAD_LMSTUDIO) return rc;
	rc = oc_call_context_wait(c->job->spec->catalog, c->target, &found, e);
	if (found.tokens) c->loaded_ctx = found.tokens;
	c->chars_per_token = found.chars_per_token;
	return rc;
}

static enum oc_rc port_call_wait(void *arg, const struct oc_turn_request *r, struct oc_reply *reply,
				 struct oc_err *e)
{
	struct candidate *c = arg;
	enum oc_rc rc = c->preloaded ? OC_OK : preload_wait(c);

	if (rc) return rc;
	c->preloaded = false;
	const struct oc_call_spec spec = call_spec(c, r);
	rc = oc_call_wait(&spec, reply, e);
	if (!rc && reply->outcome != OC_OUTCOME_OK) oc_lmstudio_preload_forget(c->target->provider);
	if (!rc) keep_error(c, &reply->error);
	return rc;
}

static void port_explain(void *arg, const struct oc_turn_request *r, const struct oc_reply *reply,
			 struct oc_buf *out)
{
	const struct oc_call_spec spec = call_spec(arg, r);

	oc_call_explain(&spec, reply, out);
}

/* ---- plan and prompt ---- */

/* The smallest of the windows that anybody named (D42); 0 = nobody. */
static int64_t context_of(const struct candidate *c)
{
	const struct oc_model *m = c->target->model;
	const int64_t told[] = { c->told_ctx, c->loaded_ctx, m ? m->context_tokens : 0,
				 m ? m->context_window : 0,
				 c->job->spec->settings->context_tokens };
	int64_t smallest = 0;

	for (size_t i = 0; i < sizeof told / sizeof *told; i++)
		if (told[i] > 0 && (!smallest || told[i] < smallest)) smallest = told[i];
	return smallest;
}

static int64_t output_limit_of(const struct candidate *c)
{
	int64_t provider_cap = oc_json_positive(c->target->provider->entry, "maxTokens");
	int64_t limit = c->target->model && c->target->model->max_tokens > 0
			    ? c->target->model->max_tokens
			    : OC_PLAN_DEFAULT_OUTPUT;

	return provider_cap && provider_cap < limit ? provider_cap : limit;
}

static void add_system(const struct candidate *c, struct oc_run *run)
{
	struct job *job = c->job;
	const struct oc_prompt_spec prompt = { .workspace = job->tools.workspace,
					       .time_zone = job->time_zone,
					       .plan = &run->plan,
					       .tools = run->tools_json != NULL };
	struct oc_buf text;

	oc_buf_init(&text, MAX_PROMPT_BYTES);
	oc_prompt_system(&prompt, &text);
	oc_messages_add(&run->messages, OC_ROLE_SYSTEM, oc_buf_view(&text));
	oc_buf_deinit(&text);
}

/* System text, user message and, after another candidate, what was done so far. */
static void compose(const struct candidate *c, struct oc_run *run)
{
	struct job *job = c->job;

	json_decref(run->tools_json);
	oc_strv_deinit(&run->tool_names);
	oc_messages_deinit(&run->messages);
	run->tools_json = NULL;
	if (run->plan.tools && c->compat.supports_tools)
		run->tools_json =
		    oc_tools_json(&c->compat.unsupported_schema_keywords, &run->tool_names);
	add_system(c, run);
	oc_messages_add(&run->messages, OC_ROLE_USER, oc_buf_view(&job->user));
}

/* The texts of every request, counted by the server itself where it offers that. */
static void count_blocks_wait(const struct candidate *c, struct oc_run *run)
{
	const struct oc_selection *t = c->target;
	char *tools = run->tools_json ? oc_json_compact(run->tools_json) : NULL;
	const struct oc_str blocks[] = { oc_str(tools), oc_buf_view(&run->messages.v[0].text),
					 oc_buf_view(&run->messages.v[1].text) };
	int64_t tokens = 0;

	for (size_t i = 0; i < sizeof blocks / sizeof *blocks && tokens >= 0; i++) {
		if (!blocks[i].n || oc_plan_knows(&run->plan, blocks[i])) continue;
		if (oc_context_count_wait(c->job->spec->catalog, t->provider, t->model_id,
					  blocks[i], &tokens) != OC_OK)
			break;
		if (tokens >= 0) oc_plan_know(&run->plan, blocks[i], tokens);
	}
	free(tools);
}

/* Plans smaller until it fits; the lowest level is judged by the loop, which names the numbers. */
static void plan_wait(const struct candidate *c, struct oc_run *run)
{
	struct oc_messages *done = &c->job->progress;

	oc_plan_init(&run->plan, context_of(c), output_limit_of(c));
	oc_plan_set_ratio(&run->plan, c->chars_per_token);
	do {
		compose(c, run);
		count_blocks_wait(c, run);
	} while (!oc_plan_fits(&run->plan, oc_run_prompt_tokens(run) +
					       oc_plan_message_tokens(&run->plan, done)) &&
		 oc_plan_drop(&run->plan));
	oc_transcript_move_tail(done, 0, &run->messages);
}

/* ---- one candidate ---- */

static const char *thinking_of(const struct job *job, const struct oc_selection *target)
{
	if (job->spec->thinking) return job->spec->thinking;
	if (job->spec->settings->thinking) return job->spec->settings->thinking;
	return target->model && target->model->reasoning ? "medium" : "off";
}

static void resolve_compat(struct candidate *c)
{
	const struct oc_provider *p = c->target->provider;
	struct oc_err ignored = { 0 };
	struct oc_url base;
	bool known = p->base_url && oc_url_parse(oc_str(p->base_url), &base, &ignored) == OC_OK;

	oc_compat_resolve(&c->compat, p->id, known ? &base : NULL,
			  c->target->model ? json_object_get(c->target->model->entry, "compat")
					   : NULL);
	if (known) oc_url_deinit(&base);
}

static bool is_closing(const struct oc_message *m)
{
	return m->role == OC_ROLE_ASSISTANT && !m->n_calls &&
	       oc_str_starts(oc_buf_view(&m->text), OC_LIT("[no answer: "));
}

/* Moves what was done after the user message to the job, for the next candidate. */
static void keep_progress(struct job *job, struct oc_run *run)
{
	struct oc_messages *m = &run->messages;

	while (m->n > SYSTEM_AND_USER && is_closing(&m->v[m->n - 1]))
		oc_message_deinit(&m->v[--m->n]);
	oc_transcript_move_tail(m, SYSTEM_AND_USER, &job->progress);
	job->calls_run = run->calls_run;
	job->shown = run->shown;
}

static void report(struct job *job, struct oc_run *run)
{
	struct oc_agent_result *r = job->result;

	oc_buf_clear(&r->text);
	oc_buf_add(&r->text, oc_buf_view(&run->answer));
	r->finish = run->finish;
	r->error = run->error;
	r->turns += run->turns;
	r->calls = run->calls_run;
	r->usage.present = r->usage.present || run->usage.present;
	r->usage.input += run->usage.input;
	r->usage.output += run->usage.output;
	if (run->usage.cached >= 0)
		r->usage.cached = (r->usage.cached < 0 ? 0 : r->usage.cached) + run->usage.cached;
}

/* For the next run with this model. */
static void learn(const struct candidate *c, const struct oc_run *run)
{
	const struct oc_catalog *catalog = c->job->spec->catalog;
	const struct oc_selection *t = c->target;

	if (run->error == OC_ERR_CONTEXT_OVERFLOW && run->told_ctx > 0)
		oc_context_refused(catalog, t->provider, t->model_id, run->told_ctx);
	if (run->usage.present)
		oc_context_measured(catalog, t->provider, t->model_id, run->plan.chars_per_token);
}

/* Plans, runs, reports. *again: the server named a smaller window and nothing was shown: worth a
 * new plan. */
static enum oc_rc attempt_wait(struct candidate *c, bool *movable, bool *again, struct oc_err *e)
{
	struct job *job = c->job;
	struct oc_run run;
	enum oc_rc rc;

	oc_run_init(&run);
	run.model = (struct oc_model_port){ port_call_wait, port_explain, c };
	run.sink = job->spec->sink;
	run.tools = &job->tools;
	run.calls_run = job->calls_run;
	run.shown = job->shown;
	plan_wait(c, &run);
	rc = oc_run_wait(&run, e);
	learn(c, &run);
	report(job, &run);
	*again = rc && !run.shown_in_turn && run.error == OC_ERR_CONTEXT_OVERFLOW &&
		 run.told_ctx > 0 && run.told_ctx < run.plan.n_ctx && !c->told_ctx;
	if (*again) c->told_ctx = run.told_ctx;
	if (run.error != c->error.class)
		keep_error(c, &(struct oc_call_error){ .class = run.error });
	*movable = rc && !run.shown_in_turn && !oc_call_breaker_open(&job->breaker) &&
		   (run.error == OC_ERR_NONE ||
		    oc_fail_policy(oc_fail_reason_of(&c->error))->next_candidate);
	if (*again || *movable) keep_progress(job, &run);
	oc_run_deinit(&run);
	return rc;
}

static void name_target(struct job *job, const struct oc_selection *target)
{
	free(job->result->provider);
	free(job->result->model);
	job->result->provider = oc_strdup(target->provider->id);
	job->result->model = oc_strdup(target->model_id);
}

/* *movable: the next candidate may try. error: what the model's server said, initialised. */
static enum oc_rc candidate_wait(struct job *job, const struct oc_selection *target, bool *movable,
				 struct oc_call_error *error, struct oc_err *e)
{
	struct candidate c = { .job = job, .target = target, .thinking = thinking_of(job, target) };
	struct oc_context_guard guard;
	bool again = false;
	enum oc_rc rc;

	*movable = true;
	name_target(job, target);
	oc_context_guard_init(&guard, job->spec->catalog->config, job->spec->settings->entry,
			      target);
	rc = oc_context_guard_check(&guard, target, e);
	if (rc) return rc;
	oc_call_error_init(&c.error);
	resolve_compat(&c);
	rc = preload_wait(&c);
	c.preloaded = true;
	if (!rc) rc = read_context_wait(&c, e);
	if (!rc) rc = attempt_wait(&c, movable, &again, e);
	if (rc && again) {
		pass_notice(job, "the server's context is smaller than configured; planning again");
		rc = attempt_wait(&c, movable, &again, e);
	}
	*error = c.error;
	free(c.request_model);
	oc_compat_deinit(&c.compat);
	return rc;
}

/* ---- the candidates ---- */

static void log_warnings(const struct oc_strv *warnings)
{
	for (size_t i = 0; i < warnings->n; i++)
		oc_log(OC_LOG_WARN, "models", "%s", warnings->v[i]);
}

/* A model that a person named is the only one; one that the config names for the agent is not. */
static enum oc_rc find_candidates(const struct oc_agent_spec *spec, struct oc_candidates *out,
				  struct oc_err *e)
{
	struct oc_strv fallbacks = { 0 };
	const struct oc_candidate_wish wish = { .requested = spec->model ? spec->model
									 : spec->settings->model,
						.strict = spec->model != NULL,
						.fallbacks = &fallbacks };

	oc_agent_fallbacks(spec->settings, spec->catalog->config, &fallbacks);
	enum oc_rc rc = oc_candidates_init(out, spec->catalog, &wish, e);

	oc_strv_deinit(&fallbacks);
	return rc;
}

static void say_next(struct job *job, const char *failed, const char *why, const char *next)
{
	char *text = oc_asprintf("%s failed: %s; trying %s", failed, why, next);

	pass_notice(job, text);
	free(text);
}

static void say_fallback(struct job *job, const struct oc_failover *f, const char *used)
{
	struct oc_fallback_state once = { 0 };
	struct oc_fallback_state *state = job->spec->fallback_state;
	enum oc_fail_reason reason = oc_failover_first_reason(f);
	char *text =
	    oc_fallback_notice(state ? state : &once, f->candidates->v[0].target.key, used, reason);

	job->result->fell_back = reason;
	if (text) pass_notice(job, text);
	free(text);
	oc_fallback_state_deinit(&once);
}

static enum oc_rc exhausted(const struct oc_failover *f, enum oc_rc rc, struct oc_err *e)
{
	struct oc_buf text;

	oc_buf_init(&text, sizeof e->msg);
	oc_failover_explain(f, &text);
	if (text.n) rc = oc_fail(e, OC_E_UPSTREAM, "%s", oc_buf_cstr(&text));
	oc_buf_deinit(&text);
	return rc;
}

static enum oc_rc walk_wait(struct job *job, struct oc_failover *f, struct oc_err *e)
{
	const struct oc_candidates *list = f->candidates;
	enum oc_rc rc = OC_E_UPSTREAM;
	const char *failed = NULL; /* tried last */

	for (size_t i = 0; i < list->n; i++) {
		const struct oc_candidate *c = &list->v[i];
		struct oc_call_error error;
		bool movable = false;

		if (!oc_failover_admits(f, i)) continue;
		log_warnings(&c->warnings);
		if (failed) say_next(job, failed, e->msg, c->target.key);
		oc_call_error_init(&error);
		rc = candidate_wait(job, &c->target, &movable, &error, e);
		if (rc == OC_OK) say_fallback(job, f, c->target.key);
		if (rc != OC_OK && rc != OC_CANCELLED) oc_failover_failed(f, i, &error, e->msg);
		oc_call_error_deinit(&error);
		if (rc == OC_OK || rc == OC_CANCELLED || !movable) return rc;
		failed = c->target.key;
	}
	return exhausted(f, rc, e);
}

static enum oc_rc all_wait(struct job *job, struct oc_err *e)
{
	struct oc_candidates list;
	struct oc_failover f;
	enum oc_rc rc = find_candidates(job->spec, &list, e);

	if (rc) return rc;
	oc_failover_init(&f, job->spec->catalog, &list);
	f.state = job->spec->fallback_state;
	rc = walk_wait(job, &f, e);
	oc_failover_deinit(&f);
	oc_candidates_deinit(&list);
	return rc;
}

/* ---- the run ---- */

/* A configured zone is the zone of the process: the clock must show what the prompt names. */
static void use_time_zone(const char *configured, const char *used)
{
	if (!configured || strcmp(configured, used) != 0) return;
	setenv("TZ", used, 1);
	tzset();
}

enum oc_rc oc_agent_run_wait(const struct oc_agent_spec *spec, struct oc_agent_result *result,
			     struct oc_err *e)
{
	const struct oc_agent_settings *s = spec->settings;
	struct job job = { .spec = spec, .result = result };
	enum oc_rc rc;

	*result = (struct oc_agent_result){ .usage = { .cached = -1, .reasoning = -1 } };
	oc_buf_init(&result->text, OC_MAX_REPLY_BYTES);
	oc_uuid(result->run_id);
	job.tools =
	    (struct oc_tool_context){ .workspace = spec->workspace ? spec->workspace : s->workspace,
				      .state_dir = spec->catalog->config->paths.state_dir,
				      .run_id = result->run_id,
				      .approve_wait = spec->approve_wait,
				      .approve_arg = spec->approve_arg,
				      .exec_mode = s->exec_mode,
				      .alive = spec->alive,
				      .alive_arg = spec->alive_arg };
	rc = oc_mkdirs(job.tools.workspace, e);
	if (rc) return oc_wrap(e, "workspace");
	job.time_zone = oc_prompt_time_zone(s->time_zone);
	use_time_zone(s->time_zone, job.time_zone);
	oc_buf_init(&job.user, OC_MAX_REQUEST_BYTES);
	oc_prompt_user(oc_wall_ms(), job.time_zone, spec->channel, spec->message, &job.user);
	rc = all_wait(&job, e);
	oc_messages_deinit(&job.progress);
	oc_buf_deinit(&job.user);
	free(job.time_zone);
	return rc;
}

void oc_agent_result_deinit(struct oc_agent_result *r)
{
	free(r->provider);
	free(r->model);
	oc_buf_deinit(&r->text);
}
