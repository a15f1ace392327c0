#ifndef OC_CONNECTION_H
#define OC_CONNECTION_H
#include "gateway/access/auth.h"
#include "gateway/wire/broker.h"
#include "net/websocket/websocket.h"
/*
 * One WebSocket client, from the upgrade to its end. Shared by connection.c, handshake.c and
 * broker.c; the rest of the program knows what broker.h says. Lives in the frame of the task that
 * serves it.
 */
enum {
	OC_PROTOCOL = 4,
	OC_HELLO_BYTES = 65536, /* of a frame before the hello */
	OC_HELLO_MS = 15000,	/* for the handshake */
	OC_PING_MS = 25000,
	OC_TICK_MS = 30000,
};
struct oc_connection {
	struct oc_gateway *gw;
	struct oc_ws *ws;
	struct oc_connection *next, *prev; /* in the broker: before the hello its own list */
	char id[OC_ID_CHARS + 1], nonce[OC_ID_CHARS + 1];
	char *address;	      /* of the client: an IP literal */
	char *origin, *host;  /* headers, NULL = absent */
	bool local;	      /* from this machine, through no proxy */
	int64_t connected_ms; /* wall clock */
	uint64_t opened_ms;

	json_t *client; /* of connect; what follows is set when it was accepted */
	struct oc_strv scopes, caps;
	char *device; /* id, NULL */
	const char *auth_method;
	bool tool_events, session_scoped, delta_only, rendered;

	bool greeted, closed; /* closed: nothing is sent any more */
	bool displaced;	      /* before its hello, by newer connections */
	bool all_sessions;
	struct oc_strv messages; /* keys of sessions */
	uint64_t seq;

	struct oc_scope *requests;
	size_t in_flight, bytes_in_flight;
	struct oc_wait *room; /* the receiver waits until requests have ended */
};

/* Serves a request that wants a WebSocket, from the upgrade to the end. */
void oc_connection_serve_wait(struct oc_gateway *gw, struct oc_exchange *x);
/* {"type":"res", …}; payload and error are borrowed, payload NULL = {}. */
void oc_connection_respond(struct oc_connection *c, const char *id, const json_t *payload);
void oc_connection_refuse(struct oc_connection *c, const char *id, const json_t *error);
/* Once; nothing is sent afterwards. */
void oc_connection_close(struct oc_connection *c, unsigned code, const char *reason);
/* Closes a client that does not read: what waits for it is thrown away, the reason is told. */
void oc_connection_too_slow(struct oc_connection *c);

/* One JSON value; NULL when it is none. Large ones are parsed on a thread. text must stay as it is.
 */
json_t *oc_connection_parse_wait(struct oc_str text);

/* ---- dispatch.c ---- */
/* Runs the request in a task of c->requests, or refuses it. frame is stolen; bytes: its length. */
void oc_dispatch_wait(struct oc_connection *c, json_t *frame, size_t bytes);

/* ---- handshake.c ---- */
/* Sends the challenge and waits for connect. True: c is a client now and hello-ok was sent. False:
 * it was refused and closed. */
bool oc_handshake_wait(struct oc_connection *c);

/* ---- frames.c, pure ---- */
/* A request of the protocol: {"type":"req", id, method, params?, …}; *problem (static or in buf)
 * says what is wrong, NULL = nothing. */
bool oc_frame_check(const json_t *frame, struct oc_buf *problems);
/* Whether the client's range of versions will do; with mode "probe" older ones as well. */
bool oc_protocol_accepted(int64_t min, int64_t max, const char *mode);

/* ---- broker.c ---- */
struct oc_broker *oc_broker_new(struct oc_gateway *gw);
void oc_broker_free(struct oc_broker *b); /* accepts NULL; no connection may be left */
/* Until its hello. Too many of them, and the one that has been silent longest is closed. */
void oc_broker_expect(struct oc_broker *b, struct oc_connection *c);
void oc_broker_expect_no_more(struct oc_broker *b, struct oc_connection *c);
void oc_broker_add(struct oc_broker *b, struct oc_connection *c);
void oc_broker_remove(struct oc_broker *b, struct oc_connection *c);
/* Closes every client with code and reason. */
/* D65: the sum of what waits for all of them has a limit; above it the slowest is closed. */
void oc_broker_keep_bounded(struct oc_broker *b);
void oc_broker_close_all(struct oc_broker *b, unsigned code, const char *reason);
/* {"presence", "health"}: numbers that grow with each change; new reference. */
json_t *oc_broker_state_version(const struct oc_broker *b);
void oc_broker_health_changed(struct oc_broker *b);

/* ---- presence.c ---- */
/* One client, or (c NULL) the gateway itself, as system-presence shows it; new reference. */
json_t *oc_presence_entry(const struct oc_gateway *gw, const struct oc_connection *c);
/* Whether it is shown at all: commands come and go too quickly to be. */
bool oc_presence_shows(const struct oc_connection *c);
#endif
