/* Whatever a model sends as arguments, they fit the schema afterwards, or a problem is named. */
#include <stdlib.h>

#include "tool/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fit(const json_t *tool, json_t *args)
{
	const json_t *parameters = json_object_get(json_object_get(tool, "function"), "parameters");
	const json_t *required = json_object_get(parameters, "required");
	struct oc_buf problem;

	oc_buf_init(&problem, 4096);
	json_t *given = oc_unescape_args(args), *fitted = oc_coerce(parameters, given, &problem);
	if (!fitted && !problem.n && !problem.bad) abort();
	for (size_t i = 0; fitted && i < json_array_size(required); i++)
		if (!json_object_get(fitted, json_string_value(json_array_get(required, i))))
			abort();
	json_decref(fitted);
	json_decref(given);
	oc_buf_deinit(&problem);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct oc_err e = { 0 };
	struct oc_strv names = { 0 };
	json_t *args = oc_json_parse((struct oc_str){ (const char *)data, size }, NULL, &e);

	if (!json_is_object(args)) {
		json_decref(args);
		return 0;
	}
	json_t *tools = oc_tools_json(NULL, &names);
	for (size_t i = 0; i < json_array_size(tools); i++) fit(json_array_get(tools, i), args);
	json_decref(tools);
	json_decref(args);
	oc_strv_deinit(&names);
	return 0;
}
