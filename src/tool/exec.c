/*
 * exec: one shell command in the workspace, in a process group of its own, with an environment that
 * is a list and holds no key of ours. Until there is a sandbox, a person says yes to each command,
 * or has said so for all of them with tools.exec.mode "full".
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/mem.h"
#include "rt/file.h"
#include "rt/proc.h"
#include "tool/internal.h"

enum { MAX_TIMEOUT_S = 1800, MAX_COMMAND_SHOWN = 4000 };

/* ---- permission ---- */

static bool mode_is(const struct oc_tool_context *ctx, const char *mode)
{
	return ctx->exec_mode && !strcmp(ctx->exec_mode, mode);
}

static enum oc_rc ask_wait(struct oc_tool_context *ctx, struct oc_str command, const char *workdir,
			   struct oc_err *e)
{
	struct oc_buf shown;
	enum oc_rc rc;

	if (mode_is(ctx, "full")) return OC_OK;
	if (mode_is(ctx, "deny"))
		return oc_fail(
		    e, OC_E_DENIED,
		    "exec is switched off (tools.exec.mode is \"deny\"); do without commands");
	if (!ctx->approve_wait)
		return oc_fail(
		    e, OC_E_DENIED,
		    "not run: commands need the person's approval, and nobody is here to give "
		    "it. Do without commands, or say what should be run.");
	if (command.n > MAX_COMMAND_SHOWN) /* a yes must mean the whole of it */
		return oc_fail(
		    e, OC_E_DENIED,
		    "not run: the command is too long to be shown for approval (%zu bytes); "
		    "write it to a script and run that",
		    command.n);
	oc_buf_init(&shown, 16 * MAX_COMMAND_SHOWN);
	oc_visible_add(&shown, command, 8 * MAX_COMMAND_SHOWN);
	rc = ctx->approve_wait(ctx->approve_arg, "exec", oc_buf_cstr(&shown), workdir, e);
	oc_buf_deinit(&shown);
	return rc;
}

/* ---- the command ---- */

/* Variables of ours that a command may see (D43), and what we set ourselves. */
static void child_environment(struct oc_strv *env)
{
	static const char *const passed[] = { "HOME",	 "LANG",   "LC_ALL", "LC_CTYPE",
					      "LOGNAME", "TMPDIR", "TZ",     "USER" };
	const char *path = getenv("PATH");

	oc_strv_addf(env, "PATH=%s", path && *path ? path : "/usr/local/bin:/usr/bin:/bin");
	for (size_t i = 0; i < sizeof passed / sizeof *passed; i++)
		if (getenv(passed[i])) oc_strv_addf(env, "%s=%s", passed[i], getenv(passed[i]));
	oc_strv_add(env, OC_LIT("TERM=dumb")); /* no colours, no pagers that wait for a key */
	oc_strv_add(env, OC_LIT("PAGER=cat"));
	oc_strv_add(env, OC_LIT("GIT_TERMINAL_PROMPT=0"));
	oc_strv_add(env, OC_LIT("OPENCLAW_SHELL=exec"));
}

static const char *shell(void)
{
	return access("/bin/bash", X_OK) == 0 ? "/bin/bash" : "/bin/sh";
}

static unsigned timeout_of(const json_t *args)
{
	int64_t s = oc_json_positive(args, "timeout");

	return s == 0 || s > MAX_TIMEOUT_S ? MAX_TIMEOUT_S : (unsigned)s;
}

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

static void add_outcome(struct oc_tool_result *out, const struct oc_proc_result *r,
			unsigned timeout_s)
{
	struct oc_buf *text = &out->text;

	if (!r->output.n) oc_buf_adds(text, "(no output)");
	if (text->n && text->p[text->n - 1] != '\n') oc_buf_addc(text, '\n');
	if (r->dropped)
		oc_buf_addf(text, "[%llu more bytes of output dropped]\n",
			    (unsigned long long)r->dropped);
	if (r->timed_out)
		oc_buf_addf(
		    text,
		    "[stopped after %u s, its time limit; what it did until then stays done]\n",
		    timeout_s);
	else if (r->signal)
		oc_buf_addf(text, "[ended by signal %d]\n", r->signal);
	else if (r->exit_code)
		oc_buf_addf(text, "[exit code %d]\n", r->exit_code);
	while (text->n && text->p[text->n - 1] == '\n') text->p[--text->n] = '\0';
}

static void output_arrived(void *arg, struct oc_str bytes)
{
	const struct oc_tool_context *ctx = arg;

	if (ctx->output) ctx->output(ctx->output_arg, bytes);
	if (ctx->alive) ctx->alive(ctx->alive_arg);
}

static enum oc_rc run_wait(struct oc_tool_context *ctx, const json_t *args, const char *workdir,
			   struct oc_tool_result *out, struct oc_err *e)
{
	unsigned timeout_s = timeout_of(args);
	struct oc_strv env = { 0 }, argv = { 0 };
	struct oc_proc_result r = { 0 };
	enum oc_rc rc;

	oc_proc_hide_self();
	child_environment(&env);
	oc_strv_add(&argv, oc_str(shell()));
	oc_strv_add(&argv, OC_LIT("-c"));
	oc_strv_add(&argv, oc_json_str(args, "command"));
	const struct oc_proc_spec spec = { .file = argv.v[0],
					   .args = argv.v,
					   .env = env.v,
					   .cwd = workdir,
					   .max_output = OC_MAX_EXEC_OUTPUT_BYTES,
					   .on_output = output_arrived,
					   .arg = ctx };
	rc = oc_proc_run_wait(&spec, oc_deadline_in(timeout_s * 1000ull), &r, e);
	if (!rc) {
		oc_tool_result_add(out, oc_buf_view(&r.output));
		if (r.output.n && brings_foreign_text(oc_json_str(args, "command")))
			out->untrusted = "exec";
		add_outcome(out, &r, timeout_s);
	}
	oc_proc_result_deinit(&r);
	oc_strv_deinit(&argv);
	oc_strv_deinit(&env);
	return rc;
}

enum oc_rc oc_tool_exec_wait(struct oc_tool_context *ctx, const json_t *args,
			     struct oc_tool_result *out, struct oc_err *e)
{
	struct oc_str command = oc_json_str(args, "command"), dir = oc_json_str(args, "workdir");
	char *workdir = NULL;
	struct stat st;
	enum oc_rc rc;

	if (!oc_str_trim(command).n) return oc_fail(e, OC_E_INPUT, "command is empty");
	if (memchr(command.p, '\0', command.n))
		return oc_fail(e, OC_E_INPUT, "command holds a NUL character");
	/* Where it starts is part of the question, so a folder outside needs no question of its
	 * own. */
	rc = oc_workspace_locate(ctx, dir.n ? dir : OC_LIT("."), &workdir, e);
	if (rc) return rc;
	if (stat(workdir, &st) != 0 || !S_ISDIR(st.st_mode))
		rc = oc_fail(e, OC_E_NOT_FOUND, "workdir %s is not a folder", workdir);
	if (!rc) rc = ask_wait(ctx, command, workdir, e);
	if (!rc) rc = run_wait(ctx, args, workdir, out, e);
	free(workdir);
	return rc;
}
