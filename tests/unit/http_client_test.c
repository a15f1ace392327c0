/*
 * The HTTP client against a raw TCP server in a child process: what it must deliver, notice and
 * refuse.
 */
#include "check.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/mem.h"
#include "net/client/http_client.h"

/* What the server does on each connection, in turn. */
struct script {
	const char *answer; /* after the request's head; NULL = none */
	unsigned step;	    /* bytes a write, 0 = at once */
	bool reset;	    /* end with RST */
	unsigned hold_ms;   /* stay silent that long before closing */
};

static pid_t server_pid;
static unsigned server_port;

static void write_slowly(int fd, const char *s, size_t step)
{
	size_t n = strlen(s);

	if (!step) step = n;
	for (size_t i = 0; i < n; i += step) {
		size_t k = n - i < step ? n - i : step;
		if (write(fd, s + i, k) < 0) return;
		usleep(200);
	}
}

static void serve_one(int fd, const struct script *s)
{
	char request[4096];
	size_t n = 0;

	while (n < sizeof request - 1) {
		ssize_t k = read(fd, request + n, sizeof request - 1 - n);
		if (k <= 0) break;
		n += (size_t)k;
		request[n] = '\0';
		if (strstr(request, "\r\n\r\n")) break;
	}
	if (s->answer) write_slowly(fd, s->answer, s->step);
	if (s->hold_ms) usleep(s->hold_ms * 1000);
	if (s->reset) {
		struct linger now = { .l_onoff = 1 };
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
	}
	close(fd);
}

static void start_server(const struct script *scripts, size_t n)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof a;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(listen(fd, 16), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	server_port = ntohs(a.sin_port);
	server_pid = fork();
	if (server_pid == 0) {
		signal(SIGPIPE, SIG_IGN);
		alarm(20);
		for (size_t i = 0; i < n; i++) serve_one(accept(fd, NULL, NULL), &scripts[i]);
		_exit(0);
	}
	close(fd);
}

static void stop_server(void)
{
	kill(server_pid, SIGKILL);
	waitpid(server_pid, NULL, 0);
}

struct outcome {
	enum oc_rc rc;
	enum oc_http_failure why;
	int status;
	char body[256];
	struct oc_err error;
	const char *host;
	uint64_t idle_ms;
	enum oc_tri allow;
};

static void call(void *arg)
{
	struct outcome *o = arg;
	struct oc_err e = { 0 };
	struct oc_guard g;
	struct oc_http *h = NULL;
	char *base = oc_asprintf("http://%s:%u/v1", o->host ? o->host : "127.0.0.1", server_port);
	char *url = oc_asprintf("%s/x", base);
	struct oc_http_request req = { .method = "GET",
				       .url = url,
				       .guard = &g,
				       .context = "test",
				       .idle_timeout_ms = o->idle_ms };
	struct oc_buf body;

	assert_int_equal(oc_guard_init(&g, oc_str(base), o->allow, &e), OC_OK);
	oc_buf_init(&body, 200);
	o->rc = oc_http_open_wait(&req, oc_deadline_in(10000), &h, &o->why, &e);
	if (h) {
		o->status = oc_http_status(h);
		o->rc = oc_http_read_all_wait(h, oc_deadline_in(10000), &body, &e);
		o->why = oc_http_failure(h);
	}
	snprintf(o->body, sizeof o->body, "%s", oc_buf_cstr(&body));
	o->error = e;
	oc_buf_deinit(&body);
	oc_http_close(h);
	oc_guard_deinit(&g);
	free(url);
	free(base);
}

static struct outcome run_script(const struct script *scripts, size_t n, struct outcome o)
{
	start_server(scripts, n);
	assert_int_equal(oc_rt_run(call, &o), 0);
	stop_server();
	return o;
}

static struct outcome get(const char *answer, unsigned step)
{
	struct script s = { .answer = answer, .step = step };
	return run_script(&s, 1, (struct outcome){ 0 });
}

static void bodies_arrive_whole_in_any_split(void **state)
{
	static const struct {
		const char *answer, *body;
		int status;
	} cases[] = {
		{ "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello", 200 },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nhe\r\n3\r\nllo\r\n0\r\nT: 1\r\n\r\n",
		  "hello", 200 },
		{ "HTTP/1.0 404 Not Found\r\n\r\nnothing", "nothing", 404 },
		{ "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
		  "ok", 200 },
		{ "HTTP/1.1 200 OK\nContent-Length: 2\n\nok", "ok", 200 },
		{ "HTTP/1.1 204 No Content\r\n\r\n", "", 204 },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		for (unsigned step = 0; step <= 7; step += 1 + 6 * (step == 1)) {
			struct outcome o = get(cases[i].answer, step);
			assert_int_equal(o.rc, OC_OK);
			assert_int_equal(o.status, cases[i].status);
			assert_string_equal(o.body, cases[i].body);
		}
	}
}

