/* Capability documents from arbitrary bytes. */
#include <stdlib.h>

#include "model/provider/documents.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct oc_str in = { (const char *)data, size };
	struct oc_load_answer answer;
	struct oc_model_list list;
	struct oc_props props;
	struct oc_show show;

	oc_model_list_decode(&list, 200, in);
	for (size_t i = 0; i < list.n; i++)
		if (oc_model_list_find(&list, oc_str(list.v[i].id)) != &list.v[i]) abort();
	oc_model_list_deinit(&list);
	oc_ps_decode(&list, 200, in);
	oc_model_list_deinit(&list);
	oc_load_answer_decode(&answer, 200, in);
	oc_load_answer_deinit(&answer);
	oc_props_decode(&props, 200, in);
	oc_props_deinit(&props);
	oc_show_decode(&show, 200, in);
	oc_show_deinit(&show);
	return 0;
}
