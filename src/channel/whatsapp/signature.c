/* Signatures of webhook calls. */
#include "channel/whatsapp/signature.h"

#include "net/ed25519.h"
#include "net/sha256.h"

bool oc_wa_signed(struct oc_str body, const char *header, struct oc_str secret)
{
	const struct oc_str scheme = OC_LIT("sha256=");
	struct oc_str given = oc_str(header);
	char want[OC_SHA256_HEX + 1];

	if (!secret.n || !oc_str_starts(given, scheme)) return false;
	oc_hmac_sha256_hex(secret, body, want);
	return oc_secret_equal(oc_str_from(given, scheme.n), oc_str(want));
}
