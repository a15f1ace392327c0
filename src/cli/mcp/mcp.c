/* `openclaw mcp`: the servers of tools, as they are configured. */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/visible.h"
#include "cli/mcp/mcp_cli.h"
#include "cli/print.h"
#include "config/redact.h"
#include "tool/mcp/config.h"
#include "json/path.h"

/* ---- shared ---- */

bool oc_mcp_cli_open(struct oc_mcp_cli *c)
{
	struct oc_err e = { 0 };

	*c = (struct oc_mcp_cli){ 0 };
	if (oc_config_load(&c->config, &e) != OC_OK) {
		oc_error("%s", e.msg);
		return false;
	}
	if (oc_config_require(&c->config) != OC_OK) return false;
	c->path = oc_paths_short(&c->config.paths, c->config.paths.config_path);
	return true;
}

void oc_mcp_cli_close(struct oc_mcp_cli *c)
{
	oc_config_deinit(&c->config);
	free(c->path);
}

json_t *oc_mcp_cli_servers(const struct oc_mcp_cli *c)
{
	return oc_config_get(&c->config, "mcp.servers");
}

bool oc_mcp_cli_names(const struct oc_mcp_cli *c, const struct oc_args *a, struct oc_strv *out)
{
	json_t *servers = oc_mcp_cli_servers(c), *entry;
	const char *only = oc_args_pos(a, 0), *name;

	json_object_foreach (servers, name, entry) {
		if (!only || !strcmp(only, name)) oc_strv_add(out, oc_str(name));
	}
	if (!only || out->n) return true;
	oc_error("no MCP server named \"%s\" in %s; `openclaw mcp list` shows those there are",
		 only, c->path);
	return false;
}

/* What is under mcp.servers, or one of it, secrets hidden. New reference; NULL = none. */
static json_t *shown(const struct oc_mcp_cli *c, const char *name)
{
	json_t *v = json_object_get(json_object_get(c->config.raw, "mcp"), "servers");
	struct oc_path path = { 0 };
	struct oc_err e = { 0 };

	if (!json_is_object(v)) v = oc_mcp_cli_servers(c); /* of an include */
	if (oc_path_parse(OC_LIT("mcp.servers"), &path, &e) != OC_OK) return NULL;
	json_t *copy = v ? json_deep_copy(v) : json_object();
	oc_config_redact(&copy, &path);
	oc_path_deinit(&path);
	if (!name) return copy;
	json_t *one = json_incref(json_object_get(copy, name));
	json_decref(copy);
	return one;
}

/* ---- list, show ---- */

static void print_names(const struct oc_mcp_cli *c, const json_t *servers)
{
	const char *name;
	json_t *entry;

	if (!json_object_size(servers)) {
		printf("No MCP servers in %s. Add one with\n  openclaw mcp add <name> --command "
		       "<program> --arg <argument>\n",
		       c->path);
		return;
	}
	printf("MCP servers (%s):\n", c->path);
	json_object_foreach ((json_t *)(uintptr_t)servers, name, entry)
		oc_visible_printf(stdout, "- %s%s\n", name,
				  oc_json_bool(entry, "enabled", true) ? "" : " (switched off)");
}

static int list(struct oc_args *a)
{
	struct oc_mcp_cli c;
	bool ok = oc_mcp_cli_open(&c);

	if (ok) {
		json_t *servers = shown(&c, NULL);
		if (oc_args_has(a, "--json"))
			oc_print_json(servers);
		else
			print_names(&c, servers);
		json_decref(servers);
	}
	oc_mcp_cli_close(&c);
	return !ok;
}

static int show(struct oc_args *a)
{
	struct oc_mcp_cli c;
	struct oc_strv names = { 0 };
	bool ok = oc_mcp_cli_open(&c) && oc_mcp_cli_names(&c, a, &names);

	if (ok) {
		json_t *v = shown(&c, oc_args_pos(a, 0));
		if (!oc_args_has(a, "--json")) printf("MCP servers (%s):\n", c.path);
		oc_print_json(v);
		json_decref(v);
	}
	oc_strv_deinit(&names);
	oc_mcp_cli_close(&c);
	return !ok;
}

/* ---- status ---- */

static json_t *status_row(const struct oc_mcp_config *s)
{
	char *launch = oc_mcp_config_launch(s);
	json_t *o = json_pack("{s:s, s:b, s:b, s:b, s:s, s:b, s:I, s:I, s:b}", "name", s->id,
			      "configured", 1, "enabled", s->enabled, "ok", !s->problem,
			      "transport", oc_mcp_transport_name(s->transport), "trust", s->trust,
			      "requestTimeoutMs", (json_int_t)s->request_ms, "connectionTimeoutMs",
			      (json_int_t)s->connect_ms, "supportsParallelToolCalls", 0);

	oc_json_put(o, "launch", oc_json_new_str(oc_str(launch)));
	if (s->problem) oc_json_put(o, "problem", json_string(s->problem));
	free(launch);
	return o;
}

