#ifndef OC_ANTHROPIC_REQUEST_H
#define OC_ANTHROPIC_REQUEST_H
#include "model/codec/request.h"
/* Body of POST {base}/v1/messages (spec 01 §5.5). Pure. New reference. */
json_t *oc_anthropic_request_json(const struct oc_request *r);
/* Output limit of a call that nobody limited: the API demands one. Both may be 0 = unknown. */
int64_t oc_anthropic_default_limit(int64_t model_max_tokens, int64_t context_window);
#endif
