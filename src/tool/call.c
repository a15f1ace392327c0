/*
 * One call of a model: which tool is meant, may it be used, do the arguments fit, what came of it.
 * A tool of the directory is reached through use_tool or by its name, which is the same.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "tool/internal.h"
#include "tool/mcp.h"
#include "tool/sandbox/policy.h"

/* What a call comes down to once use_tool is looked through. */
struct meant {
	const struct oc_tool *tool;
	struct oc_str name;    /* as the model wrote it */
	const json_t *args;    /* borrowed; NULL = not readable */
	const char *arguments; /* their text, to say where it stops being JSON; NULL */
	bool described;	       /* use_tool without arguments: a question for the parameters */
};

/* ---- answers to calls that cannot be run ---- */

static void say_unknown(const struct oc_tool_context *ctx, struct oc_str name,
			struct oc_tool_result *out)
{
	const struct oc_tool *tool;
	const char *sep = "";

	oc_tool_result_fail(out, "unknown tool: ");
	oc_visible_add(&out->text, name, 64);
	oc_buf_adds(&out->text, ". Tools: ");
	for (size_t i = 0; (tool = oc_tool_at(i)); i++) {
		if (!oc_tool_allowed(ctx->policy, tool, NULL)) continue;
		if (tool->foreign && !tool->foreign->is_shelf) continue; /* there may be many */
		if (tool->needs_setup && !ctx->policy) continue;
		oc_buf_addf(&out->text, "%s%s", sep, tool->name);
		sep = ", ";
	}
}

/* What a server says about its tools is text of a stranger too. */
static void mark_foreign(const struct oc_tool *tool, struct oc_tool_result *out)
{
	if (!tool->foreign || !tool->foreign->untrusted) return;
	out->untrusted = tool->foreign->untrusted;
	snprintf(out->host, sizeof out->host, "%s", tool->foreign->shelf);
}

static void add_usage(const struct oc_tool *tool, const json_t *parameters, struct oc_buf *text)
{
	oc_buf_adds(text, "Parameters: ");
	if (!json_object_size(json_object_get(parameters, "properties"))) oc_buf_adds(text, "none");
	oc_coerce_describe(parameters, text);
	if (tool->foreign) { /* what the parameters mean stands nowhere else */
		char *schema = oc_json_compact(json_object_get(parameters, "properties"));
		oc_buf_addf(text, "\nSchema of each: %s", schema);
		free(schema);
	}
	oc_buf_addf(text, "\nExample: %s", tool->example);
}

static void say_usage(const struct oc_tool *tool, const json_t *parameters, const char *problem,
		      struct oc_tool_result *out)
{
	oc_tool_result_fail(out, "%s was not run: %s\n", tool->name, problem);
	add_usage(tool, parameters, &out->text);
	mark_foreign(tool, out);
}

/* The schema of the function and how to call it, for a tool whose schema no request holds. */
static void describe(const struct oc_tool *tool, const json_t *function, struct oc_tool_result *out)
{
	oc_buf_addf(&out->text, "%s: %s\n", tool->name,
		    oc_json_cstr(function, "description") ? oc_json_cstr(function, "description")
							  : "");
	add_usage(tool, json_object_get(function, "parameters"), &out->text);
	if (tool->foreign && tool->foreign->needs_nothing)
		oc_buf_adds(&out->text, "\nTo call it without arguments, give \"args\": {}.");
	mark_foreign(tool, out);
}

/* Where the argument text stops being JSON, and what to do about it. */
static void say_unreadable(const struct meant *m, const json_t *parameters,
			   struct oc_tool_result *out)
{
	struct oc_err e = { 0 };
	json_t *v = oc_json_parse(oc_str(m->arguments), NULL, &e);
	char *problem = v ? oc_asprintf("the arguments must be one JSON object")
			  : oc_asprintf("the arguments are not valid JSON (%s)", e.msg);

	json_decref(v);
	say_usage(m->tool, parameters, problem, out);
	oc_buf_adds(
	    &out->text,
	    !strcmp(m->tool->name, "write")
		? "\nSend a shorter call: write the first part, then add the rest with edit."
		: "\nSend a shorter call.");
	free(problem);
}

/* ---- the call ---- */

static json_t *parameters_of(const struct oc_tool *tool, const json_t *function)
{
	json_t *parameters = json_deep_copy(json_object_get(function, "parameters"));
	struct oc_err e = { 0 };
	json_t *unlisted = tool->unlisted ? oc_json_parse(oc_str(tool->unlisted), NULL, &e) : NULL;

	json_object_update_missing(json_object_get(parameters, "properties"), unlisted);
	json_decref(unlisted);
	return parameters;
}

