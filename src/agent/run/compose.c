/* What a run with one model begins with: a plan that fits its context, and the prompt by it. */
#include <stdlib.h>

#include "agent/run/prompt.h"
#include "agent/run/speed.h"
#include "agent/run/transcript.h"
#include "agent/run/trial.h"
#include "base/limits.h"
#include "base/mem.h"
#include "model/provider/context.h"

enum { MAX_PROMPT_BYTES = 4194304 };

/* ---- the plan ---- */

/* The smallest of the windows that anybody named (D42); 0 = nobody. */
static int64_t context_of(const struct oc_trial *c, const char **limited_by)
{
	static const char loaded[] = "the context with which the server has loaded the model";
	const struct oc_model *m = c->target->model;
	const struct {
		int64_t tokens;
		const char *what;
	} told[] = {
		{ c->told_ctx, loaded },
		{ c->loaded_ctx, loaded },
		{ m ? m->context_window : 0, "contextWindow of the model in models.providers" },
		{ m ? m->context_tokens : 0, "contextTokens of the model in models.providers" },
		{ c->job->spec->settings->context_tokens, "agents.defaults.contextTokens" }
	};
	int64_t smallest = 0;

	*limited_by = "contextWindow of the model in models.providers: nobody says how large it is";
	for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
		if (told[i].tokens <= 0 || (smallest && told[i].tokens >= smallest)) continue;
		smallest = told[i].tokens;
		*limited_by = told[i].what;
	}
	return smallest;
}

static int64_t output_limit_of(const struct oc_trial *c)
{
	int64_t provider_cap = oc_json_positive(c->target->provider->entry, "maxTokens");
	int64_t limit = c->target->model && c->target->model->max_tokens > 0
			    ? c->target->model->max_tokens
			    : OC_PLAN_DEFAULT_OUTPUT;

	return provider_cap && provider_cap < limit ? provider_cap : limit;
}

/* ---- the opening ---- */

/* The caller's tool of the same name is the one that is meant. */
static void drop_named(json_t *tools, const struct oc_strv *names)
{
	for (size_t i = json_array_size(tools); i > 0; i--) {
		const json_t *function = json_object_get(json_array_get(tools, i - 1), "function");

		if (oc_strv_has(names, oc_json_str(function, "name")))
			json_array_remove(tools, i - 1);
	}
}

static struct oc_toolset toolset_of(const struct oc_trial *c)
{
	return oc_tool_settings_set(&c->job->tool_settings, &c->compat.unsupported_schema_keywords);
}

/* The lines of the system text that name what use_tool can call. Free with free(). */
static char *directory_of(const struct oc_trial *c, bool names_only)
{
	struct oc_toolset set = toolset_of(c);
	struct oc_buf text;

	set.lean = set.lean || names_only;
	oc_buf_init(&text, MAX_PROMPT_BYTES);
	oc_toolset_directory(&set, &text);
	return oc_buf_take(&text);
}

/* What a small window has room for; the rest can be called all the same. */
static void drop_all_but_core(json_t *tools)
{
	static const char *const core[] = { "read", "write", "edit", "exec", "use_tool" };
	enum { N_CORE = sizeof core / sizeof *core };

	for (size_t i = json_array_size(tools); i > 0; i--) {
		const json_t *function = json_object_get(json_array_get(tools, i - 1), "function");
		size_t k = 0;

		while (k < N_CORE && strcmp(core[k], oc_json_cstr(function, "name")) != 0) k++;
		if (k == N_CORE) json_array_remove(tools, i - 1);
	}
}

/* Tools of ours and behind them those of the caller (D25). */
static void collect_tools(const struct oc_trial *c, struct oc_run *run)
{
	const struct oc_agent_spec *spec = c->job->spec;
	bool ours = run->plan.tools && !spec->no_tools;

	json_decref(run->tools_json);
	oc_strv_deinit(&run->tool_names);
	run->tools_json = NULL;
	if (!c->compat.supports_tools) return;
	if (ours) {
		const struct oc_toolset set = toolset_of(c);

		run->tools_json = oc_toolset_json(&set, &run->tool_names);
		if (run->plan.core_tools_only) drop_all_but_core(run->tools_json);
	}
	if (!json_array_size(spec->callers_tools)) return;
	drop_named(run->tools_json, &c->job->callers_tools);
	if (!run->tools_json) run->tools_json = json_array();
	json_array_extend(run->tools_json, spec->callers_tools);
	for (size_t i = 0; i < c->job->callers_tools.n; i++)
		oc_strv_add_once(&run->tool_names, oc_str(c->job->callers_tools.v[i]));
}

