/*
 * Incoming frames are checked as soon as their header is known, before anything of their payload is
 * kept; text is checked as it comes.
 */
#include "net/websocket/ws_frames.h"

#include <stdlib.h>
#include <wslay/wslay.h>

#include "base/mem.h"
#include "base/utf8.h"

enum { MAX_CONTROL = 125 };

struct oc_ws_in {
	wslay_frame_context_ptr frames;
	bool server, over;
	size_t max;
	struct oc_str feed;
	struct oc_buf message;
	size_t checked;	   /* bytes of the message known to be UTF-8 */
	bool in_message;   /* its final frame is still to come */
	bool text, whole;  /* whole: it was reported, the next frame begins another one */
	bool in_frame;	   /* a part of the frame was seen */
	uint64_t frame_at; /* bytes of its payload so far */
	char control[MAX_CONTROL];
	size_t n_control;
	struct oc_str bytes;
	unsigned code;
};

static ssize_t give_bytes(uint8_t *out, size_t n, int flags, void *arg)
{
	struct oc_ws_in *in = arg;
	struct oc_str part = oc_str_head(in->feed, n);

	(void)flags;
	if (!part.n) return -1;
	memcpy(out, part.p, part.n);
	in->feed = oc_str_from(in->feed, part.n);
	return (ssize_t)part.n;
}

struct oc_ws_in *oc_ws_in_new(bool server, size_t max_message)
{
	static const struct wslay_frame_callbacks callbacks = { .recv_callback = give_bytes };
	struct oc_ws_in *in = oc_new(struct oc_ws_in);

	in->server = server;
	in->max = max_message;
	oc_buf_init(&in->message, SIZE_MAX - 1); /* bounded by max, which may change */
	if (wslay_frame_context_init(&in->frames, &callbacks, in) != 0) abort();
	return in;
}

void oc_ws_in_free(struct oc_ws_in *in)
{
	if (!in) return;
	wslay_frame_context_free(in->frames);
	oc_buf_deinit(&in->message);
	free(in);
}

void oc_ws_in_set_max(struct oc_ws_in *in, size_t max_message)
{
	in->max = max_message;
}

void oc_ws_in_feed(struct oc_ws_in *in, struct oc_str bytes)
{
	in->feed = bytes;
}

struct oc_str oc_ws_in_bytes(const struct oc_ws_in *in)
{
	return in->bytes;
}

unsigned oc_ws_in_code(const struct oc_ws_in *in)
{
	return in->code;
}

char *oc_ws_in_take(struct oc_ws_in *in)
{
	return oc_buf_take(&in->message);
}

static enum oc_ws_event bad(struct oc_ws_in *in, unsigned code, const char *why)
{
	in->over = true;
	in->code = code;
	in->bytes = oc_str(why);
	return OC_WS_BAD;
}

bool oc_ws_code_is_valid(unsigned code)
{
	if (code >= 3000 && code <= 4999) return true;
	return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
}

/* ---- frames ---- */

static enum oc_ws_event check_data_frame(struct oc_ws_in *in, const struct wslay_frame_iocb *f)
{
	bool goes_on = f->opcode == WSLAY_CONTINUATION_FRAME;

	if (goes_on != in->in_message)
		return bad(in, WSLAY_CODE_PROTOCOL_ERROR,
			   goes_on ? "continuation of no message" : "message inside a message");
	if (!goes_on) {
		in->in_message = true;
		in->text = f->opcode == WSLAY_TEXT_FRAME;
		in->checked = 0;
		oc_buf_clear(&in->message);
	}
	if (in->message.n > in->max || f->payload_length > in->max - in->message.n)
		return bad(in, WSLAY_CODE_MESSAGE_TOO_BIG, "message too large");
	return OC_WS_MORE;
}

static enum oc_ws_event check_frame(struct oc_ws_in *in, const struct wslay_frame_iocb *f)
{
	if (f->rsv) return bad(in, WSLAY_CODE_PROTOCOL_ERROR, "reserved bits are set");
	if (!f->mask != !in->server)
		return bad(in, WSLAY_CODE_PROTOCOL_ERROR,
			   in->server ? "frames of clients must be masked"
				      : "frames of servers must not be masked");
	switch (f->opcode) {
	case WSLAY_CONTINUATION_FRAME:
	case WSLAY_TEXT_FRAME:
	case WSLAY_BINARY_FRAME: return check_data_frame(in, f);
	case WSLAY_CONNECTION_CLOSE:
	case WSLAY_PING:
	case WSLAY_PONG: in->n_control = 0; return OC_WS_MORE;
	default: return bad(in, WSLAY_CODE_PROTOCOL_ERROR, "unknown opcode");
	}
}

