/*
 * Request bodies. Each has a ceiling, and so has what all requests hold together: two hundred
 * clients with twenty megabytes each are told to come again, not killed with us.
 */
#include "base/limits.h"
#include "gateway/http/internal.h"

enum { BODY_MS = 120000, SMALL_BODY = 65536, UNANNOUNCED_BODY = 1048576 };

static size_t held; /* by all requests */

/* What the body will take as far as it is known; SIZE_MAX: too much. */
static size_t announced(const struct oc_exchange *x, size_t max)
{
	const char *length = oc_exchange_header(x, "content-length");
	int64_t n = 0;

	if (!length || !oc_parse_int(oc_str(length), 0, INT64_MAX, &n)) return UNANNOUNCED_BODY;
	return (uint64_t)n > max ? SIZE_MAX : (size_t)n;
}

static void too_large(struct oc_exchange *x, size_t max)
{
	oc_route_refuse(x, 413, "invalid_request_error", "request_too_large",
			"the request body is larger than %zu bytes", max);
}

/* A request of modest size is always taken. */
static bool reserve(struct oc_exchange *x, size_t n, struct oc_body *b)
{
	if (n > SMALL_BODY && held + n > OC_MAX_HELD_BODIES_BYTES) {
		oc_exchange_set_header(x, "Retry-After", "5");
		oc_route_refuse(x, 503, "overloaded_error", "too_many_large_requests",
				"too many large requests wait already; try again in a few seconds");
		return false;
	}
	b->reserved = n;
	held += n;
	return true;
}

bool oc_body_read_wait(struct oc_exchange *x, size_t max, struct oc_body *out)
{
	size_t expected = announced(x, max);

	if (expected == SIZE_MAX) {
		too_large(x, max);
		return false;
	}
	if (!reserve(x, expected, out)) return false;
	oc_buf_init(&out->bytes, max);
	switch (oc_exchange_body_wait(x, oc_deadline_in(BODY_MS), &out->bytes)) {
	case OC_OK: break;
	case OC_E_LIMIT: too_large(x, max); return false;
	case OC_E_TIMEOUT:
		oc_route_fail(x, 408, "invalid_request_error",
			      "the request body did not arrive in time");
		return false;
	case OC_E_PROTO:
		oc_route_fail(x, 400, "invalid_request_error", "the request body is broken");
		return false;
	default: return false;
	}
	held -= out->reserved;
	out->reserved = out->bytes.n;
	held += out->reserved;
	return true;
}

void oc_body_deinit(struct oc_body *b)
{
	held -= b->reserved;
	b->reserved = 0;
	oc_buf_deinit(&b->bytes);
}

struct parse {
	struct oc_str text;
	json_t *value;
	struct oc_err e;
};

static void parse(void *arg)
{
	struct parse *p = arg;

	p->value = oc_json_parse(p->text, NULL, &p->e);
}

json_t *oc_body_parse_wait(struct oc_exchange *x, const struct oc_body *b)
{
	struct parse p = { .text = oc_buf_view(&b->bytes) };

	if (p.text.n > SMALL_BODY)
		oc_work_wait(parse, &p);
	else
		parse(&p);
	if (json_is_object(p.value)) return p.value;
	oc_route_fail(x, 400, "invalid_request_error", "the request body is no JSON object%s%s",
		      p.value ? "" : ": ", p.value ? "" : p.e.msg);
	json_decref(p.value);
	return NULL;
}

json_t *oc_body_json_wait(struct oc_exchange *x, size_t max)
{
	struct oc_body b = { 0 };
	json_t *value = oc_body_read_wait(x, max, &b) ? oc_body_parse_wait(x, &b) : NULL;

	oc_body_deinit(&b);
	return value;
}
