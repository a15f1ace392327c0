/* Child processes from start to end, and those that outlive us. */
#include "rt/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "base/mem.h"
#include "rt/child.h"
#include "rt/loop.h"
#include "rt/spawn.h"

struct running {
	const struct oc_proc_spec *spec;
	struct oc_proc_result *result;
};

static void on_output(void *arg, struct oc_str bytes)
{
	struct running *r = arg;
	size_t room = r->spec->max_output - r->result->output.n;
	struct oc_str kept = oc_str_head(bytes, room);

	oc_buf_add(&r->result->output, kept);
	r->result->dropped += bytes.n - kept.n;
	if (r->spec->on_output) r->spec->on_output(r->spec->arg, bytes);
}

void oc_proc_hide_self(void)
{
#ifdef __linux__
	(void)prctl(PR_SET_DUMPABLE, 0);
#endif
}

enum oc_rc oc_proc_run_wait(const struct oc_proc_spec *spec, struct oc_deadline d,
			    struct oc_proc_result *out, struct oc_err *e)
{
	struct running r = { spec, out };
	const struct oc_child_spec child = { .file = spec->file,
					     .args = spec->args,
					     .env = spec->env,
					     .cwd = spec->cwd,
					     .on_output = on_output,
					     .arg = &r };
	struct oc_child *c;
	enum oc_rc rc;

	*out = (struct oc_proc_result){ .exit_code = -1 };
	rc = oc_child_start(&child, &c, e);
	if (rc) return rc;
	oc_buf_init(&out->output, spec->max_output);
	rc = oc_child_wait(c, d);
	if (rc) oc_child_end_wait(c);
	oc_child_finish_wait(c, &out->exit_code, &out->signal);
	if (rc == OC_E_TIMEOUT) {
		out->timed_out = true;
		rc = OC_OK;
	}
	if (rc) oc_proc_result_deinit(out);
	return rc;
}

void oc_proc_result_deinit(struct oc_proc_result *r)
{
	oc_buf_deinit(&r->output);
}

/* ---- a process of its own ---- */

static void on_closed(uv_handle_t *handle)
{
	oc_wait_end(handle->data, OC_OK);
}

static void ignore_exit(uv_process_t *process, int64_t status, int signum)
{
	(void)process;
	(void)status;
	(void)signum;
}

enum oc_rc oc_proc_spawn_detached(const struct oc_proc_spec *spec, const char *log_path, int *pid,
				  struct oc_err *e)
{
	int log = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	uv_process_t process = { 0 };
	struct oc_wait w = { 0 };

	if (log < 0) return oc_fail(e, OC_E_SYS, "cannot write %s: %s", log_path, strerror(errno));
	int status = oc_spawn(&process, &(struct oc_spawn_spec){ .file = spec->file,
								 .cwd = spec->cwd,
								 .args = spec->args,
								 .env = spec->env,
								 .output = log,
								 .on_exit = ignore_exit });
	close(log);
	if (status == 0) *pid = process.pid;
	process.data = &w;
	uv_close((uv_handle_t *)&process, on_closed);
	oc_wait_park_uncancellable(&w, OC_NO_DEADLINE);
	if (status != 0)
		return oc_fail(e, OC_E_SYS, "cannot start %s: %s", spec->file, uv_strerror(status));
	return OC_OK;
}
