#ifndef OC_AUTH_H
#define OC_AUTH_H
#include "base/str.h"
#include "gateway/gateway.h"
/*
 * Who may connect (spec 02 §2.3): a decision over facts that others collected, so that the whole
 * matrix is a table in the tests. Pure.
 */
/* Why a device's proof is not accepted; the order is that of the checks. */
enum oc_device_fault {
	OC_DEVICE_OK,
	OC_DEVICE_ID_MISMATCH,
	OC_DEVICE_STALE,
	OC_DEVICE_NONCE_MISSING,
	OC_DEVICE_NONCE_MISMATCH,
	OC_DEVICE_SIGNATURE,
	OC_DEVICE_PUBLIC_KEY,
};
enum oc_token_check { OC_TOKEN_UNKNOWN, OC_TOKEN_OK, OC_TOKEN_SCOPES }; /* a device's token */
struct oc_auth_facts {
	enum oc_auth_mode mode;
	const char *secret;			     /* the gateway's; NULL with mode none */
	const char *token, *password, *device_token; /* what the client sent; NULL = not */
	const char *client_id, *client_mode;
	bool local;	 /* from this machine, and through no proxy */
	bool has_origin; /* a browser's page */
	bool has_device;
	enum oc_device_fault fault;	  /* of the device's proof */
	enum oc_token_check device_check; /* of device_token, else of token, for this device */
	uint64_t locked_ms;		  /* too many attempts: how long still; 0 = not */
};
enum oc_auth_verdict {
	OC_AUTH_OK,
	OC_AUTH_UNAUTHORIZED,	    /* reason says why */
	OC_AUTH_DEVICE_REQUIRED,    /* NOT_PAIRED */
	OC_AUTH_UI_DEVICE_REQUIRED, /* the terminal and browser clients */
	OC_AUTH_DEVICE_FAULT,	    /* facts.fault */
};
struct oc_auth_decision {
	enum oc_auth_verdict verdict;
	const char *method; /* "token" "password" "device-token" "none" */
	const char *reason; /* "token_mismatch" … of UNAUTHORIZED */
	bool counts;	    /* an attempt that the rate limit counts */
	bool keep_scopes;   /* false: nothing of what it asks for is granted */
};
struct oc_auth_decision oc_auth_decide(const struct oc_auth_facts *f);
/* Whether the client sent the gateway's own secret. */
bool oc_auth_shared_ok(const struct oc_auth_facts *f);

/* The error object of a refusal: code, message, details; new reference. reason_text (may be NULL)
 * gets the reason for the close frame. */
json_t *oc_auth_error(const struct oc_auth_facts *f, const struct oc_auth_decision *d,
		      struct oc_buf *reason_text);

/* ---- attempts per address ---- */
struct oc_auth_limit_config {
	unsigned max_attempts;
	uint64_t window_ms, lockout_ms;
	bool exempt_loopback;
};
struct oc_auth_limit;
struct oc_auth_limit *oc_auth_limit_new(void);
void oc_auth_limit_free(struct oc_auth_limit *l);
/* gateway.auth.rateLimit, else 10 attempts in 60 s, then 300 s of silence, loopback exempt. */
struct oc_auth_limit_config oc_auth_limit_configured(const struct oc_config *c);
/* How long the address is still locked out, in ms; 0 = it is not. */
uint64_t oc_auth_limit_locked(const struct oc_auth_limit *l, const char *address, uint64_t now_ms);
void oc_auth_limit_fail(struct oc_auth_limit *l, const struct oc_auth_limit_config *c,
			const char *address, uint64_t now_ms);
void oc_auth_limit_forget(struct oc_auth_limit *l, const char *address);
#endif
