/* A session under a random mixture of everything that can happen to it, from a seed: what is sent
 * stays a conversation that only grows, and every run comes to an end. */
#include "check.h"

#include "base/rand.h"
#include "sessions_fixture.h"

enum { STEPS = 60, SEEDS = 15 };

static struct {
	unsigned asked;
	char ids[STEPS][16];
	size_t n_ids;
	char *last; /* messages of the last request */
} chaos;
static unsigned ends[4]; /* ok, error, aborted, others */

static unsigned pick(unsigned n)
{
	return (unsigned)(oc_rand_u64() % n);
}

/* ---- what every server wants of a conversation ---- */

static void check_shape(const struct oc_messages *m)
{
	const struct oc_tool_call *call = NULL;
	size_t open = 0;

	assert_int_equal(m->v[0].role, OC_ROLE_SYSTEM);
	assert_true(m->v[m->n - 1].role != OC_ROLE_ASSISTANT);
	for (size_t i = 1; i < m->n; i++) {
		const struct oc_message *msg = &m->v[i];

		if (msg->role == OC_ROLE_TOOL) {
			assert_true(open > 0);
			open--;
			assert_string_equal(msg->tool_call_id, (call++)->id);
			continue;
		}
		assert_int_equal(open, 0);
		if (msg->role == m->v[i - 1].role) fail_msg("two of a kind at %zu", i);
		open = msg->n_calls;
		call = msg->calls;
	}
	assert_int_equal(open, 0);
}

static void check_growth(size_t at)
{
	const char *now = world.sent.v[at], *before = chaos.last ? chaos.last : "";
	size_t same = 0;

	while (before[same] && before[same] == now[same]) same++;
	if (before[same])
		fail_msg("request %zu after %.40s\nwas: %.400s\nis:  %.400s", at,
			 before + (same > 40 ? same - 40 : 0), before + same, now + same);
	free(chaos.last);
	chaos.last = oc_strdup(now);
}

/* ---- a model of moods ---- */

static enum oc_rc moody_wait(void *arg, const struct oc_turn_request *r, struct oc_reply *reply,
			     struct oc_err *e)
{
	static const struct line moods[] = {
		{ .text = "Fine.", .read_ms = 300 },
		{ .text = "Long", .more = " answer.", .read_ms = 200, .stream_ms = 2000 },
		{ .text = "I try.", .call = "exec", .args = "{\"command\":\"true\"}" },
		{ .call = "exec", .args = "{\"command\":\"echo 1; sleep 0\"}", .read_ms = 100 },
		{ .call = "nonsense", .args = "{" },
		{ .text = "Half",
		  .outcome = OC_OUTCOME_INCOMPLETE,
		  .error = OC_ERR_STREAM_TRUNCATED },
		{ .outcome = OC_OUTCOME_ERROR, .error = OC_ERR_BAD_REQUEST, .read_ms = 50 },
		{ .text = "Stuck", .for_ever = true },
		{ .text = "NO_REPLY" },
	};
	unsigned mood = pick(sizeof moods / sizeof *moods);

	check_shape(r->messages);
	world.lines = &moods[mood];
	world.at = 0;
	enum oc_rc rc = scripted_wait(arg, r, reply, e);
	return rc;
}

static const struct oc_model_port moody = { .call_wait = moody_wait, .explain = explain };

static void open_sessions(void)
{
	const struct oc_sessions_spec spec = {
		.store = world.store, .snapshot = current, .watch = log_event, .model = &moody
	};

	OK(oc_sessions_new_wait(&spec, &world.sessions, &world.e));
}

/* ---- what people do ---- */

static void do_ask(void)
{
	char *id = chaos.ids[chaos.n_ids++];
	struct oc_asked asked;

	snprintf(id, sizeof *chaos.ids, "run-%u", chaos.asked++);
	const struct oc_ask ask = { .session_key = MAIN,
				    .run_id = id,
				    .message = OC_LIT("do something"),
				    .queue = (enum oc_queue_mode)pick(5),
				    .own_turn = pick(4) == 0 };
	enum oc_rc rc = oc_sessions_ask_wait(world.sessions, &ask, &asked, &world.e);

	if (rc == OC_E_LIMIT)
		chaos.n_ids--; /* the queue is full */
	else if (rc)
		fail_msg("%s", world.e.msg);
}

static void do_ask_again(void)
{
	struct oc_asked asked;

	if (!chaos.n_ids) return;
	const struct oc_ask ask = { .session_key = MAIN,
				    .run_id = chaos.ids[pick((unsigned)chaos.n_ids)],
				    .message = OC_LIT("do something") };

	(void)!oc_sessions_ask_wait(world.sessions, &ask, &asked, &world.e);
}

static void do_abort(void)
{
	struct oc_strv aborted = { 0 };

	oc_sessions_abort_wait(world.sessions, MAIN, NULL, pick(3) == 0, "stop", &aborted);
	oc_strv_deinit(&aborted);
}

static void do_restart(void)
{
	oc_sessions_drain_wait(world.sessions, pick(2) * 1000);
	oc_sessions_free(world.sessions);
	open_sessions();
}

static void do_inject(void)
{
	json_t *body = js("{'role':'assistant','content':'note'}");
	struct oc_stored_message m;

	OK(oc_sessions_inject_wait(world.sessions, MAIN, body, &m, &world.e));
	oc_stored_message_deinit(&m);
	json_decref(body);
}

static void do_rest(void)
{
	assert_int_equal(oc_sleep_wait(pick(1500)), OC_OK);
}

static void count_end(const char *status)
{
	static const char *const names[] = { "ok", "error", "aborted" };
	size_t i = 0;

	assert_string_not_equal(status, "pending");
	while (i < 3 && strcmp(names[i], status) != 0) i++;
	ends[i]++;
}

static void live(void)
{
	static void (*const acts[])(
	    void) = { do_ask,  do_ask,	 do_ask,       do_rest,	   do_rest,
		      do_rest, do_abort, do_ask_again, do_restart, do_inject };
	size_t before = world.sent.n;

	stop_sessions();
	open_sessions();
	for (int i = 0; i < STEPS; i++) {
		acts[pick(sizeof acts / sizeof *acts)]();
		for (; before < world.sent.n; before++) check_growth(before);
	}
	do_abort();
	do_abort();
	assert_int_equal(oc_sleep_wait(100 * 3600 * 1000), OC_OK);
	assert_int_equal(oc_sessions_active(world.sessions), 0);
	for (; before < world.sent.n; before++) check_growth(before);
	for (size_t i = 0; i < chaos.n_ids; i++) count_end(wait_for(chaos.ids[i]));
}

static void whatever_happens_the_conversation_grows_and_runs_end(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		memset(&chaos, 0, sizeof chaos);
		oc_rand_seed(seed);
		with_sessions(NULL, NULL, live);
		free(chaos.last);
	}
	for (size_t i = 0; i < 3; i++) assert_true(ends[i] > SEEDS); /* all of it did happen */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_happens_the_conversation_grows_and_runs_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
