/*
 * A connection of the HTTP server: bytes in, heads cut out of them, bytes out. It never reads more
 * than is wanted, so a client that sends faster than its handler reads is slowed by TCP, and it
 * notices a client that leaves while its handler works.
 *
 * A client that closed its sending side only still waits for its answer, and looks the same as one
 * that is gone. So it is asked: the kernel of one that is gone resets the connection when something
 * is sent to it, and an interim answer (100) is what a client that is there has to ignore.
 */
#include "net/server/http_connection.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/mem.h"

enum {
	READ_BYTES = 65536,
	KEPT_OUT_BYTES = 65536, /* an empty buffer larger than this is given back */
	HALF_CLOSED_MS = 200,	/* after which a half-closed client is asked */
	STALL_MS = 60000,	/* nothing taken for so long: the client is gone */
	LINGER_MS = 30000,
	LINGER_IDLE_MS = 2000,
	MAX_PARTS = 8,
};

static void on_socket(void *arg, int fd, int events);

static void set_option(int fd, int level, int name, int value)
{
	(void)setsockopt(fd, level, name, &value, sizeof value);
}

static void configure(int fd)
{
	set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1); /* a peer that lost its power says nothing */
#ifdef TCP_KEEPIDLE
	set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, 60);
	set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, 15);
	set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, 4);
#endif
}

static void name_peer(struct oc_http_conn *c, const struct sockaddr *peer)
{
	struct oc_ip ip;

	if (!oc_ip_from_sockaddr(peer, &ip)) return;
	oc_ip_format(&ip, c->peer);
	c->peer_is_loopback = oc_ip_is_loopback(&ip);
}

void oc_http_conn_start(struct oc_http_server *s, int fd, const struct sockaddr *peer)
{
	struct oc_http_conn *c = oc_new(struct oc_http_conn);

	c->server = s;
	c->fd = fd;
	c->poll = oc_poll_new(fd, on_socket, c);
	if (!c->poll) {
		close(fd);
		free(c);
		return;
	}
	configure(fd);
	name_peer(c, peer);
	oc_buf_init(&c->in, READ_BYTES + OC_MAX_SERVER_HEAD_BYTES);
	oc_buf_init(&c->out, SIZE_MAX - 1);
	c->progress_ms = oc_now_ms();
	c->deadline_ms = c->progress_ms + s->head_timeout_ms;
	c->next = s->conns;
	if (c->next) c->next->prev = c;
	s->conns = c;
	s->n_conns++;
	oc_http_conn_watch(c);
}

static void conn_free(struct oc_http_conn *c)
{
	struct oc_http_server *s = c->server;

	if (c->prev)
		c->prev->next = c->next;
	else
		s->conns = c->next;
	if (c->next) c->next->prev = c->prev;
	oc_buf_deinit(&c->in);
	oc_buf_deinit(&c->out);
	free(c);
	if (--s->n_conns == 0 && s->emptied) oc_wait_end(s->emptied, OC_OK);
}

/* Closes the socket. The handler, if one runs, is cancelled and keeps c. */
static void hang_up(struct oc_http_conn *c)
{
	if (c->fd < 0) return;
	oc_poll_free(c->poll);
	close(c->fd);
	c->poll = NULL;
	c->fd = -1;
	if (!c->x) return;
	oc_scope_cancel(c->x->scope);
	if (c->x->reading) oc_wait_end(c->x->reading, OC_CANCELLED);
	if (c->x->writing) oc_wait_end(c->x->writing, OC_CANCELLED);
}

void oc_http_conn_drop(struct oc_http_conn *c)
{
	hang_up(c);
	if (!c->x) conn_free(c);
}

bool oc_http_conn_idle(const struct oc_http_conn *c)
{
	return c->state == OC_CONN_HEAD || c->state == OC_CONN_LINGERING;
}

/* ---- out ---- */

size_t oc_http_conn_backlog(const struct oc_http_conn *c)
{
	return c->out.n - c->out_at;
}

static void wake_writer(struct oc_http_conn *c)
{
	struct oc_exchange *x = c->x;

	if (x && x->writing && oc_http_conn_backlog(c) <= x->writing_below)
		oc_wait_end(x->writing, OC_OK);
}

static void took(struct oc_http_conn *c, size_t n)
{
	c->out_at += n;
	c->progress_ms = oc_now_ms();
	if (c->out_at < c->out.n) {
		if (c->out_at < KEPT_OUT_BYTES || c->out_at < c->out.n / 2) return;
		oc_buf_drop(&c->out, c->out_at); /* at least half: each byte moves once or so */
	} else if (c->out.cap > KEPT_OUT_BYTES) {
		oc_buf_deinit(&c->out);
	} else {
		oc_buf_clear(&c->out);
	}
	c->out_at = 0;
}

/* How much the kernel took; the socket is closed when it is broken. */
static size_t send_some(struct oc_http_conn *c, struct iovec *iov, size_t n)
{
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = n };
	ssize_t sent;

	do sent = sendmsg(c->fd, &m, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK) hang_up(c);
	return sent > 0 ? (size_t)sent : 0;
}

