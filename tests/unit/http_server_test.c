/* The HTTP server over real loopback sockets: what it takes, refuses, notices and holds back. */
#include "check.h"

#include "base/limits.h"
#include "loopback.h"

enum { ANSWER = 8192 };

static void echo_wait(void *arg, struct oc_exchange *x)
{
	struct oc_buf body;

	(void)arg;
	oc_buf_init(&body, 100000);
	if (!strcmp(oc_exchange_path(x), "/refuse")) {
		oc_exchange_respond(x, 403, "text/plain", OC_LIT("no"));
	} else {
		enum oc_rc rc = oc_exchange_body_wait(x, oc_deadline_in(5000), &body);
		oc_exchange_respond(x,
				    rc == OC_E_LIMIT ? 413
				    : rc	     ? 400
						     : 200,
				    "text/plain", rc ? OC_LIT("bad") : oc_buf_view(&body));
	}
	oc_buf_deinit(&body);
}

struct raw {
	unsigned port;
	const char *request;
	size_t n, split; /* the second part is sent a moment later; 0 = whole */
	bool half_close, reset;
	char answer[ANSWER];
};

static void talk(void *arg)
{
	struct raw *r = arg;
	int fd = dial(r->port);
	size_t first = r->split ? r->split : r->n;

	put(fd, r->request, first);
	if (first < r->n) {
		usleep(300);
		put(fd, r->request + first, r->n - first);
	}
	if (r->half_close) shutdown(fd, SHUT_WR);
	r->reset = get_until(fd, r->answer, sizeof r->answer, NULL) < 0;
	close(fd);
}

static void talk_wait(struct raw *r)
{
	r->port = oc_http_server_port(server);
	if (!r->n) r->n = strlen(r->request);
	oc_work_wait(talk, r);
}

#define HOST "Host: a\r\nConnection: close\r\n"

