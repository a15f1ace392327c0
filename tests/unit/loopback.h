#ifndef OC_TEST_LOOPBACK_H
#define OC_TEST_LOOPBACK_H
/* A server on a free loopback port, and blocking clients on threads beside the loop. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/server/http_server.h"

static struct oc_http_server *server;

static inline void start_server(void (*handle_wait)(void *, struct oc_exchange *),
				struct oc_http_server_spec spec)
{
	struct oc_strv addresses = { 0 };
	struct oc_err e = { 0 };

	oc_strv_add(&addresses, OC_LIT("127.0.0.1"));
	spec.addresses = &addresses;
	spec.handle_wait = handle_wait;
	enum oc_rc rc = oc_http_server_start(&spec, &server, NULL, &e);
	if (rc) fail_msg("%s", e.msg);
	oc_strv_deinit(&addresses);
}

/* ---- on a thread ---- */

static inline int dial_with(unsigned port, int receive_buffer)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons((uint16_t)port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct timeval patience = { .tv_sec = 20 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	if (receive_buffer)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
	if (connect(fd, (struct sockaddr *)&a, sizeof a) == 0) return fd;
	close(fd);
	return -1;
}

static inline int dial(unsigned port)
{
	return dial_with(port, 0);
}

static inline bool put(int fd, const void *bytes, size_t n)
{
	for (const char *p = bytes; n;) {
		ssize_t k = send(fd, p, n, MSG_NOSIGNAL);
		if (k <= 0) return false;
		p += k;
		n -= (size_t)k;
	}
	return true;
}

static inline bool puts_to(int fd, const char *s)
{
	return put(fd, s, strlen(s));
}

/* Reads to the end, or until enough is there. NUL-terminated; returns the number of bytes, or -1 on
 * a reset. */
static inline ssize_t get_until(int fd, char *out, size_t size, const char *enough)
{
	size_t n = 0;

	out[0] = '\0';
	while (n < size - 1) {
		ssize_t k = recv(fd, out + n, size - 1 - n, 0);
		if (k < 0) return -1;
		if (k == 0) break;
		n += (size_t)k;
		out[n] = '\0';
		if (enough && strstr(out, enough)) break;
	}
	return (ssize_t)n;
}

static inline int status_of(const char *answer)
{
	return strncmp(answer, "HTTP/1.1 ", 9) ? 0 : (int)strtol(answer + 9, NULL, 10);
}
#endif
