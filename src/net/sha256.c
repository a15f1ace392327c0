/* SHA-256 as text. */
#include "net/sha256.h"

#include <errno.h>
#include <nettle/base16.h>
#include <nettle/hmac.h>
#include <nettle/sha2.h>
#include <unistd.h>

static void write_hex(const uint8_t digest[SHA256_DIGEST_SIZE], char out[OC_SHA256_HEX + 1])
{
	base16_encode_update(out, SHA256_DIGEST_SIZE, digest);
	out[OC_SHA256_HEX] = '\0';
}

static void finish(struct sha256_ctx *ctx, char out[OC_SHA256_HEX + 1])
{
	uint8_t digest[SHA256_DIGEST_SIZE];

	sha256_digest(ctx, sizeof digest, digest);
	write_hex(digest, out);
}

void oc_sha256_hex(struct oc_str in, char out[OC_SHA256_HEX + 1])
{
	struct sha256_ctx ctx;

	sha256_init(&ctx);
	sha256_update(&ctx, in.n, (const uint8_t *)in.p);
	finish(&ctx, out);
}

bool oc_sha256_file(int fd, char out[OC_SHA256_HEX + 1])
{
	struct sha256_ctx ctx;
	uint8_t chunk[16384];
	ssize_t n;

	sha256_init(&ctx);
	while ((n = read(fd, chunk, sizeof chunk)) != 0) {
		if (n < 0 && errno == EINTR) continue;
		if (n < 0) return false;
		sha256_update(&ctx, (size_t)n, chunk);
	}
	finish(&ctx, out);
	return true;
}

void oc_hmac_sha256_hex(struct oc_str key, struct oc_str in, char out[OC_SHA256_HEX + 1])
{
	struct hmac_sha256_ctx ctx;
	uint8_t digest[SHA256_DIGEST_SIZE];

	hmac_sha256_set_key(&ctx, key.n, (const uint8_t *)key.p);
	hmac_sha256_update(&ctx, in.n, (const uint8_t *)in.p);
	hmac_sha256_digest(&ctx, sizeof digest, digest);
	write_hex(digest, out);
}
