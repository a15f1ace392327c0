/* What an agent can do. */
#include <stdlib.h>

#include "agent/skill/skills.h"
#include "base/mem.h"
#include "gateway/commands/chat_command.h"
#include "gateway/methods/chat_send.h"
#include "gateway/methods/method.h"
#include "gateway/methods/rpc_session.h"
#include "gateway/methods/tool_invoke.h"

/* Where a tool stands in the list; what no row names is of the last group. */
static const struct {
	const char *id, *label, *tools;
} groups[] = {
	{ "fs", "Files", " read write edit apply_patch " },
	{ "runtime", "Commands", " exec process " },
	{ "web", "Web", " web_fetch web_search browser " },
	{ "memory", "Memory", " memory_search memory_get " },
	{ "automation", "Automation", " cron message spawn session_status " },
	{ "other", "Other", "" },
};
enum { GROUPS = sizeof groups / sizeof *groups };

static size_t group_of(const char *tool)
{
	char *word = oc_asprintf(" %s ", tool);
	size_t at = 0;

	while (at < GROUPS - 1 && !strstr(groups[at].tools, word)) at++;
	free(word);
	return at;
}

static json_t *tool_row(const json_t *function)
{
	const char *name = oc_json_cstr(function, "name");
	struct oc_str description = oc_json_str(function, "description");

	return json_pack("{s:s,s:s,s:o,s:o,s:s,s:[s]}", "id", name, "label", name, "description",
			 oc_json_new_str(description), "rawDescription",
			 oc_json_new_str(description), "source", "core", "defaultProfiles", "full");
}

static json_t *group_rows(void)
{
	struct oc_strv names = { 0 };
	json_t *tools = oc_tools_json(NULL, &names), *tool, *rows = json_array();
	size_t i;

	for (size_t g = 0; g < GROUPS; g++) {
		json_t *list = json_array();
		json_array_foreach (tools, i, tool) {
			const json_t *f = json_object_get(tool, "function");
			if (group_of(oc_json_cstr(f, "name")) == g)
				json_array_append_new(list, tool_row(f));
		}
		if (json_array_size(list))
			json_array_append_new(
			    rows, json_pack("{s:s,s:s,s:s,s:O}", "id", groups[g].id, "label",
					    groups[g].label, "source", "core", "tools", list));
		json_decref(list);
	}
	json_decref(tools);
	oc_strv_deinit(&names);
	return rows;
}

static enum oc_rc agent_param(struct oc_rpc *r, char **agent, struct oc_rpc_error *e)
{
	const char *key = oc_json_cstr(r->params, "sessionKey");
	char *canonical;
	enum oc_rc rc = oc_rpc_session_key(r, key ? key : "main",
					   oc_json_cstr(r->params, "agentId"), &canonical, e);

	if (rc) return rc;
	*agent = oc_session_key_agent(canonical);
	free(canonical);
	return OC_OK;
}

static enum oc_rc catalog_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	char *agent;
	enum oc_rc rc = agent_param(r, &agent, e);

	if (rc) return rc;
	*result = json_pack("{s:s,s:[{s:s,s:s}],s:o}", "agentId", agent, "profiles", "id", "full",
			    "label", "Full", "groups", group_rows());
	free(agent);
	return OC_OK;
}

static enum oc_rc effective_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	char *agent;
	enum oc_rc rc = agent_param(r, &agent, e);

	if (rc) return rc;
	*result = json_pack("{s:s,s:s,s:[{s:s,s:s}],s:o}", "agentId", agent, "profile", "full",
			    "profiles", "id", "full", "label", "Full", "groups", group_rows());
	free(agent);
	return OC_OK;
}

static json_t *skills_json(const char *agent, const struct oc_skills *s)
{
	json_t *list = json_array();

	for (size_t i = 0; i < s->n; i++) json_array_append_new(list, oc_skill_details(&s->v[i]));
	return json_pack("{s:s,s:s,s:s,s:[{s:s,s:s}],s:[],s:o}", "agentId", agent, "workspaceDir",
			 s->workspace, "managedSkillsDir", s->managed, "profiles", "id", "full",
			 "label", "Full", "groups", "skills", list);
}

