#ifndef OC_CHAT_DECODER_H
#define OC_CHAT_DECODER_H
#include "model/decoder.h"
#include "model/splitter.h"
#include "model/tool_calls.h"
/* Chunks of /chat/completions, added up (spec 01 §5.3). Private to the decoder. */
struct oc_chat {
	struct oc_reply *reply;
	const struct oc_reply_sink *sink;
	struct oc_splitter splitter;
	struct oc_call_slots slots;
	char finish[64]; /* last finish_reason; "" = none yet */
	struct {
		bool present, has_cache;
		int64_t prompt, predicted, cache;
	} timings;
};
void oc_chat_init(struct oc_chat *c, struct oc_reply *reply, const struct oc_decode_context *ctx,
		  const struct oc_reply_sink *sink);
void oc_chat_deinit(struct oc_chat *c);
/* One JSON object. whole: it is a complete response, not a piece of a stream. */
void oc_chat_add(struct oc_chat *c, const json_t *chunk, bool whole);
/* The server ended the turn by a finish_reason that means failure. */
bool oc_chat_failed(const struct oc_chat *c);
/* No more chunks: usage from timings if there was none, text decided, calls sealed. */
void oc_chat_seal(struct oc_chat *c, const struct oc_strv *tools);
/* The last finish_reason as a value; OC_FINISH_UNKNOWN when there was none. Notes an unknown one as
 * a warning. */
enum oc_finish oc_chat_finish(struct oc_chat *c);
#endif
