/*
 * exec: one shell command, in the sandbox or outside of it, as the rules of permission.h say. Its
 * environment is a list and holds no key of ours.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/rand.h"
#include "rt/proc.h"
#include "tool/internal.h"
#include "tool/sandbox/binding.h"
#include "tool/sandbox/command.h"
#include "tool/sandbox/downloads.h"
#include "tool/sandbox/sandbox.h"

enum {
	MAX_TIMEOUT_S = 1800,
	YIELD_MS = 10000, /* then a command goes on in the background (spec 03 §4.1) */
	MAX_COMMAND_SHOWN = 4000,
	FILE_BLOCKS = 8388608, /* a file that a command writes in the sandbox, as ulimit counts */
};

/* One call. */
struct call {
	struct oc_tool_context *ctx;
	const json_t *args;
	struct oc_str command;
	char *workspace, *workdir; /* links followed */
	char *path;		   /* PATH of the command */
	struct oc_shell parsed;
	struct oc_exec_ruling ruling;
	const struct oc_exec_options *options;
};

/* ---- permission ---- */

static struct oc_programs_place place_of(const struct call *c)
{
	return (struct oc_programs_place){ .path = c->path,
					   .workdir = c->workdir,
					   .workspace = c->workspace };
}

/* Looking costs a moment, so only those modes look that can use it. */
static bool find_sandbox_wait(const struct call *c, struct oc_err *why)
{
	const char *mode = c->ctx->exec_mode;
	bool plain =
	    c->ctx->permission == OC_PERMISSION_DEFAULT || c->ctx->permission == OC_PERMISSION_FULL;

	if (plain && mode && strcmp(mode, "auto") != 0) return false;
	if (!oc_sandbox_can_show(c->workspace)) {
		oc_fail(why, OC_E_DENIED, "%s is too much to put into a sandbox", c->workspace);
		return false;
	}
	return oc_sandbox_works_wait(why) == OC_OK;
}

static struct oc_exec_facts find_facts_wait(const struct call *c, struct oc_err *no_sandbox)
{
	const struct oc_tool_context *ctx = c->ctx;
	const struct oc_programs_place place = place_of(c);

	return (struct oc_exec_facts){
		.mode = ctx->exec_mode,
		.permission = ctx->permission,
		.sandbox = find_sandbox_wait(c, no_sandbox),
		.allowlisted = oc_programs_allowed(&c->parsed, &c->options->allowlist, &place),
		.read_only = oc_programs_read_only(&c->parsed),
		.wants_out = oc_json_bool(c->args, "elevated", false) ||
			     !oc_path_is_within(c->workdir, c->workspace),
		.wants_net = oc_json_bool(c->args, "network", false) && !c->options->network,
		.tainted = ctx->tainted,
		.trust = ctx->trust,
	};
}

static enum oc_rc put_question_wait(const struct call *c, const char *why, const char *binding,
				    struct oc_err *e)
{
	const struct oc_tool_context *ctx = c->ctx;
	char *program = c->parsed.opaque
			    ? NULL
			    : oc_program_find(c->parsed.v[0].words.v[0], c->path, c->workdir);
	struct oc_buf shown;
	enum oc_rc rc;

	oc_buf_init(&shown, 16 * MAX_COMMAND_SHOWN);
	oc_visible_add(&shown, c->command, 8 * MAX_COMMAND_SHOWN);
	const struct oc_question q = {
		.tool = "exec",
		.what = oc_buf_cstr(&shown),
		.workdir = c->workdir,
		.why = why,
		.program = program,
		/* what is not understood may mean something else next time */
		.binding = c->parsed.opaque ? NULL : binding
	};
	rc = ctx->approve_wait(ctx->approve_arg, &q, e);
	oc_buf_deinit(&shown);
	free(program);
	return rc;
}

static enum oc_rc ask_wait(const struct call *c, const char *why, struct oc_err *e)
{
	const struct oc_programs_place place = place_of(c);
	char *before, *after;
	enum oc_rc rc;

