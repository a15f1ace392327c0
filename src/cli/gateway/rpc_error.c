/* What the refusals of a gateway mean for a person, and what to do about each. */
#include <stdio.h>

#include "cli/gateway/rpc_client.h"

const char oc_rpc_start_hint[] =
    "Start it with: openclaw gateway (or, as a service: openclaw gateway start)";

struct remedy {
	const char *code; /* error.details.code, else error.code */
	bool denied;
	const char *text; /* %s: where the secret came from */
};

static const struct remedy remedies[] = {
	{ "AUTH_TOKEN_MISSING", true,
	  "give the gateway's token: --token, OPENCLAW_GATEWAY_TOKEN or gateway.auth.token" },
	{ "AUTH_PASSWORD_MISSING", true,
	  "give the gateway's password: --password, OPENCLAW_GATEWAY_PASSWORD or "
	  "gateway.auth.password" },
	{ "AUTH_TOKEN_MISMATCH", true,
	  "the secret from %s is not the one that the running gateway has: correct it, or restart "
	  "the gateway if its configuration changed" },
	{ "AUTH_PASSWORD_MISMATCH", true,
	  "the secret from %s is not the one that the running gateway has: correct it, or restart "
	  "the gateway if its configuration changed" },
	{ "AUTH_RATE_LIMITED", true, "too many wrong secrets were tried: wait some minutes" },
	{ "AUTH_SCOPE_MISMATCH", true,
	  "this device is not allowed that much: use the gateway's own token" },
	{ "DEVICE_IDENTITY_REQUIRED", true,
	  "give the gateway's token: --token, OPENCLAW_GATEWAY_TOKEN or gateway.auth.token" },
	{ "CONTROL_UI_DEVICE_IDENTITY_REQUIRED", true, "the gateway wants a device identity" },
	{ "CONTROL_UI_ORIGIN_NOT_ALLOWED", true,
	  "list the origin in gateway.controlUi.allowedOrigins" },
	{ "DEVICE_AUTH_SIGNATURE_EXPIRED", true,
	  "the clocks of this machine and of the gateway differ: set them right" },
	{ "DEVICE_AUTH_SIGNATURE_INVALID", true,
	  "remove identity/openclaw-cli.json in the state folder to get a new device key" },
	{ "PAIRING_REQUIRED", true, "this device must be approved at the gateway first" },
	{ "NOT_PAIRED", true, "this device must be approved at the gateway first" },
	{ "MISSING_SCOPE", true, "connect with the gateway's own token" },
	{ "PROTOCOL_MISMATCH", false,
	  "the gateway is of another version: use the openclaw that started it" },
};

static const struct remedy *find(const char *code)
{
	for (size_t i = 0; code && i < sizeof remedies / sizeof *remedies; i++)
		if (!strcmp(remedies[i].code, code)) return &remedies[i];
	return NULL;
}

enum oc_rc oc_rpc_explain(const json_t *error, const char *secret_from, struct oc_err *e)
{
	const char *message = oc_json_cstr(error, "message");
	const struct remedy *r = find(oc_json_cstr(json_object_get(error, "details"), "code"));
	char text[400] = "";

	if (!r) r = find(oc_json_cstr(error, "code"));
	if (!message || !*message) message = "the gateway refused without a reason";
	if (!r) return oc_fail(e, OC_E_UPSTREAM, "%.700s", message);
	size_t at = oc_str_find(oc_str(r->text), OC_LIT("%s"), 0);
	if (at == SIZE_MAX)
		snprintf(text, sizeof text, "%s", r->text);
	else
		snprintf(text, sizeof text, "%.*s%s%s", (int)at, r->text,
			 secret_from ? secret_from : "this command", r->text + at + 2);
	return oc_fail(e, r->denied ? OC_E_DENIED : OC_E_UPSTREAM, "%.500s\n%s", message, text);
}
