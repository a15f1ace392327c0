/* The rows of servers. */
#include "tool/mcp/rows.h"

#include <ctype.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/visible.h"
#include "tool/internal.h"
#include "tool/mcp.h"
#include "tool/mcp/content.h"
#include "tool/mcp/schema.h"

enum {
	MAX_LINE = 90, /* of the directory */
	MAX_DESCRIPTION = 1000,
	MAX_SCHEMA_BYTES = 131072,
	MAX_NAME = 120,	      /* as calls in text may name a tool (spec 01 §6.1) */
	MAX_KEPT_NAMES = 512, /* that one server ever had */
};

static json_t *fit(const struct oc_tool *self, const json_t *args, struct oc_buf *problem)
{
	return oc_mcp_schema_fit(((const struct oc_mcp_row *)self)->full, args, problem);
}

/* ---- one row ---- */

static struct oc_mcp_row *new_row(struct oc_mcp_rows *rows, struct oc_mcp_server *s, char *name)
{
	struct oc_mcp_row *row = oc_new(struct oc_mcp_row);

	row->server = s;
	row->name = name;
	row->foreign = (struct oc_foreign_tool){ .shelf = s->config.name, .fit = fit };
	row->tool = (struct oc_tool){ .name = name, .writes = true, .foreign = &row->foreign };
	row->next = rows->first;
	rows->first = row;
	return row;
}

static void set_text(char **to, const char **shown, char *text)
{
	free(*to);
	*to = text;
	*shown = text;
}

static void forget_schema(struct oc_mcp_row *row)
{
	json_decref(row->full);
	json_decref(row->foreign.function);
	row->full = row->foreign.function = NULL;
}

/* A schema that is too large, or none, takes anything. New reference. */
static json_t *schema_of(const json_t *tool)
{
	json_t *schema = json_object_get(tool, "inputSchema");

	if (!json_is_object(schema) || json_dumpb(schema, NULL, 0, JSON_COMPACT) > MAX_SCHEMA_BYTES)
		return json_pack("{s:s}", "type", "object");
	return json_incref(schema);
}

static json_t *function_of(const struct oc_mcp_row *row, const json_t *tool)
{
	struct oc_str text = oc_str_trim(oc_json_str(tool, "description"));
	json_t *function = json_pack("{s:s}", "name", row->name);
	struct oc_buf description;

	oc_buf_init(&description, (size_t)8 * MAX_DESCRIPTION);
	oc_visible_add(&description, text, MAX_DESCRIPTION);
	oc_json_put(function, "description", oc_json_new_str(oc_buf_view(&description)));
	oc_json_put(function, "parameters", oc_mcp_schema_reduce(row->full));
	oc_buf_deinit(&description);
	return function;
}

/* "[third-party] Reads a file" */
static char *line_of(const struct oc_mcp_server *s, const json_t *tool)
{
	const char *mark = s->config.trust ? "" : "[third-party] ";
	struct oc_str text = oc_json_str(tool, "description");
	struct oc_buf line;

	if (!oc_str_trim(text).n) text = oc_json_str(tool, "title");
	oc_buf_init(&line, (size_t)64 * MAX_LINE);
	oc_buf_adds(&line, mark);
	oc_mcp_sentence(text.n ? text : OC_LIT("(no description)"), MAX_LINE - strlen(mark), &line);
	return oc_buf_take(&line);
}

static void fill_row(struct oc_mcp_row *row, const json_t *tool)
{
	const json_t *hints = json_object_get(tool, "annotations");
	json_t *example;

	forget_schema(row);
	row->full = schema_of(tool);
	row->foreign.function = function_of(row, tool);
	row->foreign.needs_nothing = oc_mcp_schema_needs_nothing(row->full);
	row->foreign.untrusted = row->server->config.trust ? NULL : OC_MCP_SOURCE;
	row->foreign.call_wait = oc_mcp_row_call_wait;
	set_text(&row->line, &row->tool.deferred, line_of(row->server, tool));
	example = oc_mcp_schema_example(json_object_get(row->foreign.function, "parameters"));
	set_text(&row->example, &row->tool.example, oc_json_compact(example));
	json_decref(example);
	row->read_only = oc_json_bool(hints, "readOnlyHint", false);
}

/* ---- the shelf ---- */

