/* Messages of the store: numbers, ids, idempotency, order, and that they come back as they were. */
#include "check.h"

#include <math.h>

#include "base/utf8.h"
#include "store_fixture.h"

STORE_TEST(messages_are_numbered_from_one_in_their_session)
{
	char *a = new_session(s, "a"), *b = new_session(s, "b");
	struct oc_stored_message two[2] = { message("x"), message("y") };
	struct oc_stored_messages l = { 0 };
	struct oc_session_record r = { 0 };

	append(s, a, "first");
	append(s, b, "other");
	OK(oc_store_append_wait(s, a, two, 2, NULL, &e));
	assert_int_equal(two[0].seq, 2);
	assert_int_equal(two[1].seq, 3);
	assert_true(two[0].id[0] == 'm' && two[0].created_ms > 0);
	assert_string_not_equal(two[0].id, two[1].id);
	OK(oc_store_messages_wait(s, &(struct oc_message_query){ .session_id = a }, &l, &e));
	assert_int_equal(l.n, 3);
	for (size_t i = 0; i < l.n; i++) assert_int_equal(l.v[i].seq, i + 1);
	assert_string_equal(l.v[2].id, two[1].id);
	assert_true(json_equal(l.v[2].body, two[1].body));
	OK(oc_store_session_by_id_wait(s, a, &r, &e));
	assert_int_equal(r.last_seq, 3);
	oc_session_record_deinit(&r);
	oc_stored_messages_deinit(&l);
	for (int i = 0; i < 2; i++) oc_stored_message_deinit(&two[i]);
	free(a);
	free(b);
}

STORE_TEST(ids_differ_when_the_randomness_repeats)
{
	char *a = new_session(s, "a");
	struct oc_stored_message m = message("x"), n = message("y");

	oc_rand_seed(3);
	OK(oc_store_append_wait(s, a, &m, 1, NULL, &e));
	oc_rand_seed(3);
	OK(oc_store_append_wait(s, a, &n, 1, NULL, &e));
	assert_string_not_equal(m.id, n.id);
	oc_stored_message_deinit(&m);
	oc_stored_message_deinit(&n);
	free(a);
}

STORE_TEST(a_message_comes_back_with_all_its_members)
{
	char *a = new_session(s, "a");
	struct oc_stored_message m = message("x"), got = { 0 };

	m.id = oc_strdup("mine");
	m.epoch = 4;
	m.run = oc_strdup("run");
	m.idempotency_key = oc_strdup("key");
	m.header = oc_strdup("[ctx now]\n");
	m.flags = OC_MSG_HIDDEN_FROM_MODEL | OC_MSG_SUMMARY;
	m.tokens = INT64_C(5000000000);
	m.created_ms = 77;
	OK(oc_store_append_wait(s, a, &m, 1, NULL, &e));
	OK(oc_store_message_wait(s, a, "mine", &got, &e));
	assert_int_equal(got.seq, 1);
	assert_int_equal(got.epoch, 4);
	assert_string_equal(got.run, "run");
	assert_string_equal(got.idempotency_key, "key");
	assert_string_equal(got.header, "[ctx now]\n");
	assert_int_equal(got.flags, m.flags);
	assert_int_equal(got.tokens, m.tokens);
	assert_int_equal(got.created_ms, 77);
	oc_stored_message_deinit(&got);
	assert_int_equal(oc_store_message_wait(s, a, "other", &got, &e), OC_E_NOT_FOUND);
	assert_int_equal(oc_store_message_wait(s, "no session", "mine", &got, &e), OC_E_NOT_FOUND);
	oc_stored_message_deinit(&m);
	free(a);
}

STORE_TEST(an_idempotency_key_is_stored_once_in_a_session)
{
	char *a = new_session(s, "a"), *b = new_session(s, "b");
	struct oc_stored_message v[2] = { message("x"), message("y") };
	bool duplicate = true;

	v[1].idempotency_key = oc_strdup("once");
	OK(oc_store_append_wait(s, a, v, 2, &duplicate, &e));
	assert_false(duplicate);
	struct oc_stored_message again[2] = { message("x"), message("y") };
	again[1].idempotency_key = oc_strdup("once");
	OK(oc_store_append_wait(s, a, again, 2, &duplicate, &e));
	assert_true(duplicate);
	assert_int_equal(count_messages(s, a), 2); /* nor its companion */
	assert_true(!again[0].id && !again[0].seq && !again[0].created_ms);
	OK(oc_store_append_wait(s, b, again, 2, &duplicate, &e));
	assert_false(duplicate); /* another session */
	for (int i = 0; i < 2; i++) {
		oc_stored_message_deinit(&v[i]);
		oc_stored_message_deinit(&again[i]);
	}
	free(a);
	free(b);
}

