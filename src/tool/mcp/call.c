/* Calls of a server's tools, and what its shelf tells. */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/visible.h"
#include "tool/internal.h"
#include "tool/mcp.h"
#include "tool/mcp/content.h"
#include "tool/mcp/rows.h"

enum { MAX_SHOWN = 4000, MAX_RESOURCES = 40, MAX_LABEL = 160 };

void oc_mcp_mark(const struct oc_mcp_server *s, struct oc_tool_result *out)
{
	if (s->config.trust) return;
	out->untrusted = OC_MCP_SOURCE;
	snprintf(out->host, sizeof out->host, "%s", s->config.name);
}

/* ---- may it be called ---- */

/* Why a person has to be asked first; NULL = nobody. What a server says about its tools counts only
 * when the server is trusted. */
static const char *reason_to_ask(const struct oc_tool_context *ctx,
				 const struct oc_mcp_config *server, bool read_only)
{
	const struct oc_taint_facts facts = {
		.tainted = ctx->tainted && strcmp(ctx->tainted_by, server->name) != 0,
		.trust = ctx->trust,
		.full = ctx->exec_mode && !strcmp(ctx->exec_mode, "full"),
	};
	const char *why = NULL;

	if (!read_only && ctx->permission == OC_PERMISSION_GUARDED)
		return "this session asks before every change";
	return !server->trust && oc_taint_asks(OC_ACT_SERVER, &facts, &why) ? why : NULL;
}

static enum oc_rc ask_wait(struct oc_tool_context *ctx, const char *tool, const char *args,
			   const char *why, struct oc_err *e)
{
	struct oc_buf what;

	if (!ctx->approve_wait)
		return oc_fail(
		    e, OC_E_DENIED,
		    "not run: it needs the person's approval (%s), and nobody is here to "
		    "give it. Do without it.",
		    why);
	if (strlen(args) > MAX_SHOWN) /* a yes must mean the whole of it */
		return oc_fail(e, OC_E_DENIED,
			       "not run: the arguments are too long to be shown for approval");
	oc_buf_init(&what, (size_t)16 * MAX_SHOWN);
	oc_buf_addf(&what, "%s ", tool);
	oc_visible_add(&what, oc_str(args), (size_t)8 * MAX_SHOWN);
	const struct oc_question q = {
		.tool = tool, .what = oc_buf_cstr(&what), .workdir = ctx->workspace, .why = why
	};
	enum oc_rc rc = ctx->approve_wait(ctx->approve_arg, &q, e);
	oc_buf_deinit(&what);
	return rc;
}

enum oc_rc oc_mcp_permit_wait(struct oc_tool_context *ctx, const struct oc_mcp_server *s,
			      bool read_only, const char *tool, const char *args, struct oc_err *e)
{
	const char *why = reason_to_ask(ctx, &s->config, read_only);

	if (!read_only && ctx->permission == OC_PERMISSION_READ_ONLY)
		return oc_fail(e, OC_E_DENIED,
			       "this session is read-only, and nothing says for sure that this "
			       "changes nothing");
	return why ? ask_wait(ctx, tool, args, why, e) : OC_OK;
}

static enum oc_rc permit_row_wait(struct oc_tool_context *ctx, const struct oc_mcp_row *row,
				  const json_t *args, struct oc_err *e)
{
	bool read_only = row->server->config.trust && row->read_only;
	char *text = oc_json_compact(args);
	enum oc_rc rc = oc_mcp_permit_wait(ctx, row->server, read_only, row->name, text, e);

	free(text);
	return rc;
}

/* ---- the call ---- */

static void tell_alive(void *arg)
{
	const struct oc_tool_context *ctx = arg;

	if (ctx->alive) ctx->alive(ctx->alive_arg);
}

struct reading {
	const json_t *result;
	bool vision;
	struct oc_tool_result *out;
};

static void read_content(void *arg)
{
	const struct reading *r = arg;

	oc_mcp_content_add(r->result, r->vision, r->out);
}

/* It may be megabytes. */
static void add_content_wait(const json_t *result, bool vision, struct oc_tool_result *out)
{
	struct reading r = { result, vision, out };

	oc_work_wait(read_content, &r);
}