void oc_mcp_rows_add_shelf(struct oc_mcp_rows *rows, struct oc_mcp_server *s)
{
	static const char text[] = "Lists the tools of this MCP server.";
	struct oc_mcp_row *row = new_row(rows, s, oc_strdup(s->config.name));

	row->foreign.is_shelf = true;
	row->foreign.needs_nothing = true;
	row->full = json_pack("{s:s}", "type", "object");
	row->foreign.function =
	    json_pack("{s:s, s:s, s:{s:s, s:{}}}", "name", row->name, "description", text,
		      "parameters", "type", "object", "properties");
	row->foreign.call_wait = oc_mcp_shelf_call_wait;
	set_text(&row->line, &row->tool.deferred,
		 oc_asprintf("%stools of a server; call it with use_tool to list them",
			     s->config.trust ? "" : "[third-party] "));
	set_text(&row->example, &row->tool.example, oc_strdup("{}"));
	row->listed = oc_tool_add(&row->tool);
}

/* ---- what a server lists ---- */

/* "server.tool" with what a name may hold; NULL = that is no name. Free with free(). */
static char *name_of(const struct oc_mcp_server *s, struct oc_str remote)
{
	char *name;

	if (!remote.n || strlen(s->config.name) + 1 + remote.n > MAX_NAME) return NULL;
	name = oc_asprintf("%s.%.*s", s->config.name, OC_FMT(remote));
	for (char *p = name; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("_-.", *p)) *p = '_';
	return name;
}

static struct oc_mcp_row *find_row(const struct oc_mcp_rows *rows, const struct oc_mcp_server *s,
				   const char *name, size_t *n)
{
	struct oc_mcp_row *row;

	*n = 0;
	for (row = rows->first; row; row = row->next) {
		if (row->server != s || row->foreign.is_shelf) continue;
		if (!strcmp(row->name, name)) return row;
		(*n)++;
	}
	return NULL;
}

static bool take_tool(struct oc_mcp_rows *rows, struct oc_mcp_server *s, const json_t *tool)
{
	struct oc_str remote = oc_json_str(tool, "name");
	char *name = name_of(s, remote);
	size_t n;
	struct oc_mcp_row *row = name ? find_row(rows, s, name, &n) : NULL;

	if (!name || (row && row->listed) || (!row && n >= MAX_KEPT_NAMES)) {
		free(name);
		return false;
	}
	if (!row)
		row = new_row(rows, s, name);
	else
		free(name);
	free(row->remote);
	row->remote = oc_strndup(remote.p, remote.n);
	fill_row(row, tool);
	row->listed = oc_tool_add(&row->tool);
	return row->listed;
}

void oc_mcp_rows_withdraw(struct oc_mcp_rows *rows, const struct oc_mcp_server *s, bool shelf)
{
	for (struct oc_mcp_row *row = rows->first; row; row = row->next) {
		if (row->server != s || (row->foreign.is_shelf && !shelf)) continue;
		oc_tool_remove(&row->tool);
		row->listed = false;
	}
}

void oc_mcp_rows_update(struct oc_mcp_rows *rows, struct oc_mcp_server *s, const json_t *tools,
			size_t left_out)
{
	const json_t *tool;
	size_t i, n = 0;

	oc_mcp_rows_withdraw(rows, s, false);
	json_array_foreach (tools, i, tool) {
		const char *name = oc_json_cstr(tool, "name");

		if (!name || !oc_mcp_config_offers(&s->config, name)) continue;
		if (n < OC_MAX_MCP_TOOLS && take_tool(rows, s, tool))
			n++;
		else
			left_out++;
	}
	if (left_out)
		oc_log(OC_LOG_WARN, "mcp",
		       "%s: %zu of its tools are left out: their names cannot be used, or there "
		       "are more than %d; toolFilter can choose",
		       s->config.id, left_out, OC_MAX_MCP_TOOLS);
}

size_t oc_mcp_rows_count(const struct oc_mcp_rows *rows, const struct oc_mcp_server *s)
{
	size_t n = 0;

	for (const struct oc_mcp_row *row = rows->first; row; row = row->next)
		n += row->server == s && row->listed && !row->foreign.is_shelf;
	return n;
}

void oc_mcp_rows_free(struct oc_mcp_rows *rows)
{
	for (struct oc_mcp_row *row = rows->first, *next; row; row = next) {
		next = row->next;
		oc_tool_remove(&row->tool);
		forget_schema(row);
		free(row->name);
		free(row->remote);
		free(row->line);
		free(row->example);
		free(row);
	}
	rows->first = NULL;
}
