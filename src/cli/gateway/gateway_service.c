/*
 * The gateway under systemd's user manager (spec 02 §1.1). A gateway that somebody runs in the
 * foreground is found by its lock file. Secrets never go into the unit file: the service reads them
 * from the configuration.
 */
#include "cli/gateway/gateway_service.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/gateway/gateway_facts.h"
#include "cli/print.h"
#include "gateway/process/lock.h"
#include "rt/proc.h"
#include "rt/self.h"

#define UNIT "openclaw-gateway.service"
enum {
	SYSTEMCTL_MS = 60000,
	STOP_MS = 20000, /* more than a drain takes */
	LOOK_EVERY_MS = 50,
	MAX_OUTPUT = 16384,
};

const struct oc_option oc_gateway_install_options[] = {
	{ .name = "--port", .value = "<number>", .help = "Port that the service listens on" },
	{ .name = "--force", .help = "Replace a service file that is there" },
	{ .name = "--json", .help = "Print the result as JSON" },
	{ 0 },
};
const struct oc_option oc_gateway_service_options[] = {
	{ .name = "--force", .help = "stop: also a gateway that is not the service" },
	{ .name = "--json", .help = "Print the result as JSON" },
	{ 0 },
};

struct service {
	struct oc_args *args;
	struct oc_paths paths;
	char *unit; /* path of the unit file */
	const char *action;
};

/* ---- results ---- */

static int report(const struct service *s, bool ok, const char *fmt, ...) OC_PRINTF(3, 4);

static int report(const struct service *s, bool ok, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (oc_args_has(s->args, "--json")) {
		json_t *v = json_pack("{s:b, s:s, s:o}", "ok", ok, "action", s->action, "message",
				      oc_json_new_str(oc_str(text)));
		oc_print_json(v);
		json_decref(v);
	} else if (ok)
		oc_print_text(oc_str(text));
	else
		oc_error("%s", text);
	return ok ? 0 : 1;
}

/* ---- systemctl ---- */

/* What the user manager is found by; nothing else of our environment reaches it. */
static void collect_env(struct oc_strv *env)
{
	static const char *const names[] = { "PATH",
					     "HOME",
					     "USER",
					     "LANG",
					     "XDG_RUNTIME_DIR",
					     "XDG_CONFIG_HOME",
					     "DBUS_SESSION_BUS_ADDRESS" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const char *v = getenv(names[i]);
		if (v) oc_strv_addf(env, "%s=%s", names[i], v);
	}
}

/* systemctl --user WORDS. The exit code, -1 when it could not be run; said (may be NULL) gets its
 * output, free with free(). */
static int systemctl_wait(char **said, const char *verb, const char *word, const char *unit)
{
	const char *const words[] = { "systemctl", "--user", verb, word, unit };
	char *args[sizeof words / sizeof *words + 1] = { 0 };
	struct oc_strv env = { 0 };
	struct oc_proc_result result = { 0 };
	struct oc_err e = { 0 };
	int n = 0, code = -1;

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (words[i]) args[n++] = oc_strdup(words[i]);
	collect_env(&env);
	struct oc_proc_spec spec = {
		.file = "systemctl", .args = args, .env = env.v, .max_output = MAX_OUTPUT
	};
	if (!oc_proc_run_wait(&spec, oc_deadline_in(SYSTEMCTL_MS), &result, &e))
		code = result.timed_out ? -1 : result.exit_code;
	if (said) {
		struct oc_str out = oc_str_trim(oc_buf_view(&result.output));
		*said = e.msg[0] ? oc_strdup(e.msg) : oc_strndup(out.p ? out.p : "", out.n);
	}
	oc_proc_result_deinit(&result);
	oc_strv_deinit(&env);
	while (n) free(args[--n]);
	return code;
}

static bool has_manager(void)
{
	return systemctl_wait(NULL, "show", "--property=Version", NULL) == 0;
}

static int no_manager(const struct service *s)
{
	return report(s, false,
		      "there is no systemd user manager here: run `openclaw gateway run` in the "
		      "foreground or under a supervisor of your own");
}

