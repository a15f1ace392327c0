/* A patch is read or refused, and applying it to a text gives a text or an error. */
#include <stdlib.h>

#include "tool/patch_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* The text to be patched stands in front, up to the first NUL. */
	const uint8_t *nul = size ? memchr(data, 0, size) : NULL;
	size_t n = nul ? (size_t)(nul - data) : 0;
	struct oc_str text = { (const char *)data, n };
	struct oc_str patch = { (const char *)data + (nul ? n + 1 : 0), size - (nul ? n + 1 : 0) };
	struct oc_patch p;
	struct oc_err e = { 0 };

	if (oc_patch_parse(patch, &p, &e) != OC_OK) {
		if (!e.msg[0]) abort();
	} else
		for (size_t i = 0; i < p.n; i++) {
			struct oc_buf out;

			oc_buf_init(&out, 1 << 20);
			if (oc_patch_apply(&p.files[i], text, &out, &e) != OC_OK && !e.msg[0])
				abort();
			oc_buf_deinit(&out);
		}
	oc_patch_deinit(&p);
	return 0;
}