	if (!c->ctx->approve_wait)
		return oc_fail(
		    e, OC_E_DENIED,
		    "not run: it needs the person's approval (%s), and nobody is here to give it. "
		    "Do without it, or say what should be run.",
		    why);
	if (c->command.n > MAX_COMMAND_SHOWN) /* a yes must mean the whole of it */
		return oc_fail(
		    e, OC_E_DENIED,
		    "not run: the command is too long to be shown for approval (%zu bytes); "
		    "write it to a script and run that",
		    c->command.n);
	before = oc_binding_wait(c->command, &c->parsed, &place);
	rc = put_question_wait(c, why, before, e);
	after = rc ? NULL : oc_binding_wait(c->command, &c->parsed, &place);
	if (after && strcmp(before, after) != 0)
		rc = oc_fail(e, OC_E_DENIED,
			     "not run: a program or script of the command was changed while the "
			     "person was asked about it");
	free(before);
	free(after);
	return rc;
}

static enum oc_rc permit_wait(struct call *c, struct oc_err *e)
{
	struct oc_err no_sandbox = { 0 };
	const struct oc_exec_facts facts = find_facts_wait(c, &no_sandbox);
	const char *why;
	enum oc_rc rc = OC_OK;

	c->ruling = oc_exec_rule(&facts);
	why = c->ruling.why;
	if (c->ruling.where == OC_EXEC_DENY) return oc_fail(e, OC_E_DENIED, "not run: %s", why);
	if (!c->ruling.ask) return OC_OK;
	char *reason =
	    no_sandbox.msg[0] ? oc_asprintf("%s: %s", why, no_sandbox.msg) : oc_strdup(why);
	rc = ask_wait(c, reason, e);
	free(reason);
	return rc;
}

/* ---- what runs ---- */

static bool in_sandbox(const struct call *c)
{
	return c->ruling.where != OC_EXEC_HOST;
}

static char *find_path(const struct oc_exec_options *options)
{
	const char *path = getenv("PATH");
	char *own = oc_strv_join(&options->path_prepend, ":");
	char *out = oc_asprintf("%s%s%s", own ? own : "", own && *own ? ":" : "",
				path && *path ? path : "/usr/local/bin:/usr/bin:/bin");

	free(own);
	return out;
}

/* Variables of ours that a command may see (D43), and what we set ourselves. */
static void child_environment(const struct call *c, const char *mark, struct oc_strv *env)
{
	static const char *const passed[] = { "LANG", "LC_ALL", "LC_CTYPE", "LOGNAME",
					      "TZ",   "USER",	"HOME",	    "TMPDIR" };
	enum { N_PASSED = sizeof passed / sizeof *passed, N_PLACES = 2 };
	size_t n = in_sandbox(c) ? N_PASSED - N_PLACES : N_PASSED;

	oc_strv_addf(env, "PATH=%s", c->path);
	for (size_t i = 0; i < n; i++)
		if (getenv(passed[i])) oc_strv_addf(env, "%s=%s", passed[i], getenv(passed[i]));
	if (in_sandbox(c)) {
		oc_strv_add(env, OC_LIT("HOME=/tmp"));
		oc_strv_add(env, OC_LIT("TMPDIR=/tmp"));
	}
	oc_strv_add(env, OC_LIT("TERM=dumb")); /* no colours, no pagers that wait for a key */
	oc_strv_add(env, OC_LIT("PAGER=cat"));
	oc_strv_add(env, OC_LIT("GIT_TERMINAL_PROMPT=0"));
	oc_strv_add(env, OC_LIT("OPENCLAW_SHELL=exec"));
	if (mark) oc_strv_add(env, oc_str(mark));
	for (size_t i = 0; c->ctx->host_env && !in_sandbox(c) && i < c->ctx->host_env->n; i++)
		oc_strv_add(env, oc_str(c->ctx->host_env->v[i]));
}

static const char *shell(void)
{
	return access("/bin/bash", X_OK) == 0 ? "/bin/bash" : "/bin/sh";
}

