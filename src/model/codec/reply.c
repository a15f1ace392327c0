/* The normalised record of one model response: names of its enumerations, ownership, warnings. */
#include "model/codec/reply.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/utf8.h"

enum { MAX_WARNINGS = 64, MAX_WARNING_BYTES = 200 };

static const struct {
	const char *name;
	bool retryable;
} classes[OC_ERR_CLASSES] = {
	[OC_ERR_NONE] = { "none", false },
	[OC_ERR_NO_RESPONSE] = { "no_response", true },
	[OC_ERR_NOT_AN_API] = { "not_an_api", false },
	[OC_ERR_REDIRECT] = { "redirect", false },
	[OC_ERR_MODEL_LOADING] = { "model_loading", true },
	[OC_ERR_UPSTREAM_UNREACHABLE] = { "upstream_unreachable", true },
	[OC_ERR_TIMEOUT] = { "timeout", true },
	[OC_ERR_BAD_REQUEST] = { "bad_request", false },
	[OC_ERR_ENDPOINT_MISSING] = { "endpoint_missing", false },
	[OC_ERR_CONTEXT_OVERFLOW] = { "context_overflow", false },
	[OC_ERR_OVERLOADED] = { "overloaded", true },
	[OC_ERR_AUTH] = { "auth", false },
	[OC_ERR_FORBIDDEN] = { "forbidden", false },
	[OC_ERR_QUOTA] = { "quota", false },
	[OC_ERR_RATE_LIMITED] = { "rate_limited", true },
	[OC_ERR_MODEL_LOAD_FAILED] = { "model_load_failed", false },
	[OC_ERR_NO_MODEL_LOADED] = { "no_model_loaded", false },
	[OC_ERR_UNSUPPORTED_PARAM] = { "unsupported_param", false },
	[OC_ERR_MODEL_NOT_FOUND] = { "model_not_found", false },
	[OC_ERR_SERVER_ERROR] = { "server_error", true },
	[OC_ERR_BAD_PAYLOAD] = { "bad_payload", false },
	[OC_ERR_STREAM_TRUNCATED] = { "stream_truncated", true },
	[OC_ERR_EMPTY_RESPONSE] = { "empty_response", true },
	[OC_ERR_BLOCKED] = { "blocked", false },
};

const char *oc_error_class_name(enum oc_error_class c)
{
	return (unsigned)c < OC_ERR_CLASSES ? classes[c].name : "unknown";
}

bool oc_error_class_retryable(enum oc_error_class c)
{
	return (unsigned)c < OC_ERR_CLASSES && classes[c].retryable;
}

const char *oc_outcome_name(enum oc_outcome o)
{
	static const char *const names[] = { "ok", "error", "incomplete", "empty" };

	return names[o];
}

const char *oc_finish_name(enum oc_finish f)
{
	static const char *const names[] = { "unknown", "stop",		  "tool_calls",
					     "length",	"content_filter", "error" };

	return names[f];
}

int oc_progress_percent(const struct oc_progress *p)
{
	if (p->total <= 0 || p->processed < 0) return -1;
	return p->processed >= p->total ? 100
					: (int)((double)p->processed / (double)p->total * 100);
}

void oc_call_error_init(struct oc_call_error *e)
{
	*e = (struct oc_call_error){ .retry_after_ms = -1 };
}

void oc_call_error_deinit(struct oc_call_error *e)
{
	free(e->message);
	free(e->code);
	free(e->hint);
	free(e->location);
	free(e->param);
	oc_call_error_init(e);
}

void oc_reply_init(struct oc_reply *r)
{
	*r = (struct oc_reply){ .usage = { .cached = -1, .reasoning = -1 } };
	oc_buf_init(&r->text, OC_MAX_REPLY_BYTES);
	oc_buf_init(&r->reasoning, OC_MAX_REPLY_BYTES);
	oc_call_error_init(&r->error);
}

void oc_reply_deinit(struct oc_reply *r)
{
	oc_buf_deinit(&r->text);
	oc_buf_deinit(&r->reasoning);
	for (size_t i = 0; i < r->n_calls; i++) oc_tool_call_deinit(&r->calls[i]);
	free(r->calls);
	oc_call_error_deinit(&r->error);
	oc_strv_deinit(&r->warnings);
	json_decref(r->thoughts);
	free(r->origin);
	oc_strv_deinit(&r->server_tools);
	free(r->response_id);
	free(r->model);
	*r = (struct oc_reply){ 0 };
}

/* Codes carry names that came from outside: nothing that a terminal would act on, no half
 * character. */
void oc_reply_warn(struct oc_reply *r, const char *code)
{
	char clean[MAX_WARNING_BYTES + 1];
	size_t n = strlen(code);

	if (n > MAX_WARNING_BYTES) n = oc_utf8_floor(code, MAX_WARNING_BYTES);
	memcpy(clean, code, n);
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)clean[i] < 0x20 || clean[i] == 0x7f) clean[i] = '?';
	struct oc_str c = { clean, n };

	if (r->warnings.n >= MAX_WARNINGS || oc_strv_has(&r->warnings, c)) return;
	oc_strv_add(&r->warnings, c);
	oc_strv_sort(&r->warnings);
}

void oc_reply_warnf(struct oc_reply *r, const char *fmt, ...)
{
	char text[MAX_WARNING_BYTES * 2];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	oc_reply_warn(r, text);
}

json_t *oc_usage_json(const struct oc_usage *u)
{
	json_t *o = json_object();
	int64_t cached = u->cached > 0 ? u->cached : 0;

	oc_json_put(o, "input", json_integer(u->input > cached ? u->input - cached : 0));
	oc_json_put(o, "output", json_integer(u->output));
	if (u->cached >= 0) oc_json_put(o, "cacheRead", json_integer(u->cached));
	if (u->reasoning >= 0) oc_json_put(o, "reasoning", json_integer(u->reasoning));
	oc_json_put(o, "totalTokens", json_integer(u->input + u->output));
	return o;
}
