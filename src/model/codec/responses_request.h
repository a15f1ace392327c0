#ifndef OC_RESPONSES_REQUEST_H
#define OC_RESPONSES_REQUEST_H
#include "model/codec/request.h"
/* Body of POST {base}/responses (spec 01 §5.4). Pure. New reference. */
json_t *oc_responses_request_json(const struct oc_request *r);
#endif
