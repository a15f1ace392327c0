/* Classes, statuses and texts of errors as reasons, and the table of what follows from each. */
#include "model/provider/fail_reason.h"

static const struct oc_fail_policy policies[OC_FAIL_REASONS] = {
	[OC_FAIL_NONE] = { "none", false, false, OC_EFFECT_NONE, false, OC_PROBE_TRANSIENT },
	[OC_FAIL_CONTEXT_OVERFLOW] = { "context_overflow", false, false, OC_EFFECT_NONE, false,
				       OC_PROBE_TRANSIENT },
	[OC_FAIL_AUTH] = { "auth", true, true, OC_EFFECT_COOLDOWN, false, OC_PROBE_NEVER },
	[OC_FAIL_AUTH_PERMANENT] = { "auth_permanent", true, true, OC_EFFECT_AUTH_PERMANENT, false,
				     OC_PROBE_NEVER },
	[OC_FAIL_BILLING] = { "billing", true, true, OC_EFFECT_BILLING, false, OC_PROBE_PRIMARY },
	[OC_FAIL_RATE_LIMIT] = { "rate_limit", true, true, OC_EFFECT_RATE, true,
				 OC_PROBE_TRANSIENT },
	[OC_FAIL_OVERLOADED] = { "overloaded", false, true, OC_EFFECT_NONE, false,
				 OC_PROBE_TRANSIENT },
	[OC_FAIL_TIMEOUT] = { "timeout", false, true, OC_EFFECT_COOLDOWN, true,
			      OC_PROBE_TRANSIENT },
	[OC_FAIL_SERVER_ERROR] = { "server_error", false, true, OC_EFFECT_COOLDOWN, true,
				   OC_PROBE_TRANSIENT },
	[OC_FAIL_MODEL_NOT_FOUND] = { "model_not_found", false, true, OC_EFFECT_COOLDOWN, true,
				      OC_PROBE_TRANSIENT },
	[OC_FAIL_FORMAT] = { "format", false, true, OC_EFFECT_NONE, false, OC_PROBE_TRANSIENT },
	[OC_FAIL_TLS] = { "tls_certificate", false, true, OC_EFFECT_NONE, false,
			  OC_PROBE_TRANSIENT },
	[OC_FAIL_EMPTY_RESPONSE] = { "empty_response", false, true, OC_EFFECT_NONE, false,
				     OC_PROBE_TRANSIENT },
	[OC_FAIL_NO_DETAILS] = { "no_error_details", false, true, OC_EFFECT_NONE, false,
				 OC_PROBE_TRANSIENT },
	[OC_FAIL_SESSION_EXPIRED] = { "session_expired", false, true, OC_EFFECT_NONE, false,
				      OC_PROBE_TRANSIENT },
	[OC_FAIL_UNCLASSIFIED] = { "unclassified", false, true, OC_EFFECT_NONE, false,
				   OC_PROBE_TRANSIENT },
};

const struct oc_fail_policy *oc_fail_policy(enum oc_fail_reason r)
{
	return &policies[r];
}

enum oc_fail_reason oc_fail_reason_named(const char *name)
{
	for (int i = 0; name && i < OC_FAIL_REASONS; i++)
		if (oc_str_eq(oc_str(policies[i].name), oc_str(name)))
			return (enum oc_fail_reason)i;
	return OC_FAIL_UNCLASSIFIED;
}

/* ---- texts ---- */

static bool says(const struct oc_call_error *e, const char *const *words)
{
	for (; *words; words++)
		if (oc_str_ihas(oc_str(e->message), *words) || oc_str_ihas(oc_str(e->code), *words))
			return true;
	return false;
}

static const char *const billing[] = { "insufficient credit",
				       "insufficient_quota",
				       "insufficient quota",
				       "credit balance",
				       "billing",
				       "payment required",
				       "out of credit",
				       "exceeded your current quota",
				       NULL };
static const char *const temporary[] = { "temporary", "try again later", "usage limit", NULL };
static const char *const revoked[] = {
	"revoked",	     "deactivated",	  "invalid api key",	   "invalid_api_key",
	"incorrect api key", "invalid x-api-key", "key has been disabled", NULL
};
static const char *const too_many[] = { "rate limit", "rate_limit", "too many requests", NULL };
static const char *const overloaded[] = { "overloaded", NULL };
static const char *const no_model[] = { "model not found",	"model_not_found", "no such model",
					"model does not exist", "unknown model",   NULL };
