/*
 * Child processes on the loop. A child leads a process group of its own; ending it ends the group,
 * politely first.
 */
#include "rt/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "base/mem.h"
#include "rt/loop.h"

enum {
	KILL_AFTER_MS = 2000, /* between SIGTERM and SIGKILL */
	DRAIN_MS = 200, /* for output of a child that is gone while a grandchild holds the pipe */
};

struct child {
	uv_process_t process;
	uv_pipe_t out;
	const struct oc_proc_spec *spec;
	struct oc_proc_result *result;
	struct oc_wait *wait; /* whatever the task waits for at the moment */
	int open_handles;
	bool exited, eof;
	char chunk[65536];
};

static void notify(struct child *c)
{
	if (c->wait) oc_wait_end(c->wait, OC_OK);
}

static void on_exit_status(uv_process_t *process, int64_t status, int signum)
{
	struct child *c = process->data;

	c->exited = true;
	c->result->exit_code = signum ? -1 : (int)status;
	c->result->signal = signum;
	notify(c);
}

static void give_chunk(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct child *c = handle->data;
	(void)suggested;
	*buf = uv_buf_init(c->chunk, sizeof c->chunk);
}

static void on_output(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct child *c = stream->data;

	if (n < 0) {
		c->eof = true;
		uv_read_stop(stream);
		notify(c);
		return;
	}
	struct oc_str bytes = { buf->base, (size_t)n };
	size_t room = c->spec->max_output - c->result->output.n;
	struct oc_str kept = oc_str_head(bytes, room);
	oc_buf_add(&c->result->output, kept);
	c->result->dropped += bytes.n - kept.n;
	if (c->spec->on_output && n > 0) c->spec->on_output(c->spec->arg, bytes);
}

static void on_closed(uv_handle_t *handle)
{
	struct child *c = handle->data;

	c->open_handles--;
	notify(c);
}

static enum oc_rc event_wait(struct child *c, struct oc_deadline d, bool cancellable)
{
	struct oc_wait w = { 0 };

	c->wait = &w;
	enum oc_rc rc = cancellable ? oc_wait_park(&w, d) : oc_wait_park_uncancellable(&w, d);
	c->wait = NULL;
	return rc;
}

static void signal_group(const struct child *c, int signum)
{
	if (c->process.pid > 0) kill(-c->process.pid, signum);
}

static void end_group_wait(struct child *c)
{
	signal_group(c, SIGTERM);
	struct oc_deadline d = oc_deadline_in(KILL_AFTER_MS);
	while (!c->exited && event_wait(c, d, false) == OC_OK) continue;
	signal_group(c, SIGKILL);
	while (!c->exited) event_wait(c, OC_NO_DEADLINE, false);
}

static void close_wait(struct child *c)
{
	uv_close((uv_handle_t *)&c->out, on_closed);
	uv_close((uv_handle_t *)&c->process, on_closed);
	while (c->open_handles) event_wait(c, OC_NO_DEADLINE, false);
}

static int spawn(struct child *c, int write_end)
{
	uv_stdio_container_t stdio[3] = {
		{ .flags = UV_IGNORE },
		{ .flags = UV_INHERIT_FD, .data.fd = write_end },
		{ .flags = UV_INHERIT_FD, .data.fd = write_end },
	};
	union { /* libuv's options are not const, and it does not write to them */
		char *const *in;
		char **out;
	} args = { .in = c->spec->args }, env = { .in = c->spec->env };
	uv_process_options_t options = {
		.exit_cb = on_exit_status,
		.file = c->spec->file,
		.args = args.out,
		.env = env.out,
		.cwd = c->spec->cwd,
		.flags = UV_PROCESS_DETACHED,
		.stdio_count = 3,
		.stdio = stdio,
	};

	c->process.data = c;
	c->open_handles = 2;
	return uv_spawn(oc_loop(), &c->process, &options);
}

/* Parks until the child and its output have ended, or it was ended. */
static enum oc_rc finish_wait(struct child *c, struct oc_deadline d)
{
	enum oc_rc rc = OC_OK;

	while (!c->exited && rc == OC_OK) rc = event_wait(c, d, true);
	if (rc != OC_OK) end_group_wait(c);
	struct oc_deadline drain = oc_deadline_in(DRAIN_MS);
	while (!c->eof && event_wait(c, drain, false) == OC_OK) continue;
	signal_group(c, SIGKILL); /* what it left behind */
	if (rc == OC_E_TIMEOUT) {
		c->result->timed_out = true;
		rc = OC_OK;
	}
	return rc;
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
	struct child *c = oc_new(struct child);
	int fds[2];
	enum oc_rc rc;

	*out = (struct oc_proc_result){ .exit_code = -1 };
	oc_buf_init(&out->output, spec->max_output);
	c->spec = spec;
	c->result = out;
	if (pipe2(fds, O_CLOEXEC) != 0) {
		free(c);
		return oc_fail(e, OC_E_SYS, "cannot make a pipe: %s", strerror(errno));
	}
	uv_pipe_init(oc_loop(), &c->out, 0);
	c->out.data = c;
	uv_pipe_open(&c->out, fds[0]);
	int status = spawn(c, fds[1]);
	close(fds[1]);
	if (status == 0) {
		uv_read_start((uv_stream_t *)&c->out, give_chunk, on_output);
		rc = finish_wait(c, d);
	} else
		rc = oc_fail(e, OC_E_SYS, "cannot start %s: %s", spec->file, uv_strerror(status));
	close_wait(c);
	if (rc != OC_OK) oc_proc_result_deinit(out);
	free(c);
	return rc;
}

void oc_proc_result_deinit(struct oc_proc_result *r)
{
	oc_buf_deinit(&r->output);
}

enum oc_rc oc_proc_spawn_detached(const struct oc_proc_spec *spec, const char *log_path, int *pid,
				  struct oc_err *e)
{
	int log = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	if (log < 0) return oc_fail(e, OC_E_SYS, "cannot write %s: %s", log_path, strerror(errno));
	struct oc_proc_result ignored = { 0 };
	struct child *c = oc_new(struct child);
	c->spec = spec;
	c->result = &ignored;
	int status = spawn(c, log);
	close(log);
	if (status == 0) *pid = c->process.pid;
	uv_close((uv_handle_t *)&c->process, on_closed);
	c->open_handles = 1;
	while (c->open_handles) event_wait(c, OC_NO_DEADLINE, false);
	free(c);
	if (status != 0)
		return oc_fail(e, OC_E_SYS, "cannot start %s: %s", spec->file, uv_strerror(status));
	return OC_OK;
}
