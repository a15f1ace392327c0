#ifndef OC_LEARNING_H
#define OC_LEARNING_H
#include "model/codec/reply.h"
#include "json/json.h"
/*
 * What a refusal teaches about a server (spec 03 §1.6: template, grammar, no_tools, bad_param): the
 * request is shaped differently and sent again, once for each thing that is learnt. Pure.
 */
enum { OC_LEARNING_MAX_STEPS = 10 };
/*
 * Adds to facts, a compat object, what error says of body, the request that was refused. Returns
 * the name of what was learnt ("no_tools", static), NULL when there is nothing to learn, or it was
 * learnt before. text_tools: calls in the text of a reply are recognised, so that tools can be
 * described there.
 */
const char *oc_learn(const struct oc_call_error *error, json_t *body, bool text_tools,
		     json_t *facts);
/* The compat object in force: what was learnt, but what a person configured wins. discovered and
 * configured may be NULL. New reference. */
json_t *oc_compat_join(json_t *discovered, json_t *learnt, json_t *configured);
#endif
