/* `openclaw status`: everything at a glance. Works, and exits 0, without a gateway too. */
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "base/version.h"
#include "base/visible.h"
#include "cli/gateway/gateway_commands.h"
#include "cli/gateway/gateway_facts.h"
#include "cli/gateway/rpc_command.h"
#include "cli/print.h"
#include "cli/sessions/sessions_table.h"
#include "model/provider/select.h"

enum { MAX_VALUE = 400 };

const struct oc_option oc_status_options[] = {
	OC_RPC_ADDRESS_OPTIONS,
	OC_RPC_TIMEOUT_OPTION,
	{ .name = "--all", .help = "Everything there is to say" },
	{ .name = "--deep", .help = "Ask the gateway for its health as well" },
	{ .name = "--usage", .help = "Tokens of the last days as well" },
	{ .name = "--json", .help = "Print one JSON document" },
	{ 0 },
};

/* ---- gathering ---- */

static json_t *gateway_part(const struct oc_rpc_command *c, enum oc_rc rc, const struct oc_err *e,
			    uint64_t took_ms)
{
	const json_t *mode = oc_config_get(&c->config, "gateway.mode");
	json_t *part = json_pack(
	    "{s:s,s:s,s:s,s:b}", "mode", json_is_string(mode) ? json_string_value(mode) : "local",
	    "url", c->target.url, "urlSource", c->target.url_from, "reachable", rc == OC_OK);

	if (!rc) {
		json_t *server = json_object_get(oc_rpc_hello_ok(c->client), "server");
		oc_json_put(part, "connectLatencyMs", json_integer((json_int_t)took_ms));
		if (server) oc_json_put(part, "self", json_incref(server));
	} else
		oc_json_put(part, "error", oc_json_new_str(oc_str(e->msg)));
	return part;
}

static json_t *model_part(const struct oc_config *config)
{
	struct oc_catalog catalog;
	struct oc_selection s;
	struct oc_err e = { 0 };
	json_t *part = NULL;

	if (oc_catalog_load(&catalog, config, &e) != OC_OK) {
		oc_catalog_deinit(&catalog);
		return NULL;
	}
	if (oc_select_default(&catalog, &s, NULL, &e) == OC_OK) {
		part = json_string(s.key);
		oc_selection_deinit(&s);
	}
	oc_catalog_deinit(&catalog);
	return part;
}

/* What an option asks for beside the status itself; a gateway without the method is no failure. */
static enum oc_rc add_wait(struct oc_rpc_command *c, json_t *doc, const char *key,
			   const char *method, struct oc_err *e)
{
	json_t *result = NULL;
	enum oc_rc rc = oc_rpc_command_call_wait(c, method, NULL, &result, e);

	if (!rc) oc_json_put(doc, key, result);
	return rc == OC_E_UPSTREAM ? OC_OK : rc;
}

static enum oc_rc ask_wait(struct oc_rpc_command *c, json_t *doc, struct oc_err *e)
{
	bool all = oc_args_has(c->args, "--all");
	json_t *status = NULL;
	enum oc_rc rc = oc_rpc_command_call_wait(c, "status", NULL, &status, e);

	if (rc) return rc;
	json_object_update(doc, status);
	json_decref(status);
	if (all || oc_args_has(c->args, "--deep")) rc = add_wait(c, doc, "health", "health", e);
	if (!rc && (all || oc_args_has(c->args, "--usage")))
		rc = add_wait(c, doc, "usage", "usage.cost", e);
	if (!rc && all) rc = add_wait(c, doc, "agents", "agents.list", e);
	return rc;
}

static json_t *gather_wait(struct oc_rpc_command *c)
{
	json_t *doc = json_object();
	struct oc_err e = { 0 };
	uint64_t began_ms = oc_now_ms();
	enum oc_rc rc = oc_rpc_started_wait(&c->target, c->deadline, NULL, &e);

	if (!rc) rc = oc_rpc_command_connect_wait(c, &e);
	uint64_t took_ms = oc_now_ms() - began_ms;
	oc_json_put(doc, "runtimeVersion", json_string(oc_version_number()));
	if (!rc) rc = ask_wait(c, doc, &e);
	oc_json_put(doc, "gateway", gateway_part(c, rc, &e, took_ms));
	oc_json_put(doc, "gatewayService", oc_gateway_service_facts(&c->config.paths));
	oc_json_put(doc, "defaultModel", model_part(&c->config));
	oc_json_put(doc, "configPath", json_string(c->config.paths.config_path));
	return doc;
}

/* ---- showing ---- */

struct overview {
	struct oc_strv labels, values;
};

