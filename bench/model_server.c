/*
 * A model server that costs next to nothing, so that what is measured is the gateway in front of
 * it. Chat completions, streamed, any number at once, one thread.
 *
 * usage: model-server [TOKENS [PACE_MS [TOKEN_BYTES]]]     prints its port; ends when its standard
 * input does
 *
 * A request that holds the text STREAM:TOKENS:PACE_MS:TOKEN_BYTES (the last one counts) gets that
 * instead. Without a pace the whole answer is written at once.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MAX_CLIENTS = 2048, FIRST = 2 /* standard input and the listener */, READ_BYTES = 65536 };

struct plan {
	int tokens, pace_ms, token_bytes;
};

struct client {
	char *in, *out;
	size_t n_in, n_out, sent;
	struct plan plan;
	int left; /* tokens; -1 = the request is still read */
	int64_t due_ms;
};

static struct pollfd fds[MAX_CLIENTS];
static struct client clients[MAX_CLIENTS];
static nfds_t n_fds = FIRST;
static struct plan usual = { 50, 0, 4 };

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void *grow(void *p, size_t n)
{
	p = realloc(p, n);
	if (!p) abort();
	return p;
}

/* ---- what is answered ---- */

static void add(struct client *c, const char *text, size_t n)
{
	c->out = grow(c->out, c->n_out + n);
	memcpy(c->out + c->n_out, text, n);
	c->n_out += n;
}

static void add_text(struct client *c, const char *text)
{
	add(c, text, strlen(text));
}

static void add_chunk(struct client *c, const char *delta, const char *finish)
{
	add_text(
	    c,
	    "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":0,\"model\":\"instant\","
	    "\"choices\":[{\"index\":0,\"delta\":");
	add_text(c, delta);
	add_text(c, ",\"finish_reason\":");
	add_text(c, finish);
	add_text(c, "}]}\n\n");
}

static void add_token(struct client *c)
{
	static uint32_t seed = 1;
	size_t n = (size_t)c->plan.token_bytes;
	char *delta = grow(NULL, n + 32);
	int head = snprintf(delta, 32, "{\"content\":\"");

	/* Words that differ: a model that repeats itself is stopped. */
	delta[head] = 'x';
	for (size_t i = 1; i < n; i++) {
		seed = seed * 1103515245U + 12345U;
		delta[(size_t)head + i] = (char)('a' + (seed >> 16) % 26);
	}
	delta[(size_t)head + n - 1] = ' ';
	memcpy(delta + (size_t)head + n, "\"}", 3);
	add_chunk(c, delta, "null");
	free(delta);
}

static void add_end(struct client *c)
{
	char usage[256];

	add_chunk(c, "{}", "\"stop\"");
	snprintf(
	    usage, sizeof usage,
	    "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":0,\"model\":\"instant\","
	    "\"choices\":[],\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":%d,\"total_tokens\":%d}}\n\n"
	    "data: [DONE]\n\n",
	    c->plan.tokens, c->plan.tokens + 10);
	add_text(c, usage);
}

