#ifndef OC_COMPAT_H
#define OC_COMPAT_H
#include "net/client/guard.h"
#include "json/json.h"
/* What a server takes (spec 01 §4.4), resolved from the endpoint class, the provider id, discovery
 * and the config; a configured flag always wins, but for what D9 forbids. */
struct oc_compat {
	bool supports_tools, supports_developer_role, supports_reasoning_effort,
	    supports_usage_in_streaming;
	bool supports_strict_mode, supports_temperature;
	bool requires_string_content, strict_message_keys, requires_tool_result_name;
	bool requires_assistant_after_tool_result, requires_thinking_as_text;
	bool requires_reasoning_content;
	bool supports_instructions; /* Responses: system text in `instructions` */
	bool native; /* the vendor's own endpoint: D9 does not strip store and cache keys */
	bool max_completion_tokens; /* field name: max_completion_tokens instead of max_tokens */
	int text_tools;		    /* enum oc_text_tools of decoder.h */
	char *thinking_format;	    /* "openai", "openrouter", "deepseek", "zai", "qwen",
				       "qwen-chat-template", "together" */
	struct oc_strv efforts;	    /* supportedReasoningEfforts; n == 0 = none listed */
	json_t *effort_map;	    /* reasoningEffortMap, owned, may be NULL */
	struct oc_strv unsupported_schema_keywords; /* stripped from tool schemas, e.g. "pattern" */
};
/* Accepts base NULL (no address known: judged as custom). compat: the model's saved compat object,
 * may be NULL. */
void oc_compat_resolve(struct oc_compat *c, const char *provider_id, const struct oc_url *base,
		       const json_t *compat);
void oc_compat_deinit(struct oc_compat *c);
#endif