STORE_TEST(an_append_is_whole_or_not_at_all)
{
	char *a = new_session(s, "a");
	struct oc_stored_message v[3] = { message("x"), message("y"), message("z") };

	v[0].id = oc_strdup("same");
	v[2].id = oc_strdup("same");
	assert_int_equal(oc_store_append_wait(s, a, v, 3, NULL, &e), OC_E_INPUT);
	assert_true(!v[0].seq && !v[1].id);
	assert_int_equal(count_messages(s, a), 0);
	append(s, a, "next");
	struct oc_session_record r = { 0 };
	OK(oc_store_session_by_id_wait(s, a, &r, &e));
	assert_int_equal(r.last_seq, 1);
	assert_int_equal(oc_store_append_wait(s, "nobody", v, 3, NULL, &e), OC_E_NOT_FOUND);
	oc_session_record_deinit(&r);
	for (int i = 0; i < 3; i++) oc_stored_message_deinit(&v[i]);
	free(a);
}

STORE_TEST(a_query_gives_the_newest_within_its_bounds_in_ascending_order)
{
	static const struct {
		struct oc_message_query q;
		const char *want;
	} cases[] = {
		{ { 0 }, "1 2 3 4 5 6 " },
		{ { .limit = 2 }, "5 6 " },
		{ { .after_seq = 2 }, "3 4 5 6 " },
		{ { .before_seq = 3 }, "1 2 " },
		{ { .after_seq = 1, .before_seq = 6, .limit = 3 }, "3 4 5 " },
		{ { .epoch = 1 }, "2 4 6 " },
		{ { .epoch = 1, .limit = 1 }, "6 " },
		{ { .epoch = 9 }, "" },
		{ { .after_seq = 6 }, "" },
	};
	char *a = new_session(s, "a");
	int64_t n;

	for (int i = 1; i <= 6; i++) {
		struct oc_stored_message m = message("x");
		m.epoch = i % 2 == 0;
		OK(oc_store_append_wait(s, a, &m, 1, NULL, &e));
		oc_stored_message_deinit(&m);
	}
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct oc_message_query q = cases[i].q;
		struct oc_stored_messages l = { 0 };
		struct oc_buf got;

		q.session_id = a;
		oc_buf_init(&got, 4096);
		OK(oc_store_messages_wait(s, &q, &l, &e));
		for (size_t k = 0; k < l.n; k++) oc_buf_addf(&got, "%d ", (int)l.v[k].seq);
		assert_string_equal(oc_buf_cstr(&got), cases[i].want);
		oc_buf_deinit(&got);
		oc_stored_messages_deinit(&l);
	}
	OK(oc_store_message_count_wait(s, a, 4, &n, &e));
	assert_int_equal(n, 2);
	free(a);
}

/* ---- whatever was appended is read back ---- */

static json_t *random_text(void)
{
	struct oc_buf b;

	oc_buf_init(&b, 4096);
	for (size_t n = oc_rand_u64() % 20; n; n--) {
		uint64_t r = oc_rand_u64();
		uint32_t cp = (uint32_t)(r >> 8);

		if (r % 4 == 0) cp %= 0x20; /* control characters */
		if (r % 4 == 1) cp %= 0x80;
		if (r % 4 == 2) cp %= 0x10000;
		cp %= 0x110000;
		if (cp) oc_utf8_put(&b, cp);
	}
	json_t *v = json_stringn(oc_buf_cstr(&b), b.n);
	oc_buf_deinit(&b);
	return v;
}

static json_t *random_number(void)
{
	uint64_t bits = oc_rand_u64();
	double d;

	memcpy(&d, &bits, sizeof d);
	if (bits % 3 == 0 && isfinite(d)) return json_real(d);
	if (bits % 3 == 1) return json_real((double)(bits % 100));
	return json_integer((json_int_t)bits);
}

