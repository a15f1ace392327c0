/* Mending of any text: an object, or a fault that lies within the text. Strict JSON stays as it is.
 */
#include <stdlib.h>

#include "json/repair.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1) return 0;
	struct oc_str in = { (const char *)data + 1, size - 1 };
	struct oc_json_repair r = { .close_brackets = data[0] & 1,
				    .close_strings = data[0] & 4,
				    .keywords = data[0] & 2 };
	struct oc_err e = { 0 };
	json_t *mended = oc_json_repair(&r, in), *strict = oc_json_parse(in, NULL, &e);

	if (mended ? !json_is_object(mended) : !r.fault || r.at > in.n) abort();
	if (mended && json_is_object(strict) && !json_equal(mended, strict)) abort();
	json_decref(mended);
	json_decref(strict);
	return 0;
}
