#include "model/provider/params.h"

/* Spellings that mean the same; inside one source the second one wins. */
static const struct {
	const char *camel, *snake;
} synonyms[] = {
	{ "topP", "top_p" },
	{ "topK", "top_k" },
	{ "minP", "min_p" },
	{ "maxTokens", "max_tokens" },
	{ "responseFormat", "response_format" },
	{ "frequencyPenalty", "frequency_penalty" },
	{ "presencePenalty", "presence_penalty" },
	{ "parallelToolCalls", "parallel_tool_calls" },
	{ "chatTemplateKwargs", "chat_template_kwargs" },
	{ "extraBody", "extra_body" },
};

static const char *snake_name(const char *key)
{
	for (size_t i = 0; i < sizeof synonyms / sizeof *synonyms; i++)
		if (!strcmp(key, synonyms[i].camel)) return synonyms[i].snake;
	return key;
}

static bool dangerous(const char *key)
{
	return !strcmp(key, "__proto__") || !strcmp(key, "constructor") ||
	       !strcmp(key, "prototype");
}

static void add_source(json_t *merged, json_t *params)
{
	const char *key;
	json_t *value;

	json_object_foreach (params, key, value) {
		const char *snake = snake_name(key);
		if (dangerous(key) || (snake != key && json_object_get(params, snake))) continue;
		json_object_set(merged, snake, value);
	}
}

json_t *oc_agent_entry(const struct oc_config *config, const char *agent_id)
{
	json_t *agents = json_object_get(config->value, "agents");
	json_t *entry = json_object_get(json_object_get(agents, "entries"), agent_id);
	size_t i;
	json_t *item;

	if (entry) return entry;
	json_array_foreach (json_object_get(agents, "list"), i, item) {
		const char *id = oc_json_cstr(item, "id");
		if (id && !strcmp(id, agent_id)) return item;
	}
	return NULL;
}

static json_t *model_params(json_t *scope, const char *model_key)
{
	return json_object_get(json_object_get(json_object_get(scope, "models"), model_key),
			       "params");
}

json_t *oc_params_merge(const struct oc_config *config, const char *agent_id, const char *model_key)
{
	json_t *merged = json_object();
	json_t *defaults = json_object_get(json_object_get(config->value, "agents"), "defaults");
	json_t *agent = oc_agent_entry(config, agent_id);

	add_source(merged, json_object_get(defaults, "params"));
	add_source(merged, model_params(defaults, model_key));
	add_source(merged, model_params(agent, model_key));
	add_source(merged, json_object_get(agent, "params"));
	return merged;
}
