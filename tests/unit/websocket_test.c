/* WebSockets over real loopback sockets, our server against our client and against raw bytes. */
#include "check.h"

#include "base/limits.h"
#include "loopback.h"
#include "net/websocket/websocket.h"
#include "net/websocket/ws_frames.h"

enum { MAX_MESSAGE = 1000 };

static struct {
	enum oc_rc last; /* how the server's last receive ended */
	unsigned code;
	char reason[200];
} seen;

/* Gives every message back until the client ends it. */
static void echo_wait(void *arg, struct oc_exchange *x)
{
	struct oc_ws *w;
	struct oc_ws_message m;
	struct oc_err e = { 0 };

	(void)arg;
	if (oc_exchange_upgrade_wait(x, MAX_MESSAGE, &w, &e)) return;
	while (!(seen.last = oc_ws_receive_wait(w, oc_deadline_in(10000), &m))) {
		struct oc_str parts[] = { OC_LIT("<"), m.bytes, OC_LIT(">") };
		if (oc_str_eq(m.bytes, OC_LIT("bye")))
			oc_ws_close(w, 1012, "service restart");
		else
			oc_ws_send_parts(w, parts, 3);
	}
	seen.code = oc_ws_close_code(w);
	snprintf(seen.reason, sizeof seen.reason, "%s", oc_ws_close_reason(w));
	oc_ws_free(w);
}

static enum oc_rc connect_to(const char *path, struct oc_ws **out, struct oc_err *e)
{
	char *url = oc_asprintf("ws://127.0.0.1:%u%s", oc_http_server_port(server), path);
	struct oc_ws_client_spec spec = { .url = url, .max_message = 1 << 20 };
	enum oc_rc rc = oc_ws_connect_wait(&spec, oc_deadline_in(5000), out, e);

	free(url);
	return rc;
}

static void talk_task(void *arg)
{
	struct oc_ws *w;
	struct oc_ws_message m;
	struct oc_err e = { 0 };

	(void)arg;
	start_server(echo_wait, (struct oc_http_server_spec){ 0 });
	assert_int_equal(connect_to("/", &w, &e), OC_OK);
	oc_ws_send(w, OC_LIT("one"));
	oc_ws_send(w, OC_LIT(""));
	oc_ws_keep_alive(w, 60000);
	assert_int_equal(oc_ws_receive_wait(w, oc_deadline_in(5000), &m), OC_OK);
	assert_true(oc_str_eq(m.bytes, OC_LIT("<one>")));
	assert_int_equal(oc_ws_receive_wait(w, oc_deadline_in(5000), &m), OC_OK);
	assert_true(oc_str_eq(m.bytes, OC_LIT("<>")));
	oc_ws_send(w, OC_LIT("bye"));
	assert_int_equal(oc_ws_receive_wait(w, oc_deadline_in(5000), &m), OC_EOF);
	assert_int_equal(oc_ws_close_code(w), 1012);
	assert_string_equal(oc_ws_close_reason(w), "service restart");
	oc_ws_free(w);
	oc_http_server_stop_wait(server);
	assert_int_equal(seen.last, OC_EOF);
}

static void messages_go_both_ways_until_one_side_closes(void **state)
{
	(void)state;
	assert_int_equal(oc_rt_run(talk_task, NULL), 0);
}

/* ---- the handshake ---- */

#define UPGRADE "Host: a\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
#define KEY	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define VERSION "Sec-WebSocket-Version: 13\r\n"
#define SHAKE	"GET / HTTP/1.1\r\n" UPGRADE KEY VERSION "\r\n"

struct raw {
	unsigned port;
	const char *request;
	const char *frames;
	size_t n_frames, n_zeros; /* so many zeros follow */
	char answer[2048];
	ssize_t n; /* of the answer behind its head, or -1: a reset */
	const unsigned char *rest;
	bool half_close;
};

