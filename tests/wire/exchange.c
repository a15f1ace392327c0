/* One exchange over a real socket: a thread serves the bytes of a case in small writes, the HTTP
 * client reads them. */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/client/http_client.h"
#include "wire.h"

enum { PAUSED_WRITES = 1500, READ_TIMEOUT_MS = 20000 };

struct server {
	pthread_t thread;
	int listener;
	unsigned port;
	const struct wire_way *way;
	struct oc_str payload;
};

/* ---- server side, in its own thread: nothing of the library but buffers ------- */

/* Reads the whole request, so that closing sends FIN and not RST. */
static void read_request(int fd)
{
	char buf[8192];
	size_t n = 0, want = SIZE_MAX;

	while (n < sizeof buf - 1 && n < want) {
		ssize_t k = recv(fd, buf + n, sizeof buf - 1 - n, 0);

		if (k <= 0) return;
		n += (size_t)k;
		buf[n] = '\0';
		const char *end = strstr(buf, "\r\n\r\n");
		size_t length = oc_str_ifind(oc_str(buf), OC_LIT("content-length:"), 0);

		if (!end) continue;
		want = (size_t)(end - buf) + 4;
		if (length != SIZE_MAX) want += strtoul(buf + length + 15, NULL, 10);
	}
}

static void *serve(void *arg)
{
	struct server *s = arg;
	uint64_t random = s->way->seed;
	size_t at = 0, writes = 0;
	int one = 1, fd = accept(s->listener, NULL, NULL);

	if (fd < 0) return NULL;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	read_request(fd);
	while (at < s->payload.n) {
		size_t n = wire_piece(s->way, at, s->payload.n, &random);
		ssize_t k = send(fd, s->payload.p + at, n, MSG_NOSIGNAL);

		if (k <= 0) break;
		at += (size_t)k;
		if (writes++ < PAUSED_WRITES) usleep(20); /* or the kernel would join them */
	}
	close(fd);
	return NULL;
}

static bool start(struct server *s, struct oc_err *e)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof a;

	s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (s->listener < 0 || bind(s->listener, (struct sockaddr *)&a, sizeof a) ||
	    listen(s->listener, 1) || getsockname(s->listener, (struct sockaddr *)&a, &len) ||
	    pthread_create(&s->thread, NULL, serve, s)) {
		oc_fail(e, OC_E_SYS, "cannot start the server of the exchange");
		return false;
	}
	s->port = ntohs(a.sin_port);
	return true;
}

static void stop(struct server *s)
{
	shutdown(s->listener, SHUT_RDWR); /* wakes an accept that nobody answered */
	pthread_join(s->thread, NULL);
	close(s->listener);
}

/* ---- client side ------------------------------------------------------------------ */

static enum oc_body_end body_end(enum oc_http_failure f)
{
	switch (f) {
	case OC_HTTP_OK: return OC_END_CLEAN;
	case OC_HTTP_NO_RESPONSE: return OC_END_NO_RESPONSE;
	case OC_HTTP_NOT_HTTP: return OC_END_NOT_HTTP;
	case OC_HTTP_BAD_PAYLOAD: return OC_END_BAD_PAYLOAD;
	default: return OC_END_TRUNCATED;
	}
}

static const char *header(void *arg, const char *name)
{
	return oc_http_header(arg, name);
}

/* The end of the connection matters too, so it is read to its end even when the turn has ended. */
static enum oc_body_end read_body(struct oc_http *h, struct oc_decoder *d, struct oc_buf *body)
{
	struct oc_deadline deadline = oc_deadline_in(READ_TIMEOUT_MS);
	struct oc_str piece;
	struct oc_err e = { 0 };
	enum oc_rc rc;

	while ((rc = oc_http_read_wait(h, deadline, &piece, &e)) == OC_OK) {
		if (d)
			(void)!oc_decoder_feed(d, piece);
		else
			oc_buf_add(body, piece);
	}
	return rc == OC_EOF ? OC_END_CLEAN : body_end(oc_http_failure(h));
}

static void fetch(const struct oc_http_request *req, struct oc_decoder *d, int *status,
		  struct oc_buf *body)
{
	enum oc_http_failure why = OC_HTTP_OK;
	struct oc_http *h = NULL;
	struct oc_err e = { 0 };
	bool unclean = false;
	enum oc_body_end end;

	if (oc_http_open_wait(req, oc_deadline_in(READ_TIMEOUT_MS), &h, &why, &e) == OC_OK) {
		*status = oc_http_status(h);
		if (d) oc_decoder_head(d, *status, header, h);
		end = read_body(h, d, body);
		unclean = oc_http_unclean_end(h);
	} else {
		end = body_end(why);
	}
	if (d) oc_decoder_finish(d, end, false, unclean);
	oc_http_close(h);
}

bool wire_exchange(const struct wire_way *way, struct oc_str payload, struct oc_decoder *d,
		   int *status, struct oc_buf *body, struct oc_err *e)
{
	struct server s = { .way = way, .payload = payload };
	struct oc_strv headers = { 0 };
	struct oc_guard guard;

	if (!start(&s, e)) return false;
	char *url = oc_asprintf("http://127.0.0.1:%u/v1/chat/completions", s.port);
	bool ok = oc_guard_init(&guard, oc_str(url), OC_UNSET, e) == OC_OK;

	oc_strv_add(&headers, OC_LIT("Content-Type: application/json"));
	if (ok) {
		struct oc_http_request req = { .method = "POST",
					       .url = url,
					       .guard = &guard,
					       .headers = &headers,
					       .body = OC_LIT("{}"),
					       .context = "wire case",
					       .no_redirects = true };

		fetch(&req, d, status, body);
		oc_guard_deinit(&guard);
	}
	stop(&s);
	free(url);
	oc_strv_deinit(&headers);
	return ok;
}