static json_t *random_value(int depth)
{
	uint64_t r = oc_rand_u64() % (depth > 0 ? 7 : 5);
	json_t *v;

	switch (r) {
	case 0: return json_null();
	case 1: return json_boolean(oc_rand_u64() & 1);
	case 2: return random_number();
	case 3:
	case 4: return random_text();
	case 5:
		v = json_array();
		for (size_t n = oc_rand_u64() % 4; n; n--)
			json_array_append_new(v, random_value(depth - 1));
		return v;
	default:
		v = json_object();
		for (size_t n = oc_rand_u64() % 4; n; n--) {
			json_t *key = random_text();
			json_object_set_new(v, json_string_value(key), random_value(depth - 1));
			json_decref(key);
		}
		return v;
	}
}

STORE_TEST(any_body_is_read_back_as_it_was_appended)
{
	enum { N = 500 };
	static struct oc_stored_message v[N];
	struct oc_stored_messages l = { 0 };
	char *a = new_session(s, "a");

	oc_rand_seed(11);
	for (int i = 0; i < N; i++) v[i] = (struct oc_stored_message){ .body = random_value(4) };
	OK(oc_store_append_wait(s, a, v, N, NULL, &e));
	OK(oc_store_messages_wait(s, &(struct oc_message_query){ .session_id = a }, &l, &e));
	assert_int_equal(l.n, N);
	for (int i = 0; i < N; i++) {
		char *was = oc_json_compact(v[i].body), *is = oc_json_compact(l.v[i].body);

		assert_string_equal(is, was); /* order of keys included */
		assert_true(json_equal(l.v[i].body, v[i].body));
		free(was);
		free(is);
		oc_stored_message_deinit(&v[i]);
	}
	oc_stored_messages_deinit(&l);
	free(a);
}

STORE_TEST(a_body_of_twenty_megabytes_is_read_back)
{
	enum { BYTES = 20 << 20 };
	char *a = new_session(s, "a"), *text = malloc(BYTES + 1);
	struct oc_stored_messages l = { 0 };

	for (size_t i = 0; i < BYTES; i++) text[i] = (char)('a' + i % 26);
	text[BYTES] = '\0';
	append(s, a, text);
	OK(oc_store_messages_wait(s, &(struct oc_message_query){ .session_id = a }, &l, &e));
	assert_string_equal(oc_json_cstr(l.v[0].body, "content"), text);
	oc_stored_messages_deinit(&l);
	free(text);
	free(a);
}

/* ---- many tasks at once ---- */

enum { TASKS = 60 };
static struct oc_store *shared;
static char *shared_session;
static int64_t seqs[TASKS];
static enum oc_rc results[TASKS];

static void append_one(void *arg)
{
	int64_t *seq = arg;
	struct oc_stored_message m = message("x");

	results[seq - seqs] = oc_store_append_wait(shared, shared_session, &m, 1, NULL, NULL);
	*seq = m.seq;
	oc_stored_message_deinit(&m);
}

static void append_from_many_tasks(struct oc_store *s, bool cancel)
{
	struct oc_scope *scope = oc_scope_new();

	shared = s;
	shared_session = new_session(s, "a");
	for (int i = 0; i < TASKS; i++) oc_scope_spawn(scope, append_one, &seqs[i]);
	OK(oc_sleep_wait(1)); /* they have begun and wait */
	if (cancel) oc_scope_cancel(scope);
	oc_scope_join_wait(scope);
	oc_scope_free(scope);
	assert_int_equal(count_messages(s, shared_session), TASKS);
	for (int i = 0; i < TASKS; i++) {
		assert_int_equal(results[i], OC_OK);
		assert_int_equal(seqs[i], i + 1);
	}
	free(shared_session);
}

STORE_TEST(steps_of_many_tasks_are_done_in_the_order_of_the_calls)
{
	append_from_many_tasks(s, false);
}

STORE_TEST(a_cancelled_task_still_sees_its_step_through)
{
	append_from_many_tasks(s, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_are_numbered_from_one_in_their_session),
		cmocka_unit_test(ids_differ_when_the_randomness_repeats),
		cmocka_unit_test(a_message_comes_back_with_all_its_members),
		cmocka_unit_test(an_idempotency_key_is_stored_once_in_a_session),
		cmocka_unit_test(an_append_is_whole_or_not_at_all),
		cmocka_unit_test(a_query_gives_the_newest_within_its_bounds_in_ascending_order),
		cmocka_unit_test(any_body_is_read_back_as_it_was_appended),
		cmocka_unit_test(a_body_of_twenty_megabytes_is_read_back),
		cmocka_unit_test(steps_of_many_tasks_are_done_in_the_order_of_the_calls),
		cmocka_unit_test(a_cancelled_task_still_sees_its_step_through),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
