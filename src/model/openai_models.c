/* Discovery for servers other than LM Studio. */
#include "model/openai_models.h"

#include <stdlib.h>

#include "base/mem.h"

void oc_openai_models_wait(const char *base_url, const struct oc_guard *g,
			   const struct oc_strv *headers, uint64_t timeout_ms,
			   struct oc_discovery *out)
{
	char *url = oc_asprintf("%s/models", base_url);

	oc_discover_list_wait(url, g, headers, timeout_ms, "model discovery", out);
	free(url);
}

json_t *oc_openai_record(const struct oc_listed_model *m)
{
	/* A window nobody told is left open: the planner then takes a careful one (spec 03 §5.3).
	 */
	int64_t window = m->ctx > 0 ? m->ctx : m->ctx_max;
	json_t *r = json_object(), *input = json_array();

	json_array_append_new(input, json_string("text"));
	if (m->vision == OC_TRUE) json_array_append_new(input, json_string("image"));
	oc_json_put(r, "id", oc_json_new_str(oc_str(m->id)));
	oc_json_put(r, "name",
		    oc_json_new_str(
			oc_str(m->name && oc_model_id_usable(oc_str(m->name)) ? m->name : m->id)));
	oc_json_put(r, "input", input);
	if (window > 0) oc_json_put(r, "contextWindow", json_integer(window));
	if (m->tools == OC_FALSE) oc_json_put(r, "compat", json_pack("{s:b}", "supportsTools", 0));
	return r;
}

json_t *oc_openai_records(const struct oc_model_list *l)
{
	json_t *out = json_array(), *seen = json_object();

	for (size_t i = 0; i < l->n; i++) {
		const struct oc_listed_model *m = &l->v[i];

		if (!oc_model_id_usable(oc_str(m->id)) || json_object_get(seen, m->id)) continue;
		if (!oc_listed_can_chat(m)) continue;
		json_object_set_new(seen, m->id, json_true());
		json_array_append_new(out, oc_openai_record(m));
	}
	json_decref(seen);
	return out;
}