static void offer_tools(const struct oc_trial *c, struct oc_run *run)
{
	collect_tools(c, run);
	free(run->tools_text);
	run->tools_text = run->tools_json ? oc_json_compact(run->tools_json) : NULL;
}

/* What the configuration says of servers, as far as the opening can show it; never their secrets.
 * NULL = there are none. */
static json_t *servers_json(const struct oc_config *config)
{
	static const char *const keys[] = { "enabled", "trust", "toolFilter" };
	json_t *entries = oc_config_get(config, "mcp.servers"), *entry, *out;
	const char *id;

	if (!json_object_size(entries)) return NULL;
	out = json_object();
	json_object_foreach (entries, id, entry) {
		json_t *one = json_object();

		for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
			oc_json_put(one, keys[i], json_incref(json_object_get(entry, keys[i])));
		oc_json_put(out, id, one);
	}
	return out;
}

/* Whatever decides the bytes of the opening but for the files of the workspace. */
static json_t *profile_json(const struct oc_trial *c)
{
	const struct oc_provider *p = c->target->provider;
	const struct oc_agent_spec *spec = c->job->spec;
	const struct oc_toolset set = toolset_of(c);
	struct oc_buf directory;
	json_t *o = json_object();

	/* What servers list changes as they like, and counts when a new opening is due. */
	oc_buf_init(&directory, MAX_PROMPT_BYTES);
	oc_toolset_own_directory(&set, &directory);
	oc_json_put(o, "directory", oc_json_new_str(oc_buf_view(&directory)));
	oc_json_put(o, "servers", servers_json(spec->catalog->config));
	oc_buf_deinit(&directory);
	oc_json_put(o, "provider", oc_json_new_str(oc_str(p->id)));
	oc_json_put(o, "model", oc_json_new_str(oc_str(c->target->model_id)));
	oc_json_put(o, "endpoint", oc_json_new_str(oc_str(p->base_url)));
	oc_json_put(o, "exec", json_string(spec->settings->exec_mode));
	oc_json_put(o, "timeZone", oc_json_new_str(oc_str(c->job->time_zone)));
	oc_json_put(o, "workspace", oc_json_new_str(oc_str(c->job->tools.workspace)));
	if (spec->light) oc_json_put(o, "light", json_true());
	if (spec->extra_system)
		oc_json_put(o, "caller", oc_json_new_str(oc_str(spec->extra_system)));
	return o;
}

static char *system_text_wait(const struct oc_trial *c, const struct oc_run *run)
{
	struct oc_job *job = c->job;
	char *directory = run->plan.tools && !job->spec->no_tools
			      ? directory_of(c, run->plan.core_tools_only)
			      : NULL;
	const struct oc_prompt_spec prompt = { .workspace = job->tools.workspace,
					       .time_zone = job->time_zone,
					       .plan = &run->plan,
					       .tools = run->tools_json != NULL,
					       .directory = directory,
					       .light = job->spec->light,
					       .skills = job->spec->light
							     ? NULL
							     : oc_job_skills_wait(job) };
	struct oc_buf text;

	oc_buf_init(&text, MAX_PROMPT_BYTES);
	oc_prompt_system(&prompt, &text);
	free(directory);
	if (job->spec->extra_system) oc_buf_addf(&text, "\n%s\n", job->spec->extra_system);
	return oc_buf_take(&text);
}

/* ---- the conversation ---- */

static void set_messages(struct oc_run *run, const char *system, const struct oc_messages *view)
{
	oc_messages_deinit(&run->messages);
	oc_messages_add(&run->messages, OC_ROLE_SYSTEM, oc_str(system));
	for (size_t i = 0; i < view->n; i++) oc_transcript_copy(&view->v[i], &run->messages);
}

