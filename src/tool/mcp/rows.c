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
	MAX_SCHEMA_BYTES = 65536,
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

/* ---- what a server says of a tool, made ready ---- */

/* One tool; all members are owned. */
struct ready_tool {
	struct oc_str remote; /* borrowed from the list */
	char *name, *line, *example;
	json_t *full, *function;
	bool read_only;
};

/* "server.tool" with what a name may hold; NULL = that is no name. Free with free(). */
static char *name_of(const struct oc_mcp_config *c, struct oc_str remote)
{
	char *name;

	if (!remote.n || strlen(c->name) + 1 + remote.n > MAX_NAME) return NULL;
	name = oc_asprintf("%s.%.*s", c->name, OC_FMT(remote));
	for (char *p = name; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("_-.", *p)) *p = '_';
	return name;
}

/* A schema that is too large, or none, takes anything. New reference. */
static json_t *schema_of(const json_t *tool)
{
	json_t *schema = json_object_get(tool, "inputSchema");

	if (!json_is_object(schema) || json_dumpb(schema, NULL, 0, JSON_COMPACT) > MAX_SCHEMA_BYTES)
		return json_pack("{s:s}", "type", "object");
	return json_incref(schema);
}

static json_t *function_of(const struct ready_tool *t, const json_t *tool)
{
	struct oc_str text = oc_str_trim(oc_json_str(tool, "description"));
	json_t *function = json_pack("{s:s}", "name", t->name);
	struct oc_buf description;

	oc_buf_init(&description, (size_t)8 * MAX_DESCRIPTION);
	oc_visible_add(&description, text, MAX_DESCRIPTION);
	oc_json_put(function, "description", oc_json_new_str(oc_buf_view(&description)));
	oc_json_put(function, "parameters", oc_mcp_schema_reduce(t->full));
	oc_buf_deinit(&description);
	return function;
}

/* "[third-party] Reads a file" */
static char *line_of(const struct oc_mcp_config *c, const json_t *tool)
{
	const char *mark = c->trust ? "" : "[third-party] ";
	struct oc_str text = oc_json_str(tool, "description");
	struct oc_buf line;

	if (!oc_str_trim(text).n) text = oc_json_str(tool, "title");
	oc_buf_init(&line, (size_t)64 * MAX_LINE);
	oc_buf_adds(&line, mark);
	oc_mcp_sentence(text.n ? text : OC_LIT("(no description)"), MAX_LINE - strlen(mark), &line);
	return oc_buf_take(&line);
}

/* False: it has no name that can be used. */
static bool make_ready(const struct oc_mcp_config *c, const json_t *tool, struct ready_tool *t)
{
	json_t *example;

	*t = (struct ready_tool){ .remote = oc_json_str(tool, "name") };
	t->name = name_of(c, t->remote);
	if (!t->name) return false;
	t->full = schema_of(tool);
	t->function = function_of(t, tool);
	t->line = line_of(c, tool);
	example = oc_mcp_schema_example(json_object_get(t->function, "parameters"));
	t->example = oc_json_compact(example);
	json_decref(example);
	t->read_only = oc_json_bool(json_object_get(tool, "annotations"), "readOnlyHint", false);
	return true;
}

static void ready_tool_deinit(struct ready_tool *t)
{
	free(t->name);
	free(t->line);
	free(t->example);
	json_decref(t->full);
	json_decref(t->function);
}

/* Those that the filter lets through; on the thread pool, for a list may be megabytes. */
struct preparing {
	const struct oc_mcp_config *config;
	const json_t *list;
	struct ready_tool tools[OC_MAX_MCP_TOOLS];
	size_t n, left_out;
};

static void prepare(void *arg)
{
	struct preparing *p = arg;
	const json_t *tool;
	size_t i;

	json_array_foreach (p->list, i, tool) {
		const char *name = oc_json_cstr(tool, "name");

		if (!name || !oc_mcp_config_offers(p->config, name)) continue;
		if (p->n < OC_MAX_MCP_TOOLS && make_ready(p->config, tool, &p->tools[p->n]))
			p->n++;
		else
			p->left_out++;
	}
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

/* What t holds becomes the row's. */
static void fill_row(struct oc_mcp_row *row, struct ready_tool *t)
{
	forget_schema(row);
	free(row->remote);
	row->remote = oc_strndup(t->remote.p, t->remote.n);
	row->full = t->full;
	row->foreign.function = t->function;
	row->foreign.needs_nothing = oc_mcp_schema_needs_nothing(row->full);
	row->foreign.untrusted = row->server->config.trust ? NULL : OC_MCP_SOURCE;
	row->foreign.call_wait = oc_mcp_row_call_wait;
	row->read_only = t->read_only;
	set_text(&row->line, &row->tool.deferred, t->line);
	set_text(&row->example, &row->tool.example, t->example);
	*t = (struct ready_tool){ .name = t->name };
}

static bool take_tool(struct oc_mcp_rows *rows, struct oc_mcp_server *s, struct ready_tool *t)
{
	size_t n;
	struct oc_mcp_row *row = find_row(rows, s, t->name, &n);

	if ((row && row->listed) || (!row && n >= MAX_KEPT_NAMES)) return false;
	if (!row) row = new_row(rows, s, oc_strdup(t->name));
	fill_row(row, t);
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

void oc_mcp_rows_update_wait(struct oc_mcp_rows *rows, struct oc_mcp_server *s, const json_t *tools,
			     size_t left_out)
{
	struct preparing *p = oc_new(struct preparing);

	p->config = &s->config;
	p->list = tools;
	p->left_out = left_out;
	oc_work_wait(prepare, p);
	oc_mcp_rows_withdraw(rows, s, false);
	for (size_t i = 0; i < p->n; i++) {
		if (s->removed || !take_tool(rows, s, &p->tools[i])) p->left_out++;
		ready_tool_deinit(&p->tools[i]);
	}
	if (p->left_out && !s->removed)
		oc_log(OC_LOG_WARN, "mcp",
		       "%s: %zu of its tools are left out: their names cannot be used, or there "
		       "are more than %d; toolFilter can choose",
		       s->config.id, p->left_out, OC_MAX_MCP_TOOLS);
	free(p);
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
