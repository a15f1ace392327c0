/* The client's half of the opening handshake (RFC 6455 section 4.1), over plain TCP. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/rand.h"
#include "net/base64.h"
#include "net/url.h"
#include "net/websocket/ws_connection.h"
#include "rt/dns.h"
#include "rt/poll.h"

enum { MAX_ADDRESSES = 8, KEY_BYTES = 16 };

struct dial {
	int fd;
	struct oc_poll *poll;
	struct oc_wait *wait;
};

static void on_socket(void *arg, int fd, int events)
{
	struct dial *d = arg;

	(void)fd, (void)events;
	if (d->wait) oc_wait_end(d->wait, OC_OK);
	oc_poll_set(d->poll, 0);
}

static enum oc_rc ready_wait(struct dial *d, int events, struct oc_deadline deadline)
{
	struct oc_wait w = { 0 };

	d->wait = &w;
	oc_poll_set(d->poll, events);
	enum oc_rc rc = oc_wait_park(&w, deadline);
	d->wait = NULL;
	oc_poll_set(d->poll, 0);
	return rc;
}

static void hang_up(struct dial *d)
{
	oc_poll_free(d->poll);
	if (d->fd >= 0) close(d->fd);
	*d = (struct dial){ .fd = -1 };
}

/* ---- connecting ---- */

static enum oc_rc start_connect(struct dial *d, const struct sockaddr_storage *a)
{
	int one = 1;
	socklen_t len =
	    a->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);

	d->fd = socket(a->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (d->fd < 0) return OC_E_SYS;
	setsockopt(d->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	d->poll = oc_poll_new(d->fd, on_socket, d);
	if (!d->poll) return OC_E_SYS;
	if (connect(d->fd, (const struct sockaddr *)a, len) == 0 || errno == EINPROGRESS)
		return OC_OK;
	return OC_E_UPSTREAM;
}

static enum oc_rc connect_wait(struct dial *d, const struct sockaddr_storage *a,
			       struct oc_deadline deadline, int *why)
{
	socklen_t len = sizeof *why;
	enum oc_rc rc = start_connect(d, a);

	*why = rc ? errno : 0;
	if (!rc) rc = ready_wait(d, OC_POLL_WRITE, deadline);
	if (!rc && getsockopt(d->fd, SOL_SOCKET, SO_ERROR, why, &len) == 0 && *why)
		rc = OC_E_UPSTREAM;
	if (rc) hang_up(d);
	return rc;
}

static void literal(const struct oc_url *u, struct sockaddr_storage *out)
{
	memset(out, 0, sizeof *out);
	if (u->ip.v6) {
		out->ss_family = AF_INET6;
		memcpy(&((struct sockaddr_in6 *)out)->sin6_addr, u->ip.b, 16);
	} else {
		out->ss_family = AF_INET;
		memcpy(&((struct sockaddr_in *)out)->sin_addr, u->ip.b, 4);
	}
}

static void set_port(struct sockaddr_storage *a, uint16_t port)
{
	if (a->ss_family == AF_INET6)
		((struct sockaddr_in6 *)a)->sin6_port = htons(port);
	else
		((struct sockaddr_in *)a)->sin_port = htons(port);
}

static enum oc_rc dial_wait(struct dial *d, const struct oc_url *u, struct oc_deadline deadline,
			    struct oc_err *e)
{
	struct sockaddr_storage found[MAX_ADDRESSES];
	size_t n = 1;
	int why = 0;
	enum oc_rc rc = OC_OK;

	if (u->is_ip)
		literal(u, found);
	else
		rc = oc_dns_wait(u->host, deadline, found, MAX_ADDRESSES, &n, e);
	if (rc) return rc;
	rc = OC_E_UPSTREAM;
	for (size_t i = 0; i < n && rc == OC_E_UPSTREAM; i++) {
		set_port(&found[i], u->port);
		rc = connect_wait(d, &found[i], deadline, &why);
	}
	if (rc == OC_OK || rc == OC_CANCELLED) return rc;
	if (rc == OC_E_TIMEOUT)
		return oc_fail(e, rc, "connecting to %s port %u took too long", u->host, u->port);
	return oc_fail(e, OC_E_UPSTREAM, "cannot connect to %s port %u: %s", u->host, u->port,
		       strerror(why ? why : ECONNREFUSED));
}

/* ---- the handshake ---- */

static char *make_key(void)
{
	uint64_t bytes[KEY_BYTES / 8] = { oc_rand_u64(), oc_rand_u64() };

	return oc_base64_encode((struct oc_str){ (const char *)bytes, sizeof bytes });
}

static void make_request(const struct oc_url *u, const struct oc_strv *headers, const char *key,
			 struct oc_buf *out)
{
	char *origin = oc_url_origin(u);

	oc_buf_addf(out,
		    "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
		    "Sec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\n",
		    u->path, origin + strlen("http://"), key);
	for (size_t i = 0; headers && i < headers->n; i++)
		oc_buf_addf(out, "%s\r\n", headers->v[i]);
	oc_buf_adds(out, "\r\n");
	free(origin);
}

static enum oc_rc send_wait(struct dial *d, struct oc_str bytes, struct oc_deadline deadline)
{
	while (bytes.n) {
		ssize_t n = send(d->fd, bytes.p, bytes.n, MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN && errno != EINTR) return OC_E_UPSTREAM;
		if (n > 0) bytes = oc_str_from(bytes, (size_t)n);
		enum oc_rc rc = bytes.n ? ready_wait(d, OC_POLL_WRITE, deadline) : OC_OK;
		if (rc) return rc;
	}
	return OC_OK;
}

/* Reads until the head is whole; *size is its length, the final empty line included. */
static enum oc_rc read_head_wait(struct dial *d, struct oc_deadline deadline, struct oc_buf *in,
				 size_t *size)
{
	for (;;) {
		char bytes[4096];
		ssize_t n = recv(d->fd, bytes, sizeof bytes, 0);

		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) return OC_E_UPSTREAM;
		if (n < 0) {
			enum oc_rc rc = ready_wait(d, OC_POLL_READ, deadline);
			if (rc) return rc;
			continue;
		}
		oc_buf_add(in, (struct oc_str){ bytes, (size_t)n });
		size_t end = oc_str_find(oc_buf_view(in), OC_LIT("\r\n\r\n"), 0);
		if (in->bad) return OC_E_PROTO;
		if (end == SIZE_MAX) continue;
		*size = end + 4;
		return OC_OK;
	}
}

