/* Failures without an answer: the table of their classes. */
#include "model/call/transport_error.h"

#include "base/mem.h"

static const struct {
	enum oc_http_failure why;
	enum oc_error_class class;
	bool retryable;
} failures[] = {
	{ OC_HTTP_BLOCKED, OC_ERR_BLOCKED, false },
	{ OC_HTTP_RESOLVE, OC_ERR_UPSTREAM_UNREACHABLE, true },
	{ OC_HTTP_REFUSED, OC_ERR_UPSTREAM_UNREACHABLE, true },
	{ OC_HTTP_RESET, OC_ERR_UPSTREAM_UNREACHABLE, true },
	{ OC_HTTP_TIMEOUT, OC_ERR_TIMEOUT, false },
	{ OC_HTTP_TLS, OC_ERR_UPSTREAM_UNREACHABLE, false },
	{ OC_HTTP_REDIRECT, OC_ERR_REDIRECT, false },
};

void oc_transport_error(struct oc_call_error *e, enum oc_http_failure why, const char *message)
{
	oc_call_error_deinit(e);
	oc_call_error_init(e);
	e->class = OC_ERR_SERVER_ERROR;
	e->retryable = true;
	e->message = oc_strdup(message);
	for (size_t i = 0; i < sizeof failures / sizeof *failures; i++) {
		if (failures[i].why != why) continue;
		e->class = failures[i].class;
		e->retryable = failures[i].retryable;
	}
	if (why == OC_HTTP_TLS) e->code = oc_strdup("tls_certificate");
}

enum oc_body_end oc_transport_end(enum oc_http_failure why)
{
	switch (why) {
	case OC_HTTP_OK: return OC_END_CLEAN;
	case OC_HTTP_NO_RESPONSE: return OC_END_NO_RESPONSE;
	case OC_HTTP_NOT_HTTP: return OC_END_NOT_HTTP;
	case OC_HTTP_BAD_PAYLOAD: return OC_END_BAD_PAYLOAD;
	default: return OC_END_TRUNCATED;
	}
}
