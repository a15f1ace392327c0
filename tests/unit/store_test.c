/* The store: every function against a database in memory, and files that are old, new, foreign,
 * damaged or in use. */
#include "check.h"

#include "base/mem.h"
#include "fixture.h"
#include "store/store.h"

static struct oc_err e;
#define OK(call)                                                                                   \
	do {                                                                                       \
		if ((call) != OC_OK) fail_msg("%s", e.msg);                                        \
	} while (0)

/* ---- harness: a test is a task with an open store ---- */

typedef void test_fn(struct oc_store *s);

static void in_memory(void *arg)
{
	test_fn *fn = *(test_fn **)arg;
	struct oc_store *s = NULL;

	OK(oc_store_open_wait(":memory:", &s, &e));
	fn(s);
	oc_store_close_wait(s);
}

static void with_store(test_fn *fn)
{
	e = (struct oc_err){ 0 };
	assert_int_equal(oc_rt_run(in_memory, &fn), 0);
}

#define STORE_TEST(name)                                                                           \
	static void name##_in(struct oc_store *s);                                                 \
	static void name(void **state)                                                             \
	{                                                                                          \
		(void)state;                                                                       \
		with_store(name##_in);                                                             \
	}                                                                                          \
	static void name##_in(struct oc_store *s)

static char *new_session(struct oc_store *s, const char *key)
{
	struct oc_session_record r = { 0 };

	OK(oc_store_session_open_wait(s, key, "main", &r, NULL, &e));
	char *id = oc_strdup(r.id);
	oc_session_record_deinit(&r);
	return id;
}

/* ---- sessions ---- */

STORE_TEST(a_session_is_made_once_and_found_by_key_and_id)
{
	struct oc_session_record a = { 0 }, b = { 0 };
	bool made = false;

	OK(oc_store_session_open_wait(s, "agent:main:main", "main", &a, &made, &e));
	assert_true(made);
	assert_int_equal(strlen(a.id), OC_ID_CHARS);
	assert_true(a.created_ms > 0 && a.updated_ms == a.created_ms);
	assert_true(json_is_object(a.settings));
	assert_int_equal(a.last_seq, 0);
	OK(oc_store_session_open_wait(s, "agent:main:main", "main", &b, &made, &e));
	assert_false(made);
	assert_string_equal(a.id, b.id);
	oc_session_record_deinit(&b);
	OK(oc_store_session_by_id_wait(s, a.id, &b, &e));
	assert_string_equal(b.key, "agent:main:main");
	oc_session_record_deinit(&b);
	assert_int_equal(oc_store_session_wait(s, "agent:main:x", &b, &e), OC_E_NOT_FOUND);
	assert_non_null(strstr(e.msg, "agent:main:x"));
	oc_session_record_deinit(&a);
}

/* ---- messages ---- */

static struct oc_stored_message message(const char *text)
{
	return (struct oc_stored_message){ .body = json_pack("{s:s, s:s}", "role", "user",
							     "content", text) };
}

static void append(struct oc_store *s, const char *session, const char *text)
{
	struct oc_stored_message m = message(text);

	OK(oc_store_append_wait(s, session, &m, 1, NULL, &e));
	oc_stored_message_deinit(&m);
}

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_session_is_made_once_and_found_by_key_and_id),
		cmocka_unit_test(messages_are_numbered_from_one_in_their_session),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
