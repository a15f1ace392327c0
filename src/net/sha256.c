/* SHA-256 of a short text, as text. */
#include "net/sha256.h"

#include <nettle/base16.h>
#include <nettle/sha2.h>

void oc_sha256_hex(struct oc_str in, char out[OC_SHA256_HEX + 1])
{
	struct sha256_ctx ctx;
	uint8_t digest[SHA256_DIGEST_SIZE];

	sha256_init(&ctx);
	sha256_update(&ctx, in.n, (const uint8_t *)in.p);
	sha256_digest(&ctx, sizeof digest, digest);
	base16_encode_update(out, sizeof digest, digest);
	out[OC_SHA256_HEX] = '\0';
}
