/* A run: candidates in order, until one of them answers. */
#include "agent/run/agent.h"

#include <stdio.h>
#include <stdlib.h>

#include "agent/run/prompt.h"
#include "agent/run/transcript.h"
#include "agent/run/trial.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "rt/file.h"
#include "store/store.h"

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

static void say_next(struct oc_job *job, const char *failed, const char *why, const char *next)
{
	char *text = oc_asprintf("%s failed: %s; trying %s", failed, why, next);

	oc_job_notice(job, text);
	free(text);
}

static void say_fallback(struct oc_job *job, const struct oc_failover *f, const char *used)
{
	struct oc_fallback_state once = { 0 };
	struct oc_fallback_state *state = job->spec->fallback_state;
	enum oc_fail_reason reason = oc_failover_first_reason(f);
	char *text =
	    oc_fallback_notice(state ? state : &once, f->candidates->v[0].target.key, used, reason);

	job->result->fell_back = reason;
	if (text) oc_job_notice(job, text);
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

static void note_failure(struct oc_job *job, struct oc_failover *f, size_t i,
			 const struct oc_call_error *error, const struct oc_err *e)
{
	job->result->fail_reason = oc_fail_reason_of(error);
	job->result->http_status = error->status;
	oc_failover_failed(f, i, error, e->msg);
}

static enum oc_rc walk_wait(struct oc_job *job, struct oc_failover *f, struct oc_err *e)
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
		rc = oc_trial_wait(job, &c->target, &movable, &error, e);
		if (rc == OC_OK) say_fallback(job, f, c->target.key);
		if (rc != OC_OK && rc != OC_CANCELLED) note_failure(job, f, i, &error, e);
		oc_call_error_deinit(&error);
		if (rc == OC_OK || rc == OC_CANCELLED || !movable) return rc;
		failed = c->target.key;
	}
	return exhausted(f, rc, e);
}

static enum oc_rc all_wait(struct oc_job *job, struct oc_err *e)
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

/* The conversation has to end with words of the assistant, whatever became of the run (D46). */
static void close_wait(const struct oc_job *job, enum oc_rc why, const char *error)
{
	const struct oc_conversation *c = job->conversation;
	const struct oc_said said = { .flags = OC_MSG_NO_ANSWER, .error = error };
	struct oc_messages one = { 0 };
	struct oc_err e = { 0 };

	if (job->answered || job->spec->compact) return;
	oc_transcript_no_answer(why == OC_CANCELLED ? "stopped" : "the run failed",
				&oc_messages_add(&one, OC_ROLE_ASSISTANT, OC_LIT(""))->text);
	if (c->append_wait(c->arg, &one.v[0], &said, &e) != OC_OK)
		oc_log(OC_LOG_WARN, "agent", "the end of a run was not kept: %s", e.msg);
	oc_messages_deinit(&one);
}

static void add_images(const struct oc_message *from, struct oc_message *to)
{
	for (size_t i = 0; from && i < from->n_images; i++)
		*oc_message_add_image(to) =
		    (struct oc_image){ .mime = oc_strdup(from->images[i].mime),
				       .base64 = oc_strdup(from->images[i].base64) };
}

/* The conversation of a run that is alone. */
static void begin_alone(const struct oc_job *job, struct oc_messages *m)
{
	const struct oc_agent_spec *spec = job->spec;
	struct oc_message *user;

	for (size_t i = 0; spec->history && i < spec->history->n; i++)
		oc_transcript_copy(&spec->history->v[i], m);
	if (!spec->message.n && !(spec->images && spec->images->n_images)) return;
	user = oc_messages_add(m, OC_ROLE_USER, OC_LIT(""));
	oc_prompt_user(oc_wall_ms(), job->time_zone, spec->channel, spec->message, &user->text);
	add_images(spec->images, user);
}

/* ---- skills ---- */

const struct oc_skills *oc_job_skills_wait(struct oc_job *job)
{
	if (job->skills_found) return &job->skills;
	job->skills_found = true;
	oc_skills_find_wait(job->spec->catalog->config, job->tools.workspace,
			    job->spec->settings->entry, &job->skills);
	return &job->skills;
}

