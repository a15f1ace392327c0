/* Child processes on the loop: handles of the loop behind an object that tasks wait for. */
#include "rt/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/mem.h"
#include "rt/clock.h"
#include "rt/loop.h"
#include "rt/spawn.h"

enum {
	KILL_AFTER_MS = 2000, /* between SIGTERM and SIGKILL */
	DRAIN_MS = 200, /* for output of a child that is gone while a grandchild holds the pipe */
};

struct oc_child {
	uv_process_t process;
	uv_pipe_t out, err, in;
	void (*on_output)(void *arg, struct oc_str bytes);
	void (*on_errors)(void *arg, struct oc_str bytes);
	void *arg;
	struct oc_wait *wait; /* whatever the task waits for at the moment */
	size_t unwritten;     /* bytes on their way to stdin */
	int open_handles, exit_code, signum;
	bool exited, eof, input, paused;
	bool close_when_written;
	char chunk[65536];
};
struct writing {
	uv_write_t request;
	struct oc_child *child;
	size_t n;
	char bytes[];
};

/* ---- callbacks of the loop ---- */

static void notify(struct oc_child *c)
{
	if (c->wait) oc_wait_end(c->wait, OC_OK);
}

static void on_exit_status(uv_process_t *process, int64_t status, int signum)
{
	struct oc_child *c = process->data;

	oc_clock_hold(-1);
	c->exited = true;
	c->exit_code = signum ? -1 : (int)status;
	c->signum = signum;
	notify(c);
}

static void give_chunk(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct oc_child *c = handle->data;
	(void)suggested;
	*buf = uv_buf_init(c->chunk, sizeof c->chunk);
}

static void on_output(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct oc_child *c = stream->data;

	if (n < 0) {
		c->eof = true;
		uv_read_stop(stream);
		notify(c);
	} else if (n > 0 && c->on_output)
		c->on_output(c->arg, (struct oc_str){ buf->base, (size_t)n });
}

static void on_errors(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct oc_child *c = stream->data;

	if (n < 0)
		uv_read_stop(stream);
	else if (n > 0)
		c->on_errors(c->arg, (struct oc_str){ buf->base, (size_t)n });
}

static void on_closed(uv_handle_t *handle)
{
	struct oc_child *c = handle->data;

	c->open_handles--;
	notify(c);
}

static void close_input_now(struct oc_child *c)
{
	if (!c->input) return;
	c->input = false;
	uv_close((uv_handle_t *)&c->in, on_closed);
}

static void on_written(uv_write_t *request, int status)
{
	struct writing *w = request->data;

	struct oc_child *c = w->child;

	c->unwritten -= w->n;
	if (status < 0 || (c->close_when_written && !c->unwritten)) close_input_now(c);
	free(w);
}

static enum oc_rc event_wait(struct oc_child *c, struct oc_deadline d, bool cancellable)
{
	struct oc_wait w = { 0 };

	c->wait = &w;
	enum oc_rc rc = cancellable ? oc_wait_park(&w, d) : oc_wait_park_uncancellable(&w, d);
	c->wait = NULL;
	return rc;
}

/* ---- start ---- */

static void watch_handle(struct oc_child *c, uv_handle_t *handle)
{
	handle->data = c;
	c->open_handles++;
}

/* A pipe whose read end the loop has; *write_end is for the child. */
static enum oc_rc open_pipe(struct oc_child *c, uv_pipe_t *pipe, int *write_end, struct oc_err *e)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) != 0)
		return oc_fail(e, OC_E_SYS, "cannot make a pipe: %s", strerror(errno));
	uv_pipe_init(oc_loop(), pipe, 0);
	watch_handle(c, (uv_handle_t *)pipe);
	uv_pipe_open(pipe, fds[0]);
	*write_end = fds[1];
	return OC_OK;
}

static int spawn(struct oc_child *c, const struct oc_child_spec *spec, int write_end, int errors)
{
	struct oc_spawn_spec how = { .file = spec->file,
				     .cwd = spec->cwd,
				     .args = spec->args,
				     .env = spec->env,
				     .output = write_end,
				     .errors = errors,
				     .on_exit = on_exit_status };

	if (spec->input) {
		uv_pipe_init(oc_loop(), &c->in, 0);
		watch_handle(c, (uv_handle_t *)&c->in);
		c->input = true;
		how.input = (uv_stream_t *)&c->in;
	}
	watch_handle(c, (uv_handle_t *)&c->process);
	return oc_spawn(&c->process, &how);
}

