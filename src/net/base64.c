#include "net/base64.h"

#include <nettle/base16.h>
#include <nettle/base64.h>

#include "base/mem.h"

static const char url_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

char *oc_base64_encode(struct oc_str bytes)
{
	char *out = oc_alloc(BASE64_ENCODE_RAW_LENGTH(bytes.n) + 1);

	base64_encode_raw(out, bytes.n, (const uint8_t *)bytes.p);
	return out;
}

char *oc_base64url_encode(struct oc_str bytes)
{
	char *out = oc_base64_encode(bytes);
	size_t n = strcspn(out, "=");

	out[n] = '\0';
	for (size_t i = 0; i < n; i++) out[i] = out[i] == '+' ? '-' : out[i] == '/' ? '_' : out[i];
	return out;
}

static int value_of(char c)
{
	const char *at = c ? strchr(url_alphabet, c) : NULL;

	return at ? (int)(at - url_alphabet) : -1;
}

static bool decode(struct oc_str s, struct oc_buf *out)
{
	uint32_t bits = 0;
	unsigned n = 0;

	for (size_t i = 0; i < s.n; i++) {
		int value = value_of(s.p[i]);
		if (value < 0) return false;
		bits = bits << 6 | (unsigned)value;
		n += 6;
		if (n < 8) continue;
		n -= 8;
		oc_buf_addc(out, (char)(bits >> n));
		bits &= (1u << n) - 1;
	}
	return n < 6 && bits == 0; /* six bits left over: a single last character */
}

bool oc_base64url_decode(struct oc_str s, struct oc_buf *out)
{
	size_t before = out->n;

	if (decode(s, out) && !out->bad) return true;
	out->n = before;
	if (out->p) out->p[before] = '\0';
	return false;
}

void oc_base16_encode(struct oc_str bytes, char *out)
{
	base16_encode_update(out, bytes.n, (const uint8_t *)bytes.p);
	out[2 * bytes.n] = '\0';
}