static void begin(struct client *c)
{
	static const char models[] =
	    "{\"object\":\"list\",\"data\":[{\"id\":\"instant\",\"object\":\"model\"}]}";
	struct plan p;

	c->left = 0;
	if (strncmp(c->in, "POST", 4) != 0) {
		bool list = strstr(c->in, " /v1/models ");
		add_text(
		    c,
		    list
			? "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"
			: "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
		if (list) add_text(c, models);
		return;
	}
	c->plan = usual;
	for (const char *s = c->in; (s = strstr(s, "STREAM:")); s++)
		if (sscanf(s, "STREAM:%d:%d:%d", &p.tokens, &p.pace_ms, &p.token_bytes) == 3 &&
		    p.token_bytes > 0)
			c->plan = p;
	add_text(c,
		 "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n");
	c->left = c->plan.tokens;
	c->due_ms = now_ms();
}

static void produce(struct client *c)
{
	if (c->left <= 0) return;
	if (c->n_out - c->sent > 1048576) return; /* who does not read gets no more */
	int64_t now = now_ms();
	while (c->left > 0 && c->due_ms <= now) {
		add_token(c);
		if (--c->left == 0) add_end(c);
		if (c->plan.pace_ms) c->due_ms += c->plan.pace_ms;
	}
}

/* ---- connections ---- */

static void drop(nfds_t i)
{
	close(fds[i].fd);
	free(clients[i].in);
	free(clients[i].out);
	n_fds--;
	fds[i] = fds[n_fds];
	clients[i] = clients[n_fds];
}

static void take_in(int listener)
{
	int fd, on = 1;

	while (n_fds < MAX_CLIENTS &&
	       (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
		fds[n_fds] = (struct pollfd){ .fd = fd, .events = POLLIN };
		clients[n_fds++] = (struct client){ .left = -1 };
	}
}

static bool is_whole(const struct client *c)
{
	const char *body = strstr(c->in, "\r\n\r\n"),
		   *length = strcasestr(c->in, "\ncontent-length:");

	if (!body) return false;
	size_t size =
	    length && length < body ? strtoul(length + strlen("\ncontent-length:"), NULL, 10) : 0;
	return c->n_in >= (size_t)(body + 4 - c->in) + size;
}

/* False: the connection is over. */
static bool read_more(struct client *c, int fd)
{
	c->in = grow(c->in, c->n_in + READ_BYTES + 1);
	ssize_t n = recv(fd, c->in + c->n_in, READ_BYTES, 0);
	if (n == 0) return false;
	if (n < 0) return errno == EAGAIN;
	if (c->left >= 0) return true;
	c->n_in += (size_t)n;
	c->in[c->n_in] = '\0';
	if (is_whole(c)) begin(c);
	return true;
}

static bool write_more(struct client *c, struct pollfd *p)
{
	produce(c);
	while (c->sent < c->n_out) {
		ssize_t n = send(p->fd, c->out + c->sent, c->n_out - c->sent, MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN) return false;
		if (n < 0) break;
		c->sent += (size_t)n;
	}
	if (c->sent == c->n_out) c->sent = c->n_out = 0;
	p->events = c->sent < c->n_out ? POLLIN | POLLOUT : POLLIN;
	return c->left != 0 || c->n_out;
}

static int next_due(void)
{
	int64_t now = now_ms(), least = 1000;

	for (nfds_t i = FIRST; i < n_fds; i++)
		if (clients[i].left > 0 && !clients[i].n_out && clients[i].due_ms - now < least)
			least = clients[i].due_ms - now;
	return least < 0 ? 0 : (int)least;
}

static int listen_anywhere(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof at;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) || listen(fd, 1024) ||
	    getsockname(fd, (struct sockaddr *)&at, &size)) {
		perror("listen");
		exit(1);
	}
	printf("%d\n", ntohs(at.sin_port));
	fflush(stdout);
	return fd;
}

static bool serve(nfds_t i)
{
	struct client *c = &clients[i];

	if ((fds[i].revents & (POLLERR | POLLNVAL)) ||
	    ((fds[i].revents & (POLLIN | POLLHUP)) && !read_more(c, fds[i].fd)))
		return false;
	return c->left < 0 || write_more(c, &fds[i]);
}

int main(int argc, char **argv)
{
	int *const values[] = { &usual.tokens, &usual.pace_ms, &usual.token_bytes };

	for (int i = 1; i < argc && i <= 3; i++) *values[i - 1] = (int)strtol(argv[i], NULL, 10);
	if (usual.token_bytes < 1) usual.token_bytes = 1;
	fds[0] = (struct pollfd){ .fd = STDIN_FILENO, .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = listen_anywhere(), .events = POLLIN };
	for (;;) {
		if (poll(fds, n_fds, next_due()) < 0 && errno != EINTR) return 1;
		if (fds[0].revents) return 0;
		if (fds[1].revents) take_in(fds[1].fd);
		for (nfds_t i = n_fds; i-- > FIRST;)
			if (!serve(i)) drop(i);
		for (nfds_t i = FIRST; i < n_fds; i++) fds[i].revents = 0;
	}
}