static void flush(struct oc_http_conn *c)
{
	while (c->fd >= 0 && oc_http_conn_backlog(c)) {
		struct iovec iov = { c->out.p + c->out_at, oc_http_conn_backlog(c) };
		size_t n = send_some(c, &iov, 1);
		if (!n) break;
		took(c, n);
	}
	wake_writer(c);
}

void oc_http_conn_send(struct oc_http_conn *c, const struct oc_str *parts, size_t n)
{
	struct iovec iov[MAX_PARTS];
	size_t sent = 0;

	assert(n <= MAX_PARTS);
	if (c->fd < 0) return;
	for (size_t i = 0; i < n; i++) /* only read from, which the type cannot say */
		iov[i] = (struct iovec){ (void *)(uintptr_t)parts[i].p, parts[i].n };
	if (!oc_http_conn_backlog(c)) {
		c->progress_ms = oc_now_ms();
		sent = send_some(c, iov, n);
	}
	for (size_t i = 0; i < n && c->fd >= 0; i++) {
		oc_buf_add(&c->out, oc_str_from(parts[i], sent));
		sent -= sent < parts[i].n ? sent : parts[i].n;
	}
	oc_http_conn_watch(c);
}

/* ---- what to wait for ---- */

static int wanted_events(const struct oc_http_conn *c)
{
	int write = oc_http_conn_backlog(c) ? OC_POLL_WRITE : 0;

	switch (c->state) {
	case OC_CONN_HEAD:
	case OC_CONN_LINGERING: return OC_POLL_READ | write;
	case OC_CONN_HANDLING:
		if (c->x->reading) return OC_POLL_READ | write;
		break;
	default: break;
	}
	return (c->fin_ms ? OC_POLL_ERROR : OC_POLL_HANGUP) | write;
}

void oc_http_conn_watch(struct oc_http_conn *c)
{
	if (c->fd >= 0) oc_poll_set(c->poll, wanted_events(c));
}

/* ---- heads ---- */

/* The last answer is on its way: what the client still sends is thrown away until it has seen the
 * end, because closing with unread bytes would reset the connection and take the answer with it. */
static void start_lingering(struct oc_http_conn *c)
{
	shutdown(c->fd, SHUT_WR);
	c->state = OC_CONN_LINGERING;
	c->linger_end_ms = oc_now_ms() + LINGER_MS;
	c->deadline_ms = oc_now_ms() + LINGER_IDLE_MS;
	oc_buf_deinit(&c->in);
}

static void refuse(struct oc_http_conn *c, int status, const char *why)
{
	c->state = OC_CONN_FLUSHING;
	c->close_after = true;
	oc_exchange_refuse(c, status, why);
}

static void start_exchange(struct oc_http_conn *c, struct oc_http_head *head)
{
	c->state = OC_CONN_HANDLING;
	c->close_after = !head->keep_alive;
	c->probed = false;
	c->x = oc_exchange_new(c, head);
	oc_scope_spawn(c->x->scope, oc_exchange_run, c->x);
}

/* Cuts the next head out of what was read, if it is complete. */
static void take_head(struct oc_http_conn *c)
{
	struct oc_http_head head;
	const char *why = "the head of the request is malformed";
	int status;
	size_t n = oc_http_head_size(oc_buf_view(&c->in), c->in_seen, &status);

	c->in_seen = c->in.n;
	if (status == 431 || n > OC_MAX_SERVER_HEAD_BYTES) {
		refuse(c, 431, "the head of the request is too large");
		return;
	}
	if (status) {
		refuse(c, status, why);
		return;
	}
	if (!n) return;
	status = oc_http_head_parse(oc_str_head(oc_buf_view(&c->in), n), &head, &why);
	oc_buf_drop(&c->in, n);
	c->in_seen = 0;
	if (status)
		refuse(c, status, why);
	else
		start_exchange(c, &head);
}

static void await_head(struct oc_http_conn *c)
{
	c->state = OC_CONN_HEAD;
	c->in_seen = 0;
	c->deadline_ms = oc_now_ms() + c->server->idle_timeout_ms;
	if (c->in.n)
		c->deadline_ms = oc_now_ms() + c->server->head_timeout_ms;
	else
		oc_buf_deinit(&c->in); /* an idle connection holds no memory to speak of */
	take_head(c);
}

/* Does what the state allows now; frees c when it is over. */
static void advance(struct oc_http_conn *c)
{
	while (c->fd >= 0 && c->state == OC_CONN_FLUSHING && !oc_http_conn_backlog(c)) {
		if (c->close_after || c->server->quiescing)
			start_lingering(c);
		else
			await_head(c);
	}
	if (c->fd < 0 && !c->x)
		conn_free(c);
	else
		oc_http_conn_watch(c);
}

