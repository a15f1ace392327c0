/* Any bytes give a value or an error; what was parsed can be written and parsed again to the same
 * value. */
#include <stdlib.h>

#include "json/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct oc_err e = { 0 };
	json_t *v = oc_json_parse((struct oc_str){ (const char *)data, size }, NULL, &e);

	if (!v) return 0;
	char *text = oc_json_compact(v);
	json_t *again = oc_json_parse(oc_str(text), NULL, &e);
	if (!again || !json_equal(v, again)) abort();
	json_decref(again);
	free(text);
	json_decref(v);
	return 0;
}
