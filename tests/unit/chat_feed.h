#ifndef OC_CHAT_FEED_H
#define OC_CHAT_FEED_H
/* Decoding a reply from its body in one call, for tests. */
#include "model/codec/decoder.h"

static inline const char *feed_header(void *arg, const char *name)
{
	return strcmp(name, "content-type") == 0 ? arg : NULL;
}

/* step 0 = at once. The decoder is the caller's. */
static inline struct oc_decoder *feed_body(const struct oc_decode_context *ctx,
					   const struct oc_reply_sink *sink, const char *type,
					   struct oc_str body, size_t step)
{
	struct oc_decoder *d = oc_decoder_new(OC_PROTO_OPENAI_CHAT, ctx, sink);

	oc_decoder_head(d, 200, feed_header, (void *)(uintptr_t)type);
	for (size_t at = 0, n = step ? step : body.n; at < body.n; at += n)
		(void)!oc_decoder_feed(d, oc_str_head(oc_str_from(body, at), n));
	oc_decoder_finish(d, OC_END_CLEAN, false, false);
	return d;
}

/* A stream that says text, then finishes so; tool_calls (may be NULL) is the JSON of a list for the
 * last delta. */
static inline void say(struct oc_buf *out, const char *text, const char *tool_calls,
		       const char *finish)
{
	json_t *t = oc_json_new_str(oc_str(text));
	char *quoted = json_dumps(t, JSON_ENCODE_ANY);

	oc_buf_addf(out, "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":%s}}]}\n\n",
		    quoted);
	oc_buf_addf(
	    out,
	    "data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":%s},\"finish_reason\":\"%s\"}]}\n\n",
	    tool_calls ? tool_calls : "[]", finish);
	oc_buf_adds(out, "data: [DONE]\n\n");
	free(quoted);
	json_decref(t);
}
#endif
