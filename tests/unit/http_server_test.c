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

/* ---- bodies ---- */

static void splits_task(void *arg)
{
	static const struct {
		const char *request, *body;
	} cases[] = {
		{ "POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhello", "\r\n\r\nhello" },
		{ "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
		  "2;x=y\r\nhe\r\n03\r\nllo\r\n0\r\nT: 1\r\n\r\n",
		  "\r\n\r\nhello" },
		{ "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\na"
		  "POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\nb",
		  "\r\n\r\nb" },
	};
	(void)arg;
	start_server(echo_wait, (struct oc_http_server_spec){ 0 });
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		for (size_t split = 0; split < strlen(cases[i].request); split++) {
			struct raw r = { .request = cases[i].request, .split = split };
			talk_wait(&r);
			const char *body = strstr(r.answer, cases[i].body);
			if (!body || strlen(body) != strlen(cases[i].body))
				fail_msg("case %zu split %zu: %s", i, split, r.answer);
		}
	}
	oc_http_server_stop_wait(server);
}

static void bodies_arrive_whole_in_any_split(void **state)
{
	(void)state;
	assert_int_equal(oc_rt_run(splits_task, NULL), 0);
}

/* ---- what answers look like ---- */

static void answer_wait(void *arg, struct oc_exchange *x)
{
	const char *path = oc_exchange_path(x);

	(void)arg;
	oc_exchange_set_header(x, "X-Twice", "first");
	oc_exchange_set_header(x, "x-twice", "second");
	if (!strcmp(path, "/silent")) return;
	if (!strcmp(path, "/empty")) {
		oc_exchange_respond(x, 204, NULL, OC_LIT(""));
	} else if (!strcmp(path, "/stream") || !strcmp(path, "/cut")) {
		oc_exchange_stream_begin(x, 200, "text/event-stream");
		assert_int_equal(oc_exchange_stream_wait(x, OC_LIT("")), OC_OK);
		assert_int_equal(oc_exchange_stream_wait(x, OC_LIT("one")), OC_OK);
		assert_true(oc_exchange_stream_push(x, OC_LIT("two")));
		if (!strcmp(path, "/cut")) oc_exchange_abort(x);
	} else {
		oc_exchange_respond(x, 200, "text/plain", oc_str(oc_exchange_query(x)));
		oc_exchange_respond(x, 500, "text/plain", OC_LIT("too late"));
	}
}

static void answers_task(void *arg)
{
	static const struct {
		const char *request, *has, *ends, *lacks;
	} cases[] = {
		{ "GET /?q=%20 HTTP/1.1\r\n" HOST "\r\n", "Content-Length: 5\r\n", "\r\n\r\nq=%20",
		  "too late" },
		{ "GET /?q HTTP/1.1\r\n" HOST "\r\n", "x-twice: second\r\n", "\r\n\r\nq", "first" },
		{ "GET /?q HTTP/1.1\r\n" HOST "\r\n", "Connection: close\r\n", "\r\n\r\nq",
		  "Keep-Alive" },
		{ "GET /?q HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.0\r\n\r\n",
		  "Connection: keep-alive\r\nKeep-Alive: timeout=5\r\n\r\nqHTTP/1.1 200 OK\r\n",
		  "close\r\n\r\n", "chunked" },
		{ "HEAD /?q=1 HTTP/1.1\r\n" HOST "\r\n", "Content-Length: 3\r\n", "\r\n\r\n",
		  "q=1" },
		{ "GET /empty HTTP/1.1\r\n" HOST "\r\n", "HTTP/1.1 204 No Content\r\n", "\r\n\r\n",
		  "Content-Length" },
		{ "GET /silent HTTP/1.1\r\n" HOST "\r\n", "HTTP/1.1 500 ", "}", "200" },
		{ "GET /stream HTTP/1.1\r\n" HOST "\r\n", "Transfer-Encoding: chunked\r\n",
		  "\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n", "Content-Length" },
		{ "HEAD /stream HTTP/1.1\r\n" HOST "\r\n", "Transfer-Encoding: chunked\r\n",
		  "\r\n\r\n", "one" },
		{ "GET /stream HTTP/1.0\r\n\r\n", "Connection: close\r\n", "\r\n\r\nonetwo",
		  "chunked" },
		{ "GET /cut HTTP/1.1\r\n" HOST "\r\n", "Transfer-Encoding: chunked\r\n",
		  "\r\n\r\n3\r\none\r\n3\r\ntwo\r\n", "0\r\n\r\n" },
		/* A refusal does not wait for the body. */
		{ "POST /?no HTTP/1.1\r\n" HOST "Content-Length: 9\r\n\r\n", "200 OK", "no",
		  "100 " },
	};
	(void)arg;
	start_server(answer_wait, (struct oc_http_server_spec){ 0 });
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct raw r = { .request = cases[i].request };
		talk_wait(&r);
		struct oc_str a = oc_str(r.answer);
		if (!oc_str_has(a, oc_str(cases[i].has)) ||
		    !oc_str_ends(a, oc_str(cases[i].ends)) || oc_str_has(a, oc_str(cases[i].lacks)))
			fail_msg("case %zu: %s", i, r.answer);
	}
	oc_http_server_stop_wait(server);
}