static void talk(void *arg)
{
	struct raw *r = arg;
	int fd = dial(r->port);
	static char zeros[1 << 16];

	puts_to(fd, r->request);
	get_until(fd, r->answer, sizeof r->answer, "\r\n\r\n");
	size_t head = strlen(r->answer);
	r->rest = (unsigned char *)r->answer + head;
	if (r->n_frames) put(fd, r->frames, r->n_frames);
	for (size_t at = 0; at < r->n_zeros; at += sizeof zeros) put(fd, zeros, sizeof zeros);
	if (r->half_close) shutdown(fd, SHUT_WR);
	if (status_of(r->answer) == 101)
		r->n = get_until(fd, r->answer + head, sizeof r->answer - head, NULL);
	close(fd);
}

static void handshakes_task(void *arg)
{
	static const struct {
		const char *request;
		int status;
		const char *has;
	} cases[] = {
		{ SHAKE, 101, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" },
		{ "GET / HTTP/1.1\r\n" UPGRADE KEY VERSION
		  "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
		  101, "Upgrade: websocket\r\n" },
		{ "GET / HTTP/1.1\r\n" UPGRADE KEY "Sec-WebSocket-Version: 8\r\n\r\n", 426,
		  "Sec-WebSocket-Version: 13\r\n" },
		{ "GET / HTTP/1.1\r\n" UPGRADE KEY "\r\n", 426, "" },
		{ "GET / HTTP/1.1\r\n" UPGRADE VERSION "\r\n", 400, "" },
		{ "GET / HTTP/1.1\r\n" UPGRADE KEY KEY VERSION "\r\n", 400, "" },
		{ "GET / HTTP/1.1\r\n" UPGRADE VERSION "Sec-WebSocket-Key: short\r\n\r\n", 400,
		  "" },
		{ "POST / HTTP/1.1\r\n" UPGRADE KEY VERSION "\r\n", 400, "" },
		{ "GET / HTTP/1.0\r\n" UPGRADE KEY VERSION "\r\n", 400, "" },
		{ "GET / HTTP/1.1\r\nHost: a\r\n" KEY VERSION "\r\n", 400, "" },
	};
	(void)arg;
	start_server(echo_wait, (struct oc_http_server_spec){ 0 });
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct raw r = { .port = oc_http_server_port(server),
				 .request = cases[i].request,
				 .half_close = true };
		oc_work_wait(talk, &r);
		if (status_of(r.answer) != cases[i].status || !strstr(r.answer, cases[i].has) ||
		    strstr(r.answer, "Extensions"))
			fail_msg("case %zu: %s", i, r.answer);
	}
	oc_http_server_stop_wait(server);
}

static void only_a_proper_handshake_is_answered_with_101(void **state)
{
	(void)state;
	assert_int_equal(oc_rt_run(handshakes_task, NULL), 0);
}

/* ---- how connections end ---- */