static void add_sandbox(const struct call *c, struct oc_strv *argv)
{
	char *state = c->ctx->state_dir ? oc_path_real(c->ctx->state_dir) : NULL;
	char *home = getenv("HOME") ? oc_path_real(getenv("HOME")) : NULL;
	const struct oc_sandbox_spec spec = {
		.workspace = c->workspace,
		.shown = c->ctx->workspace,
		.state_dir = state,
		.home = home,
		.workdir = c->workdir,
		.read_only = c->ruling.where == OC_EXEC_SANDBOX_READ_ONLY,
		.network = c->ruling.network || c->options->network,
	};

	oc_sandbox_argv(&spec, argv);
	/* Limits of the kernel that need no privilege; in a user namespace of its own the number of
	 * processes counts those of the sandbox. */
	oc_strv_add(argv, oc_str(shell()));
	oc_strv_add(argv, OC_LIT("-c"));
	oc_strv_addf(argv,
		     "ulimit -c 0; ulimit -f %d; ulimit -u %d 2>/dev/null || ulimit -p %d "
		     "2>/dev/null; exec \"$@\"",
		     FILE_BLOCKS, OC_CONFINE_PROCESSES, OC_CONFINE_PROCESSES);
	oc_strv_add(argv, OC_LIT("sh"));
	free(state);
	free(home);
}

static unsigned timeout_of(const struct call *c)
{
	int64_t s = oc_json_positive(c->args, "timeout");
	unsigned most = c->options->timeout_s ? c->options->timeout_s : MAX_TIMEOUT_S;

	return s == 0 || s > most ? most : (unsigned)s;
}

static void output_arrived(void *arg, struct oc_str bytes)
{
	const struct oc_tool_context *ctx = arg;

	if (ctx->output) ctx->output(ctx->output_arg, bytes);
	if (ctx->alive) ctx->alive(ctx->alive_arg);
}

static enum oc_rc start_wait(const struct call *c, struct oc_processes *owner,
			     struct oc_command **out, struct oc_err *e)
{
	char *command = oc_strndup(c->command.p, c->command.n), name[64];
	char uuid[OC_ID_CHARS + 1];
	struct oc_strv argv = { 0 }, env = { 0 };
	char mark[96];
	enum oc_rc rc;

	oc_proc_hide_self();
	oc_uuid(uuid);
	snprintf(name, sizeof name, "%d-%s", (int)getpid(), uuid);
	snprintf(mark, sizeof mark, "OPENCLAW_EXEC_ID=%s", name);
	child_environment(c, in_sandbox(c) ? NULL : mark, &env);
	struct oc_command_spec spec = { .command = command,
					.session_key = c->ctx->session_key,
					.cwd = in_sandbox(c) ? "/" : c->workdir,
					.mark = in_sandbox(c) ? NULL : mark,
					.timeout_s = timeout_of(c),
					.notify = oc_json_bool(c->args, "notify", false),
					.input = oc_json_bool(c->args, "background", false),
					.output = output_arrived,
					.output_arg = c->ctx };
	oc_confine_init(&spec.confine, name, c->options->max_memory);
	oc_confine_argv(&spec.confine, &argv);
	if (in_sandbox(c)) add_sandbox(c, &argv);
	oc_strv_add(&argv, oc_str(shell()));
	oc_strv_add(&argv, OC_LIT("-c"));
	oc_strv_add(&argv, oc_str(command));
	spec.argv = argv.v;
	spec.env = env.v;
	rc = oc_command_start_wait(owner, &spec, out, e);
	oc_strv_deinit(&argv);
	oc_strv_deinit(&env);
	free(command);
	return rc;
}

/* ---- what came of it ---- */

static bool is_word_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

/* The command names a program that brings text from elsewhere. Too often rather than too rarely. */
static bool brings_foreign_text(struct oc_str command)
{
	static const char *const programs[] = { "curl",	     "wget",	 "git clone", "git log",
						"git fetch", "git pull", "git show",  "lynx",
						"w3m",	     "ssh",	 "scp",	      "nc",
						"ftp",	     "gh" };

	for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
		struct oc_str name = oc_str(programs[i]);

		for (size_t at = 0; (at = oc_str_find(command, name, at)) != SIZE_MAX;
		     at += name.n) {
			bool starts = at == 0 || !is_word_char(command.p[at - 1]);
			bool ends =
			    at + name.n == command.n || !is_word_char(command.p[at + name.n]);
			if (starts && ends) return true;
		}
	}
	return false;
}

