#ifndef OC_HTTP_CONNECTION_H
#define OC_HTTP_CONNECTION_H
#include "net/ip.h"
#include "net/server/http_body.h"
#include "net/server/http_server.h"
#include "rt/poll.h"
/*
 * One connection of the HTTP server. Private to http_server.c, http_connection.c and exchange.c.
 *
 *   HEAD ──▶ HANDLING ──▶ FLUSHING ──▶ HEAD (kept alive) or LINGERING ──▶ gone
 *
 * The socket may be gone (fd < 0) while a handler still runs; then it was cancelled, and the
 * connection is freed when it returns.
 */
enum oc_http_conn_state { OC_CONN_HEAD, OC_CONN_HANDLING, OC_CONN_FLUSHING, OC_CONN_LINGERING };

struct oc_http_conn {
	struct oc_http_server *server;
	struct oc_http_conn *next, *prev;
	int fd;
	struct oc_poll *poll;
	enum oc_http_conn_state state;
	struct oc_buf in;  /* read, not yet used */
	size_t in_seen;	   /* bytes of it that were searched for the end of the head */
	struct oc_buf out; /* not yet taken by the kernel, from out_at on */
	size_t out_at;
	size_t lingered;      /* bytes thrown away */
	uint64_t deadline_ms; /* of HEAD and LINGERING */
	uint64_t linger_end_ms;
	uint64_t progress_ms;  /* when the kernel last took something, or had nothing to take */
	uint64_t fin_ms;       /* when the peer's end was seen; 0 = it was not */
	bool probed;	       /* asked a silent peer whether it only closed its sending side */
	bool close_after;      /* the answer under way is the last one */
	struct oc_exchange *x; /* in HANDLING */
	char peer[OC_IP_TEXT];
	bool peer_is_loopback;
};

struct oc_exchange {
	struct oc_http_conn *conn;
	struct oc_scope *scope;
	struct oc_http_head head;
	struct oc_http_body body;
	struct oc_strv headers;	 /* "Name: value" of the answer */
	struct oc_wait *reading; /* the handler wants more of the body */
	struct oc_wait *writing; /* somebody waits for room in the backlog, or for its end */
	size_t writing_below;	 /* the backlog that ends that wait */
	uint64_t begun_ms;
	int status; /* of the answer, 0 = none yet */
	bool answered, head_only, streaming, chunked, ended;
};

struct oc_http_server {
	void (*handle_wait)(void *arg, struct oc_exchange *x);
	void *arg;
	struct oc_scope *scope; /* of every handler */
	struct oc_http_listener *listeners;
	size_t n_listeners;
	unsigned port;
	size_t max_connections;
	uint64_t head_timeout_ms, idle_timeout_ms;
	struct oc_http_conn *conns; /* newest first */
	size_t n_conns;
	struct oc_timer *sweep;
	bool sweeping, accept_paused, quiescing;
	struct oc_wait *emptied; /* oc_http_server_stop_wait waits for the last connection */
};

/* Takes fd over. */
void oc_http_conn_start(struct oc_http_server *s, int fd, const struct sockaddr *peer);
/* Looks at the clocks of c; may free it. */
void oc_http_conn_check(struct oc_http_conn *c, uint64_t now_ms);
/* Closes the socket now and cancels the handler; frees c unless one runs. */
void oc_http_conn_drop(struct oc_http_conn *c);
/* Is it between requests, so that it can be dropped without harm? */
bool oc_http_conn_idle(const struct oc_http_conn *c);
/* Sends what the kernel takes, keeps the rest. Never frees c while it has an exchange. */
void oc_http_conn_send(struct oc_http_conn *c, const struct oc_str *parts, size_t n);
size_t oc_http_conn_backlog(const struct oc_http_conn *c);
/* Which events are of interest may have changed. */
void oc_http_conn_watch(struct oc_http_conn *c);
/* Gives the socket away; c lives until its handler returns. */
int oc_http_conn_detach(struct oc_http_conn *c, struct oc_buf *early);
/* The answer is about to begin: what is here of a body that nobody read is thrown away, and if that
 * is not all of it the connection will end, because the rest would be taken for a request. */
void oc_http_conn_skip_body(struct oc_http_conn *c);
/* The handler has returned: x is freed, c goes on or is freed. */
void oc_http_conn_done(struct oc_http_conn *c);

/* In exchange.c. */
struct oc_exchange *oc_exchange_new(struct oc_http_conn *c, struct oc_http_head *head);
void oc_exchange_run(void *x); /* the task of a request; gives x back by oc_http_conn_done */
void oc_exchange_free(struct oc_exchange *x);
/* Sends the head of an answer that ends HTTP, then gives the socket away, and what was read behind
 * the request (deinit early). */
OC_MUST_USE enum oc_rc oc_exchange_hand_over_wait(struct oc_exchange *x, struct oc_str head,
						  int *fd, struct oc_buf *early);
/* Sends an answer of the server itself for what could not become an exchange. */
void oc_exchange_refuse(struct oc_http_conn *c, int status, const char *why);
#endif
