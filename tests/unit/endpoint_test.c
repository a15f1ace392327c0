/* The queue before a model server: slots, order, affinity, giving way. */
#include "check.h"

#include <stdlib.h>

#include "base/mem.h"
#include "model/call/endpoint.h"
#include "rt/clock.h"

enum { MAX_JOBS = 16 };

/* One who wants a slot at a time, and keeps it for a while. */
struct job {
	const char *name, *session;
	enum oc_priority priority;
	unsigned slots;
	uint64_t at_ms, hold_ms;
	bool yields; /* gives way when asked, then asks again */
	uint64_t patience_ms;
	unsigned max_waiting;
	struct oc_scope *holding;
	bool asked_to_leave;
};
static struct oc_buf said;
static unsigned running, most;

static void queued(void *arg, unsigned position)
{
	const struct job *j = arg;

	oc_buf_addf(&said, "%s#%u ", j->name, position);
}

static void leave(void *arg)
{
	struct job *j = arg;

	j->asked_to_leave = true;
	if (j->holding) oc_scope_cancel(j->holding);
}

static void hold(void *arg)
{
	const struct job *j = arg;

	(void)!oc_sleep_wait(j->hold_ms);
}

static void use_slot(struct job *j, struct oc_slot *slot)
{
	running++;
	if (running > most) most = running;
	oc_buf_addf(&said, "%s ", j->name);
	j->holding = oc_scope_new();
	oc_scope_spawn(j->holding, hold, j);
	oc_scope_join_wait(j->holding);
	oc_scope_free(j->holding);
	j->holding = NULL;
	running--;
	oc_slot_release(slot);
}

static void work(void *arg)
{
	struct job *j = arg;
	const struct oc_slot_ask ask = { .origin = "http://box:1",
					 .slots = j->slots ? j->slots : 1,
					 .priority = j->priority,
					 .session = j->session,
					 .queued = queued,
					 .give_way = j->yields ? leave : NULL,
					 .max_waiting = j->max_waiting,
					 .arg = j };
	struct oc_slot_ask patient = ask;
	struct oc_slot *slot;

	if (j->at_ms && oc_sleep_wait(j->at_ms) != OC_OK) return;
	if (j->patience_ms) patient.deadline = oc_deadline_in(j->patience_ms);
	do {
		j->asked_to_leave = false;
		enum oc_rc rc = oc_endpoint_acquire_wait(&patient, &slot);

		if (rc == OC_E_TIMEOUT) oc_buf_addf(&said, "%s-late ", j->name);
		if (rc == OC_E_LIMIT) oc_buf_addf(&said, "%s-full ", j->name);
		if (rc != OC_OK) return;
		use_slot(j, slot);
	} while (j->asked_to_leave);
}

struct script {
	struct job *jobs;
	size_t n;
	uint64_t cancel_at_ms;
};

static void play(void *arg)
{
	struct script *s = arg;
	struct oc_scope *scope = oc_scope_new();

	for (size_t i = 0; i < s->n; i++) oc_scope_spawn(scope, work, &s->jobs[i]);
	if (s->cancel_at_ms) {
		(void)!oc_sleep_wait(s->cancel_at_ms);
		oc_scope_cancel(scope);
	}
	oc_scope_join_wait(scope);
	oc_scope_free(scope);
}

static void check_script(struct job *jobs, size_t n, uint64_t cancel_at_ms, unsigned at_most,
			 const char *want)
{
	struct script s = { jobs, n, cancel_at_ms };

	running = most = 0;
	oc_buf_init(&said, 4096);
	oc_clock_make_virtual(1000000);
	oc_rt_run(play, &s);
	/* What an endpoint remembers ends with its affinity. */
	oc_clock_make_real();
	assert_int_equal(most, at_most);
	assert_string_equal(oc_buf_cstr(&said), want);
	oc_buf_deinit(&said);
}

static void one_slot_never_has_two_requests(void **state)
{
	struct job jobs[] = { { "a", .hold_ms = 50 },
			      { "b", .hold_ms = 50 },
			      { "c", .hold_ms = 50 },
			      { "d", .hold_ms = 50 },
			      { "e", .hold_ms = 50 } };

	(void)state;
	check_script(jobs, 5, 0, 1, "a b#1 c#2 d#3 e#4 c#1 d#2 e#3 b d#1 e#2 c e#1 d e ");
}

static void a_parallel_server_gets_as_many_as_it_has_slots(void **state)
{
	struct job jobs[] = { { "a", .slots = 2, .hold_ms = 50 },
			      { "b", .slots = 2, .hold_ms = 50 },
			      { "c", .slots = 2, .hold_ms = 50 } };

	(void)state;
	check_script(jobs, 3, 0, 2, "a b c#1 c ");
}