/* Files that it wrote meanwhile are as foreign as what it printed. */
static void note_files_wait(const struct oc_tool_context *ctx, const struct oc_command *c)
{
	char *workspace = ctx->workspace ? oc_path_real(ctx->workspace) : NULL;

	if (workspace)
		oc_downloads_note_wait(ctx->state_dir, workspace,
				       oc_wall_ms() - (int64_t)(oc_now_ms() - c->began_ms));
	free(workspace);
}

bool oc_exec_is_foreign_wait(const struct oc_tool_context *ctx, const struct oc_command *c)
{
	bool fetches = brings_foreign_text(oc_str(c->command));

	if (fetches) note_files_wait(ctx, c);
	return c->output.n && (fetches || oc_downloads_named(ctx->state_dir, oc_str(c->command)));
}

static void end_line(struct oc_buf *text)
{
	if (text->n && text->p[text->n - 1] != '\n') oc_buf_addc(text, '\n');
}

void oc_exec_add_end(const struct oc_command *c, struct oc_buf *text)
{
	end_line(text);
	if (c->excess)
		oc_buf_addf(text, "[stopped: it used %s]\n", c->excess);
	else if (c->timed_out)
		oc_buf_addf(
		    text,
		    "[stopped after %u s, its time limit; what it did until then stays done]\n",
		    c->timeout_s);
	else if (c->stopped)
		oc_buf_adds(text, "[stopped]\n");
	else if (c->signum)
		oc_buf_addf(text, "[ended by signal %d]\n", c->signum);
	else if (c->exit_code)
		oc_buf_addf(text, "[exit code %d]\n", c->exit_code);
	while (text->n && text->p[text->n - 1] == '\n') text->p[--text->n] = '\0';
}

/* What the sandbox lacks, when that seems to be why it failed. */
static void add_hint(const struct call *c, const struct oc_command *command, struct oc_buf *text)
{
	static const char *const net[] = { "Could not resolve",
					   "Temporary failure in name",
					   "Network is unreachable",
					   "getaddrinfo",
					   "Failed to connect",
					   "Name or service not known",
					   "ENETUNREACH",
					   "EAI_AGAIN" };
	struct oc_str said = oc_buf_view(&command->output);
	const char *more = c->ctx->approve_wait ? "; network=true asks the user for it" : "";

	if (!in_sandbox(c) || !command->exit_code || c->ruling.network || c->options->network)
		return;
	for (size_t i = 0; i < sizeof net / sizeof *net; i++) {
		if (!oc_str_ihas(said, net[i])) continue;
		oc_buf_addf(text, "\n[the sandbox has no network%s]", more);
		return;
	}
	more = c->ctx->approve_wait ? "; elevated=true asks the user to run it outside" : "";
	if (oc_str_ihas(said, "Read-only file system"))
		oc_buf_addf(text, "\n[in the sandbox %s can be written%s]",
			    c->ruling.where == OC_EXEC_SANDBOX ? "only the workspace" : "nothing",
			    more);
}

static void add_outcome_wait(const struct call *c, const struct oc_command *command,
			     struct oc_tool_result *out)
{
	if (command->dropped)
		oc_buf_addf(&out->text, "[%llu bytes of output before this dropped]\n",
			    (unsigned long long)command->dropped);
	oc_tool_result_add(out, oc_buf_view(&command->output));
	if (!command->output.n) oc_buf_adds(&out->text, "(no output)");
	if (oc_exec_is_foreign_wait(c->ctx, command)) out->untrusted = "exec";
	oc_exec_add_end(command, &out->text);
	out->has_exit_code =
	    !command->excess && !command->timed_out && !command->stopped && !command->signum;
	out->exit_code = command->exit_code;
	add_hint(c, command, &out->text);
}

