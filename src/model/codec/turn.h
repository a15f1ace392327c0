#ifndef OC_TURN_H
#define OC_TURN_H
#include "model/codec/decoder.h"
#include "model/codec/splitter.h"
#include "model/codec/tool_calls.h"
/*
 * A reply under construction: what the decoders of all APIs write into, and the outcome that it
 * adds up to (policy: tests/wire/README.md, spec 04 §3.2). Private to the decoders. Pure.
 */
struct oc_turn {
	struct oc_decode_context ctx;
	struct oc_reply_sink sink;
	struct oc_reply reply;
	struct oc_splitter splitter;
	struct oc_call_slots slots;
	struct {
		bool present, has_cache;
		int64_t prompt, predicted, cache;
	} timings;
	int status;	       /* HTTP */
	enum oc_finish finish; /* as the server said; OC_FINISH_UNKNOWN = not yet */
	bool done;	       /* the end marker was seen, or a whole JSON body */
	/* Set by a codec for the time of one event: the document in which the server refuses.
	 * Borrowed. */
	const json_t *refusal;
};
void oc_turn_init(struct oc_turn *t, const struct oc_decode_context *ctx,
		  const struct oc_reply_sink *sink);
void oc_turn_deinit(struct oc_turn *t);

bool oc_turn_failed(const struct oc_turn *t);
/* The first error of a turn wins. */
void oc_turn_fail(struct oc_turn *t, enum oc_error_class class, const char *message);
/* Text that a model wrote: split into what a person may see, thought and calls. */
void oc_turn_text(struct oc_turn *t, struct oc_str text);
/* Thought that the server keeps apart; field is static, the member to replay it in, or NULL. */
void oc_turn_thought(struct oc_turn *t, struct oc_str text, const char *field);
/* Drops all text and thought, to say it again without showing it. */
void oc_turn_rewind(struct oc_turn *t);
/* The first id and the first model name count. */
void oc_turn_identity(struct oc_turn *t, struct oc_str id, struct oc_str model);
/* llama.cpp's measurements: usage when no other came. */
void oc_turn_timings(struct oc_turn *t, const json_t *timings);
/* Text, thought or calls beyond their limits. */
bool oc_turn_over_limit(const struct oc_turn *t);

/* Nothing more comes. broken: the body was no valid HTTP payload. */
void oc_turn_conclude(struct oc_turn *t, bool broken);

/* Number of a member, -1 when it is none or negative. */
int64_t oc_turn_count(const json_t *obj, const char *key);
#endif
