/* Calls of one process to one server: as many at a time as it has slots, all of them answered. */
#include "check.h"

#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "catalog_fixture.h"
#include "model/call/call.h"

enum { CALLS = 5, WORK_MS = 40 };

static pid_t server_pid;
static unsigned server_port;

/* ---- a server that says "overlap" when somebody else knocks while it works ---- */

static void answer(int fd, const char *text)
{
	char frames[512], response[1024];

	snprintf(frames, sizeof frames,
		 "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"%s\"}}]}\n\n"
		 "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
		 "data: [DONE]\n\n",
		 text);
	snprintf(response, sizeof response,
		 "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: %zu\r\n"
		 "Connection: close\r\n\r\n%s",
		 strlen(frames), frames);
	if (write(fd, response, strlen(response)) < 0) _exit(1);
}

static void serve_one(int listener)
{
	char request[65536];
	struct pollfd next = { .fd = listener, .events = POLLIN };
	int fd = accept(listener, NULL, NULL);

	if (read(fd, request, sizeof request) <= 0) _exit(1);
	answer(fd, poll(&next, 1, WORK_MS) > 0 ? "overlap" : "fine");
	shutdown(fd, SHUT_WR);
	while (read(fd, request, sizeof request) > 0) continue;
	close(fd);
}

static void start_server(void)
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
		for (int i = 0; i < CALLS; i++) serve_one(fd);
		_exit(0);
	}
	close(fd);
}

/* ---- the calls ---- */

struct calls {
	struct fixture f;
	struct oc_selection target;
	struct oc_messages messages;
	struct oc_strv answers;
	unsigned waited; /* how often somebody was told a place in the queue */
};

static void progress(void *arg, const struct oc_progress *p)
{
	struct calls *c = arg;

	if (p->phase == OC_PHASE_QUEUED) c->waited++;
}

static void one_call(void *arg)
{
	struct calls *c = arg;
	const struct oc_reply_sink sink = { .progress = progress, .arg = c };
	const struct oc_call_spec spec = { .catalog = &c->f.catalog,
					   .target = &c->target,
					   .messages = &c->messages,
					   .sink = &sink };
	struct oc_reply reply;
	struct oc_err e = { 0 };

	if (oc_call_wait(&spec, &reply, &e) == OC_OK)
		oc_strv_add(&c->answers, reply.error.message ? oc_str(reply.error.message)
							     : oc_buf_view(&reply.text));
	oc_reply_deinit(&reply);
}

static void all_calls(void *arg)
{
	struct oc_scope *scope = oc_scope_new();

	for (int i = 0; i < CALLS; i++) oc_scope_spawn(scope, one_call, arg);
	oc_scope_join_wait(scope);
	oc_scope_free(scope);
}

static void run_calls(struct calls *c, const char *params)
{
	char config[512];
	struct oc_err e = { 0 };

	start_server();
	snprintf(config, sizeof config,
		 "{\"models\":{\"providers\":{\"box\":{\"baseUrl\":\"http://127.0.0.1:%u/v1\",%s"
		 "\"models\":[{\"id\":\"m\"}]}}}}",
		 server_port, params);
	*c = (struct calls){ 0 };
	open_catalog(&c->f, config);
	assert_int_equal(oc_select(&c->f.catalog, OC_LIT("box/m"), &c->target, NULL, &e), OC_OK);
	oc_messages_add(&c->messages, OC_ROLE_USER, OC_LIT("hi"));
	oc_rt_run(all_calls, c);
	waitpid(server_pid, NULL, 0);
	oc_strv_sort(&c->answers);
}

static void calls_deinit(struct calls *c)
{
	oc_strv_deinit(&c->answers);
	oc_messages_deinit(&c->messages);
	oc_selection_deinit(&c->target);
	close_catalog(&c->f);
}

static void calls_to_a_single_slot_never_overlap(void **state)
{
	struct calls c;

	(void)state;
	run_calls(&c, "");
	char *got = oc_strv_join(&c.answers, " ");

	assert_string_equal(got, "fine fine fine fine fine");
	assert_int_equal(c.waited, 4 + 3 + 2 + 1);
	free(got);
	calls_deinit(&c);
}

static void calls_to_a_parallel_server_do_not_wait(void **state)
{
	struct calls c;

	(void)state;
	run_calls(&c, "\"params\":{\"slots\":8},");
	char *got = oc_strv_join(&c.answers, " ");

	assert_string_equal(got, "fine overlap overlap overlap overlap");
	assert_int_equal(c.waited, 0);
	free(got);
	calls_deinit(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(calls_to_a_single_slot_never_overlap, new_home,
						drop_home),
		cmocka_unit_test_setup_teardown(calls_to_a_parallel_server_do_not_wait, new_home,
						drop_home),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
