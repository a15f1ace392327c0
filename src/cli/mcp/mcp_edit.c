/* `openclaw mcp add|set|unset|tools`: changes of mcp.servers. */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/visible.h"
#include "cli/mcp/mcp_cli.h"
#include "config/edit.h"
#include "config/redact.h"
#include "json/json5.h"

enum { ATTEMPTS = 50, MAX_VALUES = 64 };

/* ---- writing ---- */

struct change {
	const struct oc_args *args;
	const char *name;
	json_t *entry; /* to be set; NULL = removed */
	/* Makes the new entry of the old one, which may be NULL; NULL: a message was printed. New
	 * reference. NULL = entry as it is. */
	json_t *(*make)(const struct change *c, const json_t *old);
};

static json_t *member(json_t *object, const char *key)
{
	json_t *v = json_object_get(object, key);

	if (json_is_object(v)) return v;
	json_object_set_new(object, key, json_object());
	return json_object_get(object, key);
}

/* False: a message was printed. */
static bool apply(const struct change *c, const struct oc_mcp_cli *cli, json_t *raw)
{
	json_t *servers = member(member(raw, "mcp"), "servers");
	json_t *old = json_object_get(servers, c->name), *entry;
	struct oc_err e = { 0 };

	if (!c->entry && !c->make) {
		if (json_object_del(servers, c->name) == 0) return true;
		oc_error(
		    "no MCP server named \"%s\" in %s; `openclaw mcp list` shows those there are",
		    c->name, cli->path);
		return false;
	}
	entry = c->make ? c->make(c, old) : json_deep_copy(c->entry);
	if (!entry) return false;
	if (oc_config_unredact(&entry, old, &e) != OC_OK) {
		oc_error("%s", e.msg);
		json_decref(entry);
		return false;
	}
	json_object_set_new(servers, c->name, entry);
	return true;
}

/* -1: the file changed meanwhile, try again. */
static int attempt(const struct change *c)
{
	struct oc_strv problems = { 0 };
	enum oc_edit_result result = OC_EDIT_UNCHANGED;
	struct oc_err e = { 0 };
	struct oc_mcp_cli cli;
	json_t *raw = NULL;
	int status = 1;

	if (oc_mcp_cli_open(&cli)) {
		raw =
		    json_is_object(cli.config.raw) ? json_deep_copy(cli.config.raw) : json_object();
		if (apply(c, &cli, raw)) {
			enum oc_rc rc =
			    oc_config_write_as_asked(&cli.config, raw, &result, &problems, &e);
			status = result == OC_EDIT_STALE ? -1 : rc != OC_OK;
			if (status > 0) oc_error("%s", e.msg);
			for (size_t i = 0; status > 0 && i < problems.n; i++)
				oc_visible_printf(stderr, "- %s\n", problems.v[i]);
			if (!status)
				oc_visible_printf(stdout, "%s MCP server \"%s\" %s %s.\n",
						  c->entry || c->make ? "Saved" : "Removed",
						  c->name, c->entry || c->make ? "to" : "from",
						  cli.path);
		}
	}
	json_decref(raw);
	oc_strv_deinit(&problems);
	oc_mcp_cli_close(&cli);
	return status;
}

static int save(const struct change *c)
{
	for (int i = 0; i < ATTEMPTS; i++) {
		int status = attempt(c);
		if (status >= 0) return status;
	}
	return oc_error("the configuration keeps being changed by somebody else; run the command "
			"again");
}

/* ---- set, unset ---- */

int oc_cmd_mcp_set(struct oc_args *a)
{
	struct change c = { .args = a, .name = oc_args_pos(a, 0) };
	struct oc_json5 *d = NULL;
	struct oc_err e = { 0 };
	int status;

	if (oc_args_n(a) != 2) return oc_usage_error(a, "expected a name and a JSON object");
	if (oc_json5_parse(oc_str(oc_args_pos(a, 1)), &d, &e)) return oc_error("%s", e.msg);
	c.entry = oc_json5_value(d);
	status = json_is_object(c.entry)
		     ? save(&c)
		     : oc_error("what a server is has to be a JSON object, for example "
				"{\"command\":\"uvx\",\"args\":[\"mcp-server-time\"]}");
	oc_json5_free(d);
	return status;
}

