#ifndef OC_DECODER_H
#define OC_DECODER_H
#include "model/codec/reply.h"
/*
 * A model server's response as bytes, turned into a reply. Pure: no I/O, no clock; any split of the
 * bytes gives the same reply. Order: head, feed*, finish, then the reply.
 */
enum oc_protocol {
	OC_PROTO_OPENAI_CHAT,
	OC_PROTO_OPENAI_RESPONSES,
	OC_PROTO_ANTHROPIC_MESSAGES,
	OC_PROTO_LMSTUDIO_CHAT,
	OC_PROTO_OLLAMA_CHAT,
	OC_PROTOCOLS
};
enum oc_text_tools { OC_TEXT_TOOLS_OFF, OC_TEXT_TOOLS_BRACKET, OC_TEXT_TOOLS_NATIVE };

struct oc_decode_context {
	const struct oc_strv
	    *tools;	 /* names offered; borrowed for the life of the decoder; may be NULL */
	bool stream;	 /* a stream was asked for */
	bool think_tags; /* think tags in text are handled */
	bool think_open_in_prompt; /* the template opened the block */
	enum oc_text_tools text_tools;
	bool may_be_silent; /* no text is shown while it may become NO_REPLY alone (silence.h) */
	bool final_tags;    /* <final> and </final> around the answer are taken off */
	bool tainted; /* the turn holds foreign content: of the native forms only the model's own */
	const json_t *schemas; /* the tools as they were sent; borrowed, may be NULL */
	const char *model;     /* its id, which tells its own form; borrowed, may be NULL */
	const char *server;    /* known kind: "mlx", "llama.cpp"; NULL */
};
/* Deltas while they stream, already past the splitter: what a person may see. All members may be
 * NULL. */
struct oc_reply_sink {
	void (*text)(void *arg, struct oc_str delta);
	void (*reasoning)(void *arg, struct oc_str delta);
	void (*progress)(void *arg, const struct oc_progress *p);
	/* Once, at the first event that is part of the answer: text, thought, a piece of a call,
	 * also while it is held back. Not for progress, keep-alives and greetings of the server. */
	void (*begun)(void *arg);
	void *arg;
};
/* Headers of the response: name is lower case; NULL when absent. */
typedef const char *oc_header_fn(void *arg, const char *name);

/* How the body ended. */
enum oc_body_end {
	OC_END_CLEAN,
	OC_END_TRUNCATED,   /* before its announced length, or reset */
	OC_END_BAD_PAYLOAD, /* bad chunk, broken or unknown encoding */
	OC_END_NO_RESPONSE, /* not one byte, no head */
	OC_END_NOT_HTTP,
};
struct oc_decoder;
struct oc_decoder *oc_decoder_new(enum oc_protocol p, const struct oc_decode_context *ctx,
				  const struct oc_reply_sink *sink);
void oc_decoder_free(struct oc_decoder *d);
void oc_decoder_head(struct oc_decoder *d, int status, oc_header_fn *header, void *arg);
/* OC_OK: more please. OC_EOF: the turn has ended ([DONE], an error, a limit): later bytes are
 * ignored, the connection may be closed. */
OC_MUST_USE enum oc_rc oc_decoder_feed(struct oc_decoder *d, struct oc_str bytes);
void oc_decoder_finish(struct oc_decoder *d, enum oc_body_end end, bool extra_bytes,
		       bool unclean_end);
/* Valid after finish; owned by the decoder. _take moves it out. */
const struct oc_reply *oc_decoder_reply(const struct oc_decoder *d);
void oc_decoder_take(struct oc_decoder *d, struct oc_reply *out);
#endif
