/* Signatures of devices and comparisons that tell nothing by their duration, from nettle. */
#include "net/ed25519.h"

#include <nettle/eddsa.h>
#include <nettle/memops.h>

_Static_assert((int)OC_ED25519_KEY == (int)ED25519_KEY_SIZE, "sizes of RFC 8032");
_Static_assert((int)OC_ED25519_SIGNATURE == (int)ED25519_SIGNATURE_SIZE, "sizes of RFC 8032");

bool oc_ed25519_verify(const uint8_t public_key[OC_ED25519_KEY], struct oc_str message,
		       const uint8_t signature[OC_ED25519_SIGNATURE])
{
	return ed25519_sha512_verify(public_key, message.n, (const uint8_t *)message.p, signature);
}

void oc_ed25519_public_key(const uint8_t private_key[OC_ED25519_KEY],
			   uint8_t public_key[OC_ED25519_KEY])
{
	ed25519_sha512_public_key(public_key, private_key);
}

void oc_ed25519_sign(const uint8_t private_key[OC_ED25519_KEY], struct oc_str message,
		     uint8_t signature[OC_ED25519_SIGNATURE])
{
	uint8_t public_key[OC_ED25519_KEY];

	ed25519_sha512_public_key(public_key, private_key);
	ed25519_sha512_sign(public_key, private_key, message.n, (const uint8_t *)message.p,
			    signature);
}

bool oc_secret_equal(struct oc_str a, struct oc_str b)
{
	return a.n == b.n && (a.n == 0 || memeql_sec(a.p, b.p, a.n));
}
