/* Any value is checked against a shape with everything in it: it fits and nothing is said, or it
 * does not and something is. */
#include <stdlib.h>

#include "gateway/wire/shape.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const shapes[] = {
		"key:str min1 max5, n?:int>=1<=9, v?:(bool|\"all\"|null), l?:str max3[]",
		"a?:{t?:str, n?:num>=0, o?:{...}}[], b?:true, o?:object, any?:any, ...",
		"({id:str}|{jobId:str, m?:(\"x\"|\"y\")[]}|null)",
	};
	struct oc_str text = { (const char *)data, size };
	json_t *value = oc_json_parse(text, NULL, NULL);

	for (size_t i = 0; value && i < sizeof shapes / sizeof *shapes; i++) {
		struct oc_buf problems;

		oc_buf_init(&problems, 65536);
		if (oc_shape_check(shapes[i], value, &problems) != (problems.n == 0)) abort();
		oc_buf_deinit(&problems);
	}
	json_decref(value);
	return 0;
}