static void close_wait(struct oc_child *c)
{
	close_input_now(c);
	if (c->out.data) uv_close((uv_handle_t *)&c->out, on_closed);
	if (c->err.data) uv_close((uv_handle_t *)&c->err, on_closed);
	if (c->process.data) uv_close((uv_handle_t *)&c->process, on_closed);
	while (c->open_handles) event_wait(c, OC_NO_DEADLINE, false);
	free(c);
}

enum oc_rc oc_child_start(const struct oc_child_spec *spec, struct oc_child **out, struct oc_err *e)
{
	struct oc_child *c = oc_new(struct oc_child);
	int output = 0, errors = 0;
	enum oc_rc rc = open_pipe(c, &c->out, &output, e);

	c->on_output = spec->on_output;
	c->on_errors = spec->on_errors;
	c->arg = spec->arg;
	c->exit_code = -1;
	if (!rc && spec->on_errors) rc = open_pipe(c, &c->err, &errors, e);
	if (!rc) {
		int status = spawn(c, spec, output, errors);
		if (status != 0)
			rc = oc_fail(e, OC_E_SYS, "cannot start %s: %s", spec->file,
				     uv_strerror(status));
	}
	if (output) close(output);
	if (errors) close(errors);
	if (rc) {
		close_wait(c);
		return rc;
	}
	oc_clock_hold(+1); /* a child lives in real time */
	uv_read_start((uv_stream_t *)&c->out, give_chunk, on_output);
	if (spec->on_errors) uv_read_start((uv_stream_t *)&c->err, give_chunk, on_errors);
	*out = c;
	return OC_OK;
}

int oc_child_pid(const struct oc_child *c)
{
	return c->process.pid;
}

/* ---- while it runs ---- */

enum oc_rc oc_child_wait(struct oc_child *c, struct oc_deadline d)
{
	enum oc_rc rc = OC_OK;

	while (!c->exited && rc == OC_OK) rc = event_wait(c, d, true);
	return rc;
}

enum oc_rc oc_child_write(struct oc_child *c, struct oc_str bytes, struct oc_err *e)
{
	struct writing *w;

	if (!c->input || c->exited || c->close_when_written)
		return oc_fail(e, OC_E_NOT_FOUND, "it does not read input any more");
	if (bytes.n > OC_MAX_CHILD_INPUT_BYTES - c->unwritten)
		return oc_fail(e, OC_E_LIMIT, "%zu bytes of input wait already; it does not read",
			       c->unwritten);
	w = oc_alloc(sizeof *w + bytes.n);
	w->child = c;
	w->n = bytes.n;
	w->request.data = w;
	memcpy(w->bytes, bytes.p, bytes.n);
	uv_buf_t buf = uv_buf_init(w->bytes, (unsigned)bytes.n);
	c->unwritten += bytes.n;
	int status = uv_write(&w->request, (uv_stream_t *)&c->in, &buf, 1, on_written);
	if (status == 0) return OC_OK;
	c->unwritten -= bytes.n;
	free(w);
	return oc_fail(e, OC_E_NOT_FOUND, "it does not read input: %s", uv_strerror(status));
}

void oc_child_pause(struct oc_child *c, bool pause)
{
	if (pause == c->paused || c->eof) return;
	c->paused = pause;
	if (pause)
		uv_read_stop((uv_stream_t *)&c->out);
	else
		uv_read_start((uv_stream_t *)&c->out, give_chunk, on_output);
}

void oc_child_close_input(struct oc_child *c)
{
	if (c->unwritten)
		c->close_when_written = true;
	else
		close_input_now(c);
}

void oc_child_signal(const struct oc_child *c, int signum)
{
	if (c->process.pid > 0) kill(-c->process.pid, signum);
}

/* ---- end ---- */

void oc_child_leave_wait(struct oc_child *c, uint64_t ms)
{
	struct oc_deadline d = oc_deadline_in(ms);

	while (!c->exited && event_wait(c, d, false) == OC_OK) continue;
}

void oc_child_end_wait(struct oc_child *c)
{
	struct oc_deadline d = oc_deadline_in(KILL_AFTER_MS);

	oc_child_signal(c, SIGTERM);
	while (!c->exited && event_wait(c, d, false) == OC_OK) continue;
	oc_child_signal(c, SIGKILL);
	while (!c->exited) event_wait(c, OC_NO_DEADLINE, false);
}

void oc_child_finish_wait(struct oc_child *c, int *exit_code, int *signum)
{
	struct oc_deadline drain = oc_deadline_in(DRAIN_MS);

	while (!c->eof && event_wait(c, drain, false) == OC_OK) continue;
	oc_child_signal(c, SIGKILL); /* what it left behind */
	if (exit_code) *exit_code = c->exit_code;
	if (signum) *signum = c->signum;
	close_wait(c);
}
