#ifndef OC_DEVICES_H
#define OC_DEVICES_H
#include "gateway/access/auth.h"
#include "gateway/access/client_scope.h"
#include "store/store.h"
#include "json/json.h"
/*
 * Devices that may connect (spec 02 §2.3, D62): an Ed25519 key each, the scopes that somebody
 * approved, and the tokens that were given out, of which only hashes are kept. All of them are in
 * memory and in the store (documents "device" and "device-token").
 */
struct oc_devices;
enum {
	OC_MAX_DEVICES = 1000,	    /* the one that was seen longest ago makes room */
	OC_MAX_DEVICE_TOKENS = 100, /* of one device; the oldest makes room */
	OC_MAX_PENDING_PAIRS = 50,
	OC_DEVICE_SKEW_MS = 120000, /* of signedAt */
	OC_DEVICE_TOKEN_CHARS = 43, /* 32 bytes */
};

/* ---- the proof in `connect`: device_proof.c, pure ---- */
/* params: of connect, with client, role, scopes, auth, device. nonce: of the challenge. */
enum oc_device_fault oc_device_proof(const json_t *params, const char *nonce, int64_t now_ms);
/* The text that is signed, version 2 or 3; free with free(). */
char *oc_device_signed_text(const json_t *params, int version);

/* ---- what is known ---- */
OC_MUST_USE enum oc_rc oc_devices_load_wait(struct oc_store *s, struct oc_devices **out,
					    struct oc_err *e);
void oc_devices_free(struct oc_devices *d); /* accepts NULL */
/* Whether the token was given to this device and gives all of these scopes (NULL = any). *granted
 * (may be NULL) gets the token's own scopes, appended. */
enum oc_token_check oc_devices_check(const struct oc_devices *d, const char *device_id,
				     const char *token, const struct oc_strv *scopes,
				     struct oc_strv *granted);
/* The scopes of a token, whoever shows it (HTTP); false when it is unknown. */
bool oc_devices_token(const struct oc_devices *d, struct oc_str token, struct oc_strv *granted);
/* Whether the device is approved for all of these scopes. */
bool oc_devices_approved(const struct oc_devices *d, const char *device_id,
			 const struct oc_strv *scopes);
bool oc_devices_known(const struct oc_devices *d, const char *device_id);
/* Approves the device of these connect params with the scopes it asks for, beside those it has. */
OC_MUST_USE enum oc_rc oc_devices_pair_wait(struct oc_devices *d, const json_t *params,
					    struct oc_err *e);
/* A new token for an approved device. */
OC_MUST_USE enum oc_rc oc_devices_issue_wait(struct oc_devices *d, const char *device_id,
					     const struct oc_strv *scopes,
					     char token[OC_DEVICE_TOKEN_CHARS + 1],
					     int64_t *issued_ms, struct oc_err *e);

/* ---- requests of devices that nobody approved yet; in memory ---- */
/* Remembers the request, once for each device. Its id, borrowed; *is_new tells. */
const char *oc_devices_ask(struct oc_devices *d, const json_t *params, const char *address,
			   bool *is_new);
/* device.pair.list: {"pending": […], "paired": […]}; new reference. */
json_t *oc_devices_list(const struct oc_devices *d);
/* One pending request as device.pair.list shows it, new reference; NULL when there is none. */
json_t *oc_devices_pending(const struct oc_devices *d, const char *request_id);
/* OC_E_NOT_FOUND. *device (may be NULL) gets what device.pair.list shows of it now. */
OC_MUST_USE enum oc_rc oc_devices_approve_wait(struct oc_devices *d, const char *request_id,
					       json_t **device, struct oc_err *e);
OC_MUST_USE enum oc_rc oc_devices_reject(struct oc_devices *d, const char *request_id,
					 struct oc_err *e);
/* Forgets the device and all of its tokens. OC_E_NOT_FOUND. */
OC_MUST_USE enum oc_rc oc_devices_remove_wait(struct oc_devices *d, const char *device_id,
					      struct oc_err *e);
/* The device stays approved, its tokens end (D62). OC_E_NOT_FOUND. */
OC_MUST_USE enum oc_rc oc_devices_revoke_wait(struct oc_devices *d, const char *device_id,
					      struct oc_err *e);
#endif
