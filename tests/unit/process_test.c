/* Commands in the background, and that nothing is left of a command that was ended. */
#include "check.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "rt/file.h"
#include "tool/processes.h"
#include "tool/sandbox/confine.h"
#include "tool/tool.h"

static char root[] = "/tmp/oc-process-XXXXXX";
static struct oc_tool_context ctx;
static struct oc_exec_options options;
static struct oc_tool_result result;

static const char *run(const char *tool, const char *args)
{
	struct oc_err e = { 0 };
	struct oc_tool_call call = { .name = oc_strdup(tool), .arguments = oc_strdup(args) };

	call.args = oc_json_parse(oc_str(args), NULL, &e);
	call.valid = json_is_object(call.args);
	oc_tool_result_deinit(&result);
	assert_int_equal(oc_tool_run_wait(&ctx, &call, &result), OC_OK);
	oc_tool_call_deinit(&call);
	return oc_buf_cstr(&result.text);
}

static void expect(const char *tool, const char *args, const char *want)
{
	const char *got = run(tool, args);

	if (strcmp(got, want) != 0) fail_msg("%s %s\n got: %s\nwant: %s", tool, args, got, want);
}

static void expect_has(const char *tool, const char *args, const char *want)
{
	const char *got = run(tool, args);

	if (!strstr(got, want)) fail_msg("%s %s\n got: %s\nlacks: %s", tool, args, got, want);
}

/* Living processes whose command line holds the text. */
static int count_processes(const char *text)
{
	DIR *dir = opendir("/proc");
	const struct dirent *entry;
	int n = 0;

	while (dir && (entry = readdir(dir))) {
		char path[300], line[4096];
		size_t got;
		FILE *f;

		snprintf(path, sizeof path, "/proc/%.200s/cmdline", entry->d_name);
		if (entry->d_name[0] < '1' || entry->d_name[0] > '9' || !(f = fopen(path, "r")))
			continue;
		got = fread(line, 1, sizeof line - 1, f);
		fclose(f);
		for (size_t i = 0; i < got; i++)
			if (!line[i]) line[i] = ' ';
		line[got] = '\0';
		n += strstr(line, text) != NULL;
	}
	if (dir) closedir(dir);
	return n;
}

/* A number that no other test sleeps for. */
static char *sleep_mark(void)
{
	return oc_asprintf("sleep %d.25", 1000000 + (int)getpid());
}