static void row(struct overview *o, const char *label, const char *fmt, ...) OC_PRINTF(3, 4);
static void row(struct overview *o, const char *label, const char *fmt, ...)
{
	char value[MAX_VALUE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(value, sizeof value, fmt, ap);
	va_end(ap);
	struct oc_str line =
	    oc_str_head(oc_str(value), oc_str_find(oc_str(value), OC_LIT("\n"), 0));
	oc_strv_add(&o->labels, oc_str(label));
	oc_strv_add(&o->values, line);
}

static void channel_rows(struct overview *o, const json_t *doc)
{
	const json_t *outbox = json_object_get(doc, "channelOutbox"), *line;
	int64_t failed = oc_json_int(outbox, "failed", 0),
		unknown = oc_json_int(outbox, "unknown", 0);
	size_t i;

	json_array_foreach (json_object_get(doc, "channelSummary"), i, line)
		row(o, "Channel", "%s", json_string_value(line));
	if (failed || unknown)
		row(o, "Outbox",
		    "%lld not sent, %lld perhaps not: openclaw channels outbox shows them",
		    (long long)failed, (long long)unknown);
}

static void fill(struct overview *o, const struct oc_rpc_command *c, const json_t *doc)
{
	const json_t *g = json_object_get(doc, "gateway");
	const json_t *service = json_object_get(doc, "gatewayService");
	const json_t *sessions = json_object_get(doc, "sessions");
	const char *error = oc_json_cstr(g, "error"), *model = oc_json_cstr(doc, "defaultModel");
	const char *version = oc_json_cstr(json_object_get(g, "self"), "version");
	char *config = oc_paths_short(&c->config.paths, c->config.paths.config_path);

	row(o, "Version", "%s", oc_version_text());
	row(o, "Config", "%s", config);
	if (oc_json_bool(g, "reachable", false))
		row(o, "Gateway", "%s, version %s, %lld ms", c->target.url, version ? version : "?",
		    (long long)oc_json_int(g, "connectLatencyMs", 0));
	else
		row(o, "Gateway", "%s", error ? error : "not reachable");
	row(o, "Service", "%s",
	    oc_json_bool(service, "installed", false) ? "installed" : "not installed");
	row(o, "Model", "%s", model ? model : "none; openclaw onboard sets one up");
	if (sessions) row(o, "Sessions", "%lld", (long long)oc_json_int(sessions, "count", 0));
	channel_rows(o, doc);
	free(config);
}

static void rule(const char *left, const char *right, size_t width)
{
	fputs(left, stdout);
	for (size_t i = 0; i < width; i++) fputs("─", stdout);
	puts(right);
}

static void print_overview(const struct overview *o)
{
	bool box = oc_print_colour();
	size_t label = 0, value = 0;

	for (size_t i = 0; i < o->labels.n; i++) {
		size_t l = oc_utf8_width(oc_str(o->labels.v[i]));
		size_t v = oc_utf8_width(oc_str(o->values.v[i]));
		if (l > label) label = l;
		if (v > value) value = v;
	}
	if (box) rule("┌", "┐", label + value + 4);
	for (size_t i = 0; i < o->labels.n; i++) {
		size_t l = oc_utf8_width(oc_str(o->labels.v[i]));
		size_t v = oc_utf8_width(oc_str(o->values.v[i]));
		int gap = (int)(label - l) + 2, end = (int)(value - v);

		if (box)
			oc_visible_printf(stdout, "│ %s%*s%s%*s │\n", o->labels.v[i], gap, "",
					  o->values.v[i], end, "");
		else
			oc_visible_printf(stdout, "%s%*s%s\n", o->labels.v[i], gap, "",
					  o->values.v[i]);
	}
	if (box) rule("└", "┘", label + value + 4);
}

static void print_status(const struct oc_rpc_command *c, json_t *doc)
{
	const json_t *g = json_object_get(doc, "gateway");
	json_t *recent = json_object_get(json_object_get(doc, "sessions"), "recent");
	struct overview o = { 0 };

	fill(&o, c, doc);
	print_overview(&o);
	oc_strv_deinit(&o.labels);
	oc_strv_deinit(&o.values);
	if (json_array_size(recent)) {
		puts("");
		oc_sessions_table(recent);
	}
	if (json_object_get(doc, "usage")) {
		const json_t *totals = json_object_get(json_object_get(doc, "usage"), "totals");
		printf("\nTokens: %lld in, %lld out\n", (long long)oc_json_int(totals, "input", 0),
		       (long long)oc_json_int(totals, "output", 0));
	}
	if (!oc_json_bool(g, "reachable", false)) printf("\n%s\n", oc_rpc_start_hint);
}

int oc_cmd_status(struct oc_args *a)
{
	struct oc_rpc_command c;
	struct oc_err e = { 0 };
	enum oc_rc rc = oc_rpc_command_init(&c, a, OC_RPC_TIMEOUT_MS, &e);

	if (!rc) {
		json_t *doc = gather_wait(&c);
		if (oc_args_has(a, "--json"))
			oc_print_json(doc);
		else
			print_status(&c, doc);
		json_decref(doc);
	}
	oc_rpc_command_deinit_wait(&c);
	return rc ? oc_rpc_failed(rc, &e) : 0;
}