static int run_unit(const struct service *s, const char *verb, const char *done)
{
	char *said = NULL;
	int code = systemctl_wait(&said, verb, UNIT, NULL);
	int result = code == 0 ? report(s, true, "%s", done)
			       : report(s, false, "systemctl --user %s %s failed: %s", verb, UNIT,
					*said ? said : "no reason given");

	free(said);
	return result;
}

static bool unit_is_active(const struct service *s)
{
	return oc_file_exists(s->unit) && systemctl_wait(NULL, "is-active", "--quiet", UNIT) == 0;
}

/* ---- the unit file ---- */

/* Quoted, with what systemd would expand there taken literally: "%" everywhere, "$" in commands. */
static void add_word(struct oc_buf *out, const char *word, const char *expands)
{
	oc_buf_addc(out, '"');
	for (const char *c = word; *c; c++) {
		if (*c == '"' || *c == '\\') oc_buf_addc(out, '\\');
		if (strchr(expands, *c)) oc_buf_addc(out, *c);
		oc_buf_addc(out, *c);
	}
	oc_buf_addc(out, '"');
}

static void add_environment(struct oc_buf *out)
{
	static const char *const names[] = { "OPENCLAW_HOME", "OPENCLAW_STATE_DIR",
					     "OPENCLAW_CONFIG_PATH", "OPENCLAW_INCLUDE_ROOTS" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const char *v = getenv(names[i]);
		if (!v || !*v || strpbrk(v, "\r\n")) continue;
		char *pair = oc_asprintf("%s=%s", names[i], v);
		oc_buf_adds(out, "Environment=");
		add_word(out, pair, "%");
		oc_buf_addc(out, '\n');
		free(pair);
	}
}

static char *unit_text(const char *program, const char *port)
{
	struct oc_buf out;

	oc_buf_init(&out, 65536);
	oc_buf_adds(&out, "[Unit]\n"
			  "Description=OpenClaw gateway\n"
			  "After=network-online.target\n"
			  "Wants=network-online.target\n"
			  "\n"
			  "[Service]\n"
			  "Type=notify\n"
			  "ExecStart=");
	add_word(&out, program, "%$");
	oc_buf_adds(&out, " gateway run");
	if (port) oc_buf_addf(&out, " --port %s", port);
	oc_buf_adds(&out, "\nExecReload=/bin/kill -USR2 $MAINPID\n");
	add_environment(&out);
	oc_buf_addf(&out,
		    "Restart=always\n"
		    "RestartSec=5\n"
		    "RestartPreventExitStatus=%d\n"
		    "TimeoutStopSec=%d\n"
		    "\n"
		    "[Install]\n"
		    "WantedBy=default.target\n",
		    78, STOP_MS / 1000);
	return oc_buf_take(&out);
}

static enum oc_rc write_unit(const struct service *s, struct oc_err *e)
{
	const char *port = oc_args_get(s->args, "--port");
	int64_t number;
	char *program = oc_self_path();

	if (port && !oc_parse_int(oc_str(port), 1, 65535, &number)) {
		free(program);
		return oc_fail(e, OC_E_INPUT, "--port \"%.20s\": use a number from 1 to 65535",
			       port);
	}
	if (!program) return oc_fail(e, OC_E_SYS, "cannot tell where this program is");
	char *text = unit_text(program, port);
	enum oc_rc rc = oc_file_write(s->unit, oc_str(text), 0600, NULL, e);
	free(text);
	free(program);
	return rc;
}

static int install(struct service *s)
{
	struct oc_err e = { 0 };
	char *said = NULL;

	if (!has_manager()) return no_manager(s);
	if (oc_file_exists(s->unit) && !oc_args_has(s->args, "--force"))
		return report(s, true, "already installed: %s (--force replaces it)", s->unit);
	if (write_unit(s, &e)) return report(s, false, "%s", e.msg);
	if (systemctl_wait(&said, "daemon-reload", NULL, NULL) == 0) {
		free(said);
		said = NULL;
		if (systemctl_wait(&said, "enable", "--now", UNIT) == 0) {
			free(said);
			return report(s, true,
				      "installed and started: %s\nIt runs while you are logged in; "
				      "`loginctl enable-linger` keeps it running after that.",
				      s->unit);
		}
	}
	int code = report(s, false, "%s was written, but systemctl failed: %s", s->unit, said);
	free(said);
	return code;
}