static void in_background(void *arg)
{
	(void)arg;
	ctx.processes = oc_processes_new();
	expect("process", "{\"action\":\"list\"}", "(no background commands)");
	expect("exec", "{\"command\":\"echo a; read x; echo got $x; exit 3\",\"background\":true}",
	       "[still running in the background as p1; process poll shows its output, process "
	       "kill ends it]");
	assert_int_equal(oc_processes_running(ctx.processes, NULL), 1);
	expect_has("process", "{\"action\":\"list\"}", "p1 running, ");
	expect("process", "{\"action\":\"write\",\"id\":\"p1\",\"data\":\"yes\\n\"}",
	       "wrote 4 bytes to p1");
	expect("process", "{\"action\":\"poll\",\"id\":\"p1\",\"wait\":20}",
	       "a\ngot yes\n[exit code 3]");
	expect("process", "{\"action\":\"poll\",\"id\":\"P1\"}", "(no output)\n[exit code 3]");
	expect("process", "{\"action\":\"log\",\"id\":\"p1\"}", "a\ngot yes\n[exit code 3]");
	expect("process", "{\"action\":\"log\",\"id\":\"p1\",\"offset\":2,\"limit\":1}",
	       "[lines 2-2 of 2]\ngot yes\n[exit code 3]");
	expect_has("process", "{\"action\":\"write\",\"id\":\"p1\",\"data\":\"x\"}",
		   "process: p1: it has ended");
	expect_has("process", "{\"action\":\"poll\",\"id\":\"p9\"}", "no background command p9");
	expect_has("process", "{\"action\":\"poll\"}", "id is missing");
	expect_has("process", "{\"action\":\"dance\",\"id\":\"p1\"}", "must be one of");

	expect_has("exec", "{\"command\":\"cat; echo end\",\"background\":true}", "as p2");
	expect("process", "{\"action\":\"write\",\"id\":\"p2\",\"data\":\"x\",\"eof\":true}",
	       "wrote 1 bytes to p2");
	expect("process", "{\"action\":\"poll\",\"id\":\"p2\",\"wait\":20}", "xend\n[exit code 0]");

	expect_has("exec", "{\"command\":\"echo first; sleep 600\",\"yieldMs\":300}",
		   "first\n[still running in the background as p3");
	expect("process", "{\"action\":\"poll\",\"id\":\"p3\"}",
	       "(no new output)\n[p3 still runs]");
	expect_has("process", "{\"action\":\"write\",\"id\":\"p3\",\"data\":\"x\"}",
		   "does not read input");
	expect_has("process", "{\"action\":\"kill\",\"id\":\"p3\"}", "p3 [stopped], ");
	assert_int_equal(oc_processes_running(ctx.processes, NULL), 0);
	expect("exec", "{\"command\":\"cat\"}", "(no output)"); /* an empty input, no hanging */
	expect_has("exec", "{\"command\":\"sleep 600\",\"background\":true,\"timeout\":1}", "p5");
	expect_has("process", "{\"action\":\"poll\",\"id\":\"p5\",\"wait\":20}",
		   "[stopped after 1 s, its time limit");
	oc_processes_free_wait(ctx.processes);
}

static void a_command_in_the_background_is_polled_fed_and_ended(void **state)
{
	(void)state;
	assert_int_equal(oc_rt_run(in_background, NULL), 0);
}

static void two_sessions(void *arg)
{
	char *mark = sleep_mark(),
	     *args = oc_asprintf("{\"command\":\"%s\",\"background\":true}", mark);

	(void)arg;
	ctx.processes = oc_processes_new();
	ctx.session_key = "a";
	expect_has("exec", args, "as p1");
	ctx.session_key = "b";
	expect_has("exec", args, "as p2");
	expect_has("process", "{\"action\":\"kill\",\"id\":\"p1\"}", "no background command p1");
	expect_has("process", "{\"action\":\"list\"}", "p2");
	assert_null(strstr(oc_buf_cstr(&result.text), "p1"));
	oc_processes_end_wait(ctx.processes, "a");
	assert_int_equal(oc_processes_running(ctx.processes, "a"), 0);
	assert_int_equal(oc_processes_running(ctx.processes, "b"), 1);
	oc_processes_free_wait(ctx.processes); /* the end of the gateway */
	assert_int_equal(count_processes(mark), 0);
	free(mark);
	free(args);
}

static void commands_belong_to_their_session_and_end_with_it(void **state)
{
	(void)state;
	assert_int_equal(oc_rt_run(two_sessions, NULL), 0);
}

static void without_a_table(void *arg)
{
	(void)arg;
	expect_has("exec", "{\"command\":\"true\",\"background\":true}",
		   "nothing can run in the background here");
	expect_has("process", "{\"action\":\"list\"}", "nothing runs in the background here");
	expect("exec", "{\"command\":\"echo a\",\"yieldMs\":0}", "a");
}

static void nothing_runs_in_the_background_where_nobody_keeps_it(void **state)
{
	(void)state;
	assert_int_equal(oc_rt_run(without_a_table, NULL), 0);
}

/* ---- ends ---- */

