#include "net/base64.h"

#include <nettle/base64.h>
#include <stdlib.h>

#include "base/mem.h"

char *oc_base64_encode(struct oc_str bytes)
{
	char *out = oc_alloc(BASE64_ENCODE_RAW_LENGTH(bytes.n) + 1);

	base64_encode_raw(out, bytes.n, (const uint8_t *)bytes.p);
	return out;
}

char *oc_base64url_encode(struct oc_str bytes)
{
	char *out = oc_base64_encode(bytes);
	size_t n = strlen(out);

	while (n && out[n - 1] == '=') out[--n] = '\0';
	for (char *c = out; *c; c++) {
		if (*c == '+') *c = '-';
		if (*c == '/') *c = '_';
	}
	return out;
}

bool oc_base64url_decode(struct oc_str text, uint8_t *out, size_t n)
{
	struct base64_decode_ctx ctx;
	size_t done = 0;

	if (text.n != (n * 4 + 2) / 3) return false;
	base64url_decode_init(&ctx);
	for (size_t i = 0; i < text.n; i++) {
		uint8_t byte;
		/* White space is skipped by the decoder; here it is no part of a text. */
		if (oc_is_space(text.p[i]) || text.p[i] == '=') return false;
		int got = base64_decode_single(&ctx, &byte, text.p[i]);
		if (got < 0 || (got && done == n)) return false;
		if (got) out[done++] = byte;
	}
	char *again = oc_base64url_encode((struct oc_str){ (const char *)out, done });
	bool same = done == n && oc_str_eq(oc_str(again), text);
	free(again);
	return same;
}
