#ifndef OC_FAIL_REASON_H
#define OC_FAIL_REASON_H
#include "model/codec/reply.h"
/* Why a model call failed, in the words of failover, and what follows from it (spec 01 §9.2). Pure.
 */
enum oc_fail_reason {
	OC_FAIL_NONE,
	OC_FAIL_CONTEXT_OVERFLOW,
	OC_FAIL_AUTH,
	OC_FAIL_AUTH_PERMANENT,
	OC_FAIL_BILLING,
	OC_FAIL_RATE_LIMIT,
	OC_FAIL_OVERLOADED,
	OC_FAIL_TIMEOUT,
	OC_FAIL_SERVER_ERROR,
	OC_FAIL_MODEL_NOT_FOUND,
	OC_FAIL_FORMAT,
	OC_FAIL_TLS,
	OC_FAIL_EMPTY_RESPONSE,
	OC_FAIL_NO_DETAILS,
	OC_FAIL_SESSION_EXPIRED,
	OC_FAIL_UNCLASSIFIED, /* our own guard's refusals too */
	OC_FAIL_REASONS
};
enum oc_profile_effect {
	OC_EFFECT_NONE,
	OC_EFFECT_COOLDOWN,	  /* 30 s, 60 s, 300 s */
	OC_EFFECT_RATE,		  /* 30 s doubling, Retry-After when it is longer */
	OC_EFFECT_BILLING,	  /* disabled: 10 min doubling */
	OC_EFFECT_AUTH_PERMANENT, /* disabled: 10 min doubling, at most an hour */
};
enum oc_probe_rule {
	OC_PROBE_TRANSIENT, /* may be tried again by the interval, siblings too */
	OC_PROBE_PRIMARY,   /* the primary only, by the interval */
	OC_PROBE_NEVER,
};
struct oc_fail_policy {
	const char *name;
	bool next_profile, next_candidate;
	enum oc_profile_effect effect;
	bool model_scoped; /* the effect blocks this model only */
	enum oc_probe_rule probe;
};
enum oc_fail_reason oc_fail_reason_of(const struct oc_call_error *e);
const struct oc_fail_policy *oc_fail_policy(enum oc_fail_reason r); /* static */
/* OC_FAIL_UNCLASSIFIED for a name that is none of ours. */
enum oc_fail_reason oc_fail_reason_named(const char *name);
#endif
