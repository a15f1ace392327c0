/* What tools there are, under which names, and what of them a request offers. */
#include <assert.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "tool/internal.h"
#include "tool/sandbox/policy.h"

/* The order of requests (D32, spec 03 §4.5); other names follow by the alphabet. */
static const char *const ranks[] = { "read",	 "write",	   "edit",	  "exec",
				     "process",	 "web_search",	   "web_fetch",	  "memory_search",
				     "use_tool", "memory_get",	   "cron",	  "message",
				     "spawn",	 "session_status", "apply_patch", "browser" };
enum { N_RANKS = sizeof ranks / sizeof *ranks };

/* Names of the original and of other agents (D14). */
static const struct {
	const char *alias, *name;
} aliases[] = { { "bash", "exec" },
		{ "shell", "exec" },
		{ "automations", "cron" },
		{ "sessions_spawn", "spawn" },
		{ "applypatch", "apply_patch" } };

static struct {
	const struct oc_tool *rows[OC_MAX_TOOLS];
	size_t n;
	bool ready;
} registry;

/* ---- rows ---- */

static size_t rank_of(const char *name)
{
	size_t i = 0;

	while (i < N_RANKS && strcmp(ranks[i], name) != 0) i++;
	return i;
}

static int compare(const struct oc_tool *a, const struct oc_tool *b)
{
	size_t x = rank_of(a->name), y = rank_of(b->name);

	if (x != y) return x < y ? -1 : 1;
	return strcmp(a->name, b->name);
}

static void insert(const struct oc_tool *tool)
{
	size_t at = 0;

	while (at < registry.n && compare(registry.rows[at], tool) < 0) at++;
	if (at < registry.n && !strcmp(registry.rows[at]->name, tool->name)) {
		registry.rows[at] = tool;
		return;
	}
	assert(registry.n < OC_MAX_TOOLS);
	memmove(registry.rows + at + 1, registry.rows + at,
		(registry.n - at) * sizeof *registry.rows);
	registry.rows[at] = tool;
	registry.n++;
}

static void make_ready(void)
{
	const struct oc_tool *tool;

	if (registry.ready) return;
	registry.ready = true;
	for (size_t i = 0; (tool = oc_tool_builtin(i)); i++) insert(tool);
}

void oc_tool_register(const struct oc_tool *tool)
{
	make_ready();
	insert(tool);
}

bool oc_tool_add(const struct oc_tool *tool)
{
	make_ready();
	for (size_t i = 0; i < registry.n; i++)
		if (!strcmp(registry.rows[i]->name, tool->name)) return registry.rows[i] == tool;
	if (registry.n == OC_MAX_TOOLS) return false;
	insert(tool);
	return true;
}

void oc_tool_remove(const struct oc_tool *tool)
{
	size_t at = 0;

	while (at < registry.n && registry.rows[at] != tool) at++;
	if (at == registry.n) return;
	registry.n--;
	memmove(registry.rows + at, registry.rows + at + 1,
		(registry.n - at) * sizeof *registry.rows);
}

const struct oc_tool *oc_tool_at(size_t i)
{
	make_ready();
	return i < registry.n ? registry.rows[i] : NULL;
}

/* ---- finding ---- */

struct oc_str oc_tool_canonical(struct oc_str name)
{
	for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
		if (oc_str_ieq(oc_str(aliases[i].alias), name)) return oc_str(aliases[i].name);
	return name;
}

static const struct oc_tool *find(struct oc_str name, bool (*same)(struct oc_str, struct oc_str))
{
	const struct oc_tool *tool;

	for (size_t i = 0; (tool = oc_tool_at(i)); i++)
		if (same(oc_str(tool->name), name)) return tool;
	return NULL;
}

/* "server__tool", as the original writes names of servers' tools, and "server.*" for its shelf. */
static bool same_but_dot(struct oc_str row, struct oc_str name)
{
	size_t dot = oc_str_find(row, OC_LIT("."), 0), bars = oc_str_find(name, OC_LIT("__"), 0);

	if (dot == SIZE_MAX)
		return oc_str_ends(name, OC_LIT(".*")) &&
		       oc_str_eq(row, oc_str_head(name, name.n - 2));
	return bars == dot && oc_str_eq(oc_str_head(row, dot), oc_str_head(name, bars)) &&
	       oc_str_eq(oc_str_from(row, dot + 1), oc_str_from(name, bars + 2));
}

const struct oc_tool *oc_tool_find(struct oc_str name)
{
	static const struct oc_str prefixes[] = { OC_LIT("functions."), OC_LIT("tools.") };
	const struct oc_tool *tool = find(name, oc_str_eq);

	if (tool) return tool;
	for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
		if (oc_str_istarts(name, prefixes[i])) name = oc_str_from(name, prefixes[i].n);
	name = oc_tool_canonical(name);
	tool = find(name, oc_str_eq);
	if (!tool) tool = find(name, oc_str_ieq);
	return tool ? tool : find(name, same_but_dot);
}

/* Rows do not change: each is parsed once, for all runs of the process. */
static json_t *parsed_schema(const struct oc_tool *tool)
{
	enum { MAX_ROWS = 64 };
	static struct {
		const struct oc_tool *tool;
		json_t *schema;
	} parsed[MAX_ROWS];
	struct oc_err e = { 0 };
	size_t i = 0;

	while (i < MAX_ROWS && parsed[i].tool && parsed[i].tool != tool) i++;
	assert(i < MAX_ROWS);
	if (!parsed[i].tool) {
		parsed[i].schema = oc_json_parse(oc_str(tool->schema), NULL, &e);
		parsed[i].tool = tool;
	}
	assert(parsed[i].schema); /* a row */
	return parsed[i].schema;
}

