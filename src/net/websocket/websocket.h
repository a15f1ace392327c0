#ifndef OC_WEBSOCKET_H
#define OC_WEBSOCKET_H
#include "base/buf.h"
#include "rt/task.h"
/*
 * A WebSocket connection (RFC 6455), server side (oc_exchange_upgrade_wait) or client side. One
 * task receives; anyone may send, because sending never parks: what the kernel does not take at
 * once waits in a buffer of known size. Fragments are joined, pings are answered, bad UTF-8 in text
 * is refused with 1007, a message above the maximum with 1009 as soon as its length is announced.
 *
 * It reads one message ahead: as long as that one is not received, the peer is slowed by TCP.
 */
struct oc_ws;
struct oc_ws_message {
	struct oc_str bytes; /* borrowed until the next receive */
	bool text;
};
/* OC_OK. OC_EOF: closed by the peer (or by us) in order. OC_E_PROTO, OC_E_LIMIT: the peer broke the
 * rules, the close frame is on its way. OC_E_SYS: the connection broke. OC_E_TIMEOUT. OC_CANCELLED.
 */
OC_MUST_USE enum oc_rc oc_ws_receive_wait(struct oc_ws *w, struct oc_deadline d,
					  struct oc_ws_message *out);
/* Copies. Ignored after a close. */
void oc_ws_send(struct oc_ws *w, struct oc_str text);
/* The same for text that comes in pieces: sent as one frame, without joining them first. */
void oc_ws_send_parts(struct oc_ws *w, const struct oc_str *parts, size_t n);
/* Small messages go out at the end of the loop's turn; this lets them go now. */
void oc_ws_flush(struct oc_ws *w);
size_t oc_ws_backlog(const struct oc_ws *w); /* bytes not yet taken by the kernel */
size_t oc_ws_backlog_total(void);	     /* of all connections of this process */
/* Forgets the frames of the backlog of which nothing was sent yet: what a close would wait for. */
void oc_ws_drop_backlog(struct oc_ws *w);
void oc_ws_set_max_message(struct oc_ws *w, size_t max_bytes);
/* A ping now and every interval; nothing heard within it closes the connection (receive: OC_E_SYS).
 */
void oc_ws_keep_alive(struct oc_ws *w, uint64_t interval_ms);
/* Sends what waits and a close frame, then receives see OC_EOF; reason (may be NULL) is cut to 123
 * bytes. A second close is ignored. */
void oc_ws_close(struct oc_ws *w, unsigned code, const char *reason);
/* After a close: parks until the backlog was sent and the peer closed too, or the deadline. */
void oc_ws_linger_wait(struct oc_ws *w, struct oc_deadline d);
/* Of whoever closed first; 0 = nobody, 1005 = the peer gave no code, 1006 = it broke. */
unsigned oc_ws_close_code(const struct oc_ws *w);
const char *oc_ws_close_reason(const struct oc_ws *w); /* "" when none */
/* Accepts NULL; ends the connection. A close frame that is on its way still gets there. */
void oc_ws_free(struct oc_ws *w);

/* ---- client ---- */
struct oc_ws_client_spec {
	const char *url;	       /* ws:// (wss:// is refused: OC_E_INPUT) */
	const struct oc_strv *headers; /* "Name: value", may be NULL */
	size_t max_message;
};
/* OC_E_UPSTREAM: nobody listens, or no WebSocket there (e says which). OC_E_INPUT: a bad URL. */
OC_MUST_USE enum oc_rc oc_ws_connect_wait(const struct oc_ws_client_spec *spec,
					  struct oc_deadline d, struct oc_ws **out,
					  struct oc_err *e);
#endif