static void urgent_work_goes_first(void **state)
{
	struct job jobs[] = { { "a", .hold_ms = 50 },
			      { "cron", .priority = OC_PRIORITY_CRON, .at_ms = 1, .hold_ms = 5 },
			      { "sub", .priority = OC_PRIORITY_SUBAGENT, .at_ms = 2, .hold_ms = 5 },
			      { "person", .at_ms = 3, .hold_ms = 5 } };

	(void)state;
	check_script(
	    jobs, 4, 0, 1,
	    "a cron#1 sub#1 cron#2 person#1 sub#2 cron#3 sub#1 cron#2 person cron#1 sub cron ");
}

static void background_work_waits_until_the_session_is_idle(void **state)
{
	struct job jobs[] = {
		{ "chat", .session = "s1", .hold_ms = 50 },
		{ "cron", .session = "c", .priority = OC_PRIORITY_CRON, .at_ms = 10, .hold_ms = 5 },
		{ "again", .session = "s1", .at_ms = 300000, .hold_ms = 5 },
		{ "own", .session = "s1", .priority = OC_PRIORITY_CRON, .at_ms = 300010,
		  .hold_ms = 5 },
		{ "late", .session = "s2", .at_ms = 890000, .hold_ms = 5 },
	};

	(void)state;
	check_script(jobs, 5, 0, 1, "chat cron#1 again own late cron ");
}

static void housekeeping_gives_way_to_a_person(void **state)
{
	struct job jobs[] = { { "house", .priority = OC_PRIORITY_HOUSEKEEPING, .hold_ms = 5000,
				.yields = true },
			      { "person", .at_ms = 100, .hold_ms = 50 } };

	(void)state;
	check_script(jobs, 2, 0, 1, "house person#1 house#1 person house ");
}

static void who_is_cancelled_leaves_the_queue(void **state)
{
	struct job jobs[] = { { "a", .hold_ms = 5000 },
			      { "b", .hold_ms = 5 },
			      { "c", .hold_ms = 5 } };

	(void)state;
	check_script(jobs, 3, 100, 1, "a b#1 c#2 ");
}

static void a_wait_may_have_an_end(void **state)
{
	struct job jobs[] = { { "a", .hold_ms = 50 },
			      { "b", .patience_ms = 20, .hold_ms = 5 },
			      { "c", .patience_ms = 80, .hold_ms = 5 } };

	(void)state;
	check_script(jobs, 3, 0, 1, "a b#1 c#2 c#1 b-late c ");
}

static void a_queue_may_have_a_bound(void **state)
{
	struct job jobs[] = { { "a", .max_waiting = 1, .hold_ms = 50 },
			      { "b", .max_waiting = 1, .hold_ms = 5 },
			      { "c", .max_waiting = 1, .hold_ms = 5 },
			      { "d", .max_waiting = 1, .at_ms = 52, .hold_ms = 5 } };

	(void)state;
	check_script(jobs, 4, 0, 1, "a b#1 c-full b d#1 d ");
}

static void slots_come_from_config_server_and_kind(void **state)
{
	static const struct {
		const char *kind;
		int64_t told, configured;
		bool local;
		unsigned want;
	} rows[] = {
		{ "lmstudio", 0, 0, true, 4 },	  { "lmstudio", 2, 0, true, 2 },
		{ "lmstudio", 2, 7, true, 7 },	  { "vllm", 0, 0, true, 32 },
		{ "ollama", 0, 0, true, 1 },	  { "llamacpp", 0, 0, true, 1 },
		{ "anthropic", 0, 0, false, 16 }, { "whatever", 0, 0, true, 1 },
		{ "whatever", 0, 0, false, 16 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		json_t *entry = json_pack("{s{sI}}", "params", "slots", rows[i].configured);
		const struct oc_provider p = { .entry = entry,
					       .local = rows[i].local,
					       .kind = oc_provider_kind(rows[i].kind) };

		if (oc_endpoint_slots(&p, rows[i].told) != rows[i].want)
			fail_msg("%zu: %u", i, oc_endpoint_slots(&p, rows[i].told));
		json_decref(entry);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_slot_never_has_two_requests),
		cmocka_unit_test(a_parallel_server_gets_as_many_as_it_has_slots),
		cmocka_unit_test(urgent_work_goes_first),
		cmocka_unit_test(housekeeping_gives_way_to_a_person),
		cmocka_unit_test(who_is_cancelled_leaves_the_queue),
		cmocka_unit_test(background_work_waits_until_the_session_is_idle),
		cmocka_unit_test(a_wait_may_have_an_end),
		cmocka_unit_test(a_queue_may_have_a_bound),
		cmocka_unit_test(slots_come_from_config_server_and_kind),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