static void answers_have_the_right_frame(void **state)
{
	(void)state;
	assert_int_equal(oc_rt_run(answers_task, NULL), 0);
}

static void talk_expecting(void *arg)
{
	struct raw *r = arg;
	int fd = dial(r->port);

	puts_to(fd, "POST / HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n");
	get_until(fd, r->answer, sizeof r->answer, "\r\n\r\n");
	puts_to(fd, "ok");
	size_t n = strlen(r->answer);
	get_until(fd, r->answer + n, sizeof r->answer - n, NULL);
	close(fd);
}

static void expect_task(void *arg)
{
	struct raw r = { 0 };

	(void)arg;
	start_server(echo_wait, (struct oc_http_server_spec){ 0 });
	r.port = oc_http_server_port(server);
	oc_work_wait(talk_expecting, &r);
	oc_http_server_stop_wait(server);
	assert_int_equal(strncmp(r.answer, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200", 37), 0);
	assert_true(oc_str_ends(oc_str(r.answer), OC_LIT("\r\n\r\nok")));
}

static void a_body_is_invited_when_it_is_wanted(void **state)
{
	(void)state;
	assert_int_equal(oc_rt_run(expect_task, NULL), 0);
}

/* ---- large bodies that nobody wants ---- */

static void talk_large(void *arg)
{
	struct raw *r = arg;
	int fd = dial(r->port);
	static char zeros[1 << 20];

	puts_to(fd, "POST /refuse HTTP/1.1\r\nHost: a\r\nContent-Length: 20971520\r\n\r\n");
	for (int i = 0; i < 20; i++)
		if (!put(fd, zeros, sizeof zeros)) r->reset = true;
	if (get_until(fd, r->answer, sizeof r->answer, NULL) < 0) r->reset = true;
	close(fd);
}

static void large_task(void *arg)
{
	struct raw r = { 0 };

	(void)arg;
	start_server(echo_wait, (struct oc_http_server_spec){ 0 });
	r.port = oc_http_server_port(server);
	oc_work_wait(talk_large, &r);
	oc_http_server_stop_wait(server);
	assert_int_equal(status_of(r.answer), 403);
	assert_false(r.reset);
}

static void a_refusal_reaches_a_client_that_still_sends(void **state)
{
	(void)state;
	assert_int_equal(oc_rt_run(large_task, NULL), 0);
}

/* ---- clients that leave, and clients that seem to ---- */

static struct {
	bool body_first;
	enum oc_rc rc;
	bool started, returned;
	struct oc_wait *ended;
	struct oc_wait answer;
} waiting;

static void patient_wait(void *arg, struct oc_exchange *x)
{
	struct oc_buf body;

	(void)arg;
	oc_buf_init(&body, 100000);
	waiting.rc = OC_OK;
	waiting.started = true;
	if (waiting.body_first) waiting.rc = oc_exchange_body_wait(x, OC_NO_DEADLINE, &body);
	oc_buf_deinit(&body);
	if (!waiting.rc) waiting.rc = oc_wait_park(&waiting.answer, oc_deadline_in(10000));
	waiting.returned = true;
	oc_exchange_respond(x, 200, "text/plain", OC_LIT("late"));
	if (waiting.ended) oc_wait_end(waiting.ended, OC_OK);
}

struct leaver {
	unsigned port;
	const char *request;
	bool reset;
};

static void leave(void *arg)
{
	struct leaver *l = arg;
	struct linger now = { .l_onoff = 1 };
	int fd = dial(l->port);

	puts_to(fd, l->request);
	usleep(2000);
	if (l->reset) setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
	close(fd);
}

static void leavers_task(void *arg)
{
	static const struct {
		const char *request;
		bool body_first, reset;
	} cases[] = {
		{ "GET / HTTP/1.1\r\nHost: a\r\n\r\n", false, false },
		{ "GET / HTTP/1.1\r\nHost: a\r\n\r\n", false, true },
		{ "GET / HTTP/1.0\r\n\r\n", false, false },
		/* What is unread does not hide that the client is gone. */
		{ "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", false,
		  false },
		{ "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", false, false },
		{ "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", true, false },
		{ "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel", true, false },
		{ "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", true,
		  true },
	};
	(void)arg;
	start_server(patient_wait, (struct oc_http_server_spec){ 0 });
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct leaver l = { oc_http_server_port(server), cases[i].request, cases[i].reset };
		struct oc_wait ended = { 0 };

		memset(&waiting, 0, sizeof waiting);
		waiting.body_first = cases[i].body_first;
		waiting.ended = &ended;
		oc_work_wait(leave, &l);
		assert_int_equal(oc_wait_park(&ended, oc_deadline_in(10000)), OC_OK);
		if (waiting.rc != OC_CANCELLED) fail_msg("case %zu: rc %d", i, waiting.rc);
	}
	waiting.ended = NULL;
	while (oc_http_server_connections(server)) assert_int_equal(oc_sleep_wait(1), OC_OK);
	oc_http_server_stop_wait(server);
}

static void a_client_that_leaves_cancels_its_handler(void **state)
{
	(void)state;
	assert_int_equal(oc_rt_run(leavers_task, NULL), 0);
}

static void let_answer(void *arg)
{
	(void)arg;
	if (oc_sleep_wait(700) == OC_OK) oc_wait_end(&waiting.answer, OC_OK);
}

static void half_closed_task(void *arg)
{
	struct raw r = { .request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n", .half_close = true };
	struct oc_scope *s = oc_scope_new();

	(void)arg;
	memset(&waiting, 0, sizeof waiting);
	start_server(patient_wait, (struct oc_http_server_spec){ 0 });
	oc_scope_spawn(s, let_answer, NULL);
	talk_wait(&r);
	oc_scope_join_wait(s);
	oc_scope_free(s);
	oc_http_server_stop_wait(server);
	assert_int_equal(waiting.rc, OC_OK);
	assert_true(oc_str_ends(oc_str(r.answer), OC_LIT("\r\n\r\nlate")));
}

static void a_client_that_closed_its_sending_side_gets_its_answer(void **state)
{
	(void)state;
	assert_int_equal(oc_rt_run(half_closed_task, NULL), 0);
}

/* ---- streams ---- */

enum { FLOOD = 64 << 20 };

static struct {
	size_t pushed, written;
	enum oc_rc rc;
	bool done;
} flood;

/* Pushes until it must not, then writes until the client leaves. */
static void flood_wait(void *arg, struct oc_exchange *x)
{
	static char piece[50000];

	(void)arg;
	memset(piece, 'x', sizeof piece);
	oc_exchange_stream_begin(x, 200, "text/plain");
	struct oc_str bytes = { piece, sizeof piece };
	while (flood.pushed < FLOOD && oc_exchange_stream_push(x, bytes))
		flood.pushed += sizeof piece;
	while (flood.written < FLOOD && !(flood.rc = oc_exchange_stream_wait(x, bytes)))
		flood.written += sizeof piece;
	flood.done = true;
}

struct reader {
	unsigned port;
	size_t bytes;
	int fd;
};

static void ask_and_read_nothing(void *arg)
{
	struct reader *r = arg;

	char c;

	r->fd = dial_with(r->port, 4096);
	puts_to(r->fd, "GET / HTTP/1.1\r\n" HOST "\r\n");
	(void)!recv(r->fd, &c, 1, MSG_PEEK); /* the answer has begun */
	usleep(50000);
}

static void read_everything(void *arg)
{
	struct reader *r = arg;
	static char bytes[1 << 16];
	ssize_t n;

	while ((n = recv(r->fd, bytes, sizeof bytes, 0)) > 0) r->bytes += (size_t)n;
	close(r->fd);
}

static void slow_reader_task(void *arg)
{
	struct reader r = { 0 };

	(void)arg;
	memset(&flood, 0, sizeof flood);
	start_server(flood_wait, (struct oc_http_server_spec){ 0 });
	r.port = oc_http_server_port(server);
	oc_work_wait(ask_and_read_nothing, &r);
	size_t written = flood.written;
	assert_true(flood.pushed > 0 && flood.pushed < FLOOD / 4);
	assert_true(written < FLOOD / 4);
	assert_false(flood.done);
	oc_work_wait(read_everything, &r);
	assert_true(flood.done);
	assert_int_equal(flood.rc, OC_OK);
	assert_true(r.bytes > flood.pushed + flood.written);

	memset(&flood, 0, sizeof flood);
	oc_work_wait(ask_and_read_nothing, &r);
	close(r.fd);
	while (!flood.done) assert_int_equal(oc_sleep_wait(1), OC_OK);
	assert_int_equal(flood.rc, OC_CANCELLED);
	oc_http_server_stop_wait(server);
}

static void a_slow_reader_parks_the_writer(void **state)
{
	(void)state;
	assert_int_equal(oc_rt_run(slow_reader_task, NULL), 0);
}

static int seen_pipe[2];

/* Does not let the loop turn until the client has seen the piece. */
static void immediate_wait(void *arg, struct oc_exchange *x)
{
	char c;

	(void)arg;
	oc_exchange_stream_begin(x, 200, "text/plain");
	for (int i = 0; i < 3; i++) {
		assert_true(oc_exchange_stream_push(x, OC_LIT("delta")));
		assert_int_equal(read(seen_pipe[0], &c, 1), 1);
	}
}

static void see_pieces(void *arg)
{
	struct raw *r = arg;
	int fd = dial(r->port);

	puts_to(fd, "GET / HTTP/1.1\r\n" HOST "\r\n");
	for (int i = 0; i < 3; i++) {
		get_until(fd, r->answer, sizeof r->answer, "delta\r\n");
		if (write(seen_pipe[1], "x", 1) != 1) break;
	}
	get_until(fd, r->answer, sizeof r->answer, NULL);
	close(fd);
}

static void immediate_task(void *arg)
{
	struct raw r = { 0 };

	(void)arg;
	assert_int_equal(pipe(seen_pipe), 0);
	start_server(immediate_wait, (struct oc_http_server_spec){ 0 });
	r.port = oc_http_server_port(server);
	oc_work_wait(see_pieces, &r);
	oc_http_server_stop_wait(server);
	assert_string_equal(r.answer, "0\r\n\r\n");
	close(seen_pipe[0]);
	close(seen_pipe[1]);
}

static void a_pushed_piece_has_left_when_push_returns(void **state)
{
	(void)state;
	assert_int_equal(oc_rt_run(immediate_task, NULL), 0);
}

enum { STREAMS = 200, PIECES = 20 };

static void ticking_wait(void *arg, struct oc_exchange *x)
{
	(void)arg;
	oc_exchange_stream_begin(x, 200, "text/plain");
	for (int i = 0; i < PIECES; i++) {
		assert_int_equal(oc_exchange_stream_wait(x, OC_LIT("tick")), OC_OK);
		assert_int_equal(oc_sleep_wait(1), OC_OK);
	}
	assert_int_equal(oc_exchange_stream_end_wait(x), OC_OK);
}

struct many {
	unsigned port;
	bool half_close;
	unsigned whole;
};

static void read_many(void *arg)
{
	struct many *m = arg;
	static int fds[STREAMS];
	static char answer[ANSWER];

	for (int i = 0; i < STREAMS; i++) {
		fds[i] = dial(m->port);
		puts_to(fds[i], "GET / HTTP/1.1\r\n" HOST "\r\n");
		if (m->half_close) shutdown(fds[i], SHUT_WR);
	}
	for (int i = STREAMS; i-- > 0;) {
		get_until(fds[i], answer, sizeof answer, NULL);
		unsigned ticks = 0;
		for (const char *at = answer; (at = strstr(at, "4\r\ntick\r\n")); at++) ticks++;
		/* Who closed its side and waits for long is asked with a zero before the last one.
		 */
		m->whole += ticks == PIECES && oc_str_ends(oc_str(answer), OC_LIT("0\r\n\r\n"));
		close(fds[i]);
	}
}

static void many_task(void *arg)
{
	struct many m = { 0 };

	(void)arg;
	start_server(ticking_wait, (struct oc_http_server_spec){ 0 });
	m.port = oc_http_server_port(server);
	oc_work_wait(read_many, &m);
	oc_http_server_stop_wait(server);
	assert_int_equal(m.whole, STREAMS);
}

static void streams_run_side_by_side(void **state)
{
	(void)state;
	assert_int_equal(oc_rt_run(many_task, NULL), 0);
}

static void half_closed_stream_task(void *arg)
{
	struct many m = { .half_close = true };

	(void)arg;
	start_server(ticking_wait, (struct oc_http_server_spec){ 0 });
	m.port = oc_http_server_port(server);
	oc_work_wait(read_many, &m);
	oc_http_server_stop_wait(server);
	assert_int_equal(m.whole, STREAMS);
}

static void streams_reach_clients_that_closed_their_sending_side(void **state)
{
	(void)state;
	assert_int_equal(oc_rt_run(half_closed_stream_task, NULL), 0);
}

/* ---- connections ---- */

static void sit_idle(void *arg)
{
	struct raw *r = arg;
	int fd = dial(r->port);

	if (r->request) puts_to(fd, r->request);
	get_until(fd, r->answer, sizeof r->answer, NULL);
	close(fd);
}

static void timeouts_task(void *arg)
{
	static const struct {
		const char *request;
		int status;
	} cases[] = {
		{ NULL, 0 },
		{ "GET / HTTP/1.1\r\nHost:", 408 },
		{ "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 200 }, /* kept alive, then left alone */
		{ "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET", 200 },
	};
	(void)arg;
	start_server(echo_wait,
		     (struct oc_http_server_spec){ .head_timeout_ms = 50, .idle_timeout_ms = 50 });
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct raw r = { .port = oc_http_server_port(server), .request = cases[i].request };
		oc_work_wait(sit_idle, &r);
		if (status_of(r.answer) != cases[i].status) fail_msg("case %zu: %s", i, r.answer);
	}
	oc_http_server_stop_wait(server);
}

static void silent_and_slow_clients_are_let_go(void **state)
{
	(void)state;
	assert_int_equal(oc_rt_run(timeouts_task, NULL), 0);
}

enum { ATTEMPTS = 10000, HELD = 300 };

static void crowd(void *arg)
{
	struct raw *r = arg;
	static int held[HELD];
	unsigned failed = 0;

	for (int i = 0; i < ATTEMPTS; i++) {
		if (i >= HELD) close(held[i % HELD]);
		held[i % HELD] = dial(r->port);
		failed += held[i % HELD] < 0;
		if (i % 3 == 0) puts_to(held[i % HELD], "GET / HTTP/1.1\r\nHost");
	}
	int fd = dial(r->port);
	puts_to(fd, "GET / HTTP/1.1\r\n" HOST "\r\n");
	get_until(fd, r->answer, sizeof r->answer, NULL);
	close(fd);
	for (int i = 0; i < HELD; i++) close(held[i]);
	r->reset = failed > 0;
}

static void crowd_task(void *arg)
{
	struct raw r = { 0 };

	(void)arg;
	start_server(echo_wait, (struct oc_http_server_spec){ .max_connections = 100 });
	r.port = oc_http_server_port(server);
	oc_work_wait(crowd, &r);
	assert_true(oc_http_server_connections(server) <= 100);
	oc_http_server_stop_wait(server);
	assert_int_equal(status_of(r.answer), 200);
	assert_false(r.reset);
}

static void a_crowd_of_idle_connections_keeps_nobody_out(void **state)
{
	(void)state;
	assert_int_equal(oc_rt_run(crowd_task, NULL), 0);
}

static void ask(void *arg)
{
	struct reader *r = arg;

	r->fd = dial(r->port);
	puts_to(r->fd, "GET / HTTP/1.1\r\n" HOST "\r\n");
}

static void stop_task(void *arg)
{
	struct reader r = { 0 };
	struct oc_strv same = { 0 };
	struct oc_http_server *second;
	struct oc_err e = { 0 };
	bool in_use = false;

	(void)arg;
	memset(&waiting, 0, sizeof waiting);
	start_server(patient_wait, (struct oc_http_server_spec){ 0 });
	r.port = oc_http_server_port(server);
	oc_strv_add(&same, OC_LIT("127.0.0.1"));
	struct oc_http_server_spec spec = { .addresses = &same,
					    .port = r.port,
					    .handle_wait = patient_wait };
	assert_int_equal(oc_http_server_start(&spec, &second, &in_use, &e), OC_E_SYS);
	assert_true(in_use);
	assert_non_null(strstr(e.msg, "127.0.0.1"));
	oc_strv_deinit(&same);

	oc_work_wait(ask, &r);
	while (!waiting.started) assert_int_equal(oc_sleep_wait(1), OC_OK);
	oc_http_server_stop_wait(server);
	close(r.fd);
	assert_true(waiting.returned);
	assert_int_equal(waiting.rc, OC_CANCELLED);
}

static void stopping_cancels_what_runs(void **state)
{
	(void)state;
	assert_int_equal(oc_rt_run(stop_task, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(heads_that_can_be_misread_are_refused),
		cmocka_unit_test(bodies_arrive_whole_in_any_split),
		cmocka_unit_test(answers_have_the_right_frame),
		cmocka_unit_test(a_body_is_invited_when_it_is_wanted),
		cmocka_unit_test(a_refusal_reaches_a_client_that_still_sends),
		cmocka_unit_test(a_client_that_leaves_cancels_its_handler),
		cmocka_unit_test(a_client_that_closed_its_sending_side_gets_its_answer),
		cmocka_unit_test(a_slow_reader_parks_the_writer),
		cmocka_unit_test(a_pushed_piece_has_left_when_push_returns),
		cmocka_unit_test(streams_run_side_by_side),
		cmocka_unit_test(streams_reach_clients_that_closed_their_sending_side),
		cmocka_unit_test(silent_and_slow_clients_are_let_go),
		cmocka_unit_test(a_crowd_of_idle_connections_keeps_nobody_out),
		cmocka_unit_test(stopping_cancels_what_runs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
