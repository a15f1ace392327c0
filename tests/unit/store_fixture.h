#ifndef OC_STORE_FIXTURE_H
#define OC_STORE_FIXTURE_H
/* Tests of the store: each is a task with a store in memory. */
#include "base/mem.h"
#include "fixture.h"
#include "store/store.h"

static struct oc_err e;
#define OK(call)                                                                                   \
	do {                                                                                       \
		if ((call) != OC_OK) fail_msg("%s", e.msg);                                        \
	} while (0)

typedef void store_test_fn(struct oc_store *s);

static inline void in_memory(void *arg)
{
	store_test_fn *fn = *(store_test_fn **)arg;
	struct oc_store *s = NULL;

	OK(oc_store_open_wait(":memory:", &s, &e));
	fn(s);
	oc_store_close_wait(s);
}

static inline void with_store(store_test_fn *fn)
{
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

/* Its id; free with free(). */
static inline char *new_session(struct oc_store *s, const char *key)
{
	struct oc_session_record r = { 0 };

	OK(oc_store_session_open_wait(s, key, "main", &r, NULL, &e));
	char *id = oc_strdup(r.id);
	oc_session_record_deinit(&r);
	return id;
}

static inline struct oc_stored_message message(const char *text)
{
	return (struct oc_stored_message){ .body = json_pack("{s:s, s:s}", "role", "user",
							     "content", text) };
}

static inline void append(struct oc_store *s, const char *session, const char *text)
{
	struct oc_stored_message m = message(text);

	OK(oc_store_append_wait(s, session, &m, 1, NULL, &e));
	oc_stored_message_deinit(&m);
}

static inline int64_t count_messages(struct oc_store *s, const char *session)
{
	int64_t n;

	OK(oc_store_message_count_wait(s, session, 0, &n, &e));
	return n;
}
#endif
