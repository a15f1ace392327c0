#include "net/base64.h"

#include <nettle/base64.h>

#include "base/mem.h"

char *oc_base64_encode(struct oc_str bytes)
{
	char *out = oc_alloc(BASE64_ENCODE_RAW_LENGTH(bytes.n) + 1);

	base64_encode_raw(out, bytes.n, (const uint8_t *)bytes.p);
	return out;
}