/* The texts of every request, counted by the server itself where it offers that. */
static void count_blocks_wait(const struct oc_trial *c, struct oc_run *run)
{
	const struct oc_messages *m = &run->messages;
	const struct oc_selection *t = c->target;
	const struct oc_str blocks[] = { oc_str(run->tools_text), oc_buf_view(&m->v[0].text),
					 oc_buf_view(&m->v[m->n - 1].text) };
	int64_t tokens = c->job->spec->port ? -1 : 0; /* who answers can count */

	for (size_t i = 0; i < sizeof blocks / sizeof *blocks && tokens >= 0; i++) {
		if (!blocks[i].n || oc_plan_knows(&run->plan, blocks[i])) continue;
		if (oc_context_count_wait(c->job->spec->catalog, t->provider, t->model_id,
					  blocks[i], &tokens) != OC_OK)
			break;
		if (tokens >= 0) oc_plan_know(&run->plan, blocks[i], tokens);
	}
}

/* Whether a conversation can be shortened later, so that only its last message has to fit now. */
static bool can_shorten(const struct oc_trial *c)
{
	return c->job->conversation->trim_wait != NULL;
}

/* Plans smaller until the opening and what is to be answered fit. Returns the system text. */
static char *open_anew_wait(const struct oc_trial *c, struct oc_run *run,
			    const struct oc_messages *view)
{
	struct oc_messages last = *view;
	char *system = NULL;

	if (can_shorten(c) && view->n) last = (struct oc_messages){ view->v + view->n - 1, 1, 1 };
	do {
		offer_tools(c, run);
		free(system);
		system = system_text_wait(c, run);
		set_messages(run, system, &last);
		count_blocks_wait(c, run);
	} while (!oc_plan_fits(&run->plan, oc_run_prompt_tokens(run)) && oc_plan_drop(&run->plan));
	return system;
}

/* Completes frozen, whose system text is new, with the tools. */
static enum oc_rc freeze_wait(const struct oc_trial *c, const json_t *profile,
			      struct oc_frozen *frozen, const struct oc_run *run, struct oc_err *e)
{
	const struct oc_conversation *conversation = c->job->conversation;

	if (!conversation->freeze_wait) return OC_OK;
	frozen->tools = run->tools_text ? oc_strdup(run->tools_text) : NULL;
	return conversation->freeze_wait(conversation->arg, profile, frozen, e);
}

static enum oc_rc thaw_wait(const struct oc_trial *c, const json_t *profile,
			    const struct oc_run *run, struct oc_frozen *out, struct oc_err *e)
{
	const struct oc_conversation *conversation = c->job->conversation;
	enum oc_rc rc = OC_OK;

	*out = (struct oc_frozen){ 0 };
	if (conversation->thaw_wait)
		rc = conversation->thaw_wait(conversation->arg, profile, run->tools_text, out, e);
	return rc;
}

/* The opening in force, or a new one, and then the conversation. */
static enum oc_rc open_wait(const struct oc_trial *c, struct oc_run *run,
			    const struct oc_messages *view, struct oc_err *e)
{
	json_t *profile = profile_json(c);
	struct oc_frozen frozen;
	enum oc_rc rc;

	offer_tools(c, run);
	rc = thaw_wait(c, profile, run, &frozen, e);
	if (!rc && !frozen.system) {
		frozen.system = open_anew_wait(c, run, view);
		rc = freeze_wait(c, profile, &frozen, run, e);
	}
	if (!rc) {
		set_messages(run, frozen.system, view);
		count_blocks_wait(c, run);
	}
	oc_frozen_deinit(&frozen);
	json_decref(profile);
	return rc;
}

enum oc_rc oc_recompose_wait(const struct oc_trial *c, struct oc_run *run, struct oc_err *e)
{
	const struct oc_conversation *conversation = c->job->conversation;
	struct oc_messages view = { 0 };
	enum oc_rc rc = conversation->view_wait(conversation->arg, &view, e);

	if (!rc) rc = open_wait(c, run, &view, e);
	oc_messages_deinit(&view);
	return rc;
}

enum oc_rc oc_compose_wait(const struct oc_trial *c, struct oc_run *run, struct oc_err *e)
{
	const char *limited_by;
	int64_t n_ctx = context_of(c, &limited_by);

	oc_plan_init(&run->plan, n_ctx, output_limit_of(c));
	run->plan.limited_by = limited_by;
	run->plan.soft_cap =
	    oc_plan_soft_cap(c->job->spec->settings->context_soft_cap, oc_speed_of(c->target));
	oc_plan_set_ratio(&run->plan, c->chars_per_token);
	return oc_recompose_wait(c, run, e);
}
