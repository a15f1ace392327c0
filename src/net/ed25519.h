#ifndef OC_ED25519_H
#define OC_ED25519_H
#include "base/str.h"
/* Signatures of devices (RFC 8032). Pure. */
enum { OC_ED25519_KEY = 32, OC_ED25519_SIGNATURE = 64 };
bool oc_ed25519_verify(const uint8_t public_key[OC_ED25519_KEY], struct oc_str message,
		       const uint8_t signature[OC_ED25519_SIGNATURE]);
void oc_ed25519_public_key(const uint8_t private_key[OC_ED25519_KEY],
			   uint8_t public_key[OC_ED25519_KEY]);
void oc_ed25519_sign(const uint8_t private_key[OC_ED25519_KEY], struct oc_str message,
		     uint8_t signature[OC_ED25519_SIGNATURE]);
/* Whether two secrets are equal, in a time that depends on their lengths alone. */
bool oc_secret_equal(struct oc_str a, struct oc_str b);
#endif
