#ifndef OC_HTTP_SERVER_H
#define OC_HTTP_SERVER_H
#include "base/buf.h"
#include "rt/task.h"
/*
 * HTTP/1.1 server on the loop. Each request is handled in a task with a scope of its own, which is
 * cancelled when the client leaves: whatever the handler waits for then returns OC_CANCELLED. The
 * handler starts when the head is there, before the body was read, so that it can refuse early.
 * Chunked and length-delimited bodies; conflicting or repeated lengths, obsolete line folding and
 * oversized heads are refused with 400 or 431 before the handler sees anything.
 */
struct oc_http_server;
struct oc_exchange; /* one request and its answer; valid until the handler returns */

struct oc_http_server_spec {
	const struct oc_strv *addresses; /* IP literals; bound all or (OC_E_SYS) none */
	unsigned port;			 /* 0 = any: see oc_http_server_port */
	unsigned max_connections; /* 0 = OC_MAX_SERVER_CONNECTIONS; above it new ones wait or are
				     closed */
	/* In a task. A handler that returns without an answer sends 500. */
	void (*handle_wait)(void *arg, struct oc_exchange *x);
	void *arg;
	/* How long a head may take, and a connection may wait for its next request; 0 = 10 s and
	   5 s. */
	uint64_t head_timeout_ms, idle_timeout_ms;
};
/* OC_E_SYS with e naming address and cause; *in_use (may be NULL) tells EADDRINUSE apart. */
OC_MUST_USE enum oc_rc oc_http_server_start(const struct oc_http_server_spec *spec,
					    struct oc_http_server **out, bool *in_use,
					    struct oc_err *e);
unsigned oc_http_server_port(const struct oc_http_server *s);
size_t oc_http_server_connections(const struct oc_http_server *s);
/* No new connections are taken; those under way go on. */
void oc_http_server_quiesce(struct oc_http_server *s);
/* Cancels every handler, closes every connection, waits for the tasks, frees s. Accepts NULL. */
void oc_http_server_stop_wait(struct oc_http_server *s);

/* ---- the request; strings live as long as x ---- */
const char *oc_exchange_method(const struct oc_exchange *x); /* "GET" */
const char *oc_exchange_path(const struct oc_exchange *x);   /* still percent-encoded, no query */
const char *oc_exchange_query(const struct oc_exchange *x);  /* after "?", "" when none */
const char *oc_exchange_header(const struct oc_exchange *x,
			       const char *name); /* case folded; NULL; first one */
unsigned oc_exchange_header_count(const struct oc_exchange *x, const char *name);
const char *oc_exchange_peer(const struct oc_exchange *x); /* IP literal of the client */
bool oc_exchange_peer_is_loopback(const struct oc_exchange *x);
/* Reads the whole body into out (initialised by the caller: its ceiling holds). OC_E_LIMIT: larger
 * (or announced so): answer 413. OC_E_PROTO: broken chunks: answer 400. OC_CANCELLED: the client
 * left. OC_E_TIMEOUT: answer 408. Call once, before the answer. A body that was not read costs the
 * connection, nothing else. */
OC_MUST_USE enum oc_rc oc_exchange_body_wait(struct oc_exchange *x, struct oc_deadline d,
					     struct oc_buf *out);

/* ---- the answer ---- */
/* Added to whatever answer follows; a later one replaces the one of that name. A value with line
 * breaks is a programming error. */
void oc_exchange_set_header(struct oc_exchange *x, const char *name, const char *value);
/* The whole answer. HEAD sends the head alone. Copies bytes. Once, or stream_begin once; after an
 * answer it is ignored. */
void oc_exchange_respond(struct oc_exchange *x, int status, const char *content_type,
			 struct oc_str body);
int oc_exchange_status(const struct oc_exchange *x); /* of the answer; 0 = none yet */

/* A body whose length is not known: chunked, sent as it is written, never buffered beyond
 * OC_MAX_STREAM_BACKLOG: a slow client parks the writer. OC_CANCELLED: the client left. */
void oc_exchange_stream_begin(struct oc_exchange *x, int status, const char *content_type);
OC_MUST_USE enum oc_rc oc_exchange_stream_wait(struct oc_exchange *x, struct oc_str bytes);
/* From a callback that may not park: false when the backlog would exceed its bound or the client is
 * gone (nothing is added). What the kernel takes has left when it returns. */
bool oc_exchange_stream_push(struct oc_exchange *x, struct oc_str bytes);
/* Parks until everything was handed to the kernel. Without it the end of the handler ends the body.
 */
OC_MUST_USE enum oc_rc oc_exchange_stream_end_wait(struct oc_exchange *x);
/* Ends the connection without the end of the body, so that the client sees a cut. */
void oc_exchange_abort(struct oc_exchange *x);

/* ---- WebSocket (RFC 6455) ---- */
struct oc_ws;
bool oc_exchange_wants_websocket(const struct oc_exchange *x);
/* Sends 101 and hands the connection over. No extension and no subprotocol is negotiated. The
 * exchange is answered then; *out lives until oc_ws_free, in the scope of the handler's task.
 * OC_E_PROTO: a bad handshake, answered with 400 (426 for another version). */
OC_MUST_USE enum oc_rc oc_exchange_upgrade_wait(struct oc_exchange *x, size_t max_message,
						struct oc_ws **out, struct oc_err *e);
#endif