void oc_http_conn_skip_body(struct oc_http_conn *c)
{
	struct oc_http_body *b = &c->x->body;
	size_t used = 0;

	if (oc_http_body_feed(b, oc_buf_view(&c->in), NULL, &used) != OC_OK || !b->done)
		c->close_after = true;
	oc_buf_drop(&c->in, used);
}

int oc_http_conn_detach(struct oc_http_conn *c, struct oc_buf *early)
{
	int fd = c->fd;

	oc_poll_free(c->poll);
	c->poll = NULL;
	c->fd = -1;
	*early = c->in;
	oc_buf_init(&c->in, 0);
	return fd;
}

void oc_http_conn_done(struct oc_http_conn *c)
{
	struct oc_exchange *x = c->x;

	c->x = NULL;
	oc_exchange_free(x);
	c->state = OC_CONN_FLUSHING;
	advance(c);
}

/* ---- in ---- */

static void throw_away(struct oc_http_conn *c, size_t n)
{
	uint64_t idle_end = oc_now_ms() + LINGER_IDLE_MS;

	c->lingered += n;
	c->deadline_ms = idle_end < c->linger_end_ms ? idle_end : c->linger_end_ms;
	if (c->lingered > OC_MAX_LINGER_BYTES) hang_up(c);
}

static void take_bytes(struct oc_http_conn *c, struct oc_str bytes)
{
	if (c->state == OC_CONN_LINGERING) {
		throw_away(c, bytes.n);
		return;
	}
	bool first = !c->in.n;
	oc_buf_add(&c->in, bytes);
	if (c->state == OC_CONN_HANDLING) {
		oc_wait_end(c->x->reading, OC_OK);
		return;
	}
	if (first) c->deadline_ms = oc_now_ms() + c->server->head_timeout_ms;
	take_head(c);
}

/* The peer has ended its side, and everything it sent was read. */
static void take_end(struct oc_http_conn *c)
{
	hang_up(c); /* between requests, or inside one: a body that ends early is not coming */
}

static size_t room(const struct oc_http_conn *c)
{
	size_t max = c->state == OC_CONN_HEAD ? OC_MAX_SERVER_HEAD_BYTES : READ_BYTES;

	return c->state == OC_CONN_LINGERING || c->in.n == 0 ? READ_BYTES
	       : c->in.n < max				     ? max - c->in.n
							     : 1;
}

static void read_some(struct oc_http_conn *c)
{
	static char bytes[READ_BYTES]; /* one thread, used up before anything else runs */
	ssize_t n = recv(c->fd, bytes, room(c), 0);

	if (n > 0)
		take_bytes(c, (struct oc_str){ bytes, (size_t)n });
	else if (n == 0)
		take_end(c);
	else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
		hang_up(c);
}

/* The peer ended its side while its request is handled. */
static void note_end(struct oc_http_conn *c)
{
	uint64_t now = oc_now_ms();

	/* Who closes one side does it right behind the request, not in the middle of an answer. */
	if (c->x && c->x->streaming && now > c->x->begun_ms + HALF_CLOSED_MS)
		hang_up(c);
	else
		c->fin_ms = now;
}

static void on_socket(void *arg, int fd, int events)
{
	struct oc_http_conn *c = arg;

	(void)fd;
	if (events == 0 && c->state != OC_CONN_HEAD) {
		hang_up(c);
	} else {
		if (events & OC_POLL_WRITE) flush(c);
		if (c->fd >= 0 && (events & OC_POLL_READ || events == 0)) read_some(c);
		if (c->fd >= 0 && events & OC_POLL_HANGUP) note_end(c);
	}
	advance(c);
}

/* ---- clocks ---- */

static void ask_half_closed(struct oc_http_conn *c)
{
	static const struct oc_str interim = { "HTTP/1.1 100 Continue\r\n\r\n", 25 };
	/* The first digit of the size of the next chunk, whatever that will be: a stream may have
	 * nothing to say for long. */
	static const struct oc_str zero = { "0", 1 };

	c->probed = true;
	if (c->x->streaming && c->x->chunked && !c->x->ended)
		oc_http_conn_send(c, &zero, 1);
	else if (c->x->answered)
		return; /* the answer itself asks */
	else if (c->x->head.minor > 0)
		oc_http_conn_send(c, &interim, 1);
	else
		hang_up(c);
}

void oc_http_conn_check(struct oc_http_conn *c, uint64_t now_ms)
{
	bool waits = c->state == OC_CONN_HEAD || c->state == OC_CONN_LINGERING;

	if (c->fd < 0) return;
	if (oc_http_conn_backlog(c) && now_ms >= c->progress_ms + STALL_MS) {
		hang_up(c);
	} else if (waits && now_ms >= c->deadline_ms) {
		if (c->state == OC_CONN_HEAD && c->in.n)
			refuse(c, 408, "the request did not arrive in time");
		else
			hang_up(c);
	} else if (c->x && c->fin_ms && !c->probed && now_ms >= c->fin_ms + HALF_CLOSED_MS) {
		ask_half_closed(c);
	} else {
		return;
	}
	advance(c);
}
