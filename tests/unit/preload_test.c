/* Preload against a small server in a child process: who asks, how often, and what everyone gets.
 */
#include "check.h"

#include <arpa/inet.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/log.h"
#include "catalog_fixture.h"
#include "model/provider/preload.h"

#define HEAD "HTTP/1.1 %s\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n%s"
static const char unloaded[] =
    "{\"models\":[{\"type\":\"llm\",\"key\":\"a/b\",\"loaded_instances\":[],"
    "\"max_context_length\":131072}]}";
static const char loaded[] =
    "{\"models\":[{\"type\":\"llm\",\"key\":\"a/b\",\"max_context_length\":131072,"
    "\"loaded_instances\":[{\"id\":\"a/b:7\",\"config\":{\"context_length\":65536}}]}]}";

struct shared {
	int lists, loads;
	bool refuse_load, show_loaded;
	unsigned load_ms;
};
static struct shared *seen;
static pid_t server_pid;
static unsigned server_port;

static void answer(int fd)
{
	char request[4096], reply[2048];
	size_t n = 0;
	ssize_t k;

	while (n < sizeof request - 1 && (k = read(fd, request + n, sizeof request - 1 - n)) > 0) {
		n += (size_t)k;
		request[n] = '\0';
		char *end = strstr(request, "\r\n\r\n");
		if (end && (request[0] == 'G' || strchr(end, '}'))) break;
	}
	if (request[0] == 'G') {
		seen->lists++;
		snprintf(reply, sizeof reply, HEAD, "200 OK",
			 seen->show_loaded ? loaded : unloaded);
	} else {
		seen->loads++;
		usleep(seen->load_ms * 1000);
		snprintf(reply, sizeof reply, HEAD, seen->refuse_load ? "500 No" : "200 OK",
			 seen->refuse_load ? "{\"error\":\"no memory\"}"
					   : "{\"status\":\"loaded\",\"instance_id\":\"a/b:2\"}");
	}
	if (write(fd, reply, strlen(reply)) < 0) _exit(1);
	close(fd);
}

static int start(void **state)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof a;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (new_home(state)) return 1;
	seen = mmap(NULL, sizeof *seen, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (bind(fd, (struct sockaddr *)&a, sizeof a) || listen(fd, 16) ||
	    getsockname(fd, (struct sockaddr *)&a, &len))
		return 1;
	server_port = ntohs(a.sin_port);
	server_pid = fork();
	if (server_pid == 0) {
		signal(SIGPIPE, SIG_IGN);
		alarm(20);
		for (;;) answer(accept(fd, NULL, NULL));
	}
	close(fd);
	return 0;
}

static int stop(void **state)
{
	kill(server_pid, SIGKILL);
	waitpid(server_pid, NULL, 0);
	munmap(seen, sizeof *seen);
	return drop_home(state);
}

/* ---- turns ---- */

enum { TURNS = 3 };
struct turn {
	struct fixture *f;
	enum oc_rc rc;
	char *model;
	int64_t ctx;
};
static struct turn turns[TURNS];

static void one_turn(void *arg)
{
	struct turn *t = arg;
	struct oc_provider *p = oc_catalog_provider(&t->f->catalog, OC_LIT("lmstudio"));

	free(t->model);
	t->model = NULL;
	t->rc = oc_lmstudio_preload_wait(&t->f->catalog, p, "a/b", &p->models[0], NULL, &t->model,
					 &t->ctx);
}

static void together(void *arg)
{
	struct oc_scope *s = oc_scope_new();

	(void)arg;
	for (int i = 0; i < TURNS; i++) oc_scope_spawn(s, one_turn, &turns[i]);
	oc_scope_join_wait(s);
	oc_scope_free(s);
}

static void one_after_the_other(void *arg)
{
	(void)arg;
	for (int i = 0; i < TURNS; i++) one_turn(&turns[i]);
}

/* The first is given up while the others wait for it. */
static void leader_leaves(void *arg)
{
	struct oc_scope *first = oc_scope_new(), *others = oc_scope_new();

	(void)arg;
	oc_scope_spawn(first, one_turn, &turns[0]);
	assert_int_equal(oc_sleep_wait(20), OC_OK);
	for (int i = 1; i < TURNS; i++) oc_scope_spawn(others, one_turn, &turns[i]);
	assert_int_equal(oc_sleep_wait(20), OC_OK);
	oc_scope_cancel(first);
	oc_scope_join_wait(first);
	oc_scope_join_wait(others);
	oc_scope_free(first);
	oc_scope_free(others);
}

static void run(oc_task_fn *fn)
{
	struct fixture f;
	char config[300];

	snprintf(config, sizeof config,
		 "{models:{providers:{lmstudio:{baseUrl:'http://127.0.0.1:%u/v1',models:[{id:'a/b',"
		 "contextWindow:131072,contextTokens:65536}]}}}}",
		 server_port);
	open_catalog(&f, config);
	for (int i = 0; i < TURNS; i++) turns[i] = (struct turn){ .f = &f, .rc = OC_E_SYS };
	assert_int_equal(oc_rt_run(fn, NULL), 0);
	close_catalog(&f);
}

static void forget_turns(void)
{
	for (int i = 0; i < TURNS; i++) free(turns[i].model);
}

static void expect(int i, const char *model, int64_t ctx)
{
	assert_int_equal(turns[i].rc, OC_OK);
	assert_string_equal(turns[i].model, model);
	assert_int_equal(turns[i].ctx, ctx);
}

static void turns_at_once_share_one_attempt(void **state)
{
	(void)state;
	seen->load_ms = 100;
	run(together);
	for (int i = 0; i < TURNS; i++) expect(i, "a/b:2", 65536);
	assert_int_equal(seen->lists, 1);
	assert_int_equal(seen->loads, 1);
	forget_turns();
}

static void a_failed_attempt_is_not_repeated_at_once(void **state)
{
	(void)state;
	seen->refuse_load = true;
	run(one_after_the_other);
	for (int i = 0; i < TURNS; i++) expect(i, "a/b", 0);
	assert_int_equal(seen->lists, 1);
	assert_int_equal(seen->loads, 1);
	forget_turns();
}

static void an_adequate_instance_is_remembered_for_a_while(void **state)
{
	(void)state;
	seen->show_loaded = true;
	run(one_after_the_other);
	for (int i = 0; i < TURNS; i++) expect(i, "a/b:7", 65536);
	assert_int_equal(seen->lists, 1);
	assert_int_equal(seen->loads, 0);
	forget_turns();
}

static void when_the_leader_is_cancelled_another_leads(void **state)
{
	(void)state;
	seen->load_ms = 150;
	run(leader_leaves);
	assert_int_equal(turns[0].rc, OC_CANCELLED);
	expect(1, "a/b:2", 65536);
	expect(2, "a/b:2", 65536);
	assert_int_equal(seen->loads, 2);
	forget_turns();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(turns_at_once_share_one_attempt, start, stop),
		cmocka_unit_test_setup_teardown(a_failed_attempt_is_not_repeated_at_once, start,
						stop),
		cmocka_unit_test_setup_teardown(an_adequate_instance_is_remembered_for_a_while,
						start, stop),
		cmocka_unit_test_setup_teardown(when_the_leader_is_cancelled_another_leads, start,
						stop),
	};
	oc_log_set_level(OC_LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
