/* A caller's tool_choice for each API. */
#include "agent/run/tool_choice.h"

static json_t *typed(const char *type, struct oc_str name)
{
	json_t *o = json_object();

	oc_json_put(o, "type", json_string(type));
	if (name.n) oc_json_put(o, "name", oc_json_new_str(name));
	return o;
}

static json_t *for_messages(struct oc_str word, struct oc_str name)
{
	if (name.n) return typed("tool", name);
	if (oc_str_eq(word, OC_LIT("required"))) return typed("any", (struct oc_str){ 0 });
	if (oc_str_eq(word, OC_LIT("none"))) return typed("none", (struct oc_str){ 0 });
	return typed("auto", (struct oc_str){ 0 });
}

json_t *oc_tool_choice_for(const char *api, json_t *choice)
{
	struct oc_str name = oc_json_str(json_object_get(choice, "function"), "name");

	if (!choice) return NULL;
	if (!strcmp(api, "openai-completions")) return json_incref(choice);
	if (!strcmp(api, "anthropic-messages")) return for_messages(oc_json_text(choice), name);
	if (strcmp(api, "openai-responses") != 0) return NULL;
	return name.n ? typed("function", name) : json_incref(choice);
}

json_t *oc_tool_choice_params(json_t *params, const char *api, json_t *choice)
{
	json_t *said = oc_tool_choice_for(api, choice), *extra;

	if (!said) return params ? json_incref(params) : NULL;
	params = params ? json_deep_copy(params) : json_object();
	extra = json_object_get(params, "extra_body");
	if (!extra) {
		extra = json_object();
		json_object_set_new(params, "extra_body", extra);
	}
	json_object_set_new(extra, "tool_choice", said);
	return params;
}