static int uninstall(struct service *s)
{
	if (!oc_file_exists(s->unit)) return report(s, true, "no service is installed");
	if (!has_manager()) return no_manager(s);
	(void)systemctl_wait(NULL, "disable", "--now", UNIT);
	if (unlink(s->unit) != 0)
		return report(s, false, "cannot remove %s: %s", s->unit, strerror(errno));
	(void)systemctl_wait(NULL, "daemon-reload", NULL, NULL);
	return report(s, true, "removed: %s", s->unit);
}

/* ---- start, stop, restart ---- */

static int start(struct service *s)
{
	if (!oc_file_exists(s->unit))
		return report(s, false,
			      "no service is installed: run `openclaw gateway install`, or "
			      "`openclaw gateway run` for the foreground");
	if (!has_manager()) return no_manager(s);
	return run_unit(s, "start", "started");
}

static bool wait_until_gone(const char *state_dir)
{
	struct oc_deadline until = oc_deadline_in(STOP_MS);
	struct oc_gateway_owner owner;

	while (oc_gateway_owner(state_dir, &owner))
		if (oc_deadline_passed(until) || oc_sleep_wait(LOOK_EVERY_MS)) return false;
	return true;
}

static int stop(struct service *s)
{
	struct oc_gateway_owner owner;

	if (unit_is_active(s)) return run_unit(s, "stop", "stopped");
	if (!oc_gateway_owner(s->paths.state_dir, &owner))
		return report(s, true, "no gateway is running");
	if (!oc_args_has(s->args, "--force"))
		return report(s, false,
			      "the gateway with pid %lld is not the service: stop it where it was "
			      "started, or use --force",
			      (long long)owner.pid);
	if (kill((pid_t)owner.pid, SIGTERM) != 0)
		return report(s, false, "cannot stop pid %lld: %s", (long long)owner.pid,
			      strerror(errno));
	if (!wait_until_gone(s->paths.state_dir))
		return report(s, false, "pid %lld still runs", (long long)owner.pid);
	return report(s, true, "stopped (pid %lld)", (long long)owner.pid);
}

static int restart(struct service *s)
{
	struct oc_gateway_owner owner;

	if (unit_is_active(s)) return run_unit(s, "restart", "restarted");
	if (!oc_gateway_owner(s->paths.state_dir, &owner)) return start(s);
	if (kill((pid_t)owner.pid, SIGUSR2) != 0)
		return report(s, false, "cannot restart pid %lld: %s", (long long)owner.pid,
			      strerror(errno));
	return report(s, true, "restarting (pid %lld)", (long long)owner.pid);
}

/* ---- commands ---- */

static char *unit_path(const struct oc_paths *p)
{
	json_t *facts = oc_gateway_service_facts(p);
	char *path = oc_strdup(oc_json_cstr(facts, "unit"));

	json_decref(facts);
	return path;
}

static int with_service(struct oc_args *a, const char *action, int (*run)(struct service *s))
{
	struct service s = { .args = a, .action = action };
	struct oc_err e = { 0 };
	int code;

	if (oc_paths_init(&s.paths, &e)) return oc_error("%s", e.msg);
	s.unit = unit_path(&s.paths);
	code = run(&s);
	free(s.unit);
	oc_paths_deinit(&s.paths);
	return code;
}

int oc_cmd_gateway_install(struct oc_args *a)
{
	return with_service(a, "install", install);
}

int oc_cmd_gateway_uninstall(struct oc_args *a)
{
	return with_service(a, "uninstall", uninstall);
}

int oc_cmd_gateway_start(struct oc_args *a)
{
	return with_service(a, "start", start);
}

int oc_cmd_gateway_stop(struct oc_args *a)
{
	return with_service(a, "stop", stop);
}

int oc_cmd_gateway_restart(struct oc_args *a)
{
	return with_service(a, "restart", restart);
}
