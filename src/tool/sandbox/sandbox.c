/*
 * The command line of bubblewrap. Mounts are made in the order of the arguments, so what hides
 * something comes behind what would show it.
 */
#include "tool/sandbox/sandbox.h"

#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "rt/proc.h"
#include "tool/internal.h"
#include "tool/sandbox/programs.h"

enum { PROBE_MS = 10000, MAX_PROBE_OUTPUT = 2000, TMP_BYTES = 1073741824 };

static struct {
	bool known, works;
	bool modern; /* knows --disable-userns and --size (0.8) */
	char *program;
	char why[300];
} found;

/* ---- the view ---- */

/* What programs need of /etc; nothing with a secret in it. */
static const char *const etc_files[] = {
	"alternatives",	   "bash.bashrc",
	"ca-certificates", "ca-certificates.conf",
	"crypto-policies", "debian_version",
	"fonts",	   "gitconfig",
	"group",	   "host.conf",
	"hosts",	   "inputrc",
	"java-17-openjdk", "ld.so.cache",
	"ld.so.conf",	   "ld.so.conf.d",
	"locale.alias",	   "locale.conf",
	"localtime",	   "lsb-release",
	"magic",	   "magic.mime",
	"mime.types",	   "networks",
	"nsswitch.conf",   "os-release",
	"passwd",	   "pki/tls/certs",
	"profile",	   "protocols",
	"python3",	   "python3.11",
	"redhat-release",  "rpc",
	"services",	   "shells",
	"ssl/certs",	   "ssl/openssl.cnf",
	"terminfo",	   "timezone",
};
static const char *const system_folders[] = {
	"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"
};
/* Of a home that is itself the workspace. */
static const char *const secrets[] = { ".ssh",	".gnupg",	  ".aws",
				       ".kube", ".config/gcloud", ".docker" };

/* What root may write there by the mode of the files alone, without any privilege. */
static const char *const proc_folders[] = { "/proc/sys",  "/proc/fs",	  "/proc/acpi",
					    "/proc/scsi", "/proc/asound", "/proc/driver",
					    "/proc/irq",  "/proc/bus",	  "/proc/pressure" };
static const char *const proc_files[] = { "/proc/sysrq-trigger", "/proc/kcore",
					  "/proc/kmsg",		 "/proc/keys",
					  "/proc/mtrr",		 "/proc/timer_list",
					  "/proc/latency_stats", "/proc/sched_debug" };

static void add(struct oc_strv *argv, const char *a, const char *b, const char *c)
{
	oc_strv_add(argv, oc_str(a));
	if (b) oc_strv_add(argv, oc_str(b));
	if (c) oc_strv_add(argv, oc_str(c));
}

static void add_namespaces(const struct oc_sandbox_spec *spec, struct oc_strv *argv)
{
	add(argv, "--unshare-user", "--unshare-ipc", "--unshare-pid");
	add(argv, "--unshare-uts", "--unshare-cgroup-try", NULL);
	if (!spec->network) add(argv, "--unshare-net", NULL, NULL);
	if (found.modern) add(argv, "--disable-userns", NULL, NULL);
	add(argv, "--die-with-parent", "--new-session", NULL);
	add(argv, "--cap-drop", "ALL", NULL);
	add(argv, "--hostname", "sandbox", NULL);
}

/* On most systems these are links into /usr. */
static void add_system_folder(struct oc_strv *argv, const char *folder)
{
	char target[PATH_MAX];
	ssize_t n = readlink(folder, target, sizeof target - 1);

	if (n <= 0) {
		add(argv, "--ro-bind-try", folder, folder);
		return;
	}
	target[n] = '\0';
	add(argv, "--symlink", target, folder);
}

static void add_proc(struct oc_strv *argv)
{
	add(argv, "--proc", "/proc", NULL);
	for (size_t i = 0; i < sizeof proc_folders / sizeof *proc_folders; i++)
		add(argv, "--ro-bind-try", proc_folders[i], proc_folders[i]);
	for (size_t i = 0; i < sizeof proc_files / sizeof *proc_files; i++)
		if (access(proc_files[i], F_OK) == 0)
			add(argv, "--ro-bind", "/dev/null", proc_files[i]);
}

static void add_system(const struct oc_sandbox_spec *spec, struct oc_strv *argv)
{
	char path[64];

	add(argv, "--ro-bind", "/usr", "/usr");
	for (size_t i = 0; i < sizeof system_folders / sizeof *system_folders; i++)
		add_system_folder(argv, system_folders[i]);
	for (size_t i = 0; i < sizeof etc_files / sizeof *etc_files; i++) {
		snprintf(path, sizeof path, "/etc/%s", etc_files[i]);
		add(argv, "--ro-bind-try", path, path);
	}
	if (spec->network) add(argv, "--ro-bind-try", "/etc/resolv.conf", "/etc/resolv.conf");
	add_proc(argv);
	add(argv, "--dev", "/dev", NULL);
	if (found.modern) {
		oc_strv_add(argv, OC_LIT("--size"));
		oc_strv_addf(argv, "%d", TMP_BYTES);
	}
	add(argv, "--tmpfs", "/tmp", NULL);
}

