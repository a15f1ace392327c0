#ifndef OC_SECOND_TRY_H
#define OC_SECOND_TRY_H
#include "model/codec/reply.h"
/*
 * A reply without anything for the person is asked for once more (D6, D8, spec 03 §1.7), and where
 * there is something to change, the second request is not the same as the first. Whoever makes
 * model calls decides by this. Pure.
 */
struct oc_second_try {
	bool due;
	bool thinking_off;  /* it only reasoned, or the limit ended it */
	int64_t max_tokens; /* of the second request */
};
/* max_tokens: of the first request. room: what the context holds besides the prompt; 0 = unknown,
 * and then the limit stays. */
struct oc_second_try oc_second_try(const struct oc_reply *reply, int64_t max_tokens, int64_t room);

/* No error, no text, no call: nothing for anybody. */
bool oc_reply_is_blank(const struct oc_reply *reply);
/* Blank, and the model did think. */
bool oc_reply_only_reasoned(const struct oc_reply *reply);
#endif
