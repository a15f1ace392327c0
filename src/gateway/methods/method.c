/* Looks methods up, and makes the protocol's errors of ours. */
#include "gateway/methods/method.h"

#include <stdio.h>

#include "gateway/wire/connection.h"

static const struct oc_method *const families[] = {
	oc_methods_agent,  oc_methods_agents,  oc_methods_approvals, oc_methods_channels,
	oc_methods_chat,   oc_methods_config,  oc_methods_cron,	     oc_methods_devices,
	oc_methods_logs,   oc_methods_models,  oc_methods_send,	     oc_methods_sessions,
	oc_methods_status, oc_methods_stubs,   oc_methods_tools,     oc_methods_usage,
	oc_methods_files,  oc_methods_servers,
};
enum { FAMILIES = sizeof families / sizeof *families };

const struct oc_method *oc_method_find(const char *name)
{
	for (size_t i = 0; i < FAMILIES; i++)
		for (const struct oc_method *m = families[i]; m->name; m++)
			if (!strcmp(m->name, name)) return m;
	return NULL;
}

void oc_method_names(struct oc_strv *out)
{
	for (size_t i = 0; i < FAMILIES; i++)
		for (const struct oc_method *m = families[i]; m->name; m++)
			oc_strv_add_once(out, oc_str(m->name));
	oc_strv_sort(out);
}

/* ---- errors ---- */

static enum oc_rc fail(struct oc_rpc_error *e, const char *code, enum oc_rc rc, const char *fmt,
		       va_list ap) OC_PRINTF(4, 0);

static enum oc_rc fail(struct oc_rpc_error *e, const char *code, enum oc_rc rc, const char *fmt,
		       va_list ap)
{
	char text[sizeof e->why.msg];

	vsnprintf(text, sizeof text, fmt, ap);
	e->code = code;
	return oc_fail(&e->why, rc, "%s", text);
}

enum oc_rc oc_rpc_invalid(struct oc_rpc_error *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	enum oc_rc rc = fail(e, "INVALID_REQUEST", OC_E_INPUT, fmt, ap);
	va_end(ap);
	return rc;
}

enum oc_rc oc_rpc_unavailable(struct oc_rpc_error *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	enum oc_rc rc = fail(e, "UNAVAILABLE", OC_E_UPSTREAM, fmt, ap);
	va_end(ap);
	return rc;
}

static const char *code_of(enum oc_rc rc)
{
	switch (rc) {
	case OC_E_PROTO:
	case OC_E_LIMIT:
	case OC_E_DENIED:
	case OC_E_INPUT:
	case OC_E_NOT_FOUND: return "INVALID_REQUEST";
	default: return "UNAVAILABLE";
	}
}

json_t *oc_rpc_error_take(struct oc_rpc_error *e, enum oc_rc rc)
{
	const char *message = e->why.msg;

	if (!*message) message = rc == OC_CANCELLED ? "cancelled" : "failed";
	json_t *error = json_object();
	json_object_set_new(error, "code", json_string(e->code ? e->code : code_of(rc)));
	oc_json_put(error, "message", oc_json_new_str(oc_str(message)));
	oc_json_put(error, "details", e->details);
	if (e->retryable) json_object_set_new(error, "retryable", json_true());
	if (e->retry_after_ms)
		json_object_set_new(error, "retryAfterMs", json_integer(e->retry_after_ms));
	e->details = NULL;
	return error;
}

void oc_rpc_respond_early(struct oc_rpc *r, json_t *payload)
{
	if (r->connection) oc_connection_respond(r->connection, r->id, payload);
	json_decref(payload);
}