static enum oc_rc skills_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	struct oc_snapshot *snapshot;
	struct oc_skills skills;
	struct oc_err why = { 0 };
	char *agent;
	enum oc_rc rc = agent_param(r, &agent, e);

	if (rc) return rc;
	snapshot = oc_gateway_snapshot(r->gw);
	rc = oc_skills_of_wait(&snapshot->config, agent, &skills, &why);
	if (!rc) *result = skills_json(agent, &skills);
	oc_skills_deinit(&skills);
	oc_snapshot_unref(snapshot);
	free(agent);
	return rc ? oc_rpc_fail(e, rc, &why) : OC_OK;
}

static bool has_scope(const json_t *row, const char *wanted)
{
	const char *scope = oc_json_cstr(row, "scope");

	return !wanted || !strcmp(wanted, "both") || !scope || !strcmp(scope, "both") ||
	       !strcmp(scope, wanted);
}

/* The agent's skills are commands as well. */
static void add_skills_wait(struct oc_rpc *r, json_t *list)
{
	const char *key = oc_json_cstr(r->params, "sessionKey");
	struct oc_snapshot *snapshot = oc_gateway_snapshot(r->gw);
	struct oc_rpc_error ignored = { 0 };
	struct oc_err e = { 0 };
	struct oc_skills skills;
	char *canonical, *agent;

	if (!oc_rpc_session_key(r, key ? key : "main", oc_json_cstr(r->params, "agentId"),
				&canonical, &ignored)) {
		agent = oc_session_key_agent(canonical);
		if (!oc_skills_of_wait(&snapshot->config, agent, &skills, &e))
			oc_skill_command_rows(&skills, oc_json_bool(r->params, "includeArgs", true),
					      list);
		oc_skills_deinit(&skills);
		free(agent);
		free(canonical);
	}
	oc_snapshot_unref(snapshot);
}

static enum oc_rc commands_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	const char *scope = oc_json_cstr(r->params, "scope");
	json_t *all = oc_chat_command_list(oc_json_bool(r->params, "includeArgs", true)), *row;
	json_t *list = json_array();
	size_t i;

	(void)e;
	add_skills_wait(r, all);
	json_array_foreach (all, i, row)
		if (has_scope(row, scope)) json_array_append(list, row);
	json_decref(all);
	*result = json_pack("{s:o}", "commands", list);
	return OC_OK;
}

static json_t *invoked(const char *name, const struct oc_tool_result *out)
{
	json_t *text = oc_json_new_str(oc_buf_view(&out->text));

	if (!out->is_error)
		return json_pack("{s:b,s:s,s:o}", "ok", true, "toolName", name, "output", text);
	return json_pack("{s:b,s:s,s:{s:s,s:o}}", "ok", false, "toolName", name, "error", "code",
			 "tool_error", "message", text);
}

static enum oc_rc invoke_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	const char *name = oc_json_cstr(r->params, "name");
	struct oc_tool_result out;
	struct oc_err why = { 0 };
	char *agent;
	enum oc_rc rc = agent_param(r, &agent, e);

	if (rc) return rc;
	const struct oc_tool_invocation inv = { .name = name,
						.agent = agent,
						.session_key =
						    oc_json_cstr(r->params, "sessionKey"),
						.args = json_object_get(r->params, "args") };
	rc = oc_tool_invoke_wait(r->gw, &inv, &out, &why);
	free(agent);
	if (rc) return oc_rpc_fail(e, rc, &why);
	*result = invoked(name, &out);
	oc_tool_result_deinit(&out);
	return OC_OK;
}

const struct oc_method oc_methods_tools[] = {
	{ "commands.list", OC_SCOPE_READ,
	  "sessionKey?:str, agentId?:str, provider?:str, scope?:(\"text\"|\"native\"|\"both\"), "
	  "includeArgs?:bool",
	  commands_wait },
	{ "tools.catalog", OC_SCOPE_READ, "agentId?:str min1, includePlugins?:bool", catalog_wait },
	{ "tools.effective", OC_SCOPE_READ, "sessionKey?:str min1, agentId?:str min1",
	  effective_wait },
	{ "skills.status", OC_SCOPE_READ, "agentId?:str min1, sessionKey?:str", skills_wait },
	{ "tools.invoke", OC_SCOPE_WRITE,
	  "name:str min1, args?:object, sessionKey?:str, agentId?:str, confirm?:bool, "
	  "idempotencyKey?:str, conversationReadOrigin?:\"direct-operator\"",
	  invoke_wait },
	{ 0 },
};
