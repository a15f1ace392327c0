/*
 * What was acknowledged survives kill -9. Run with two arguments this program is the victim: it
 * appends messages from several tasks and says each number that it was given.
 */
#include "check.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "rt/self.h"
#include "store_fixture.h"

enum { ROUNDS = 20, WRITERS = 3, MOST_ACKNOWLEDGED = 150, MOST_WRITTEN = 100000 };

struct acknowledged {
	int32_t writer;
	int32_t nth; /* of this writer in this round, from 1 */
	int64_t seq;
};

static const char *key_of(int writer)
{
	static const char *const keys[WRITERS] = { "one", "two", "three" };
	return keys[writer];
}

/* Bodies of very different sizes, each to be known again by its number. */
static json_t *body_of(int64_t seq)
{
	char text[9000];
	size_t n = (size_t)(seq * 37 % 8900);

	memset(text, 'x', n);
	text[n] = '\0';
	return json_pack("{s:I, s:s}", "seq", (json_int_t)seq, "content", text);
}

/* ---- the victim ---- */

static struct oc_store *store;

static void write_for_ever(void *arg)
{
	struct acknowledged a = { .writer = *(int *)arg };
	struct oc_session_record r = { 0 };

	if (oc_store_session_open_wait(store, key_of(a.writer), "main", &r, NULL, &e)) _exit(3);
	for (int64_t next = r.last_seq + 1; a.nth < MOST_WRITTEN; next++) {
		struct oc_stored_message m = { .body = body_of(next) };

		if (oc_store_append_wait(store, r.id, &m, 1, NULL, &e)) _exit(4);
		a.nth++;
		a.seq = m.seq;
		if (write(STDOUT_FILENO, &a, sizeof a) != sizeof a) _exit(5);
		oc_stored_message_deinit(&m);
	}
	oc_session_record_deinit(&r);
}

static void be_victim(void *arg)
{
	static int numbers[WRITERS];

	if (oc_store_open_wait(arg, &store, &e)) _exit(2);
	for (int i = 0; i < WRITERS; i++) {
		numbers[i] = i;
		oc_scope_spawn(oc_scope_current(), write_for_ever, &numbers[i]);
	}
	if (oc_sleep_wait(60000)) _exit(6);
}

/* ---- the test ---- */

static char path[128];
static int64_t last_seq[WRITERS]; /* acknowledged */

static pid_t start_victim(int *from)
{
	char *self = oc_self_path();
	int p[2];

	assert_int_equal(pipe(p), 0);
	pid_t pid = fork();
	if (pid == 0) {
		dup2(p[1], STDOUT_FILENO);
		close(p[0]);
		close(p[1]);
		execl(self, self, "victim", path, (char *)NULL);
		_exit(1);
	}
	close(p[1]);
	free(self);
	*from = p[0];
	return pid;
}

static bool take_one(int from)
{
	struct acknowledged a;
	ssize_t n = read(from, &a, sizeof a);

	if (n != sizeof a) return false;
	assert_true(a.writer >= 0 && a.writer < WRITERS);
	assert_int_equal(a.seq, last_seq[a.writer] + 1);
	last_seq[a.writer] = a.seq;
	return true;
}

/* Nothing is asked of a message that was written and not acknowledged: it may be there or not. */
static void check_session(struct oc_store *s, int writer)
{
	struct oc_session_record r = { 0 };
	struct oc_stored_messages l = { 0 };

	if (last_seq[writer] == 0) return;
	OK(oc_store_session_wait(s, key_of(writer), &r, &e));
	OK(oc_store_messages_wait(s, &(struct oc_message_query){ .session_id = r.id }, &l, &e));
	assert_true(r.last_seq >= last_seq[writer]);
	assert_int_equal(l.n, r.last_seq);
	for (size_t i = 0; i < l.n; i++) {
		json_t *want = body_of((int64_t)i + 1);

		assert_int_equal(l.v[i].seq, i + 1);
		assert_true(json_equal(l.v[i].body, want));
		json_decref(want);
	}
	last_seq[writer] = r.last_seq; /* where the next victim goes on */
	oc_stored_messages_deinit(&l);
	oc_session_record_deinit(&r);
}

static void check_all(void *arg)
{
	struct oc_store *s = NULL;

	(void)arg;
	OK(oc_store_open_wait(path, &s, &e));
	for (int i = 0; i < WRITERS; i++) check_session(s, i);
	oc_store_close_wait(s);
}

static void what_was_acknowledged_survives_a_kill_at_any_moment(void **state)
{
	int from;

	(void)state;
	oc_rand_seed(5);
	home_path("gateway.sqlite", path, sizeof path);
	for (int round = 0; round < ROUNDS; round++) {
		pid_t pid = start_victim(&from);
		int status;

		for (uint64_t n = oc_rand_u64() % MOST_ACKNOWLEDGED; n; n--)
			assert_true(take_one(from));
		usleep((useconds_t)(oc_rand_u64() % 3000));
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		while (take_one(from)) continue;
		close(from);
		assert_int_equal(oc_rt_run(check_all, NULL), 0);
	}
	assert_true(last_seq[0] > ROUNDS && last_seq[1] > ROUNDS && last_seq[2] > ROUNDS);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_was_acknowledged_survives_a_kill_at_any_moment,
						new_home, drop_home),
	};
	if (argc == 3) return oc_rt_run(be_victim, argv[2]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
