/* `openclaw gateway call|health|probe|status|auth-token`: the side of the gateway's clients. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/visible.h"
#include "cli/gateway/gateway_client.h"
#include "cli/gateway/rpc_command.h"
#include "cli/print.h"

/* ---- call ---- */

const struct oc_option oc_gateway_call_options[] = {
	{ .name = "--params", .value = "<json>", .help = "Parameters, a JSON object" },
	{ .name = "--expect-final", .help = "Wait for the last answer of a run" },
	{ .name = "--expect-url", .value = "<url>", .help = "Only if this is where the call goes" },
	OC_RPC_ADDRESS_OPTIONS,
	OC_RPC_TIMEOUT_OPTION,
	{ .name = "--json", .help = "Print the result alone" },
	{ 0 },
};

static enum oc_rc read_params(const struct oc_args *a, json_t **out, struct oc_err *e)
{
	const char *text = oc_args_get(a, "--params");

	*out = NULL;
	if (!text) return OC_OK;
	*out = oc_json_parse(oc_str(text), NULL, e);
	if (!*out) return oc_wrap(e, "--params is no JSON");
	if (json_is_object(*out)) return OC_OK;
	json_decref(*out);
	*out = NULL;
	return oc_fail(e, OC_E_INPUT, "--params must be a JSON object: '{\"key\": \"value\"}'");
}

static enum oc_rc check_url(const struct oc_rpc_command *c, struct oc_err *e)
{
	const char *want = oc_args_get(c->args, "--expect-url");

	if (!want || !strcmp(want, c->target.url)) return OC_OK;
	return oc_fail(e, OC_E_INPUT, "the call would go to %s (from %s), not to %.200s",
		       c->target.url, c->target.url_from, want);
}

static enum oc_rc call_wait(struct oc_rpc_command *c, const char *method, json_t **result,
			    struct oc_err *e)
{
	json_t *params;
	enum oc_rc rc = read_params(c->args, &params, e);

	if (!rc) rc = check_url(c, e);
	if (!rc) rc = oc_rpc_command_connect_wait(c, e);
	if (rc) {
		json_decref(params);
		return rc;
	}
	return oc_rpc_call_wait(c->client, method, params, oc_args_has(c->args, "--expect-final"),
				c->deadline, result, NULL, e);
}

int oc_cmd_gateway_call(struct oc_args *a)
{
	struct oc_rpc_command c;
	struct oc_err e = { 0 };
	json_t *result = NULL;

	if (oc_args_n(a) != 1) return oc_usage_error(a, "expected one method");
	enum oc_rc rc = oc_rpc_command_init(&c, a, OC_RPC_TIMEOUT_MS, &e);
	if (!rc) rc = call_wait(&c, oc_args_pos(a, 0), &result, &e);
	oc_rpc_command_deinit_wait(&c);
	if (rc) return oc_rpc_failed(rc, &e);
	if (!oc_args_has(a, "--json"))
		oc_visible_printf(stdout, "Gateway call: %s\n", oc_args_pos(a, 0));
	oc_print_json(result);
	json_decref(result);
	return 0;
}

/* ---- health ---- */

const struct oc_option oc_gateway_rpc_options[] = {
	OC_RPC_ADDRESS_OPTIONS,
	OC_RPC_TIMEOUT_OPTION,
	{ .name = "--json", .help = "Print one JSON document" },
	{ 0 },
};

int oc_cmd_gateway_health(struct oc_args *a)
{
	struct oc_rpc_command c;
	struct oc_err e = { 0 };
	json_t *result = NULL;
	enum oc_rc rc = oc_rpc_command_init(&c, a, OC_RPC_TIMEOUT_MS, &e);
	uint64_t asked_ms = 0;

	if (!rc) rc = oc_rpc_command_connect_wait(&c, &e);
	asked_ms = oc_now_ms();
	if (!rc) rc = oc_rpc_command_call_wait(&c, "health", NULL, &result, &e);
	uint64_t took_ms = oc_now_ms() - asked_ms;
	oc_rpc_command_deinit_wait(&c);
	if (rc) return oc_rpc_failed(rc, &e);
	if (oc_args_has(a, "--json"))
		oc_print_json(result);
	else
		printf("Gateway Health\n%s (%llums)\n",
		       oc_json_bool(result, "ok", false) ? "OK" : "not OK",
		       (unsigned long long)took_ms);
	json_decref(result);
	return 0;
}