static void damage_is_told_apart(void **state)
{
	static const struct {
		struct script s;
		enum oc_http_failure why;
	} cases[] = {
		{ { .answer = NULL }, OC_HTTP_NO_RESPONSE },
		{ { .answer = NULL, .reset = true }, OC_HTTP_RESET },
		{ { .answer = "220 mail.example ESMTP\r\n" }, OC_HTTP_NOT_HTTP },
		{ { .answer = "HTTP/1.1 200 OK\r\nContent-Le" }, OC_HTTP_TRUNCATED },
		{ { .answer = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n" }, OC_HTTP_TRUNCATED },
		{ { .answer = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhel" },
		  OC_HTTP_TRUNCATED },
		{ { .answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel" },
		  OC_HTTP_TRUNCATED },
		{ { .answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhel" },
		  OC_HTTP_BAD_PAYLOAD },
		{ { .answer =
			"HTTP/1.1 200 OK\r\nContent-Encoding: zorp\r\nContent-Length: 3\r\n\r\nhel" },
		  OC_HTTP_BAD_PAYLOAD },
		{ { .answer = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhel",
		    .hold_ms = 100,
		    .reset = true },
		  OC_HTTP_RESET },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct outcome o = run_script(&cases[i].s, 1, (struct outcome){ 0 });
		assert_int_not_equal(o.rc, OC_OK);
		if (o.why != cases[i].why)
			fail_msg("case %zu: got %d (%s), want %d", i, o.why, o.error.msg,
				 cases[i].why);
	}
}

/* Informational heads without an end, and one head without an end. */
static void heads_have_a_ceiling(void **state)
{
	static const char *const pieces[] = { "HTTP/1.1 100 Continue\r\n\r\n", "X-More: yes\r\n" };

	(void)state;
	for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
		struct oc_buf answer;
		oc_buf_init(&answer, 2 * OC_MAX_HEADER_BYTES);
		if (i) oc_buf_adds(&answer, "HTTP/1.1 200 OK\r\n");
		while (answer.n <= OC_MAX_HEADER_BYTES) oc_buf_adds(&answer, pieces[i]);
		if (i) oc_buf_adds(&answer, "\r\n");
		struct script s = { .answer = oc_buf_cstr(&answer), .hold_ms = 5000 };
		struct outcome o = run_script(&s, 1, (struct outcome){ 0 });
		assert_int_equal(o.rc, OC_E_LIMIT);
		assert_string_equal(o.error.msg, "the response head is larger than 102400 bytes");
		oc_buf_deinit(&answer);
	}
}

static void silence_ends_at_the_idle_time_out(void **state)
{
	struct script s = { .answer = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhel",
			    .hold_ms = 5000 };
	struct outcome o = run_script(&s, 1, (struct outcome){ .idle_ms = 300 });

	(void)state;
	assert_int_equal(o.rc, OC_E_TIMEOUT);
	assert_int_equal(o.why, OC_HTTP_TIMEOUT);
	assert_string_equal(o.body, "hel");
}

static void a_body_above_its_ceiling_is_refused(void **state)
{
	char answer[512] = "HTTP/1.1 200 OK\r\nContent-Length: 300\r\n\r\n";

	(void)state;
	memset(answer + strlen(answer), 'x', 300);
	assert_int_equal(get(answer, 0).rc, OC_E_LIMIT);
}

static void the_guard_decides_before_the_connection(void **state)
{
	struct outcome o = { .allow = OC_FALSE };

	(void)state;
	server_port = 9; /* nobody may ask it */
	assert_int_equal(oc_rt_run(call, &o), 0);
	assert_int_equal(o.rc, OC_E_DENIED);
	assert_int_equal(o.why, OC_HTTP_BLOCKED);
	o = (struct outcome){ .host = "169.254.169.254" };
	assert_int_equal(oc_rt_run(call, &o), 0);
	assert_int_equal(o.why, OC_HTTP_BLOCKED);
}

static void names_resolve_once_and_are_pinned(void **state)
{
	struct script s = { .answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" };
	struct outcome o = run_script(&s, 1, (struct outcome){ .host = "LOCALHOST." });

	(void)state;
	assert_int_equal(o.rc, OC_OK);
	assert_string_equal(o.body, "ok");
}

static void redirects_stay_at_home(void **state)
{
	struct script home[] = {
		{ .answer = "HTTP/1.1 302 Found\r\nLocation: /y\r\nContent-Length: 0\r\n\r\n" },
		{ .answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" },
	};
	struct script away = { .answer =
				   "HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\n"
				   "Content-Length: 0\r\n\r\n" };
	struct outcome o = run_script(home, 2, (struct outcome){ 0 });

	(void)state;
	assert_int_equal(o.rc, OC_OK);
	assert_string_equal(o.body, "ok");
	o = run_script(&away, 1, (struct outcome){ 0 });
	assert_int_equal(o.rc, OC_E_DENIED);
	assert_int_equal(o.why, OC_HTTP_BLOCKED);
}

static void a_refused_connection_says_so(void **state)
{
	struct outcome o = { 0 };

	(void)state;
	start_server(NULL, 0); /* bound, then gone */
	stop_server();
	assert_int_equal(oc_rt_run(call, &o), 0);
	assert_int_equal(o.why, OC_HTTP_REFUSED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bodies_arrive_whole_in_any_split),
		cmocka_unit_test(damage_is_told_apart),
		cmocka_unit_test(heads_have_a_ceiling),
		cmocka_unit_test(silence_ends_at_the_idle_time_out),
		cmocka_unit_test(a_body_above_its_ceiling_is_refused),
		cmocka_unit_test(the_guard_decides_before_the_connection),
		cmocka_unit_test(names_resolve_once_and_are_pinned),
		cmocka_unit_test(redirects_stay_at_home),
		cmocka_unit_test(a_refused_connection_says_so),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
