/* What a command sees and reaches, tried with real commands where bubblewrap works. */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "rt/file.h"
#include "tool/processes.h"
#include "tool/sandbox/sandbox.h"
#include "tool/tool.h"

static char made[] = "/tmp/oc-sandbox-XXXXXX";
static char *home, *state_dir, *workspace;
static struct oc_tool_context ctx;
static struct oc_exec_options options;
static struct oc_tool_result result;
static char asked_why[400], *asked_binding;
static int asked;
static void (*while_asked)(void);
static enum oc_rc answer;

static enum oc_rc person(void *arg, const struct oc_question *q, struct oc_err *e)
{
	(void)arg;
	asked++;
	snprintf(asked_why, sizeof asked_why, "%s", q->why ? q->why : "");
	free(asked_binding);
	asked_binding = q->binding ? oc_strdup(q->binding) : NULL;
	if (while_asked) while_asked();
	return answer ? oc_fail(e, answer, "the person said no") : OC_OK;
}

static const char *run_args(json_t *args)
{
	struct oc_tool_call call = { .name = (char *)(uintptr_t) "exec",
				     .arguments = (char *)(uintptr_t) "",
				     .args = args,
				     .valid = true };

	oc_tool_result_deinit(&result);
	assert_int_equal(oc_tool_run_wait(&ctx, &call, &result), OC_OK);
	json_decref(args);
	return oc_buf_cstr(&result.text);
}

static const char *run(const char *command)
{
	return run_args(json_pack("{s:s}", "command", command));
}

static void has(const char *got, const char *want)
{
	assert_non_null(got);
	if (!strstr(got, want)) fail_msg(" got: %s\nlacks: %s", got, want);
}

static void lacks(const char *got, const char *unwanted)
{
	assert_non_null(got);
	if (strstr(got, unwanted)) fail_msg(" got: %s\nholds: %s", got, unwanted);
}

/* Whether to go on: a machine may forbid what the sandbox is made of. */
static bool works(void)
{
	struct oc_err e = { 0 };

	if (oc_sandbox_works_wait(&e) == OC_OK) return true;
	print_message("skipped: %s\n", e.msg);
	return false;
}

static char *put(const char *folder, const char *name, const char *text)
{
	char *path = oc_asprintf("%s/%s", folder, name);
	struct oc_err e = { 0 };

	assert_int_equal(oc_file_write(path, oc_str(text), 0600, NULL, &e), OC_OK);
	return path;
}

static void in_task(void (*body)(void *))
{
	assert_int_equal(oc_rt_run(body, NULL), 0);
}

/* ---- the view ---- */

static void view(void *arg)
{
	char *command;

	(void)arg;
	if (!works()) return;
	has(run("pwd"), workspace);
	has(run("echo made > file && cat file"), "made");
	command = oc_asprintf("cat %s/.ssh/id %s/openclaw.json; ls -A %s %s; ls -A ~", home,
			      state_dir, home, state_dir);
	lacks(run(command), "hush");
	lacks(oc_buf_cstr(&result.text), "openclaw.json\n");
	free(command);
	command = oc_asprintf("ln -s %s/.ssh/id link; cat link; ls -L link", home);
	lacks(run(command), "hush");
	has(oc_buf_cstr(&result.text), "No such file");
	free(command);
	lacks(run("cat /proc/*/environ /proc/*/cmdline; cat /proc/self/mountinfo >/dev/null; ls "
		  "/proc/1/root/home /proc/1/cwd /root"),
	      "hush");
	lacks(run("env; cat /proc/1/environ"), "hush");
	has(run("touch /usr/x /etc/x /bin/x /x; echo $?"), "Read-only file system");
	has(run("cat /etc/shadow"), "No such file");
	has(run("ls /proc | grep -c '^[1-9][0-9]*$'; true"), ""); /* its own processes alone */
	assert_true(atoi(oc_buf_cstr(&result.text)) < 10);
	assert_int_equal(asked, 0);
}

static void home_state_and_keys_are_not_visible_and_the_system_is_read_only(void **state)
{
	(void)state;
	setenv("OPENAI_API_KEY", "hush", 1);
	in_task(view);
	unsetenv("OPENAI_API_KEY");
}

static void privilege(void *arg)
{
	(void)arg;
	if (!works()) return;
	has(run("grep CapEff /proc/self/status; grep NoNewPrivs /proc/self/status"),
	    "CapEff:\t0000000000000000");
	has(oc_buf_cstr(&result.text), "NoNewPrivs:\t1");
	/* Nothing of the system can be changed through /proc, whoever runs us. */
	has(run("for f in /proc/sys/kernel/core_pattern /proc/sys/kernel/panic "
		"/proc/sys/vm/drop_caches /proc/sysrq-trigger; do (: >> $f) 2>&1; done; find "
		"/proc/sys /proc/irq /proc/bus /proc/fs -writable 2>/dev/null | head -3; echo .;"
		" true"),
	    ".");
	lacks(oc_buf_cstr(&result.text), "/proc/sys/kernel/panic\n");
	has(run("mknod dev c 1 1; mount -t tmpfs none /tmp; chroot / true; kill -9 1; kill -9 -1; "
		"echo alive"),
	    "alive");
	has(run("cp /bin/sh ./sh; chmod 4755 sh && ./sh -c 'grep CapEff /proc/self/status'; "
		"chown 1234 sh"),
	    "CapEff:\t0000000000000000");
	lacks(run("unshare -Ur true && echo nested"), "nested\n");
	lacks(run("unshare -n true && echo nested"), "nested\n");
}