static void print_status(const json_t *row, bool verbose)
{
	oc_visible_printf(stdout, "- %s: %s%s%s\n", oc_json_cstr(row, "name"),
			  oc_json_cstr(row, "transport"),
			  oc_json_bool(row, "enabled", true) ? "" : ", switched off",
			  oc_json_bool(row, "trust", false) ? ", trusted" : "");
	if (verbose)
		oc_visible_printf(stdout,
				  "    %s\n    connect within %lld ms, answer within %lld ms\n",
				  oc_json_cstr(row, "launch"),
				  (long long)oc_json_int(row, "connectionTimeoutMs", 0),
				  (long long)oc_json_int(row, "requestTimeoutMs", 0));
	if (oc_json_cstr(row, "problem"))
		oc_visible_printf(stdout, "    %s\n", oc_json_cstr(row, "problem"));
}

static int status(struct oc_args *a)
{
	struct oc_mcp_cli c;
	json_t *rows = json_array(), *entry;
	const char *name;
	const json_t *row;
	size_t i;
	bool ok = oc_mcp_cli_open(&c);

	if (ok) {
		json_object_foreach (oc_mcp_cli_servers(&c), name, entry) {
			struct oc_mcp_config s;
			oc_mcp_config_init(&s, name, entry);
			json_array_append_new(rows, status_row(&s));
			oc_mcp_config_deinit(&s);
		}
		if (oc_args_has(a, "--json")) {
			json_t *doc = json_pack("{s:s, s:O}", "path", c.config.paths.config_path,
						"servers", rows);
			oc_print_json(doc);
			json_decref(doc);
		} else {
			printf("MCP server status (%s):\n", c.path);
			json_array_foreach (rows, i, row)
				print_status(row, oc_args_has(a, "--verbose"));
		}
	}
	json_decref(rows);
	oc_mcp_cli_close(&c);
	return !ok;
}

/* ---- doctor ---- */

static void add_issue(json_t *issues, const char *level, char *message)
{
	json_array_append_new(issues, json_pack("{s:s, s:o}", "level", level, "message",
						oc_json_new_str(oc_str(message))));
	free(message);
}

static bool sounds_secret(const char *key)
{
	static const char *const words[] = { "token",	"secret",  "password", "apikey",
					     "api_key", "api-key", "auth",     "credential" };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (oc_str_ihas(oc_str(key), words[i])) return true;
	return false;
}

/* A value that stands in the file instead of a variable. */
static void find_literal_secrets(const json_t *raw, const char *section, json_t *issues)
{
	json_t *values = json_object_get(raw, section), *v;
	const char *key;

	json_object_foreach (values, key, v) {
		const char *text = json_string_value(v);
		if (text && *text && sounds_secret(key) && !strstr(text, "${"))
			add_issue(
			    issues, "warning",
			    oc_asprintf("%s.%s stands in the file as it is; \"${NAME}\" takes "
					"it from the environment",
					section, key));
	}
}

static json_t *find_issues(const struct oc_mcp_cli *c, const struct oc_mcp_config *s)
{
	const json_t *raw = json_object_get(
	    json_object_get(json_object_get(c->config.raw, "mcp"), "servers"), s->id);
	json_t *issues = json_array();
	char *trouble = oc_mcp_config_trouble(s);

	if (trouble) add_issue(issues, "error", trouble);
	find_literal_secrets(raw, "env", issues);
	find_literal_secrets(raw, "headers", issues);
	if (s->trust)
		add_issue(issues, "warning",
			  oc_strdup("it is trusted: what it answers is not marked as foreign"));
	return issues;
}

static bool has_error(const json_t *issues)
{
	const json_t *issue;
	size_t i;

	json_array_foreach (issues, i, issue) {
		if (oc_str_eq(oc_json_str(issue, "level"), OC_LIT("error"))) return true;
	}
	return false;
}

/* What came of connecting, where that was asked for. */
static void add_probed(json_t *rows, const json_t *report)
{
	const json_t *found;
	json_t *row;
	size_t i, k;

	json_array_foreach (report, i, found) {
		json_array_foreach (rows, k, row) {
			if (!oc_str_eq(oc_json_str(row, "name"), oc_json_str(found, "name")))
				continue;
			if (oc_str_eq(oc_json_str(found, "state"), OC_LIT("ready"))) continue;
			if (!oc_json_bool(found, "enabled", true)) continue;
			add_issue(json_object_get(row, "issues"), "error",
				  oc_strdup(oc_json_cstr(found, "problem")
						? oc_json_cstr(found, "problem")
						: "it does not answer"));
		}
	}
}

