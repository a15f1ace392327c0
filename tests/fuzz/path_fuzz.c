/* Any text is a path or an error; what is set at a path is found there. */
#include <stdlib.h>

#include "json/path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct oc_path p = { 0 };
	struct oc_err e = { 0 };

	if (oc_path_parse((struct oc_str){ (const char *)data, size }, &p, &e)) {
		if (!e.msg[0]) abort();
		return 0;
	}
	json_t *root = json_object(), *value = json_integer(1);
	bool keys = true; /* an index needs an array that is there */
	for (size_t i = 0; i < p.n; i++) keys = keys && p.seg[i].key;
	if (keys && (oc_path_set(root, &p, value, &e) || oc_path_get(root, &p) != value)) abort();
	if (keys && (oc_path_unset(root, &p, &e) || oc_path_get(root, &p))) abort();
	json_decref(value);
	json_decref(root);
	oc_path_deinit(&p);
	return 0;
}
