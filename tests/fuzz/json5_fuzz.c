/* Any bytes give a value or an error with a place; what was read can be written and read again to
 * the same value. */
#include <stdlib.h>

#include "json/json5.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct oc_json5 *d = NULL, *again = NULL;
	struct oc_err e = { 0 };

	if (oc_json5_parse((struct oc_str){ (const char *)data, size }, &d, &e)) {
		if (strncmp(e.msg, "JSON5: ", 7) != 0) abort();
		return 0;
	}
	char *text = oc_json5_write(d, oc_json5_value(d), NULL);
	if (oc_json5_parse(oc_str(text), &again, &e)) abort();
	if (!json_equal(oc_json5_value(d), oc_json5_value(again))) abort();
	oc_json5_free(again);
	free(text);
	oc_json5_free(d);
	return 0;
}
