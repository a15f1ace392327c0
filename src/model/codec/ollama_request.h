#ifndef OC_OLLAMA_REQUEST_H
#define OC_OLLAMA_REQUEST_H
#include "model/codec/request.h"
/*
 * Body of Ollama's own POST /api/chat (spec 04 §2.9). Beside the conversation it says how large the
 * window is to be, and that a prompt which does not fit is to be refused and not cut: neither can
 * be said on its OpenAI-shaped endpoint. Pure.
 */
/* New reference. */
json_t *oc_ollama_request_json(const struct oc_request *r);
#endif
