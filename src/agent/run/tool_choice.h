#ifndef OC_AGENT_TOOL_CHOICE_H
#define OC_AGENT_TOOL_CHOICE_H
#include "json/json.h"
/*
 * What a caller wants the model to do with tools, as a chat completion request says it ("auto",
 * "none", "required", {"type":"function","function":{"name"}}), in the words of another API. New
 * reference; NULL when that API has no words for it.
 */
json_t *oc_tool_choice_for(const char *api, json_t *choice);
/* params (may be NULL) with the choice in it. New reference, NULL when there is nothing. */
json_t *oc_tool_choice_params(json_t *params, const char *api, json_t *choice);
#endif
