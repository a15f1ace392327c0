/* `openclaw gateway status`: is there a service, what is configured, does a gateway answer. */
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/visible.h"
#include "cli/gateway/gateway_client.h"
#include "cli/gateway/gateway_facts.h"
#include "cli/gateway/rpc_command.h"
#include "cli/print.h"
#include "gateway/process/settings.h"

const struct oc_option oc_gateway_status_options[] = {
	OC_RPC_ADDRESS_OPTIONS,
	OC_RPC_TIMEOUT_OPTION,
	{ .name = "--deep", .help = "Ask for its health as well" },
	{ .name = "--no-probe", .help = "Do not connect" },
	{ .name = "--require-rpc", .help = "Exit 1 when no gateway answers" },
	{ .name = "--json", .help = "Print one JSON document" },
	{ 0 },
};

static json_t *gateway_part(const struct oc_rpc_command *c)
{
	const char *bind = oc_json_cstr(oc_config_get(&c->config, "gateway"), "bind");
	const json_t *auth = oc_config_get(&c->config, "gateway.auth");
	const char *mode = oc_json_cstr(auth, "mode");
	const char *from = NULL;
	int64_t port = oc_rpc_configured_port(&c->config, &from);

	return json_pack("{s:s,s:s,s:I,s:s,s:s,s:s}", "bindMode",
			 bind		     ? bind
			 : oc_in_container() ? "auto"
					     : "loopback",
			 "authMode", mode ? mode : "token", "port", (json_int_t)port, "portSource",
			 from, "probeUrl", c->target.url, "urlSource", c->target.url_from);
}

/* A connection test: connects, looks, leaves. */
static json_t *probe_part_wait(struct oc_rpc_command *c, bool deep)
{
	static const struct oc_rpc_hello probe = { .client_id = "openclaw-probe",
						   .mode = "probe",
						   .probe = true };
	uint64_t began_ms = oc_now_ms();
	json_t *part = json_object(), *health = NULL;
	struct oc_err e = { 0 };
	enum oc_rc rc = oc_rpc_connect_wait(&c->target, &probe, c->deadline, &c->client, &e);

	oc_json_put(part, "ok", json_boolean(!rc));
	oc_json_put(part, "url", json_string(c->target.url));
	oc_json_put(part, "durationMs", json_integer((json_int_t)(oc_now_ms() - began_ms)));
	if (!rc) {
		const json_t *server = json_object_get(oc_rpc_hello_ok(c->client), "server");
		const char *version = oc_json_cstr(server, "version");
		if (version) oc_json_put(part, "version", oc_json_new_str(oc_str(version)));
	}
	if (!rc && deep) rc = oc_rpc_command_call_wait(c, "health", NULL, &health, &e);
	if (health) oc_json_put(part, "health", health);
	if (rc) oc_json_put(part, "error", oc_json_new_str(oc_str(e.msg)));
	return part;
}

static void print_service(const json_t *service)
{
	const char *unit = oc_json_cstr(service, "unit");
	int64_t pid = oc_json_int(service, "pid", 0);

	if (oc_json_bool(service, "installed", false))
		oc_visible_printf(stdout, "Service:  installed (%s)\n", unit ? unit : "?");
	else
		puts("Service:  not installed (openclaw gateway install)");
	if (pid > 0)
		printf("Process:  pid %lld\n", (long long)pid);
	else
		puts("Process:  none holds this state folder");
}

static void print_text(const json_t *doc)
{
	const json_t *gateway = json_object_get(doc, "gateway"), *rpc = json_object_get(doc, "rpc");
	const char *version = oc_json_cstr(rpc, "version"), *error = oc_json_cstr(rpc, "error");

	print_service(json_object_get(doc, "service"));
	oc_visible_printf(stdout, "Gateway:  %s (from %s), bind %s, auth %s\n",
			  oc_json_cstr(gateway, "probeUrl"), oc_json_cstr(gateway, "urlSource"),
			  oc_json_cstr(gateway, "bindMode"), oc_json_cstr(gateway, "authMode"));
	if (!rpc)
		puts("Probe:    not asked for");
	else if (oc_json_bool(rpc, "ok", false))
		oc_visible_printf(stdout, "Probe:    ok, version %s (%lld ms)\n",
				  version ? version : "unknown",
				  (long long)oc_json_int(rpc, "durationMs", 0));
	else
		oc_visible_printf(stdout, "Probe:    failed: %s\n", error ? error : "no answer");
}

int oc_cmd_gateway_status(struct oc_args *a)
{
	struct oc_rpc_command c;
	struct oc_err e = { 0 };
	bool ok = true;
	enum oc_rc rc = oc_rpc_command_init(&c, a, OC_RPC_TIMEOUT_MS, &e);

	if (!rc) {
		json_t *doc = json_object();
		oc_json_put(doc, "service", oc_gateway_service_facts(&c.config.paths));
		oc_json_put(doc, "gateway", gateway_part(&c));
		if (!oc_args_has(a, "--no-probe")) {
			json_t *rpc = probe_part_wait(&c, oc_args_has(a, "--deep"));
			ok = oc_json_bool(rpc, "ok", false);
			oc_json_put(doc, "rpc", rpc);
		}
		if (oc_args_has(a, "--json"))
			oc_print_json(doc);
		else
			print_text(doc);
		json_decref(doc);
	}
	oc_rpc_command_deinit_wait(&c);
	if (rc) return oc_rpc_failed(rc, &e);
	return oc_args_has(a, "--require-rpc") && !ok;
}