static void ends_task(void *arg)
{
	static const struct {
		struct oc_str frames;
		size_t zeros;
		enum oc_rc rc;
		unsigned code; /* what the server saw, and the client when it is told */
		struct oc_str answer;
	} cases[] = {
		{ OC_LIT("\x88\x82\0\0\0\0\x03\xe8"), 0, OC_EOF, 1000, OC_LIT("\x88\x02\x03\xe8") },
		{ OC_LIT("\x88\x80\0\0\0\0"), 0, OC_EOF, 1005, OC_LIT("\x88\x00") },
		{ OC_LIT("\x81\x83\0\0\0\0bye"), 0, OC_EOF, 1012,
		  OC_LIT("\x88\x11\x03\xf4service restart") },
		{ OC_LIT("\x89\x81\0\0\0\0p\x88\x80\0\0\0\0"), 0, OC_EOF, 1005,
		  OC_LIT("\x8a\x01p\x88\x00") },
		{ OC_LIT("\x81\x02hi"), 0, OC_E_PROTO, 1002,
		  OC_LIT("\x88\x22\x03\xea"
			 "frames of clients must be masked") },
		{ OC_LIT("\x81\x81\0\0\0\0\xff"), 0, OC_E_PROTO, 1007,
		  OC_LIT("\x88\x13\x03\xeftext is not UTF-8") },
		/* The close frame arrives although much is still coming in. */
		{ OC_LIT("\x81\xff\0\0\0\0\x01\0\0\0\0\0\0\0"), 1 << 24, OC_E_LIMIT, 1009,
		  OC_LIT("\x88\x13\x03\xf1message too large") },
		{ OC_LIT("\x81\x82\0\0"), 0, OC_E_SYS, 1006, OC_LIT("") }, /* cut */
	};
	(void)arg;
	start_server(echo_wait, (struct oc_http_server_spec){ 0 });
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct raw r = { .port = oc_http_server_port(server),
				 .request = SHAKE,
				 .frames = cases[i].frames.p,
				 .n_frames = cases[i].frames.n,
				 .n_zeros = cases[i].zeros,
				 .half_close = true };
		memset(&seen, 0, sizeof seen);
		oc_work_wait(talk, &r);
		while (oc_http_server_connections(server))
			assert_int_equal(oc_sleep_wait(1), OC_OK);
		if (seen.last != cases[i].rc || seen.code != cases[i].code)
			fail_msg("case %zu: rc %d code %u", i, seen.last, seen.code);
		if (r.n != (ssize_t)cases[i].answer.n ||
		    memcmp(r.rest, cases[i].answer.p, cases[i].answer.n) != 0)
			fail_msg("case %zu: %zd bytes %.40s", i, r.n, (const char *)r.rest);
	}
	oc_http_server_stop_wait(server);
}

static void every_end_has_its_code(void **state)
{
	(void)state;
	assert_int_equal(oc_rt_run(ends_task, NULL), 0);
}

/* ---- slow peers ---- */

static struct {
	size_t backlog, total;
	enum oc_rc rc;
	bool parked;
} slow;

static void flood_wait(void *arg, struct oc_exchange *x)
{
	static char piece[100000];
	struct oc_ws *w;
	struct oc_ws_message m;
	struct oc_err e = { 0 };

	(void)arg;
	if (oc_exchange_upgrade_wait(x, MAX_MESSAGE, &w, &e)) return;
	memset(piece, 'x', sizeof piece);
	while (oc_ws_backlog(w) < 3000000) oc_ws_send(w, (struct oc_str){ piece, sizeof piece });
	slow.backlog = oc_ws_backlog(w);
	slow.total = oc_ws_backlog_total();
	oc_ws_keep_alive(w, 100);
	slow.rc = oc_ws_receive_wait(w, oc_deadline_in(10000), &m);
	oc_ws_free(w);
}

static void hold(void *arg)
{
	struct raw *r = arg;
	int fd = dial_with(r->port, 4096);

	puts_to(fd, SHAKE);
	get_until(fd, r->answer, 200, "\r\n\r\n");
	while (!__atomic_load_n(&slow.parked, __ATOMIC_ACQUIRE)) usleep(1000);
	close(fd);
}

static void watch_slow(void *arg)
{
	(void)arg;
	while (!slow.rc)
		if (oc_sleep_wait(5)) return;
	__atomic_store_n(&slow.parked, true, __ATOMIC_RELEASE);
}

static void slow_task(void *arg)
{
	struct raw r = { 0 };
	struct oc_scope *s = oc_scope_new();

	(void)arg;
	memset(&slow, 0, sizeof slow);
	start_server(flood_wait, (struct oc_http_server_spec){ 0 });
	r.port = oc_http_server_port(server);
	oc_scope_spawn(s, watch_slow, NULL);
	oc_work_wait(hold, &r);
	oc_scope_join_wait(s);
	oc_scope_free(s);
	oc_http_server_stop_wait(server);
	assert_int_equal(slow.rc, OC_E_SYS); /* no pong */
	assert_true(slow.backlog >= 3000000);
	assert_int_equal(slow.total, slow.backlog);
	assert_int_equal(oc_ws_backlog_total(), 0);
}