static void a_command_gains_no_privilege(void **state)
{
	(void)state;
	in_task(privilege);
}

static void network(void *arg)
{
	(void)arg;
	if (!works()) return;
	has(run("grep -v -e Inter -e face -e lo: /proc/net/dev | wc -l"), "0");
	has(run("getent hosts localhost example.com; (exec 3<>/dev/tcp/127.0.0.1/22) 2>&1; true"),
	    "");
	lacks(run("bash -c 'exec 3<>/dev/tcp/8.8.8.8/53 && echo open'"), "open\n");
	/* More is asked for; nobody is here. */
	has(run_args(json_pack("{s:s,s:b}", "command", "true", "network", 1)),
	    "needs the person's approval (it is to have the network)");
	has(run_args(json_pack("{s:s,s:b}", "command", "true", "elevated", 1)),
	    "(it is to run outside the sandbox)");
	has(run_args(json_pack("{s:s,s:s}", "command", "pwd", "workdir", "/")),
	    "(it is to run outside the sandbox)");
	ctx.approve_wait = person;
	has(run_args(json_pack("{s:s,s:b}", "command", "ls /etc/resolv.conf; ls -A ~/.ssh",
			       "network", 1)),
	    "");
	lacks(oc_buf_cstr(&result.text), "id\n");
	has(run_args(json_pack("{s:s,s:s}", "command", "pwd", "workdir", "/")), "/");
	assert_int_equal(asked, 2);
	has(run("true"), "(no output)");
	assert_int_equal(asked, 2);
}

static void there_is_no_network_and_more_is_asked_for(void **state)
{
	(void)state;
	in_task(network);
}

/* ---- modes ---- */

static void modes(void *arg)
{
	(void)arg;
	if (!works()) return;
	ctx.permission = OC_PERMISSION_READ_ONLY;
	has(run("echo x > new; ls"), "Read-only file system");
	ctx.exec_mode = "full";
	has(run("echo x > new"), "Read-only file system");
	has(run_args(json_pack("{s:s,s:b}", "command", "true", "elevated", 1)),
	    "this session is read-only");
	ctx.permission = OC_PERMISSION_GUARDED;
	has(run("echo x > new"), "this session asks before every command");
	ctx.approve_wait = person;
	has(run("echo x > new"), "(no output)");
	assert_int_equal(asked, 1);
	lacks(run("ls -A ~"), ".ssh"); /* a yes does not end the sandbox */
	ctx.permission = OC_PERMISSION_WORKSPACE;
	asked = 0;
	lacks(run("ls -A ~"), ".ssh");
	assert_int_equal(asked, 0);
	ctx.permission = OC_PERMISSION_FULL;
	has(run("ls -A ~"), ".ssh");
	ctx.exec_mode = "auto";
	lacks(run("ls -A ~"), ".ssh");
	assert_int_equal(asked, 0);
}

static void the_permission_of_the_session_bounds_the_mode(void **state)
{
	(void)state;
	in_task(modes);
}

static void missing(void *arg)
{
	char *path = oc_strdup(getenv("PATH")), *empty = oc_asprintf("%s/none", made);

	(void)arg;
	setenv("PATH", empty, 1);
	oc_sandbox_forget();
	has(run("true"), "there is no sandbox to run it in: bubblewrap is not installed");
	ctx.approve_wait = person;
	answer = OC_E_DENIED;
	has(run("true"), "the person said no");
	has(asked_why, "bubblewrap is not installed");
	answer = OC_OK;
	has(run("/bin/echo ran"), "ran");
	assert_int_equal(asked, 2);
	ctx.permission = OC_PERMISSION_READ_ONLY;
	has(run("true"), "the sandbox, which does not work here");
	setenv("PATH", path, 1);
	oc_sandbox_forget();
	free(path);
	free(empty);
}

static void without_bubblewrap_every_command_is_asked_about(void **state)
{
	(void)state;
	in_task(missing);
}

/* ---- what a yes is about ---- */

static void change_script(void)
{
	free(put(workspace, "go.sh", "echo other\n"));
}

