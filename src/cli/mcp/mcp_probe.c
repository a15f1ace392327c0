/* `openclaw mcp probe`: connects and says what is there. */
#include <stdio.h>
#include <stdlib.h>

#include "base/visible.h"
#include "cli/mcp/mcp_cli.h"
#include "cli/print.h"
#include "tool/mcp.h"

const struct oc_option oc_mcp_probe_options[] = {
	{ .name = "--json", .help = "Print one JSON document" },
	{ 0 },
};

static json_t *only(json_t *report, const struct oc_strv *names)
{
	json_t *out = json_array(), *one;
	size_t i;

	json_array_foreach (report, i, one) {
		if (oc_strv_has(names, oc_json_str(one, "name"))) json_array_append(out, one);
	}
	json_decref(report);
	return out;
}

size_t oc_mcp_cli_probe_wait(const struct oc_config *config, const struct oc_strv *names,
			     json_t **report)
{
	struct oc_mcp *m = oc_mcp_new(config);
	size_t ready = 0;
	enum oc_rc rc = OC_OK;

	/* All at once, and then one after the other. */
	if (names->n > 1) rc = oc_mcp_settle_wait(m, NULL);
	for (size_t i = 0; i < names->n && rc != OC_CANCELLED; i++) {
		struct oc_err e = { 0 };

		rc = oc_mcp_probe_wait(m, names->v[i], &e);
		ready += rc == OC_OK;
	}
	*report = only(oc_mcp_report(m), names);
	oc_mcp_free_wait(m);
	return ready;
}

static void print_one(const json_t *s)
{
	const json_t *tools = json_object_get(s, "tools"), *tool;
	size_t i;

	if (!oc_str_eq(oc_json_str(s, "state"), OC_LIT("ready"))) {
		const char *problem = oc_json_cstr(s, "problem"),
			   *words = oc_json_cstr(s, "lastWords");

		if (!oc_json_bool(s, "enabled", true)) problem = "it is switched off";
		oc_visible_printf(stdout, "- %s: %s\n", oc_json_cstr(s, "name"),
				  problem ? problem : "it does not answer");
		if (words) oc_visible_printf(stdout, "    its last words: %s\n", words);
		return;
	}
	oc_visible_printf(stdout, "- %s: %zu tools%s%s\n", oc_json_cstr(s, "name"),
			  json_array_size(tools),
			  oc_json_bool(s, "resources", false) ? ", resources" : "",
			  oc_json_bool(s, "prompts", false) ? ", prompts" : "");
	json_array_foreach (tools, i, tool)
		oc_visible_printf(stdout, "    %s\n", json_string_value(tool));
}

int oc_cmd_mcp_probe(struct oc_args *a)
{
	struct oc_mcp_cli c;
	struct oc_strv names = { 0 };
	json_t *report = NULL, *s;
	size_t i, ready = 0, wanted = 0;
	bool ok = oc_mcp_cli_open(&c) && oc_mcp_cli_names(&c, a, &names);

	if (ok) {
		ready = oc_mcp_cli_probe_wait(&c.config, &names, &report);
		json_array_foreach (report, i, s)
			wanted += oc_json_bool(s, "enabled", true) || oc_args_n(a);
		if (oc_args_has(a, "--json")) {
			json_t *doc =
			    json_pack("{s:s, s:b, s:O}", "path", c.config.paths.config_path, "ok",
				      ready == wanted, "servers", report);
			oc_print_json(doc);
			json_decref(doc);
		} else {
			printf("MCP probe (%s):\n", c.path);
			json_array_foreach (report, i, s) print_one(s);
		}
	}
	json_decref(report);
	oc_strv_deinit(&names);
	oc_mcp_cli_close(&c);
	return !ok || ready < wanted;
}