static const char *const expired[] = { "session expired", "session has expired", "session_expired",
				       NULL };
static const char *const overflow[] = { "context length exceeded",
					"maximum context length",
					"context window",
					"prompt is too long",
					"input is too long",
					"exceeds the available context size",
					"greater than the context length",
					"too many tokens",
					"request_too_large",
					NULL };

static enum oc_fail_reason by_text(const struct oc_call_error *e)
{
	if (says(e, overflow)) return OC_FAIL_CONTEXT_OVERFLOW;
	if (says(e, billing)) return says(e, temporary) ? OC_FAIL_RATE_LIMIT : OC_FAIL_BILLING;
	if (says(e, no_model)) return OC_FAIL_MODEL_NOT_FOUND;
	if (says(e, expired)) return OC_FAIL_SESSION_EXPIRED;
	if (says(e, too_many)) return OC_FAIL_RATE_LIMIT;
	if (says(e, overloaded)) return OC_FAIL_OVERLOADED;
	return OC_FAIL_NONE;
}

static enum oc_fail_reason by_status(const struct oc_call_error *e)
{
	switch (e->status) {
	case 401:
	case 403: return OC_FAIL_AUTH;
	case 402: return OC_FAIL_BILLING;
	case 404: return OC_FAIL_MODEL_NOT_FOUND;
	case 400:
	case 413:
	case 422: return OC_FAIL_FORMAT;
	case 429: return OC_FAIL_RATE_LIMIT;
	case 408:
	case 410:
	case 499:
	case 504:
	case 522:
	case 524: return OC_FAIL_TIMEOUT;
	case 529: return OC_FAIL_OVERLOADED;
	default: break;
	}
	if (e->status >= 500) return OC_FAIL_SERVER_ERROR;
	return e->message && *e->message ? OC_FAIL_UNCLASSIFIED : OC_FAIL_NO_DETAILS;
}

/* Answers whose text decides, and else the status. */
static enum oc_fail_reason judged(const struct oc_call_error *e, enum oc_fail_reason otherwise)
{
	enum oc_fail_reason r = by_text(e);

	if (r == OC_FAIL_NONE && otherwise != OC_FAIL_NONE) return otherwise;
	return r == OC_FAIL_NONE ? by_status(e) : r;
}

enum oc_fail_reason oc_fail_reason_of(const struct oc_call_error *e)
{
	switch (e->class) {
	case OC_ERR_NONE: return OC_FAIL_NONE;
	case OC_ERR_UPSTREAM_UNREACHABLE:
		return oc_str_eq(oc_str(e->code), OC_LIT("tls_certificate")) ? OC_FAIL_TLS
									     : OC_FAIL_TIMEOUT;
	case OC_ERR_NO_RESPONSE:
	case OC_ERR_STREAM_TRUNCATED:
	case OC_ERR_TIMEOUT: return OC_FAIL_TIMEOUT;
	case OC_ERR_CONTEXT_OVERFLOW: return OC_FAIL_CONTEXT_OVERFLOW;
	case OC_ERR_MODEL_LOADING:
	case OC_ERR_OVERLOADED: return OC_FAIL_OVERLOADED;
	case OC_ERR_AUTH:
	case OC_ERR_FORBIDDEN: return says(e, revoked) ? OC_FAIL_AUTH_PERMANENT : OC_FAIL_AUTH;
	case OC_ERR_QUOTA: return says(e, temporary) ? OC_FAIL_RATE_LIMIT : OC_FAIL_BILLING;
	case OC_ERR_RATE_LIMITED: return judged(e, OC_FAIL_RATE_LIMIT);
	case OC_ERR_NO_MODEL_LOADED:
	case OC_ERR_MODEL_NOT_FOUND: return OC_FAIL_MODEL_NOT_FOUND;
	case OC_ERR_EMPTY_RESPONSE: return OC_FAIL_EMPTY_RESPONSE;
	case OC_ERR_NOT_AN_API:
	case OC_ERR_REDIRECT:
	case OC_ERR_UNSUPPORTED_PARAM: return OC_FAIL_FORMAT;
	case OC_ERR_BLOCKED:
	case OC_ERR_BAD_PAYLOAD: return OC_FAIL_UNCLASSIFIED;
	case OC_ERR_MODEL_LOAD_FAILED: return OC_FAIL_SERVER_ERROR;
	case OC_ERR_BAD_REQUEST: return judged(e, OC_FAIL_FORMAT);
	default: return judged(e, OC_FAIL_NONE);
	}
}