/* A folder inside what is shown, that must not be. */
static void hide(struct oc_strv *argv, const char *folder, const char *within)
{
	if (folder && oc_path_is_within(folder, within)) add(argv, "--tmpfs", folder, NULL);
}

static void hide_secrets(struct oc_strv *argv, const struct oc_sandbox_spec *spec)
{
	if (!spec->home || !oc_path_is_within(spec->home, spec->workspace)) return;
	for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++) {
		char *path = oc_asprintf("%s/%s", spec->home, secrets[i]);
		struct stat st;

		if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode)) add(argv, "--tmpfs", path, NULL);
		free(path);
	}
}

static void add_workspace(const struct oc_sandbox_spec *spec, struct oc_strv *argv)
{
	const char *bind = spec->read_only ? "--ro-bind" : "--bind";

	add(argv, bind, spec->workspace, spec->workspace);
	/* The usual case is a workspace inside the state folder, which is not shown at all. */
	if (spec->state_dir && !oc_path_is_within(spec->workspace, spec->state_dir))
		hide(argv, spec->state_dir, spec->workspace);
	hide_secrets(argv, spec);
	if (spec->shown && strcmp(spec->shown, spec->workspace) != 0)
		add(argv, "--symlink", spec->workspace, spec->shown);
}

bool oc_sandbox_can_show(const char *workspace)
{
	static const char *const own[] = { "/usr", "/etc", "/proc", "/dev", "/sys", "/run/user" };

	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
		if (oc_path_is_within(own[i], workspace)) return false;
	for (size_t i = 1; i < sizeof own / sizeof *own - 1; i++)
		if (oc_path_is_within(workspace, own[i])) return false;
	return true;
}

void oc_sandbox_argv(const struct oc_sandbox_spec *spec, struct oc_strv *argv)
{
	oc_strv_add(argv, oc_str(found.program));
	add_namespaces(spec, argv);
	add_system(spec, argv);
	hide(argv, spec->state_dir, "/usr");
	hide(argv, spec->home, "/usr");
	add_workspace(spec, argv);
	add(argv, "--remount-ro", "/", NULL); /* folders on the way to the workspace */
	add(argv, "--chdir", spec->workdir, "--");
}

/* ---- does it work ---- */

/* Runs `true` in it, read-only and with nothing of the person's in view. */
static bool try_wait(struct oc_buf *said)
{
	const struct oc_sandbox_spec spec = { .workspace = "/usr",
					      .workdir = "/usr",
					      .read_only = true };
	char *env[] = { (char[]){ "PATH=/usr/bin:/bin" }, NULL };
	struct oc_strv argv = { 0 };
	struct oc_proc_result r;
	struct oc_err e = { 0 };
	bool ok;

	oc_sandbox_argv(&spec, &argv);
	add(&argv, "/bin/sh", "-c", ":");
	const struct oc_proc_spec proc = { .file = argv.v[0],
					   .args = argv.v,
					   .env = env,
					   .cwd = "/",
					   .max_output = MAX_PROBE_OUTPUT };
	enum oc_rc rc = oc_proc_run_wait(&proc, oc_deadline_in(PROBE_MS), &r, &e);
	oc_strv_deinit(&argv);
	if (rc) {
		oc_buf_adds(said, e.msg);
		return false;
	}
	ok = r.exit_code == 0;
	oc_buf_clear(said);
	oc_buf_add(said, oc_str_trim(oc_buf_view(&r.output)));
	oc_proc_result_deinit(&r);
	return ok;
}

static void look_wait(void)
{
	const char *path = getenv("PATH");
	struct oc_buf said, line;

	free(found.program);
	found.program = oc_program_find("bwrap", path ? path : "/usr/bin:/bin", "/");
	if (!found.program) {
		snprintf(found.why, sizeof found.why,
			 "bubblewrap is not installed (package bubblewrap)");
		return;
	}
	oc_buf_init(&said, MAX_PROBE_OUTPUT + 1000);
	oc_buf_init(&line, sizeof found.why);
	found.modern = true;
	found.works = try_wait(&said);
	if (!found.works) {
		found.modern = false;
		found.works = try_wait(&said);
	}
	oc_visible_add(&line, oc_buf_view(&said), 200);
	snprintf(found.why, sizeof found.why, "bubblewrap does not work here: %s",
		 line.n ? oc_buf_cstr(&line) : "no reason was given");
	oc_buf_deinit(&said);
	oc_buf_deinit(&line);
}

enum oc_rc oc_sandbox_works_wait(struct oc_err *e)
{
	if (!found.known) {
		found.works = false;
		look_wait();
		/* A run that is stopped while it looks has learnt nothing. */
		if (oc_scope_cancelled(oc_scope_current()))
			return oc_fail(e, OC_E_DENIED, "stopped");
		found.known = true;
	}
	return found.works ? OC_OK : oc_fail(e, OC_E_DENIED, "%s", found.why);
}

void oc_sandbox_forget(void)
{
	found.known = false;
}
