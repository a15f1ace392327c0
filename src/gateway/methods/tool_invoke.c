/* One tool, run for a client instead of a model. */
#include "gateway/methods/tool_invoke.h"

#include <stdio.h>
#include <stdlib.h>

#include "agent/memory/memory.h"
#include "base/mem.h"
#include "base/rand.h"
#include "rt/file.h"
#include "tool/mcp.h"
#include "tool/settings.h"

enum { RESULT_CHARS = 200000, ID_CHARS = 12 };

struct asking {
	struct oc_gateway *gw;
	const struct oc_tool_invocation *inv;
	const char *agent;
};

static enum oc_rc approve_wait(void *arg, const struct oc_question *q, struct oc_err *e)
{
	const struct asking *a = arg;
	enum oc_decision decision = OC_DENY;
	json_t *request =
	    json_pack("{s:s,s:o,s:s,s:s,s:s,s:s}", "tool", q->tool, "command",
		      oc_json_new_str(oc_str(q->what)), "cwd", q->workdir ? q->workdir : "", "host",
		      "gateway", "ask", "always", "agentId", a->agent);

	if (a->inv->session_key)
		oc_json_put(request, "sessionKey", json_string(a->inv->session_key));
	enum oc_rc rc = oc_approvals_ask_wait(a->gw->approvals, request, &decision, e);
	json_decref(request);
	if (!rc && decision == OC_DENY) rc = oc_fail(e, OC_E_DENIED, "a person said no");
	return rc;
}

static enum oc_rc run_wait(struct oc_gateway *gw, const struct oc_snapshot *snap,
			   const struct oc_tool_invocation *inv, struct oc_tool_result *out,
			   struct oc_err *e)
{
	struct asking asking = { gw, inv, inv->agent ? inv->agent : "main" };
	struct oc_agent_settings settings;
	char id[ID_CHARS + 1], run_id[ID_CHARS + 8];
	enum oc_rc rc = oc_agent_settings_init(&settings, &snap->config, asking.agent, e);

	if (rc) return rc;
	if ((rc = oc_mkdirs(settings.workspace, e))) {
		oc_agent_settings_deinit(&settings);
		return rc;
	}
	char *args = inv->args ? oc_json_compact(inv->args) : oc_strdup("{}");
	oc_rand_id(id, ID_CHARS);
	snprintf(run_id, sizeof run_id, "invoke-%s", id);
	const struct oc_memory_scope memory = { &snap->catalog, &settings, settings.workspace };
	struct oc_tool_context ctx = { .workspace = settings.workspace,
				       .state_dir = snap->config.paths.state_dir,
				       .run_id = run_id,
				       .max_result_chars = RESULT_CHARS,
				       .approve_wait = gw->approvals ? approve_wait : NULL,
				       .approve_arg = &asking,
				       .exec_mode = settings.exec_mode,
				       .memory = &memory,
				       .mcp = gw->mcp };
	struct oc_tool_settings tools;
	oc_tool_settings_init(&tools, &snap->config, settings.entry, NULL, NULL);
	oc_tool_settings_apply(&tools, &ctx);
	struct oc_tool_call call = { .id = run_id,
				     .name = (char *)(uintptr_t)inv->name,
				     .arguments = args,
				     .args = inv->args ? json_deep_copy(inv->args) : json_object(),
				     .valid = true };
	rc = oc_tool_run_wait(&ctx, &call, out);
	if (rc) oc_tool_result_deinit(out);
	json_decref(call.args);
	free(args);
	oc_tool_settings_deinit(&tools);
	oc_agent_settings_deinit(&settings);
	return rc;
}

enum oc_rc oc_tool_invoke_settle_wait(struct oc_gateway *gw, const char *name)
{
	bool server = name && (strchr(name, '.') || strstr(name, "__"));

	return server ? oc_mcp_settle_wait(gw->mcp, NULL) : OC_OK;
}

enum oc_rc oc_tool_invoke_wait(struct oc_gateway *gw, const struct oc_tool_invocation *inv,
			       struct oc_tool_result *out, struct oc_err *e)
{
	enum oc_rc settled = oc_tool_invoke_settle_wait(gw, inv->name);

	if (settled) return settled;
	if (!oc_tool_find(oc_str(inv->name)))
		return oc_fail(e, OC_E_NOT_FOUND, "Tool not available: %.80s", inv->name);
	struct oc_snapshot *snap = oc_gateway_snapshot(gw);
	enum oc_rc rc = run_wait(gw, snap, inv, out, e);
	oc_snapshot_unref(snap);
	return rc;
}