json_t *oc_tool_schema(const struct oc_tool *tool)
{
	return json_incref(tool->foreign ? tool->foreign->function : parsed_schema(tool));
}

/* ---- what a request offers ---- */

static bool is_use_tool(const struct oc_tool *tool)
{
	return !strcmp(tool->name, OC_USE_TOOL);
}

static bool is_tool_of(const struct oc_tool *shelf, const struct oc_tool *tool)
{
	return tool->foreign && !tool->foreign->is_shelf &&
	       !strcmp(tool->foreign->shelf, shelf->name);
}

/* A shelf is there for what may be on it. */
static bool shelf_is_allowed(const struct oc_policy *policy, const struct oc_tool *shelf)
{
	const struct oc_tool *tool;
	bool empty = true;

	for (size_t i = 0; (tool = oc_tool_at(i)); i++) {
		if (!is_tool_of(shelf, tool)) continue;
		empty = false;
		if (oc_policy_allows(policy, tool->name, NULL)) return true;
	}
	return empty && oc_policy_allows_some(policy, shelf->name);
}

bool oc_tool_allowed(const struct oc_policy *policy, const struct oc_tool *tool, const char **why)
{
	if (!tool->foreign || !tool->foreign->is_shelf)
		return oc_policy_allows(policy, tool->name, why);
	if (shelf_is_allowed(policy, tool)) return true;
	if (why) *why = "none of its tools is allowed";
	return false;
}

static bool is_allowed(const struct oc_toolset *set, const struct oc_tool *tool)
{
	if (tool->needs_setup && !(set && set->policy)) return false;
	return !set || is_use_tool(tool) || oc_tool_allowed(set->policy, tool, NULL);
}

static bool any_deferred(const struct oc_toolset *set)
{
	const struct oc_tool *tool;

	for (size_t i = 0; (tool = oc_tool_at(i)); i++)
		if (tool->deferred && is_allowed(set, tool)) return true;
	return false;
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

static json_t *entry_json(const struct oc_toolset *set, const struct oc_tool *tool)
{
	json_t *function = oc_tool_schema(tool), *entry = json_object();

	if (set && set->drop_keywords && set->drop_keywords->n) {
		json_t *own = json_deep_copy(function);
		json_decref(function);
		function = own;
		drop_from(json_object_get(function, "parameters"), set->drop_keywords);
	}
	oc_json_put(entry, "type", json_string("function"));
	oc_json_put(entry, "function", function);
	return entry;
}

json_t *oc_toolset_json(const struct oc_toolset *set, struct oc_strv *names)
{
	json_t *array = json_array();
	const struct oc_tool *tool;

	for (size_t i = 0; (tool = oc_tool_at(i)); i++) {
		if (!is_allowed(set, tool)) continue;
		if (is_use_tool(tool) && !any_deferred(set)) continue;
		oc_strv_add(names, oc_str(tool->name));
		if (!tool->deferred) json_array_append_new(array, entry_json(set, tool));
	}
	return array;
}

json_t *oc_tools_json(const struct oc_strv *drop_keywords, struct oc_strv *names)
{
	const struct oc_toolset all = { .drop_keywords = drop_keywords };

	return oc_toolset_json(&all, names);
}

/* ---- the directory ---- */

enum {
	SHELF_BYTES = 3600, /* lines of one server; more become one line */
	ALL_SHELVES_BYTES = 6000,
	LEAN_SHELF_BYTES = 400,
};

static void add_entry(const struct oc_toolset *set, const struct oc_tool *tool, struct oc_buf *out)
{
	if (!set || !set->lean)
		oc_buf_addf(out, "%s: %s\n", tool->name, tool->deferred);
	else
		oc_buf_addf(out, "%s%s", out->n && out->p[out->n - 1] != '\n' ? ", " : "",
			    tool->name);
}

void oc_toolset_own_directory(const struct oc_toolset *set, struct oc_buf *out)
{
	const struct oc_tool *tool;

	for (size_t i = 0; (tool = oc_tool_at(i)); i++)
		if (tool->deferred && !tool->foreign && is_allowed(set, tool))
			add_entry(set, tool, out);
}

/* The tools of one server, or when that is too much or nothing the shelf. room shrinks. */
static void add_shelf(const struct oc_toolset *set, const struct oc_tool *shelf, size_t *room,
		      struct oc_buf *out)
{
	size_t most = set && set->lean ? LEAN_SHELF_BYTES : SHELF_BYTES;
	const struct oc_tool *tool;
	struct oc_buf lines;

	oc_buf_init(&lines, *room < most ? *room : most);
	for (size_t i = 0; (tool = oc_tool_at(i)); i++)
		if (is_tool_of(shelf, tool) && is_allowed(set, tool)) add_entry(set, tool, &lines);
	if (!lines.n || lines.bad)
		add_entry(set, shelf, out);
	else {
		if (set && set->lean && out->n) oc_buf_adds(out, ", ");
		oc_buf_add(out, oc_buf_view(&lines));
		*room -= lines.n;
	}
	oc_buf_deinit(&lines);
}

void oc_toolset_directory(const struct oc_toolset *set, struct oc_buf *out)
{
	const struct oc_tool *tool;
	size_t room = ALL_SHELVES_BYTES, before = out->n;

	oc_toolset_own_directory(set, out);
	for (size_t i = 0; (tool = oc_tool_at(i)); i++)
		if (tool->foreign && tool->foreign->is_shelf && is_allowed(set, tool))
			add_shelf(set, tool, &room, out);
	if (set && set->lean && out->n > before) oc_buf_addc(out, '\n');
}
