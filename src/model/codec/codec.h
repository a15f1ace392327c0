#ifndef OC_CODEC_H
#define OC_CODEC_H
#include "model/codec/turn.h"
/*
 * What an API adds to the decoder: where in its events text, thought, calls, usage and the end are
 * found. Framing, errors, text splitting and the outcome are the same for all. Private to the
 * decoders. Pure.
 */
struct oc_codec_event {
	struct oc_str type; /* name of the server-sent event, empty when there was none */
	const json_t *data; /* an object */
	bool whole;	    /* a complete response, not a piece of a stream */
};
struct oc_codec {
	bool lines;	  /* a JSON body is a stream of lines (NDJSON) */
	bool done_marker; /* "[DONE]" ends the turn; else it means nothing */
	/* Beginnings of the names of events that come before the model works; ends with NULL, may
	 * be NULL. */
	const char *const *greetings;
	/* State of one turn, which outlives it. */
	void *(*new)(struct oc_turn *t);
	void (*free)(void *state);
	/* Sets t->done at the end marker, t->refusal or an error when the turn failed. */
	void (*add)(void *state, const struct oc_codec_event *ev);
	/* No more events: t->finish and usage get their last values. */
	void (*seal)(void *state);
};
extern const struct oc_codec oc_chat_codec;	 /* OpenAI chat completions, spec 01 §5.3 */
extern const struct oc_codec oc_responses_codec; /* OpenAI responses, spec 01 §5.4 */
extern const struct oc_codec oc_anthropic_codec; /* Anthropic messages, spec 01 §5.5 */
extern const struct oc_codec oc_lms_codec;	 /* LM Studio's own chat, spec 04 §1.4 */
extern const struct oc_codec oc_ollama_codec;	 /* Ollama's own chat, spec 04 §2.9 */
#endif