static void heads_task(void *arg)
{
	static char long_head[40000], many[8000];
	static const struct {
		const char *request;
		size_t n;
		int status;
	} cases[] = {
		{ "GET / HTTP/1.1\r\n" HOST "\r\n", 0, 200 },
		{ "\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n", 0, 200 },
		{ "GET http://a/x HTTP/1.1\r\n" HOST "\r\n", 0, 200 },
		{ "GET / HTTP/1.0\r\n\r\n", 0, 200 },
		{ "GET / HTTP/1.1\r\nConnection: close\r\n\r\n", 0, 400 }, /* no Host */
		{ "GET / HTTP/1.1\r\nHost: b\r\n" HOST "\r\n", 0, 400 },
		{ "POST / HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\nok", 0, 200 },
		{ "POST / HTTP/1.1\r\n" HOST "Content-Length: 2\r\nContent-Length: 2\r\n\r\nok", 0,
		  400 },
		{ "POST / HTTP/1.1\r\n" HOST "Content-Length: 2\r\nContent-Length: 3\r\n\r\nok", 0,
		  400 },
		{ "POST / HTTP/1.1\r\n" HOST "Content-Length: 2, 2\r\n\r\nok", 0, 400 },
		{ "POST / HTTP/1.1\r\n" HOST "Content-Length: +2\r\n\r\nok", 0, 400 },
		{ "POST / HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\n", 0, 400 },
		{ "POST / HTTP/1.1\r\n" HOST "Content-Length: 0x2\r\n\r\nok", 0, 400 },
		{ "POST / HTTP/1.1\r\n" HOST "Content-Length:\r\n\r\n", 0, 400 },
		{ "POST / HTTP/1.1\r\n" HOST "Content-Length: 99999999999999999999\r\n\r\n", 0,
		  400 },
		{ "POST / HTTP/1.1\r\n" HOST "Content-Length : 2\r\n\r\nok", 0, 400 },
		{ "POST / HTTP/1.1\r\n" HOST
		  "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n",
		  0, 400 },
		{ "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 0,
		  200 },
		{ "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: CHUNKED\r\n\r\n0\r\n\r\n", 0,
		  200 },
		{ "POST / HTTP/1.1\r\n" HOST
		  "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		  0, 400 },
		{ "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
		  0, 400 },
		{ "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 0,
		  501 },
		{ "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: \vchunked\r\n\r\n0\r\n\r\n", 0,
		  400 },
		{ "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 0, 400 },
		{ "GET / HTTP/1.1\r\n" HOST "X: a\r\n b\r\n\r\n", 0, 400 }, /* folded */
		{ "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 0, 400 },
		{ "GET / HTTP/1.1\r\n" HOST "X: a\0b\r\n\r\n", 54, 400 },
		{ "GET /\0 HTTP/1.1\r\n" HOST "\r\n", 47, 400 },
		{ "GET / HTTP/1.1\nHost: a\n\n", 0, 400 }, /* bare LF */
		{ "GET / HTTP/1.1\r\n" HOST "X: a\rb\r\n\r\n", 0, 400 },
		{ "GET / HTTP/1.1\r\n" HOST "no colon\r\n\r\n", 0, 400 },
		{ "GET / HTTP/1.1\r\n" HOST ": empty\r\n\r\n", 0, 400 },
		{ "GET  / HTTP/1.1\r\n" HOST "\r\n", 0, 400 },
		{ "GET / x HTTP/1.1\r\n" HOST "\r\n", 0, 400 },
		{ "GET x HTTP/1.1\r\n" HOST "\r\n", 0, 400 },
		{ "GET /\x80 HTTP/1.1\r\n" HOST "\r\n", 0, 400 },
		{ "G@T / HTTP/1.1\r\n" HOST "\r\n", 0, 400 },
		{ "GET /\r\n\r\n", 0, 400 }, /* HTTP/0.9 */
		{ "GET / HTTP/1.2\r\n" HOST "\r\n", 0, 505 },
		{ "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 0, 505 },
		{ "\x16\x03\x01\x02\x00\x01\x00\x01", 8, 400 }, /* TLS */
		{ "POST / HTTP/1.1\r\n" HOST "Expect: bliss\r\nContent-Length: 1\r\n\r\nx", 0,
		  417 },
		{ "POST / HTTP/1.1\r\n" HOST "Content-Length: 100001\r\n\r\n", 0, 413 },
		{ "POST /refuse HTTP/1.1\r\n" HOST "Content-Length: 100001\r\n\r\n", 0, 403 },
		{ "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nx\r\n", 0, 400 },
		{ "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n", 0,
		  400 },
		{ "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n1\nab\r\n", 0,
		  400 },
		{ "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
		  "1fffffffffffffff0\r\n",
		  0, 400 },
		{ "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n-1\r\n", 0, 400 },
		{ "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nfffff\r\n", 0, 0 },
		{ long_head, 0, 431 },
		{ many, 0, 431 },
	};
	(void)arg;
	snprintf(long_head, sizeof long_head, "GET /%-39000d HTTP/1.1\r\n", 1);
	memset(long_head + 5, 'a', 39000);
	strncat(many, "GET / HTTP/1.1\r\nHost: a\r\n", sizeof many - 1);
	for (int i = 0; i < 101; i++) strncat(many, "X: y\r\n", sizeof many - strlen(many) - 1);
	strncat(many, "\r\n", sizeof many - strlen(many) - 1);
	start_server(echo_wait, (struct oc_http_server_spec){ 0 });
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct raw r = { .request = cases[i].request,
				 .n = cases[i].n,
				 .half_close = cases[i].status == 0 };
		talk_wait(&r);
		if (status_of(r.answer) != cases[i].status || r.reset)
			fail_msg("case %zu: %.60s: got %.80s%s", i, cases[i].request, r.answer,
				 r.reset ? " and a reset" : "");
	}
	oc_http_server_stop_wait(server);
}

static void heads_that_can_be_misread_are_refused(void **state)
{
	(void)state;
	assert_int_equal(oc_rt_run(heads_task, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(heads_that_can_be_misread_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
