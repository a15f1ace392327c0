/* Answers that are JSON, and what may stand in them. */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "gateway/http/internal.h"

enum { MAX_MESSAGE = 4000, MAX_HEADER_TEXT = 200 };

void oc_route_json(struct oc_exchange *x, int status, json_t *body)
{
	char *text = oc_json_compact(body);

	oc_exchange_respond(x, status, "application/json; charset=utf-8", oc_str(text));
	free(text);
	json_decref(body);
}

void oc_route_text(struct oc_exchange *x, int status, const char *text)
{
	oc_exchange_respond(x, status, "text/plain; charset=utf-8", oc_str(text));
}

/* {"error":{"message","type"}}; Anthropic's clients look for "type":"error" beside it. */
static json_t *error_body(const struct oc_exchange *x, const char *type, const char *message)
{
	json_t *error = json_object(), *body = json_object();

	if (!strcmp(oc_exchange_path(x), "/v1/messages"))
		oc_json_put(body, "type", json_string("error"));
	oc_json_put(error, "message", oc_json_new_str(oc_str(message)));
	oc_json_put(error, "type", json_string(type));
	oc_json_put(body, "error", error);
	return body;
}

static void OC_PRINTF(5, 0) fail(struct oc_exchange *x, int status, const char *type,
				 const char *code, const char *fmt, va_list args)
{
	char message[MAX_MESSAGE];

	vsnprintf(message, sizeof message, fmt, args);
	json_t *body = error_body(x, type, message);
	if (code) oc_json_put(json_object_get(body, "error"), "code", json_string(code));
	oc_route_json(x, status, body);
}

void oc_route_fail(struct oc_exchange *x, int status, const char *type, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fail(x, status, type, NULL, fmt, args);
	va_end(args);
}

void oc_route_refuse(struct oc_exchange *x, int status, const char *type, const char *code,
		     const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fail(x, status, type, code, fmt, args);
	va_end(args);
}

void oc_route_wrong_member(struct oc_exchange *x, const char *message)
{
	const char *type = "invalid_request_error";
	json_t *body = error_body(x, type, message);

	oc_json_put(json_object_get(body, "error"), "param",
		    json_stringn(message, strcspn(message, " ")));
	oc_route_json(x, 400, body);
}

bool oc_endpoint_enabled(const struct oc_gateway *gw, const char *name)
{
	char path[100];

	snprintf(path, sizeof path, "gateway.http.endpoints.%s.enabled", name);
	const json_t *set = oc_config_get(&gw->snapshot->config, path);
	return json_is_boolean(set) ? json_is_true(set) : gw->loopback;
}

void oc_header_text(const char *value, struct oc_buf *out)
{
	for (size_t i = 0; value[i] && i < MAX_HEADER_TEXT; i++)
		oc_buf_addc(out, value[i] >= ' ' && value[i] < 0x7F ? value[i] : '?');
}