static enum oc_rc run_fitted_wait(struct oc_tool_context *ctx, const struct meant *m,
				  const json_t *function, struct oc_tool_result *out)
{
	json_t *parameters = parameters_of(m->tool, function);
	json_t *given = oc_unescape_args((json_t *)(uintptr_t)m->args);
	struct oc_err e = { 0 };
	struct oc_buf problem;
	enum oc_rc rc = OC_OK;

	oc_buf_init(&problem, 1000);
	const struct oc_foreign_tool *foreign = m->tool->foreign;
	json_t *args = foreign ? foreign->fit(m->tool, given, &problem)
			       : oc_coerce(parameters, given, &problem);
	if (args)
		rc = foreign ? foreign->call_wait(m->tool, ctx, args, out, &e)
			     : m->tool->run_wait(ctx, args, out, &e);
	else
		say_usage(m->tool, json_object_get(function, "parameters"), oc_buf_cstr(&problem),
			  out);
	if (rc && rc != OC_CANCELLED) {
		oc_tool_result_fail(out, "%s: %s", m->tool->name, e.msg);
		rc = OC_OK;
	}
	json_decref(args);
	json_decref(given);
	json_decref(parameters);
	oc_buf_deinit(&problem);
	return rc;
}

static enum oc_rc run_meant_wait(struct oc_tool_context *ctx, const struct meant *m,
				 struct oc_tool_result *out)
{
	const char *why = NULL;
	enum oc_rc rc = OC_OK;

	if (!m->tool) {
		say_unknown(ctx, m->name, out);
		return OC_OK;
	}
	if (!oc_tool_allowed(ctx->policy, m->tool, &why)) {
		oc_tool_result_fail(out, "%s is not available here (%s); do without it",
				    m->tool->name, why);
		return OC_OK;
	}
	json_t *function = oc_tool_schema(m->tool);
	if (m->described)
		describe(m->tool, function, out);
	else if (m->args)
		rc = run_fitted_wait(ctx, m, function, out);
	else
		say_unreadable(m, json_object_get(function, "parameters"), out);
	json_decref(function);
	return rc;
}

/* No arguments are a question for them, unless the tool takes none. A server's tool that needs none
 * is called by {}. */
static bool asks_for_parameters(const struct meant *m)
{
	json_t *function = oc_tool_schema(m->tool);
	const json_t *parameters = json_object_get(function, "parameters");
	bool takes_any = json_object_size(json_object_get(parameters, "properties")) > 0;

	json_decref(function);
	if (json_object_size(m->args) || !takes_any) return false;
	return !(m->args && m->tool->foreign && m->tool->foreign->needs_nothing);
}

/* use_tool {name, args}. Fails with a usage text when that is not what arrived. */
static bool look_through(struct meant *m, json_t **fitted, struct oc_tool_result *out)
{
	json_t *function = oc_tool_schema(m->tool);
	json_t *parameters = json_object_get(function, "parameters");
	struct oc_buf problem;

	oc_buf_init(&problem, 1000);
	*fitted = m->args ? oc_coerce(parameters, m->args, &problem) : NULL;
	if (*fitted) {
		m->name = oc_json_str(*fitted, "name");
		m->tool = oc_tool_find(m->name);
		if (m->tool && !strcmp(m->tool->name, OC_USE_TOOL)) m->tool = NULL;
		m->args = json_object_get(*fitted, "args");
		m->described = m->tool && asks_for_parameters(m);
		if (!m->described && !m->args) {
			oc_json_put(*fitted, "args", json_object());
			m->args = json_object_get(*fitted, "args");
		}
	} else if (m->args)
		say_usage(m->tool, parameters, oc_buf_cstr(&problem), out);
	else
		say_unreadable(m, parameters, out);
	oc_buf_deinit(&problem);
	json_decref(function);
	return *fitted != NULL;
}

static void taint(struct oc_tool_context *ctx, const struct oc_tool_result *out)
{
	bool server = !strcmp(out->untrusted, OC_MCP_SOURCE);

	if (!ctx->tainted)
		snprintf(ctx->tainted_by, sizeof ctx->tainted_by, "%s", server ? out->host : "");
	else if (!server || strcmp(ctx->tainted_by, out->host) != 0)
		ctx->tainted_by[0] = '\0';
	ctx->tainted = true;
}

enum oc_rc oc_tool_run_wait(struct oc_tool_context *ctx, const struct oc_tool_call *call,
			    struct oc_tool_result *out)
{
	struct meant m = { .tool = oc_tool_find(oc_str(call->name)),
			   .name = oc_str(call->name),
			   .args = call->valid ? call->args : NULL,
			   .arguments = call->arguments };
	json_t *inner = NULL;
	enum oc_rc rc = OC_OK;

	oc_tool_result_init(out);
	if (!m.tool || strcmp(m.tool->name, OC_USE_TOOL) != 0 || look_through(&m, &inner, out))
		rc = run_meant_wait(ctx, &m, out);
	json_decref(inner);
	if (rc) return rc;
	if (out->untrusted) taint(ctx, out);
	oc_tool_result_cap(ctx, out);
	oc_tool_result_mark(out);
	return OC_OK;
}