static void what_a_silent_peer_does_not_take_is_counted_and_given_up(void **state)
{
	(void)state;
	assert_int_equal(oc_rt_run(slow_task, NULL), 0);
}

/* ---- what is dropped ---- */

enum { PIECE = 100000, ROOM = 4 << 20 };
static struct {
	char bytes[ROOM]; /* all that the client got behind the head */
	size_t n, left;	  /* left: in the backlog after the drop */
} dropped;

static void drop_wait(void *arg, struct oc_exchange *x)
{
	static char piece[PIECE];
	struct oc_ws *w;
	struct oc_err e = { 0 };

	(void)arg;
	if (oc_exchange_upgrade_wait(x, MAX_MESSAGE, &w, &e)) return;
	memset(piece, 'x', sizeof piece);
	while (oc_ws_backlog(w) < 3000000) oc_ws_send(w, (struct oc_str){ piece, sizeof piece });
	oc_ws_drop_backlog(w);
	dropped.left = oc_ws_backlog(w);
	assert_int_equal(oc_ws_backlog_total(), dropped.left);
	oc_ws_close(w, 1008, "slow");
	oc_ws_linger_wait(w, oc_deadline_in(1000));
	oc_ws_free(w);
}

/* Reads nothing for a while, then all of it. */
static void read_late(void *arg)
{
	struct raw *r = arg;
	int fd = dial_with(r->port, 4096);

	puts_to(fd, SHAKE);
	ssize_t got = get_until(fd, r->answer, sizeof r->answer, "\r\n\r\n");
	const char *rest = strstr(r->answer, "\r\n\r\n") + 4;
	dropped.n = (size_t)(r->answer + got - rest);
	memcpy(dropped.bytes, rest, dropped.n);
	while (!__atomic_load_n(&dropped.left, __ATOMIC_ACQUIRE)) usleep(1000);
	for (ssize_t n = 1; n > 0; dropped.n += n > 0 ? (size_t)n : 0)
		n = read(fd, dropped.bytes + dropped.n, ROOM - dropped.n);
	close(fd);
}

static void drop_task(void *arg)
{
	struct raw r = { 0 };

	(void)arg;
	start_server(drop_wait, (struct oc_http_server_spec){ 0 });
	r.port = oc_http_server_port(server);
	oc_work_wait(read_late, &r);
	oc_http_server_stop_wait(server);
}

static void a_dropped_backlog_leaves_whole_frames_and_the_close(void **state)
{
	size_t at = 0, last = 0;

	(void)state;
	assert_int_equal(oc_rt_run(drop_task, NULL), 0);
	assert_true(dropped.left <= PIECE + OC_WS_HEADER_MAX);
	while (at + 2 <= dropped.n) {
		last = at;
		at += oc_ws_frame_length(dropped.bytes + at);
		if (at < dropped.n) assert_int_equal(at - last, PIECE + 10);
	}
	assert_int_equal(at, dropped.n);
	assert_memory_equal(dropped.bytes + last, "\x88\x06\x03\xf0slow", 8);
}

/* ---- many, and large ---- */

static void big_echo_wait(void *arg, struct oc_exchange *x)
{
	struct oc_ws *w;
	struct oc_ws_message m;
	struct oc_err e = { 0 };

	(void)arg;
	if (oc_exchange_upgrade_wait(x, 4 << 20, &w, &e)) return;
	while (!oc_ws_receive_wait(w, OC_NO_DEADLINE, &m)) oc_ws_send(w, m.bytes);
	oc_ws_free(w);
}

enum { CLIENTS = 50, BIG = 3 << 20 };

