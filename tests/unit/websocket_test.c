/* WebSockets over real loopback sockets, our server against our client and against raw bytes. */
#include "check.h"

#include "base/limits.h"
#include "loopback.h"
#include "net/websocket.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_go_both_ways_until_one_side_closes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
