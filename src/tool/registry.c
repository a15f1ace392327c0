/* The table of tools, in the order in which every request lists them (D32). Adding one is a file
 * and a row. */
#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "tool/internal.h"

static const struct oc_tool tools[] = {
	{ .name = "read",
	  .schema =
	      "{\"name\":\"read\",\"description\":\"Read a text file, or list a directory. Returns at most 400 lines or 16 KB; use offset to continue.\","
	      "\"parameters\":{\"type\":\"object\",\"properties\":{\"path\":{\"type\":\"string\"},"
	      "\"offset\":{\"type\":\"integer\",\"description\":\"first line, 1-based\"},"
	      "\"limit\":{\"type\":\"integer\",\"description\":\"max lines\"}},\"required\":[\"path\"]}}",
	  .example = "{\"path\":\"notes.txt\"}",
	  .run_wait = oc_tool_read_wait },
	{ .name = "write",
	  .schema =
	      "{\"name\":\"write\",\"description\":\"Create or overwrite a file.\","
	      "\"parameters\":{\"type\":\"object\",\"properties\":{\"path\":{\"type\":\"string\"},"
	      "\"content\":{\"type\":\"string\"}},\"required\":[\"path\",\"content\"]}}",
	  .example = "{\"path\":\"notes.txt\",\"content\":\"first line\\n\"}",
	  .writes = true,
	  .run_wait = oc_tool_write_wait },
	{ .name = "edit",
	  .schema =
	      "{\"name\":\"edit\",\"description\":\"Replace one exact piece of text in a file. old must occur exactly once unless all=true.\","
	      "\"parameters\":{\"type\":\"object\",\"properties\":{\"path\":{\"type\":\"string\"},"
	      "\"old\":{\"type\":\"string\"},\"new\":{\"type\":\"string\"},\"all\":{\"type\":\"boolean\"}},"
	      "\"required\":[\"path\",\"old\",\"new\"]}}",
	  .example = "{\"path\":\"notes.txt\",\"old\":\"colour\",\"new\":\"color\"}",
	  .writes = true,
	  .run_wait = oc_tool_edit_wait },
	{ .name = "exec",
	  .schema =
	      "{\"name\":\"exec\",\"description\":\"Run a shell command in the workspace.\","
	      "\"parameters\":{\"type\":\"object\",\"properties\":{\"command\":{\"type\":\"string\"},"
	      "\"workdir\":{\"type\":\"string\"},\"timeout\":{\"type\":\"integer\",\"description\":\"seconds\"}},"
	      "\"required\":[\"command\"]}}",
	  .example = "{\"command\":\"ls -l\"}",
	  .writes = true,
	  .run_wait = oc_tool_exec_wait },
};
static const struct {
	const char *alias, *name;
} aliases[] = { { "bash", "exec" } };

enum { N_TOOLS = sizeof tools / sizeof *tools };

/* ---- finding ---- */

static const struct oc_tool *find_folded(struct oc_str name)
{
	for (size_t i = 0; i < N_TOOLS; i++)
		if (oc_str_ieq(oc_str(tools[i].name), name)) return &tools[i];
	for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
		if (oc_str_ieq(oc_str(aliases[i].alias), name))
			return oc_tool_find(oc_str(aliases[i].name));
	return NULL;
}

const struct oc_tool *oc_tool_find(struct oc_str name)
{
	static const struct oc_str prefixes[] = { OC_LIT("functions."), OC_LIT("tools.") };

	for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
		if (oc_str_istarts(name, prefixes[i])) name = oc_str_from(name, prefixes[i].n);
	for (size_t i = 0; i < N_TOOLS; i++)
		if (oc_str_eq(oc_str(tools[i].name), name)) return &tools[i];
	return find_folded(name);
}

/* ---- the array of a request ---- */

static json_t *schema_json(const struct oc_tool *tool)
{
	struct oc_err e = { 0 };
	json_t *v = oc_json_parse(oc_str(tool->schema), NULL, &e);

	assert(v); /* a row of the table above */
	return v;
}