int oc_cmd_mcp_unset(struct oc_args *a)
{
	const struct change c = { .args = a, .name = oc_args_pos(a, 0) };

	if (oc_args_n(a) != 1) return oc_usage_error(a, "expected one name");
	return save(&c);
}

/* ---- tools ---- */

const struct oc_option oc_mcp_tools_options[] = {
	{ .name = "--include", .value = "<names>", .help = "Only these, by commas; globs" },
	{ .name = "--exclude", .value = "<names>", .help = "Not these, by commas; globs" },
	{ .name = "--clear", .help = "All of them again" },
	{ 0 },
};

static json_t *split(const char *text)
{
	json_t *list = json_array();

	for (struct oc_str rest = oc_str(text); rest.n;) {
		size_t comma = oc_str_find(rest, OC_LIT(","), 0);
		struct oc_str one = oc_str_trim(oc_str_head(rest, comma));

		if (one.n) json_array_append_new(list, oc_json_new_str(one));
		rest = comma == SIZE_MAX ? OC_LIT("") : oc_str_from(rest, comma + 1);
	}
	return list;
}

static void put_filter(const struct oc_args *a, json_t *entry)
{
	const char *include = oc_args_get(a, "--include"), *exclude = oc_args_get(a, "--exclude");

	if (include) oc_json_put(member(entry, "toolFilter"), "include", split(include));
	if (exclude) oc_json_put(member(entry, "toolFilter"), "exclude", split(exclude));
}

static json_t *filtered(const struct change *c, const json_t *old)
{
	json_t *entry;

	if (!old) {
		oc_error("no MCP server named \"%s\"; `openclaw mcp list` shows those there are",
			 c->name);
		return NULL;
	}
	entry = json_deep_copy(old);
	if (oc_args_has(c->args, "--clear")) json_object_del(entry, "toolFilter");
	put_filter(c->args, entry);
	return entry;
}

int oc_cmd_mcp_tools(struct oc_args *a)
{
	const struct change c = { .args = a, .name = oc_args_pos(a, 0), .make = filtered };

	if (oc_args_n(a) != 1) return oc_usage_error(a, "expected one name");
	return save(&c);
}

/* ---- add ---- */

const struct oc_option oc_mcp_add_options[] = {
	{ .name = "--command", .value = "<program>", .help = "Program to start" },
	{ .name = "--arg", .value = "<value>", .help = "Argument of it; repeat" },
	{ .name = "--env", .value = "<key=value>", .help = "Variable of it; repeat" },
	{ .name = "--cwd", .value = "<dir>", .help = "Folder that it starts in" },
	{ .name = "--url", .value = "<url>", .help = "Address of a server that runs already" },
	{ .name = "--header", .value = "<key=value>", .help = "HTTP header; repeat" },
	{ .name = "--transport", .value = "<type>", .help = "stdio or streamable-http" },
	{ .name = "--connect-timeout", .value = "<seconds>", .help = "To wait until it is there" },
	{ .name = "--timeout", .value = "<seconds>", .help = "To wait for an answer" },
	{ .name = "--include", .value = "<names>", .help = "Only these tools, by commas; globs" },
	{ .name = "--exclude", .value = "<names>", .help = "Not these tools, by commas; globs" },
	{ .name = "--disabled", .help = "Save it switched off" },
	{ .name = "--no-probe", .help = "Save it without connecting first" },
	{ 0 },
};

static void put_list(const struct oc_args *a, const char *option, json_t *entry, const char *key)
{
	const char *values[MAX_VALUES];
	size_t n = oc_args_all(a, option, values, MAX_VALUES);
	json_t *list = n ? json_array() : NULL;

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, oc_json_new_str(oc_str(values[i])));
	oc_json_put(entry, key, list);
}