static json_t *doctor_rows_wait(const struct oc_mcp_cli *c, const struct oc_args *a,
				const struct oc_strv *names)
{
	json_t *rows = json_array(), *report = NULL, *row;
	size_t i;

	for (i = 0; i < names->n; i++) {
		struct oc_mcp_config s;
		oc_mcp_config_init(&s, names->v[i],
				   json_object_get(oc_mcp_cli_servers(c), names->v[i]));
		json_array_append_new(
		    rows, json_pack("{s:s, s:o}", "name", s.id, "issues", find_issues(c, &s)));
		oc_mcp_config_deinit(&s);
	}
	if (oc_args_has(a, "--probe")) oc_mcp_cli_probe_wait(&c->config, names, &report);
	add_probed(rows, report);
	json_decref(report);
	json_array_foreach (rows, i, row)
		oc_json_put(row, "ok", json_boolean(!has_error(json_object_get(row, "issues"))));
	return rows;
}

static void print_doctor(const struct oc_mcp_cli *c, const json_t *rows)
{
	const json_t *row, *issue;
	size_t i, k;

	printf("MCP doctor (%s):\n", c->path);
	json_array_foreach (rows, i, row) {
		oc_visible_printf(stdout, "- %s: %s\n", oc_json_cstr(row, "name"),
				  oc_json_bool(row, "ok", true) ? "ok" : "issues");
		json_array_foreach (json_object_get(row, "issues"), k, issue)
			oc_visible_printf(stdout, "  ! %s: %s\n", oc_json_cstr(issue, "level"),
					  oc_json_cstr(issue, "message"));
	}
}

static int doctor(struct oc_args *a)
{
	struct oc_mcp_cli c;
	struct oc_strv names = { 0 };
	bool ok = oc_mcp_cli_open(&c) && oc_mcp_cli_names(&c, a, &names);

	if (ok) {
		json_t *rows = doctor_rows_wait(&c, a, &names), *row;
		size_t i;
		json_array_foreach (rows, i, row) ok = ok && oc_json_bool(row, "ok", true);
		if (oc_args_has(a, "--json")) {
			json_t *doc =
			    json_pack("{s:s, s:b, s:O}", "path", c.config.paths.config_path, "ok",
				      ok, "servers", rows);
			oc_print_json(doc);
			json_decref(doc);
		} else
			print_doctor(&c, rows);
		json_decref(rows);
		if (!ok) fputs("MCP doctor found errors.\n", stderr);
	}
	oc_strv_deinit(&names);
	oc_mcp_cli_close(&c);
	return !ok;
}

/* ---- the table ---- */

static const struct oc_option json_options[] = {
	{ .name = "--json", .help = "Print one JSON document" }, { 0 }
};
static const struct oc_option status_options[] = {
	{ .name = "--json", .help = "Print one JSON document" },
	{ .name = "--verbose", .short_name = 'v', .help = "Show how each is started" },
	{ 0 }
};
static const struct oc_option doctor_options[] = {
	{ .name = "--json", .help = "Print one JSON document" },
	{ .name = "--probe", .help = "Connect to each as well" },
	{ 0 }
};

const struct oc_command oc_mcp_commands[] = {
	{ .name = "list", .help = "List the servers", .run = list, .options = json_options },
	{ .name = "show",
	  .usage = "[name]",
	  .help = "Show the configuration of one, or of all",
	  .run = show,
	  .options = json_options },
	{ .name = "add",
	  .usage = "<name>",
	  .help = "Add a server and connect to it",
	  .run = oc_cmd_mcp_add,
	  .options = oc_mcp_add_options },
	{ .name = "set",
	  .usage = "<name> <json>",
	  .help = "Set a server from a JSON object",
	  .run = oc_cmd_mcp_set },
	{ .name = "unset", .usage = "<name>", .help = "Remove a server", .run = oc_cmd_mcp_unset },
	{ .name = "tools",
	  .usage = "<name>",
	  .help = "Choose which tools of a server are offered",
	  .run = oc_cmd_mcp_tools,
	  .options = oc_mcp_tools_options },
	{ .name = "status",
	  .help = "Show how the servers are reached, without connecting",
	  .run = status,
	  .options = status_options },
	{ .name = "probe",
	  .usage = "[name]",
	  .help = "Connect and list the tools",
	  .run = oc_cmd_mcp_probe,
	  .options = oc_mcp_probe_options },
	{ .name = "doctor",
	  .usage = "[name]",
	  .help = "Check the configuration of the servers",
	  .run = doctor,
	  .options = doctor_options },
	{ 0 },
};