/* ---- probe ---- */

static json_t *probe_document(const struct oc_rpc_command *c, enum oc_rc rc, const struct oc_err *e,
			      uint64_t took_ms)
{
	json_t *doc = json_pack("{s:b,s:s,s:s,s:I}", "ok", rc == OC_OK, "url", c->target.url,
				"urlSource", c->target.url_from, "durationMs", (json_int_t)took_ms);

	if (rc) oc_json_put(doc, "error", oc_json_new_str(oc_str(e->msg)));
	return doc;
}

static const char *const probe_calls[] = { "health", "status", "system-presence", "config.get" };

static enum oc_rc probe_wait(struct oc_rpc_command *c, json_t *found, struct oc_err *e)
{
	enum oc_rc rc = oc_rpc_command_connect_wait(c, e);

	for (size_t i = 0; !rc && i < sizeof probe_calls / sizeof *probe_calls; i++) {
		json_t *result = NULL;

		rc = oc_rpc_command_call_wait(c, probe_calls[i], NULL, &result, e);
		if (!rc) oc_json_put(found, probe_calls[i], result);
	}
	return rc;
}

static void print_probe(const struct oc_rpc_command *c, const json_t *found, uint64_t took_ms)
{
	const json_t *server =
	    c->client ? json_object_get(oc_rpc_hello_ok(c->client), "server") : NULL;
	const char *version = oc_json_cstr(server, "version");

	oc_visible_printf(stdout, "Gateway  %s\nVersion  %s\n", c->target.url,
			  version ? version : "unknown");
	for (size_t i = 0; i < sizeof probe_calls / sizeof *probe_calls; i++)
		printf("%-16s %s\n", probe_calls[i],
		       json_object_get(found, probe_calls[i]) ? "ok" : "no answer");
	printf("took %llu ms\n", (unsigned long long)took_ms);
}

int oc_cmd_gateway_probe(struct oc_args *a)
{
	struct oc_rpc_command c;
	struct oc_err e = { 0 };
	json_t *found = json_object();
	uint64_t began_ms = oc_now_ms();
	enum oc_rc rc = oc_rpc_command_init(&c, a, OC_RPC_TIMEOUT_MS, &e);
	int exit_code = rc ? 1 : 0;

	if (rc) {
		oc_error("%s", e.msg);
	} else {
		rc = probe_wait(&c, found, &e);
		uint64_t took_ms = oc_now_ms() - began_ms;
		if (oc_args_has(a, "--json")) {
			json_t *doc = probe_document(&c, rc, &e, took_ms);
			json_object_update(doc, found);
			oc_print_json(doc);
			json_decref(doc);
		} else if (!rc)
			print_probe(&c, found, took_ms);
		exit_code = !rc ? 0 : oc_args_has(a, "--json") ? 1 : oc_rpc_failed(rc, &e);
	}
	json_decref(found);
	oc_rpc_command_deinit_wait(&c);
	return exit_code;
}

/* ---- auth-token ---- */

const struct oc_option oc_gateway_auth_token_options[] = {
	{ .name = "--show", .help = "Print the token, on a terminal only" },
	{ 0 },
};

int oc_cmd_gateway_auth_token(struct oc_args *a)
{
	struct oc_config c;
	struct oc_err e = { 0 };
	const char *from = NULL;
	bool password = false;

	if (!oc_args_has(a, "--show"))
		return oc_usage_error(a, "add --show to print the token on this terminal");
	if (!isatty(STDOUT_FILENO))
		return oc_error("the token is printed on a terminal only; scripts read "
				"OPENCLAW_GATEWAY_TOKEN or gateway.auth.token");
	if (oc_config_load(&c, &e) != OC_OK) {
		oc_config_deinit(&c);
		return oc_error("%s", e.msg);
	}
	char *secret = oc_rpc_configured_secret(&c, &password, &from);
	int exit_code = 0;
	if (secret)
		puts(secret);
	else
		exit_code = oc_error("no token is configured: openclaw doctor "
				     "--generate-gateway-token makes one");
	oc_free_secret(secret);
	oc_config_deinit(&c);
	return exit_code;
}
