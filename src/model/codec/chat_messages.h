#ifndef OC_CHAT_MESSAGES_H
#define OC_CHAT_MESSAGES_H
#include "model/codec/chat_request.h"
/* The member "messages" of a request (spec 01 §5.3). Private to chat_request.c. New reference. */
json_t *oc_chat_messages_json(const struct oc_request *r);
#endif