enum oc_rc oc_mcp_row_call_wait(const struct oc_tool *self, struct oc_tool_context *ctx,
				const json_t *args, struct oc_tool_result *out, struct oc_err *e)
{
	const struct oc_mcp_row *row = (const struct oc_mcp_row *)self;
	struct oc_mcp_answer answer = { 0 };
	enum oc_rc rc = permit_row_wait(ctx, row, args, e);

	if (rc) return rc;
	json_t *params =
	    json_pack("{s:s, s:O}", "name", row->remote, "arguments", (json_t *)(uintptr_t)args);
	const struct oc_mcp_ask ask = {
		.method = "tools/call", .params = params, .alive = tell_alive, .alive_arg = ctx
	};
	oc_mcp_mark(row->server, out); /* why it fails may be its own words */
	rc = oc_mcp_server_ask_wait(row->server, &ask, &answer, e);
	json_decref(params);
	if (rc) return rc;
	if (answer.refusal)
		oc_mcp_refusal_add(answer.refusal, out);
	else
		add_content_wait(answer.result, ctx->vision, out);
	oc_mcp_answer_deinit(&answer);
	return OC_OK;
}

/* ---- the shelf ---- */

static void add_tools(const struct oc_tool_context *ctx, const struct oc_mcp_server *s,
		      struct oc_buf *text)
{
	const struct oc_tool *tool;
	bool any = false;

	for (size_t i = 0; (tool = oc_tool_at(i)); i++) {
		if (!tool->foreign || tool->foreign->is_shelf) continue;
		if (((const struct oc_mcp_row *)tool)->server != s) continue;
		if (!oc_tool_allowed(ctx->policy, tool, NULL)) continue;
		oc_buf_addf(text, "%s: %s\n", tool->name, tool->deferred);
		any = true;
	}
	if (!any) oc_buf_adds(text, "It has no tools that may be used here.\n");
}

static void add_resources(const struct oc_mcp_server *s, const json_t *list, struct oc_buf *text)
{
	const json_t *resources = json_object_get(list, "resources"), *r;
	size_t i;

	if (!json_array_size(resources)) return;
	oc_buf_adds(text, "To be read with read:\n");
	json_array_foreach (resources, i, r) {
		if (i == MAX_RESOURCES) break;
		oc_buf_addf(text, "mcp://%s/", s->config.name);
		oc_visible_add(text, oc_json_str(r, "uri"), MAX_LABEL);
		oc_buf_adds(text, ": ");
		oc_visible_add(text, oc_json_str(r, "name"), MAX_LABEL);
		oc_buf_addc(text, '\n');
	}
	if (i < json_array_size(resources))
		oc_buf_addf(text, "… and %zu more\n", json_array_size(resources) - i);
}

static enum oc_rc list_resources_wait(struct oc_mcp_server *s, struct oc_buf *text)
{
	json_t *none = json_object();
	const struct oc_mcp_ask ask = { .method = "resources/list", .params = none };
	struct oc_mcp_answer answer = { 0 };
	struct oc_err ignored = { 0 };
	enum oc_rc rc = OC_OK;

	if (s->has_resources) rc = oc_mcp_server_ask_wait(s, &ask, &answer, &ignored);
	if (!rc) add_resources(s, answer.result, text);
	oc_mcp_answer_deinit(&answer);
	json_decref(none);
	return rc == OC_CANCELLED ? rc : OC_OK;
}

enum oc_rc oc_mcp_shelf_call_wait(const struct oc_tool *self, struct oc_tool_context *ctx,
				  const json_t *args, struct oc_tool_result *out, struct oc_err *e)
{
	struct oc_mcp_server *s = ((const struct oc_mcp_row *)self)->server;
	enum oc_rc rc;

	(void)args;
	oc_mcp_mark(s, out);
	rc = oc_mcp_server_ready_wait(s, oc_deadline_in(s->config.connect_ms), e);
	if (rc) return rc;
	if (s->instructions) oc_buf_addf(&out->text, "%s\n", s->instructions);
	add_tools(ctx, s, &out->text);
	return list_resources_wait(s, &out->text);
}
