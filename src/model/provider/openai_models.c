/* Catalog records for servers other than LM Studio. */
#include "model/provider/openai_models.h"

/* A window nobody told is left open: the planner then takes a careful one (spec 03 §5.3). */
static int64_t window_of(const struct oc_listed_model *m, bool most_is_window)
{
	if (m->ctx <= 0) return most_is_window ? m->ctx_max : 0;
	return most_is_window && m->ctx_max > 0 && m->ctx_max < m->ctx ? m->ctx_max : m->ctx;
}

static json_t *record_of(const struct oc_listed_model *m, int64_t most_is_window)
{
	int64_t window = window_of(m, most_is_window != 0);
	json_t *r = json_object(), *input = json_array();
	bool chats = oc_listed_can_chat(m);

	json_array_append_new(input, json_string("text"));
	if (m->vision == OC_TRUE) json_array_append_new(input, json_string("image"));
	oc_json_put(r, "id", oc_json_new_str(oc_str(m->id)));
	oc_json_put(r, "name",
		    oc_json_new_str(
			oc_str(m->name && oc_model_id_usable(oc_str(m->name)) ? m->name : m->id)));
	if (!chats) oc_json_put(r, "type", json_string("embedding"));
	oc_json_put(r, "input", input);
	if (chats && m->reasoning == OC_TRUE) oc_json_put(r, "reasoning", json_true());
	if (window > 0) oc_json_put(r, "contextWindow", json_integer(window));
	if (chats && m->tools == OC_FALSE)
		oc_json_put(r, "compat", json_pack("{s:b}", "supportsTools", 0));
	return r;
}

json_t *oc_openai_records(const struct oc_model_list *l, bool most_is_window, bool chat_only)
{
	return oc_listed_records(l, chat_only, record_of, most_is_window);
}
