/* Calls of the Bot API over a real connection: what is sent, what is tried again in another form,
 * what is known after a failure, and that the token is never told. */
#include "check.h"

#include "base/limits.h"
#include "channel/telegram/telegram.h"
#include "fixture.h"
#include "loopback.h"
#include "rt/file.h"

static struct oc_err e;
static struct oc_strv paths, bodies;
static const char *const *answers; /* one for each request; NULL = the connection is cut */
static size_t asked;

static void serve(void *arg, struct oc_exchange *x)
{
	struct oc_buf body;
	const char *answer = answers[asked++];

	(void)arg;
	oc_buf_init(&body, 1 << 20);
	assert_int_equal(oc_exchange_body_wait(x, OC_NO_DEADLINE, &body), OC_OK);
	oc_strv_add(&paths, oc_str(oc_exchange_path(x)));
	oc_strv_add(&bodies, oc_buf_view(&body));
	oc_buf_deinit(&body);
	if (!answer)
		oc_exchange_abort(x);
	else
		oc_exchange_respond(x, strstr(answer, "\"ok\":true") ? 200 : 400,
				    "application/json", oc_str(answer));
}

static void with_telegram(const char *const *script,
			  void (*use)(struct oc_channel_account *a, struct oc_msg_sent *sent))
{
	struct oc_telegram t = { .token = oc_strdup("1:secret-token") };
	struct oc_channel_account a = { .adapter = &t };
	struct oc_msg_sent sent = { 0 };

	answers = script;
	asked = 0;
	e = (struct oc_err){ 0 };
	start_server(serve, (struct oc_http_server_spec){ 0 });
	t.root = oc_asprintf("http://127.0.0.1:%u", oc_http_server_port(server));
	assert_int_equal(oc_guard_init(&t.guard, oc_str(t.root), OC_UNSET, &e), OC_OK);
	use(&a, &sent);
	oc_http_server_stop_wait(server);
	oc_msg_sent_deinit(&sent);
	oc_guard_deinit(&t.guard);
	oc_strv_deinit(&paths);
	oc_strv_deinit(&bodies);
	paths = bodies = (struct oc_strv){ 0 };
	free(t.token);
	free(t.root);
}

#define DONE	     "{\"ok\":true,\"result\":{\"message_id\":9}}"
#define REFUSED(why) "{\"ok\":false,\"error_code\":400,\"description\":\"Bad Request: " why "\"}"

static struct oc_msg_out text(void)
{
	return (struct oc_msg_out){ .chat_id = "5",
				    .thread_id = "7",
				    .reply_to = "3",
				    .chunk = { (char *)(uintptr_t) "<b>x</b>",
					       (char *)(uintptr_t) "HTML",
					       (char *)(uintptr_t) "x" } };
}

static void send_text(struct oc_channel_account *a, struct oc_msg_sent *sent)
{
	const struct oc_msg_out m = text();

	assert_int_equal(oc_tg_send_wait(a, &m, sent, &e), OC_OK);
	assert_string_equal(sent->native_id, "9");
	assert_string_equal(paths.v[0], "/bot1:secret-token/sendMessage");
	assert_string_equal(bodies.v[0],
			    "{\"chat_id\":5,\"message_thread_id\":7,\"reply_parameters\":{"
			    "\"message_id\":3,\"allow_sending_without_reply\":true},"
			    "\"text\":\"<b>x</b>\",\"parse_mode\":\"HTML\"}");
}

static void send_otherwise(struct oc_channel_account *a, struct oc_msg_sent *sent)
{
	const struct oc_msg_out m = text();

	assert_int_equal(oc_tg_send_wait(a, &m, sent, &e), OC_OK);
	assert_int_equal(bodies.n, 3);
	assert_null(strstr(bodies.v[1], "parse_mode"));
	assert_non_null(strstr(bodies.v[1], "message_thread_id"));
	assert_null(strstr(bodies.v[2], "message_thread_id"));
	assert_non_null(strstr(bodies.v[2], "\"text\":\"x\""));
}

static void send_into_nothing(struct oc_channel_account *a, struct oc_msg_sent *sent)
{
	const struct oc_msg_out m = text();

	assert_int_not_equal(oc_tg_send_wait(a, &m, sent, &e), OC_OK);
	assert_true(sent->maybe_sent);
	assert_int_equal(sent->retry_ms, 0);
	assert_null(strstr(e.msg, "secret-token"));
	assert_int_equal(bodies.n, 1);
}

static void send_where_nobody_listens(struct oc_channel_account *a, struct oc_msg_sent *sent)
{
	struct oc_telegram *t = a->adapter;
	const struct oc_msg_out m = text();

	free(t->root);
	oc_guard_deinit(&t->guard);
	t->root = oc_strdup("http://127.0.0.1:1");
	assert_int_equal(oc_guard_init(&t->guard, oc_str(t->root), OC_UNSET, &e), OC_OK);
	assert_int_not_equal(oc_tg_send_wait(a, &m, sent, &e), OC_OK);
	assert_false(sent->maybe_sent);
	assert_true(sent->retry_ms > 0);
	assert_null(strstr(e.msg, "secret-token"));
}

static void edit_without_a_change(struct oc_channel_account *a, struct oc_msg_sent *sent)
{
	struct oc_msg_out m = text();

	m.kind = OC_OUT_EDIT;
	m.native_id = "9";
	assert_int_equal(oc_tg_send_wait(a, &m, sent, &e), OC_OK);
}

static void send_file(struct oc_channel_account *a, struct oc_msg_sent *sent)
{
	struct oc_msg_out m = text();
	char *path = oc_asprintf("%s/odd \"name\".txt", getenv("HOME"));

	assert_int_equal(oc_file_write(path, OC_LIT("the content"), 0600, NULL, &e), OC_OK);
	m.kind = OC_OUT_MEDIA;
	m.path = path;
	m.mime = "text/plain";
	assert_int_equal(oc_tg_send_wait(a, &m, sent, &e), OC_OK);
	assert_string_equal(paths.v[0], "/bot1:secret-token/sendDocument");
	assert_non_null(strstr(bodies.v[0], "name=\"chat_id\"\r\n\r\n5\r\n--"));
	assert_non_null(strstr(bodies.v[0], "name=\"caption\"\r\n\r\n<b>x</b>\r\n--"));
	assert_non_null(strstr(bodies.v[0], "name=\"document\"; filename=\"odd _name_.txt\"\r\n"
					    "Content-Type: text/plain\r\n\r\nthe content\r\n--"));
	free(path);
}

static const struct {
	const char *answers[4];
	void (*use)(struct oc_channel_account *a, struct oc_msg_sent *sent);
} rows[] = {
	{ { DONE }, send_text },
	{ { REFUSED("can't parse entities: x"), REFUSED("message thread not found"), DONE },
	  send_otherwise },
	{ { NULL }, send_into_nothing },
	{ { NULL }, send_where_nobody_listens },
	{ { REFUSED("message is not modified") }, edit_without_a_change },
	{ { DONE }, send_file },
};

static void run_all(void *arg)
{
	(void)arg;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		with_telegram(rows[i].answers, rows[i].use);
}

static void calls_do_and_tell_what_they_should(void **state)
{
	(void)state;
	assert_int_equal(new_home(NULL), 0);
	assert_int_equal(oc_rt_run(run_all, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_do_and_tell_what_they_should),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