static bool put_map(struct oc_args *a, const char *option, json_t *entry, const char *key)
{
	const char *values[MAX_VALUES];
	size_t n = oc_args_all(a, option, values, MAX_VALUES);

	for (size_t i = 0; i < n; i++) {
		const char *sign = strchr(values[i], '=');
		char *name = sign ? oc_strndup(values[i], (size_t)(sign - values[i])) : NULL;

		if (!name || !*name) {
			free(name);
			oc_usage_error(a, "%s takes key=value", option);
			return false;
		}
		oc_json_put(member(entry, key), name, oc_json_new_str(oc_str(sign + 1)));
		free(name);
	}
	return true;
}

static bool put_seconds(struct oc_args *a, const char *option, json_t *entry, const char *key)
{
	const char *text = oc_args_get(a, option);
	int64_t seconds;

	if (!text) return true;
	if (!oc_parse_int(oc_str(text), 1, 3600, &seconds)) {
		oc_usage_error(a, "%s takes whole seconds from 1 to 3600", option);
		return false;
	}
	oc_json_put(entry, key, json_integer(seconds * 1000));
	return true;
}

static void put_text(const struct oc_args *a, const char *option, json_t *entry, const char *key)
{
	const char *text = oc_args_get(a, option);

	if (text) oc_json_put(entry, key, oc_json_new_str(oc_str(text)));
}

/* NULL: a message was printed. New reference. */
static json_t *typed_entry(struct oc_args *a)
{
	json_t *entry = json_object();

	put_text(a, "--command", entry, "command");
	put_list(a, "--arg", entry, "args");
	put_text(a, "--cwd", entry, "cwd");
	put_text(a, "--url", entry, "url");
	put_text(a, "--transport", entry, "transport");
	put_filter(a, entry);
	if (oc_args_has(a, "--disabled")) oc_json_put(entry, "enabled", json_false());
	if (put_map(a, "--env", entry, "env") && put_map(a, "--header", entry, "headers") &&
	    put_seconds(a, "--connect-timeout", entry, "connectionTimeoutMs") &&
	    put_seconds(a, "--timeout", entry, "requestTimeoutMs"))
		return entry;
	json_decref(entry);
	return NULL;
}

/* As if it stood in the configuration. */
static bool probe_wait(const char *name, json_t *entry)
{
	struct oc_mcp_cli cli;
	struct oc_strv names = { 0 };
	json_t *report = NULL;
	bool ok = oc_mcp_cli_open(&cli);

	if (ok) {
		json_object_set(member(member(cli.config.value, "mcp"), "servers"), name, entry);
		oc_strv_add(&names, oc_str(name));
		ok = oc_mcp_cli_probe_wait(&cli.config, &names, &report) == 1;
		const json_t *found = json_array_get(report, 0);
		const char *problem = oc_json_cstr(found, "problem");
		if (ok)
			printf("It answers: %zu tools.\n",
			       json_array_size(json_object_get(found, "tools")));
		else
			oc_error("%s; nothing was saved (--no-probe saves it all the same)",
				 problem ? problem : "it does not answer");
	}
	json_decref(report);
	oc_strv_deinit(&names);
	oc_mcp_cli_close(&cli);
	return ok;
}

int oc_cmd_mcp_add(struct oc_args *a)
{
	struct change c = { .args = a, .name = oc_args_pos(a, 0) };
	int status = 1;

	if (oc_args_n(a) != 1) return oc_usage_error(a, "expected one name");
	if (oc_args_has(a, "--command") == oc_args_has(a, "--url"))
		return oc_usage_error(a, "give either --command or --url");
	c.entry = typed_entry(a);
	if (!c.entry) return 1;
	bool probe = !oc_args_has(a, "--no-probe") && !oc_args_has(a, "--disabled");
	if (!probe || probe_wait(c.name, c.entry)) status = save(&c);
	json_decref(c.entry);
	return status;
}
