/*
 * Listening sockets and the set of connections. Above the ceiling a new connection takes the place
 * of the one that has been idle longest; when none is idle, it is refused.
 */
#include "net/server/http_server.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/mem.h"
#include "net/server/http_connection.h"

enum {
	HEAD_TIMEOUT_MS = 10000,
	IDLE_TIMEOUT_MS = 5000,
	SWEEP_MS = 250,
	ACCEPTS_A_TURN = 32,
	BACKLOG = 511,
	OTHER_DESCRIPTORS = 256, /* left for model calls, files, children */
};

struct oc_http_listener {
	int fd;
	struct oc_poll *poll;
};

/* ---- clocks ---- */

static void on_sweep(void *arg);

static void watch_clocks(struct oc_http_server *s)
{
	if (s->sweeping || !s->sweep) return;
	s->sweeping = true;
	oc_timer_start(s->sweep, SWEEP_MS);
}

static void set_accepting(struct oc_http_server *s, bool on)
{
	s->accept_paused = !on;
	for (size_t i = 0; i < s->n_listeners; i++)
		if (s->listeners[i].poll) oc_poll_set(s->listeners[i].poll, on ? OC_POLL_READ : 0);
}

static void on_sweep(void *arg)
{
	struct oc_http_server *s = arg;
	uint64_t now = oc_now_ms();

	s->sweeping = false;
	for (struct oc_http_conn *c = s->conns, *next; c; c = next) {
		next = c->next;
		oc_http_conn_check(c, now);
	}
	if (s->accept_paused && !s->quiescing) set_accepting(s, true);
	if (s->n_conns) watch_clocks(s); /* an idle server does not wake */
}

/* ---- accepting ---- */

static bool make_room(struct oc_http_server *s)
{
	struct oc_http_conn *oldest = NULL;

	for (struct oc_http_conn *c = s->conns; c; c = c->next)
		if (oc_http_conn_idle(c)) oldest = c;
	if (!oldest) return false;
	oc_http_conn_drop(oldest);
	return true;
}

static void turn_away(int fd)
{
	static const char answer[] = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n"
				     "Retry-After: 1\r\nConnection: close\r\n\r\n";

	(void)!send(fd, answer, sizeof answer - 1, MSG_NOSIGNAL);
	close(fd);
}

/* Returns whether there may be more to accept. */
static bool accept_one(struct oc_http_server *s, int listener)
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof peer;
	int fd = accept4(listener, (struct sockaddr *)&peer, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0) {
		if (errno == EAGAIN || errno == EWOULDBLOCK) return false;
		if (errno == EINTR || errno == ECONNABORTED) return true;
		if (make_room(s)) return true; /* out of descriptors or memory */
		set_accepting(s, false);       /* until the next sweep */
		watch_clocks(s);
		return false;
	}
	if (s->n_conns >= s->max_connections && !make_room(s)) {
		turn_away(fd);
		return true;
	}
	oc_http_conn_start(s, fd, (const struct sockaddr *)&peer);
	watch_clocks(s);
	return true;
}

static void on_listener(void *arg, int fd, int events)
{
	(void)events;
	for (int i = 0; i < ACCEPTS_A_TURN; i++)
		if (!accept_one(arg, fd)) return;
}

/* ---- listening ---- */

static socklen_t make_address(const char *text, unsigned port, struct sockaddr_storage *out)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)out;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
	struct oc_ip ip;

	memset(out, 0, sizeof *out);
	if (!oc_ip_parse(oc_str(text), &ip)) return 0;
	if (ip.v6) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons((uint16_t)port);
		memcpy(&v6->sin6_addr, ip.b, 16);
		return sizeof *v6;
	}
	v4->sin_family = AF_INET;
	v4->sin_port = htons((uint16_t)port);
	memcpy(&v4->sin_addr, ip.b, 4);
	return sizeof *v4;
}

static unsigned bound_port(int fd)
{
	struct sockaddr_storage a;
	socklen_t len = sizeof a;

	if (getsockname(fd, (struct sockaddr *)&a, &len) != 0) return 0;
	return ntohs(a.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&a)->sin6_port
					     : ((struct sockaddr_in *)&a)->sin_port);
}

