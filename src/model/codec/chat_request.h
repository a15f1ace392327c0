#ifndef OC_CHAT_REQUEST_H
#define OC_CHAT_REQUEST_H
#include "model/codec/request.h"
/*
 * Body of POST {base}/chat/completions (spec 01 §5.3). Pure.
 */
/* New reference. Warnings (overridden messages/model, refused stream) are logged. */
json_t *oc_chat_request_json(const struct oc_request *r);
/* Its tools alone, for APIs that take the same; new reference. */
json_t *oc_chat_tools_json(const struct oc_request *r);
#endif