static bool text_is_valid(struct oc_ws_in *in, bool whole)
{
	size_t end = whole ? in->message.n : oc_utf8_floor(in->message.p, in->message.n);
	struct oc_str fresh = { in->message.p + in->checked, end - in->checked };

	if (end <= in->checked) return true;
	in->checked = end;
	return oc_utf8_valid(fresh);
}

static enum oc_ws_event take_data(struct oc_ws_in *in, const struct wslay_frame_iocb *f, bool ended)
{
	bool whole = ended && f->fin;

	oc_buf_add(&in->message, (struct oc_str){ (const char *)f->data, f->data_length });
	if (in->text && in->message.n && !text_is_valid(in, whole))
		return bad(in, WSLAY_CODE_INVALID_FRAME_PAYLOAD_DATA, "text is not UTF-8");
	if (!whole) return OC_WS_MORE;
	in->in_message = false;
	in->bytes = oc_buf_view(&in->message);
	return in->text ? OC_WS_TEXT : OC_WS_BINARY;
}

static enum oc_ws_event end_close(struct oc_ws_in *in)
{
	const unsigned char *p = (const unsigned char *)in->control;

	if (in->n_control == 0) {
		in->over = true;
		in->code = WSLAY_CODE_NO_STATUS_RCVD;
		in->bytes = OC_LIT("");
		return OC_WS_CLOSE;
	}
	if (in->n_control < 2 || !oc_ws_code_is_valid((unsigned)p[0] << 8 | p[1]))
		return bad(in, WSLAY_CODE_PROTOCOL_ERROR, "bad close code");
	struct oc_str reason = { in->control + 2, in->n_control - 2 };
	if (!oc_utf8_valid(reason))
		return bad(in, WSLAY_CODE_INVALID_FRAME_PAYLOAD_DATA, "close reason is not UTF-8");
	in->over = true;
	in->code = (unsigned)p[0] << 8 | p[1];
	in->bytes = reason;
	return OC_WS_CLOSE;
}

static enum oc_ws_event take_control(struct oc_ws_in *in, const struct wslay_frame_iocb *f,
				     bool ended)
{
	if (f->data_length) memcpy(in->control + in->n_control, f->data, f->data_length);
	in->n_control += f->data_length;
	if (!ended) return OC_WS_MORE;
	if (f->opcode == WSLAY_CONNECTION_CLOSE) return end_close(in);
	in->bytes = (struct oc_str){ in->control, in->n_control };
	return f->opcode == WSLAY_PING ? OC_WS_PING : OC_WS_PONG;
}

static enum oc_ws_event take_part(struct oc_ws_in *in, const struct wslay_frame_iocb *f)
{
	if (!in->in_frame) {
		enum oc_ws_event ev = check_frame(in, f);
		if (ev != OC_WS_MORE) return ev;
		in->frame_at = 0;
	}
	in->frame_at += f->data_length;
	bool ended = in->frame_at == f->payload_length;
	in->in_frame = !ended;
	return wslay_is_ctrl_frame(f->opcode) ? take_control(in, f, ended)
					      : take_data(in, f, ended);
}

enum oc_ws_event oc_ws_in_next(struct oc_ws_in *in)
{
	enum oc_ws_event ev = OC_WS_MORE;

	while (ev == OC_WS_MORE) {
		struct wslay_frame_iocb f = { 0 };

		if (in->over) return OC_WS_MORE;
		ssize_t n = wslay_frame_recv(in->frames, &f);
		if (n == WSLAY_ERR_WANT_READ) return OC_WS_MORE;
		ev = n < 0 ? bad(in, WSLAY_CODE_PROTOCOL_ERROR, "malformed frame")
			   : take_part(in, &f);
	}
	return ev;
}

/* ---- out ---- */

size_t oc_ws_header(unsigned char out[OC_WS_HEADER_MAX], unsigned opcode, uint64_t payload,
		    const unsigned char mask[4])
{
	unsigned bytes = payload < 126 ? 0 : payload <= UINT16_MAX ? 2 : 8;
	size_t n = 2;

	out[0] = (unsigned char)(0x80 | opcode);
	out[1] = (unsigned char)((mask ? 0x80 : 0) | (bytes == 0   ? (unsigned)payload
						      : bytes == 2 ? 126
								   : 127));
	for (unsigned i = bytes; i > 0; i--) out[n++] = (unsigned char)(payload >> (8 * (i - 1)));
	if (mask) memcpy(out + n, mask, 4);
	return mask ? n + 4 : n;
}

size_t oc_ws_frame_length(const char *frame)
{
	const unsigned char *p = (const unsigned char *)frame;
	unsigned bytes = (p[1] & 0x7F) == 126 ? 2 : (p[1] & 0x7F) == 127 ? 8 : 0;
	uint64_t payload = bytes ? 0 : p[1] & 0x7F;

	for (unsigned i = 0; i < bytes; i++) payload = payload << 8 | p[2 + i];
	return 2 + bytes + (p[1] & 0x80 ? 4 : 0) + (size_t)payload;
}