static void one_client(void *arg)
{
	unsigned *whole = arg;
	static char big[BIG];
	struct oc_ws *w;
	struct oc_ws_message m;
	struct oc_err e = { 0 };

	memset(big, 'y', sizeof big);
	char *url = oc_asprintf("ws://localhost:%u/x", oc_http_server_port(server));
	struct oc_ws_client_spec spec = { .url = url, .max_message = BIG };
	assert_int_equal(oc_ws_connect_wait(&spec, oc_deadline_in(10000), &w, &e), OC_OK);
	free(url);
	for (int i = 0; i < 3; i++) {
		struct oc_str out = { big, i == 1 ? BIG : 5 };
		oc_ws_send(w, out);
		assert_int_equal(oc_ws_receive_wait(w, oc_deadline_in(30000), &m), OC_OK);
		*whole += m.text && oc_str_eq(m.bytes, out);
	}
	oc_ws_close(w, 1000, NULL);
	oc_ws_linger_wait(w, oc_deadline_in(5000));
	oc_ws_free(w);
}

static void many_task(void *arg)
{
	struct oc_scope *s = oc_scope_new();
	unsigned whole = 0;

	(void)arg;
	start_server(big_echo_wait, (struct oc_http_server_spec){ 0 });
	for (int i = 0; i < CLIENTS; i++) oc_scope_spawn(s, one_client, &whole);
	oc_scope_join_wait(s);
	oc_scope_free(s);
	assert_int_equal(whole, 3 * CLIENTS);
	while (oc_http_server_connections(server)) assert_int_equal(oc_sleep_wait(1), OC_OK);
	oc_http_server_stop_wait(server);
}

static void many_clients_exchange_large_messages(void **state)
{
	(void)state;
	assert_int_equal(oc_rt_run(many_task, NULL), 0);
}

/* ---- the client's errors ---- */

static void plain_wait(void *arg, struct oc_exchange *x)
{
	(void)arg;
	if (!strcmp(oc_exchange_path(x), "/liar"))
		oc_exchange_set_header(x, "Sec-WebSocket-Accept", "bm90IHlvdXIga2V5");
	oc_exchange_respond(x, strcmp(oc_exchange_path(x), "/liar") ? 404 : 101, NULL, OC_LIT(""));
}

static void refused_task(void *arg)
{
	static const struct {
		const char *url;
		enum oc_rc rc;
		const char *says;
	} cases[] = {
		{ "wss://localhost/", OC_E_INPUT, "wss://" },
		{ "http://localhost/", OC_E_INPUT, "ws://" },
		{ "ws://[::/", OC_E_INPUT, "" },
		{ "ws://127.0.0.1:1/", OC_E_UPSTREAM, "cannot connect to 127.0.0.1 port 1" },
		{ "ws://nowhere.invalid/", OC_E_UPSTREAM, "nowhere.invalid" },
	};
	struct oc_ws *w;

	(void)arg;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct oc_ws_client_spec spec = { .url = cases[i].url, .max_message = 10 };
		struct oc_err e = { 0 };
		enum oc_rc rc = oc_ws_connect_wait(&spec, oc_deadline_in(5000), &w, &e);
		if (rc != cases[i].rc || !strstr(e.msg, cases[i].says))
			fail_msg("%s: %d %s", cases[i].url, rc, e.msg);
	}
	struct oc_err e = { 0 };
	start_server(plain_wait, (struct oc_http_server_spec){ 0 });
	assert_int_equal(connect_to("/", &w, &e), OC_E_UPSTREAM);
	assert_non_null(strstr(e.msg, "404"));
	assert_int_equal(connect_to("/liar", &w, &e), OC_E_UPSTREAM);
	assert_non_null(strstr(e.msg, "handshake"));
	oc_http_server_stop_wait(server);
}

static void a_client_says_why_there_is_no_connection(void **state)
{
	(void)state;
	assert_int_equal(oc_rt_run(refused_task, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_go_both_ways_until_one_side_closes),
		cmocka_unit_test(only_a_proper_handshake_is_answered_with_101),
		cmocka_unit_test(every_end_has_its_code),
		cmocka_unit_test(what_a_silent_peer_does_not_take_is_counted_and_given_up),
		cmocka_unit_test(a_dropped_backlog_leaves_whole_frames_and_the_close),
		cmocka_unit_test(many_clients_exchange_large_messages),
		cmocka_unit_test(a_client_says_why_there_is_no_connection),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