static enum oc_rc resource_wait(void *arg, struct oc_str address, struct oc_buf *out,
				struct oc_err *e)
{
	static const struct oc_str scheme = OC_LIT("skill://");
	struct oc_job *job = arg;

	if (!oc_str_starts(address, scheme))
		return oc_fail(e, OC_E_NOT_FOUND,
			       "only skill://NAME can be read so; for pages there is web_fetch");
	return oc_skills_read(oc_job_skills_wait(job), oc_str_from(address, scheme.n), out, e);
}

/* Only where the configuration has variables for skills are they looked for at once. */
static void find_skill_env_wait(struct oc_job *job)
{
	if (!oc_config_get(job->spec->catalog->config, "skills.entries")) return;
	oc_skills_env(oc_job_skills_wait(job), job->spec->catalog->config, &job->skill_env);
	job->tools.host_env = &job->skill_env;
}

/* ---- tools ---- */

static void init_tools(struct oc_job *job)
{
	const struct oc_agent_spec *spec = job->spec;
	const struct oc_agent_settings *s = spec->settings;
	const char *workspace = spec->workspace ? spec->workspace : s->workspace;

	oc_memory_tools_register();
	job->memory = (struct oc_memory_scope){ spec->catalog, s, workspace };
	job->tools = (struct oc_tool_context){ .workspace = workspace,
					       .state_dir = spec->catalog->config->paths.state_dir,
					       .run_id = job->result->run_id,
					       .approve_wait = spec->approve_wait,
					       .approve_arg = spec->approve_arg,
					       .exec_mode = s->exec_mode,
					       .permission = spec->permission,
					       .processes = spec->processes,
					       .mcp = spec->mcp,
					       .session_key = spec->session_key,
					       .tainted = spec->tainted,
					       .memory = &job->memory,
					       .host = spec->host,
					       .resource_wait = resource_wait,
					       .resource_arg = job,
					       .alive = spec->alive,
					       .alive_arg = spec->alive_arg,
					       .output = spec->output,
					       .output_arg = spec->output_arg };
}

static void name_callers_tools(struct oc_job *job)
{
	const json_t *tool;
	size_t i;

	json_array_foreach (job->spec->callers_tools, i, tool)
		oc_strv_add_once(&job->callers_tools,
				 oc_json_str(json_object_get(tool, "function"), "name"));
}

static void init_result(const struct oc_agent_spec *spec, struct oc_agent_result *result)
{
	*result = (struct oc_agent_result){ .usage = { .cached = -1, .reasoning = -1 } };
	oc_buf_init(&result->text, OC_MAX_REPLY_BYTES);
	if (spec->run_id)
		snprintf(result->run_id, sizeof result->run_id, "%s", spec->run_id);
	else
		oc_uuid(result->run_id);
}

enum oc_rc oc_agent_run_wait(const struct oc_agent_spec *spec, struct oc_agent_result *result,
			     struct oc_err *e)
{
	struct oc_job job = { .spec = spec, .result = result };
	struct oc_messages messages = { 0 };
	const struct oc_conversation alone = oc_memory_conversation(&messages);
	enum oc_rc rc;

	init_result(spec, result);
	init_tools(&job);
	find_skill_env_wait(&job);
	name_callers_tools(&job);
	job.time_zone = oc_prompt_time_zone(spec->settings->time_zone);
	job.conversation = spec->conversation ? spec->conversation : &alone;
	if (!spec->conversation) begin_alone(&job, &messages);
	rc = oc_mkdirs(job.tools.workspace, e);
	if (rc) oc_wrap(e, "workspace");
	if (!rc) rc = all_wait(&job, e);
	if (rc) close_wait(&job, rc, rc == OC_CANCELLED ? NULL : e->msg);
	oc_messages_deinit(&messages);
	oc_strv_deinit(&job.callers_tools);
	oc_tool_settings_deinit(&job.tool_settings);
	oc_skills_deinit(&job.skills);
	oc_strv_deinit(&job.skill_env);
	free(job.time_zone);
	return rc;
}

void oc_agent_result_deinit(struct oc_agent_result *r)
{
	free(r->provider);
	free(r->model);
	free(r->summary);
	json_decref(r->client_calls);
	oc_buf_deinit(&r->text);
}