/* The value of the only header of that name. */
static struct oc_str header(struct oc_str head, const char *name)
{
	struct oc_str found = { 0 };

	for (size_t at = oc_str_find(head, OC_LIT("\r\n"), 0); at < head.n;) {
		struct oc_str line = oc_str_from(head, at + 2);
		line = oc_str_head(line, oc_str_find(line, OC_LIT("\r\n"), 0));
		at += 2 + line.n;
		size_t n = strlen(name);
		if (!oc_str_istarts(line, oc_str(name)) || line.n <= n || line.p[n] != ':')
			continue;
		if (found.p) return (struct oc_str){ 0 };
		found = oc_str_trim(oc_str_from(line, n + 1));
	}
	return found;
}

static enum oc_rc check_answer(struct oc_str head, const char *key, struct oc_err *e)
{
	char accept[OC_WS_ACCEPT + 1];
	struct oc_str line = oc_str_head(head, oc_str_find(head, OC_LIT("\r\n"), 0));

	if (!oc_str_starts(line, OC_LIT("HTTP/1.1 ")))
		return oc_fail(e, OC_E_UPSTREAM, "what answered does not speak HTTP");
	if (!oc_str_starts(line, OC_LIT("HTTP/1.1 101")))
		return oc_fail(e, OC_E_UPSTREAM, "no WebSocket there: the server answered %.*s",
			       OC_FMT(oc_str_from(line, strlen("HTTP/1.1 "))));
	oc_ws_accept(key, accept);
	if (!oc_str_ieq(header(head, "Upgrade"), OC_LIT("websocket")) ||
	    !oc_str_eq(header(head, "Sec-WebSocket-Accept"), oc_str(accept)) ||
	    header(head, "Sec-WebSocket-Extensions").n)
		return oc_fail(e, OC_E_UPSTREAM, "no WebSocket there: the handshake is wrong");
	return OC_OK;
}

static enum oc_rc shake_hands_wait(struct dial *d, const struct oc_url *u,
				   const struct oc_ws_client_spec *spec,
				   struct oc_deadline deadline, struct oc_ws **out,
				   struct oc_err *e)
{
	struct oc_buf request, in;
	char *key = make_key();
	size_t size = 0;

	oc_buf_init(&request, OC_MAX_SERVER_HEAD_BYTES);
	oc_buf_init(&in, OC_MAX_SERVER_HEAD_BYTES);
	make_request(u, spec->headers, key, &request);
	enum oc_rc rc = send_wait(d, oc_buf_view(&request), deadline);
	if (!rc) rc = read_head_wait(d, deadline, &in, &size);
	if (rc == OC_E_TIMEOUT)
		oc_fail(e, rc, "the server did not answer the WebSocket handshake in time");
	else if (rc && rc != OC_CANCELLED)
		rc = oc_fail(e, OC_E_UPSTREAM, "the server ended the connection in the handshake");
	if (!rc) rc = check_answer(oc_str_head(oc_buf_view(&in), size), key, e);
	if (!rc) {
		oc_poll_free(d->poll);
		*out =
		    oc_ws_new(d->fd, false, spec->max_message, oc_str_from(oc_buf_view(&in), size));
		*d = (struct dial){ .fd = -1 };
		if (!*out) rc = oc_fail(e, OC_E_SYS, "the socket cannot be watched");
	}
	oc_buf_deinit(&in);
	oc_buf_deinit(&request);
	free(key);
	return rc;
}

/* ws://… read as the http URL that it is but for its scheme. */
static enum oc_rc parse_url(const char *url, struct oc_url *out, struct oc_err *e)
{
	if (oc_str_istarts(oc_str(url), OC_LIT("wss://")))
		return oc_fail(
		    e, OC_E_INPUT,
		    "wss:// is not supported: use ws://, or an ssh tunnel to the gateway's "
		    "port");
	if (!oc_str_istarts(oc_str(url), OC_LIT("ws://")))
		return oc_fail(e, OC_E_INPUT, "the URL must begin with ws://");
	char *http = oc_asprintf("http%s", url + 2);
	enum oc_rc rc = oc_url_parse(oc_str(http), out, e);
	free(http);
	return rc;
}

enum oc_rc oc_ws_connect_wait(const struct oc_ws_client_spec *spec, struct oc_deadline deadline,
			      struct oc_ws **out, struct oc_err *e)
{
	struct dial d = { .fd = -1 };
	struct oc_url u;
	enum oc_rc rc = parse_url(spec->url, &u, e);

	if (rc) return rc;
	rc = dial_wait(&d, &u, deadline, e);
	if (!rc) rc = shake_hands_wait(&d, &u, spec, deadline, out, e);
	hang_up(&d);
	oc_url_deinit(&u);
	return rc;
}