static int open_listener(const struct sockaddr_storage *a, socklen_t len)
{
	int one = 1, fd = socket(a->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0) return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (a->ss_family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
	if (bind(fd, (const struct sockaddr *)a, len) == 0 && listen(fd, BACKLOG) == 0) return fd;
	int why = errno;
	close(fd);
	errno = why;
	return -1;
}

static enum oc_rc listen_on(struct oc_http_server *s, const char *address, bool *in_use,
			    struct oc_err *e)
{
	struct sockaddr_storage a;
	socklen_t len = make_address(address, s->port, &a);

	if (!len) return oc_fail(e, OC_E_INPUT, "%s is not an IP address", address);
	int fd = open_listener(&a, len);
	if (fd < 0) {
		if (in_use) *in_use = errno == EADDRINUSE;
		return oc_fail(e, OC_E_SYS, "cannot listen on %s port %u: %s", address, s->port,
			       strerror(errno));
	}
	s->port = bound_port(fd); /* the others get the same one */
	struct oc_http_listener *l = &s->listeners[s->n_listeners++];
	*l = (struct oc_http_listener){ fd, oc_poll_new(fd, on_listener, s) };
	if (!l->poll) return oc_fail(e, OC_E_SYS, "cannot watch the socket of %s", address);
	return OC_OK;
}

static void close_listeners(struct oc_http_server *s)
{
	for (size_t i = 0; i < s->n_listeners; i++) {
		oc_poll_free(s->listeners[i].poll);
		close(s->listeners[i].fd);
	}
	s->n_listeners = 0;
}

/* As many connections as wanted, or as the system has descriptors for. */
static size_t affordable(size_t wanted)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) != 0) return wanted;
	rlim_t need = (rlim_t)wanted + OTHER_DESCRIPTORS;
	if (l.rlim_cur < need && l.rlim_cur < l.rlim_max) {
		l.rlim_cur = need < l.rlim_max ? need : l.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &l);
	}
	if (l.rlim_cur >= need) return wanted;
	return l.rlim_cur > 2 * OTHER_DESCRIPTORS ? (size_t)l.rlim_cur - OTHER_DESCRIPTORS
						  : (size_t)l.rlim_cur / 2;
}

enum oc_rc oc_http_server_start(const struct oc_http_server_spec *spec, struct oc_http_server **out,
				bool *in_use, struct oc_err *e)
{
	struct oc_http_server *s = oc_new(struct oc_http_server);
	enum oc_rc rc = OC_OK;

	if (in_use) *in_use = false;
	s->handle_wait = spec->handle_wait;
	s->arg = spec->arg;
	s->port = spec->port;
	s->head_timeout_ms = spec->head_timeout_ms ? spec->head_timeout_ms : HEAD_TIMEOUT_MS;
	s->idle_timeout_ms = spec->idle_timeout_ms ? spec->idle_timeout_ms : IDLE_TIMEOUT_MS;
	s->max_connections =
	    affordable(spec->max_connections ? spec->max_connections : OC_MAX_SERVER_CONNECTIONS);
	s->listeners = oc_realloc_array(NULL, spec->addresses->n, sizeof *s->listeners);
	for (size_t i = 0; !rc && i < spec->addresses->n; i++)
		rc = listen_on(s, spec->addresses->v[i], in_use, e);
	if (rc) {
		close_listeners(s);
		free(s->listeners);
		free(s);
		return rc;
	}
	s->scope = oc_scope_new();
	s->sweep = oc_timer_new(on_sweep, s);
	set_accepting(s, true);
	*out = s;
	return OC_OK;
}

unsigned oc_http_server_port(const struct oc_http_server *s)
{
	return s->port;
}

size_t oc_http_server_connections(const struct oc_http_server *s)
{
	return s->n_conns;
}

void oc_http_server_quiesce(struct oc_http_server *s)
{
	s->quiescing = true;
	close_listeners(s);
	for (struct oc_http_conn *c = s->conns, *next; c; c = next) {
		next = c->next;
		if (c->state == OC_CONN_HEAD && !c->in.n) oc_http_conn_drop(c);
	}
}

void oc_http_server_stop_wait(struct oc_http_server *s)
{
	struct oc_wait w = { 0 };

	if (!s) return;
	oc_http_server_quiesce(s);
	oc_scope_cancel(s->scope);
	for (struct oc_http_conn *c = s->conns, *next; c; c = next) {
		next = c->next;
		oc_http_conn_drop(c);
	}
	if (s->n_conns) {
		s->emptied = &w;
		(void)oc_wait_park_uncancellable(&w, OC_NO_DEADLINE);
	}
	oc_timer_free(s->sweep);
	oc_scope_join_wait(s->scope);
	oc_scope_free_when_done(s->scope);
	free(s->listeners);
	free(s);
}
