#ifndef OC_CHAT_REQUEST_H
#define OC_CHAT_REQUEST_H
#include "model/compat.h"
#include "model/message.h"
/*
 * Body of POST {base}/chat/completions (spec 01 §5.3). Pure. Key order is fixed, so equal values
 * give equal bytes.
 */
struct oc_chat_request {
	const char *model;		/* as the server knows it */
	const struct oc_compat *compat; /* resolved */
	const struct oc_messages *messages;
	json_t *tools;	      /* array of {"type":"function",…}, borrowed; NULL or empty = none */
	int64_t max_tokens;   /* 0 = omit */
	const char *thinking; /* level; NULL = field omitted */
	bool reasoning_model, vision;
	json_t *params; /* merged request params (spec 01 §1.6), borrowed, may be NULL */
	const json_t *thinking_level_map; /* the model's thinkingLevelMap, borrowed, may be NULL */
	bool return_progress;		  /* llama.cpp knows the field (D41) */
};
/* New reference. Warnings (overridden messages/model, refused stream) are logged. */
json_t *oc_chat_request_json(const struct oc_chat_request *r);
#endif