/* Removes schema keywords, not properties that happen to have such a name. */
static void drop_from(json_t *schema, const struct oc_strv *drop)
{
	json_t *property;
	const char *name;

	for (size_t i = 0; i < drop->n; i++) json_object_del(schema, drop->v[i]);
	json_object_foreach (json_object_get(schema, "properties"), name, property)
		drop_from(property, drop);
	if (json_object_get(schema, "items")) drop_from(json_object_get(schema, "items"), drop);
}

json_t *oc_tools_json(const struct oc_strv *drop_keywords, struct oc_strv *names)
{
	json_t *array = json_array();

	for (size_t i = 0; i < N_TOOLS; i++) {
		json_t *function = schema_json(&tools[i]), *entry = json_object();

		if (drop_keywords)
			drop_from(json_object_get(function, "parameters"), drop_keywords);
		oc_json_put(entry, "type", json_string("function"));
		oc_json_put(entry, "function", function);
		json_array_append_new(array, entry);
		oc_strv_add(names, oc_str(tools[i].name));
	}
	return array;
}

/* ---- running ---- */

static void say_unknown(struct oc_str name, struct oc_tool_result *out)
{
	oc_tool_result_fail(out, "unknown tool: ");
	oc_visible_add(&out->text, name, 64);
	oc_buf_adds(&out->text, ". Tools:");
	for (size_t i = 0; i < N_TOOLS; i++)
		oc_buf_addf(&out->text, "%s %s", i ? "," : "", tools[i].name);
}

static void say_usage(const struct oc_tool *tool, const json_t *parameters, const char *problem,
		      struct oc_tool_result *out)
{
	oc_tool_result_fail(out, "%s was not run: %s\nParameters: ", tool->name, problem);
	oc_coerce_describe(parameters, &out->text);
	oc_buf_addf(&out->text, "\nExample: %s", tool->example);
}

/* Where the argument text stops being JSON, and what to do about it. */
static void say_unreadable(const struct oc_tool *tool, const json_t *parameters,
			   const struct oc_tool_call *call, struct oc_tool_result *out)
{
	struct oc_err e = { 0 };
	json_t *v = oc_json_parse(oc_str(call->arguments), NULL, &e);
	char *problem = v ? oc_asprintf("the arguments must be one JSON object")
			  : oc_asprintf("the arguments are not valid JSON (%s)", e.msg);

	json_decref(v);
	say_usage(tool, parameters, problem, out);
	oc_buf_adds(
	    &out->text,
	    !strcmp(tool->name, "write")
		? "\nSend a shorter call: write the first part, then add the rest with edit."
		: "\nSend a shorter call.");
	free(problem);
}

static enum oc_rc run_fitted_wait(struct oc_tool_context *ctx, const struct oc_tool *tool,
				  const json_t *parameters, json_t *received,
				  struct oc_tool_result *out)
{
	struct oc_err e = { 0 };
	struct oc_buf problem;
	enum oc_rc rc = OC_OK;

	oc_buf_init(&problem, 1000);
	json_t *given = oc_unescape_args(received);
	json_t *args = oc_coerce(parameters, given, &problem);
	if (args)
		rc = tool->run_wait(ctx, args, out, &e);
	else
		say_usage(tool, parameters, oc_buf_cstr(&problem), out);
	if (rc && rc != OC_CANCELLED) {
		oc_tool_result_fail(out, "%s: %s", tool->name, e.msg);
		rc = OC_OK;
	}
	json_decref(args);
	json_decref(given);
	oc_buf_deinit(&problem);
	return rc;
}

enum oc_rc oc_tool_run_wait(struct oc_tool_context *ctx, const struct oc_tool_call *call,
			    struct oc_tool_result *out)
{
	const struct oc_tool *tool = oc_tool_find(oc_str(call->name));
	enum oc_rc rc = OC_OK;

	oc_tool_result_init(out);
	if (!tool) {
		say_unknown(oc_str(call->name), out);
		return OC_OK;
	}
	json_t *function = schema_json(tool);
	const json_t *parameters = json_object_get(function, "parameters");
	if (call->valid && call->args)
		rc = run_fitted_wait(ctx, tool, parameters, call->args, out);
	else
		say_unreadable(tool, parameters, call, out);
	json_decref(function);
	if (!rc) {
		oc_tool_result_cap(ctx, out);
		oc_tool_result_mark(out);
	}
	return rc;
}