static void add_background_wait(const struct oc_tool_context *ctx, const struct oc_command *command,
				struct oc_tool_result *out)
{
	oc_tool_result_add(out, oc_buf_view(&command->output));
	if (oc_exec_is_foreign_wait(ctx, command)) out->untrusted = "exec";
	end_line(&out->text);
	oc_buf_addf(&out->text,
		    "[still running in the background as %s; process poll shows its output, "
		    "process kill ends it]",
		    command->id);
}

/* ---- the call ---- */

static struct oc_deadline yield_of(const struct call *c)
{
	int64_t asked = oc_json_int(c->args, "yieldMs", -1);
	uint64_t ms = c->options->yield_ms ? c->options->yield_ms : YIELD_MS;

	if (!c->ctx->processes) return OC_NO_DEADLINE;
	if (oc_json_bool(c->args, "background", false)) asked = 0;
	if (asked >= 0) ms = (uint64_t)asked;
	return oc_deadline_in(ms ? ms : 1);
}

static enum oc_rc run_in_wait(const struct call *c, struct oc_processes *owner,
			      struct oc_tool_result *out, struct oc_err *e)
{
	struct oc_command *command;
	enum oc_rc rc = start_wait(c, owner, &command, e);

	if (rc) return rc;
	rc = oc_command_wait(command, yield_of(c));
	if (rc == OC_CANCELLED) oc_command_stop_wait(command);
	if (rc == OC_OK) add_outcome_wait(c, command, out);
	if (rc == OC_E_TIMEOUT) {
		add_background_wait(c->ctx, command, out);
		command->told = command->dropped + command->output.n;
		oc_command_detach(command);
		rc = OC_OK;
	} else
		oc_command_forget(owner, command);
	oc_command_unref(command);
	return rc;
}

static enum oc_rc run_wait(const struct call *c, struct oc_tool_result *out, struct oc_err *e)
{
	struct oc_processes *own;
	enum oc_rc rc;

	if (c->ctx->processes) return run_in_wait(c, c->ctx->processes, out, e);
	if (oc_json_bool(c->args, "background", false))
		return oc_fail(e, OC_E_DENIED, "nothing can run in the background here");
	own = oc_processes_new();
	rc = run_in_wait(c, own, out, e);
	oc_processes_free_wait(own);
	return rc;
}

static enum oc_rc find_workdir(struct call *c, struct oc_err *e)
{
	struct oc_str dir = oc_json_str(c->args, "workdir");
	struct stat st;
	/* Where it starts is part of the question, so a folder outside needs no question of its
	 * own. */
	enum oc_rc rc = oc_workspace_locate(c->ctx, dir.n ? dir : OC_LIT("."), &c->workdir, e);

	if (rc) return rc;
	if (stat(c->workdir, &st) != 0 || !S_ISDIR(st.st_mode))
		return oc_fail(e, OC_E_NOT_FOUND, "workdir %s is not a folder", c->workdir);
	return OC_OK;
}

enum oc_rc oc_tool_exec_wait(struct oc_tool_context *ctx, const json_t *args,
			     struct oc_tool_result *out, struct oc_err *e)
{
	static const struct oc_exec_options none;
	struct call c = { .ctx = ctx,
			  .args = args,
			  .command = oc_json_str(args, "command"),
			  .options = ctx->exec ? ctx->exec : &none };
	enum oc_rc rc;

	if (!oc_str_trim(c.command).n) return oc_fail(e, OC_E_INPUT, "command is empty");
	if (memchr(c.command.p, '\0', c.command.n))
		return oc_fail(e, OC_E_INPUT, "command holds a NUL character");
	c.workspace = oc_path_real(ctx->workspace);
	c.path = find_path(c.options);
	oc_shell_parse(c.command, &c.parsed);
	rc = find_workdir(&c, e);
	if (!rc) rc = permit_wait(&c, e);
	if (!rc) rc = run_wait(&c, out, e);
	oc_shell_deinit(&c.parsed);
	free(c.path);
	free(c.workdir);
	free(c.workspace);
	return rc;
}