static void bindings(void *arg)
{
	char *first;

	(void)arg;
	ctx.exec_mode = "ask";
	ctx.approve_wait = person;
	free(put(workspace, "go.sh", "echo one\n"));
	has(run("sh go.sh"), "one");
	first = oc_strdup(asked_binding);
	has(first, "/go.sh ");
	has(first, "sh go.sh");
	has(run("sh go.sh"), "one");
	assert_string_equal(first, asked_binding);
	while_asked = change_script; /* a file of the command is swapped before the launch */
	has(run("sh go.sh"), "was changed while the person was asked");
	while_asked = NULL;
	has(run("sh go.sh"), "other");
	assert_string_not_equal(first, asked_binding); /* the old yes is not for this file */
	has(run_args(json_pack("{s:s,s:s}", "command", "pwd", "workdir", "/")), "/");
	run("echo $(date)");
	assert_null(asked_binding); /* not understood: a yes holds once */
	free(first);
	free(asked_binding);
	asked_binding = NULL;
}

static void a_yes_is_for_these_very_files(void **state)
{
	(void)state;
	in_task(bindings);
}

static void listed(void *arg)
{
	(void)arg;
	ctx.exec_mode = "allowlist";
	oc_strv_add(&options.allowlist, OC_LIT("echo"));
	has(run("echo hi > out; echo there"), "there");
	has(run("echo hi; id"), "it is not on the list of allowed commands");
	has(run("echo $(id)"), "it is not on the list of allowed commands");
	has(run("echo hi > /tmp/oc-outside"), "it is not on the list of allowed commands");
	assert_int_equal(access("/tmp/oc-outside", F_OK), -1);
	ctx.tainted = true;
	has(run("echo hi"), "foreign text was read before it");
	oc_strv_deinit(&options.allowlist);
}

static void a_listed_command_needs_no_question(void **state)
{
	(void)state;
	in_task(listed);
}

/* ---- pure ---- */

static void some_workspaces_cannot_be_shown(void **state)
{
	static const char *const no[] = { "/", "/usr", "/etc/x", "/proc/1", "/dev/shm", "/sys" };

	(void)state;
	for (size_t i = 0; i < sizeof no / sizeof *no; i++)
		if (oc_sandbox_can_show(no[i])) fail_msg("%s", no[i]);
	assert_true(oc_sandbox_can_show("/home/me"));
	assert_true(oc_sandbox_can_show("/tmp/x"));
	assert_true(oc_sandbox_can_show("/usrx"));
	assert_true(oc_sandbox_can_show("/usr/local/src/x"));
}

static void state_inside(void *arg)
{
	char *inner = oc_asprintf("%s/state", workspace), *secret;

	(void)arg;
	if (!works()) return;
	secret = put(inner, "openclaw.json", "hush");
	ctx.state_dir = inner;
	lacks(run("cat state/openclaw.json; ls -A state"), "hush");
	lacks(oc_buf_cstr(&result.text), "openclaw.json\n");
	ctx.state_dir = state_dir;
	free(secret);
	ctx.workspace = home; /* a home as workspace keeps its keys to itself */
	lacks(run("cat .ssh/id"), "hush");
	free(inner);
}

static void a_workspace_around_the_programs_files_hides_them(void **state)
{
	(void)state;
	in_task(state_inside);
}

static int fresh(void **state)
{
	(void)state;
	options = (struct oc_exec_options){ 0 };
	ctx = (struct oc_tool_context){ .workspace = workspace,
					.state_dir = state_dir,
					.max_result_chars = 12000,
					.exec = &options,
					.exec_mode = "auto" };
	asked = 0;
	answer = OC_OK;
	return 0;
}

static int set_up(void **state)
{
	struct oc_err e = { 0 };

	(void)state;
	if (!mkdtemp(made)) return -1;
	home = oc_asprintf("%s/home", made);
	state_dir = oc_asprintf("%s/.openclaw", home);
	workspace = oc_asprintf("%s/workspace", state_dir);
	if (oc_mkdirs(workspace, &e)) return -1;
	free(put(home, ".ssh/id", "hush"));
	free(put(state_dir, "openclaw.json", "hush"));
	return setenv("HOME", home, 1);
}

static int tear_down(void **state)
{
	pid_t pid = fork();

	(void)state;
	oc_tool_result_deinit(&result);
	free(home);
	free(state_dir);
	free(workspace);
	free(asked_binding);
	if (pid == 0) {
		execl("/bin/rm", "rm", "-rf", made, (char *)NULL);
		_exit(1);
	}
	waitpid(pid, NULL, 0);
	return 0;
}

#define FRESH(f) cmocka_unit_test_setup(f, fresh)
int main(void)
{
	const struct CMUnitTest tests[] = {
		FRESH(home_state_and_keys_are_not_visible_and_the_system_is_read_only),
		FRESH(a_command_gains_no_privilege),
		FRESH(there_is_no_network_and_more_is_asked_for),
		FRESH(the_permission_of_the_session_bounds_the_mode),
		FRESH(without_bubblewrap_every_command_is_asked_about),
		FRESH(a_yes_is_for_these_very_files),
		FRESH(a_listed_command_needs_no_question),
		FRESH(some_workspaces_cannot_be_shown),
		FRESH(a_workspace_around_the_programs_files_hides_them),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
