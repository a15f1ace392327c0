/* A configuration as clients see it. */
#include "gateway/view/config_view.h"

#include "net/sha256.h"

_Static_assert((int)OC_CONFIG_HASH_CHARS == (int)OC_SHA256_HEX, "the hash is SHA-256");

void oc_config_hash(const struct oc_config *c, char out[OC_CONFIG_HASH_CHARS + 1])
{
	oc_sha256_hex(c->source ? oc_json5_text(c->source) : OC_LIT(""), out);
}