static void orphans(void *arg)
{
	bool groups = *(const bool *)arg;
	char *mark = sleep_mark();
	char *args = oc_asprintf("{\"command\":\"setsid %s & (setsid sh -c '%s; true' &) ; sleep "
				 "600\",\"timeout\":1}",
				 mark, mark);

	oc_confine_avoid_groups(!groups);
	expect_has("exec", args, "[stopped after 1 s");
	oc_confine_avoid_groups(false);
	assert_int_equal(count_processes(mark), 0);
	free(args);
	free(mark);
}

static void a_command_that_is_stopped_leaves_no_orphan(void **state)
{
	bool groups = true;

	(void)state;
	assert_int_equal(oc_rt_run(orphans, &groups), 0);
	groups = false;
	assert_int_equal(oc_rt_run(orphans, &groups), 0);
}

/* The commands bound themselves: 600 processes, 300 MB. */
static void excess(void *arg)
{
	(void)arg;
	options.max_memory = 100u << 20;
	oc_confine_avoid_groups(true);
	expect_has("exec",
		   "{\"command\":\"for i in $(seq 600); do sleep 20 & done; wait\",\"timeout\":25}",
		   "[stopped: it used too many processes]");
	expect_has("exec",
		   "{\"command\":\"x=$(head -c 300000000 /dev/zero | tr '\\\\0' x); sleep 20\","
		   "\"timeout\":25}",
		   "[stopped: it used too much memory]");
	oc_confine_avoid_groups(false);
}

static void too_many_processes_or_too_much_memory_end_a_command(void **state)
{
	(void)state;
	assert_int_equal(oc_rt_run(excess, NULL), 0);
}

static void groups(void *arg)
{
	struct oc_confine probe;

	(void)arg;
	oc_confine_init(&probe, "test-probe", 100u << 20);
	bool there = oc_confine_has_group(&probe);
	oc_confine_deinit_wait(&probe);
	if (!there) {
		print_message("no control group can be made here: not tested\n");
		return;
	}
	options.max_memory = 2000u << 20;
	expect_has("exec",
		   "{\"command\":\"for i in $(seq 700); do sleep 5 & done 2>&1 | head -c 2000; "
		   "true\",\"timeout\":60}",
		   "Resource temporarily unavailable");
	options.max_memory = 100u << 20;
	expect_has("exec",
		   "{\"command\":\"x=$(head -c 300000000 /dev/zero | tr '\\\\0' x); sleep 20\","
		   "\"timeout\":25}",
		   "[ended by signal 9]");
}

static void a_control_group_bounds_a_command(void **state)
{
	(void)state;
	assert_int_equal(oc_rt_run(groups, NULL), 0);
}

static void flood(void *arg)
{
	(void)arg;
	expect_has("exec", "{\"command\":\"yes | head -c 20000000\"}",
		   " bytes of output before this dropped]");
	assert_true(result.text.n <= ctx.max_result_chars);
}

static void of_a_flood_the_end_is_kept(void **state)
{
	(void)state;
	assert_int_equal(oc_rt_run(flood, NULL), 0);
}

static int fresh(void **state)
{
	(void)state;
	options = (struct oc_exec_options){ 0 };
	ctx = (struct oc_tool_context){
		.workspace = root, .max_result_chars = 12000, .exec = &options, .exec_mode = "full"
	};
	return 0;
}

static int set_up(void **state)
{
	(void)state;
	return mkdtemp(root) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	oc_tool_result_deinit(&result);
	return rmdir(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_command_in_the_background_is_polled_fed_and_ended, fresh),
		cmocka_unit_test_setup(commands_belong_to_their_session_and_end_with_it, fresh),
		cmocka_unit_test_setup(nothing_runs_in_the_background_where_nobody_keeps_it, fresh),
		cmocka_unit_test_setup(a_command_that_is_stopped_leaves_no_orphan, fresh),
		cmocka_unit_test_setup(too_many_processes_or_too_much_memory_end_a_command, fresh),
		cmocka_unit_test_setup(a_control_group_bounds_a_command, fresh),
		cmocka_unit_test_setup(of_a_flood_the_end_is_kept, fresh),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
