#ifndef OC_WS_FRAMES_H
#define OC_WS_FRAMES_H
#include "base/buf.h"
/*
 * WebSocket frames to messages and back (RFC 6455 section 5). wslay cuts the frames; here they are
 * checked and joined. Pure. Private to net/.
 */
enum oc_ws_event {
	OC_WS_MORE, /* nothing whole yet: feed */
	OC_WS_TEXT,
	OC_WS_BINARY,
	OC_WS_PING,
	OC_WS_PONG,
	OC_WS_CLOSE, /* code and bytes say why; code 1005: the peer gave none */
	OC_WS_BAD,   /* the peer broke the rules: code and reason are for our close frame */
};
struct oc_ws_in;
struct oc_ws_in *oc_ws_in_new(bool server, size_t max_message);
void oc_ws_in_free(struct oc_ws_in *in); /* accepts NULL */
void oc_ws_in_set_max(struct oc_ws_in *in, size_t max_message);
/* bytes are borrowed until oc_ws_in_next returned OC_WS_MORE, which it does before it is fed again.
 */
void oc_ws_in_feed(struct oc_ws_in *in, struct oc_str bytes);
/* The next event. After OC_WS_CLOSE and OC_WS_BAD there is none. */
enum oc_ws_event oc_ws_in_next(struct oc_ws_in *in);
/* Of the last event; borrowed until the next call. A message, a ping's payload, a close reason. */
struct oc_str oc_ws_in_bytes(const struct oc_ws_in *in);
unsigned oc_ws_in_code(const struct oc_ws_in *in);
/* Hands a message over; the next one begins in a fresh buffer. Free with free(). */
OC_MUST_USE char *oc_ws_in_take(struct oc_ws_in *in);

/* RFC 6455 section 7.4: may a peer send this code? */
bool oc_ws_code_is_valid(unsigned code);
enum { OC_WS_HEADER_MAX = 14 };
/* Length of a whole frame, header included, that oc_ws_header began. */
size_t oc_ws_frame_length(const char *frame);
/* Writes the header of a final frame, returns its size. mask: NULL on the server's side. */
size_t oc_ws_header(unsigned char out[OC_WS_HEADER_MAX], unsigned opcode, uint64_t payload,
		    const unsigned char mask[4]);
#endif
