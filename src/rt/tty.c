/* Questions to a person: one line from stdin, echo off for secrets, the terminal restored on every
 * way out. */
#include "rt/tty.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "base/mem.h"
#include "rt/loop.h"
#include "rt/poll.h"

bool oc_tty_interactive(void)
{
	return isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

static void on_readable(void *arg, int fd, int events)
{
	(void)fd, (void)events;
	oc_wait_end(arg, OC_OK);
}

static enum oc_rc readable_wait(void)
{
	struct oc_wait w = { 0 };
	struct oc_poll *p = oc_poll_new(STDIN_FILENO, on_readable, &w);

	if (!p) return OC_OK; /* a regular file never blocks */
	oc_poll_set(p, OC_POLL_READ);
	enum oc_rc rc =
	    oc_wait_park(&w, OC_NO_DEADLINE); /* a person may take all the time there is */
	oc_poll_free(p);
	return rc;
}

/* Byte by byte: what comes after the line belongs to the next question. */
static enum oc_rc read_line_wait(struct oc_buf *answer)
{
	for (;;) {
		char c;
		enum oc_rc rc = readable_wait();
		if (rc != OC_OK) return rc;
		ssize_t n = read(STDIN_FILENO, &c, 1);
		if (n < 0 && (errno == EAGAIN || errno == EINTR)) continue;
		if (n <= 0) return answer->n ? OC_OK : OC_EOF;
		if (c == '\n') break;
		oc_buf_addc(answer, c);
	}
	if (answer->n && answer->p[answer->n - 1] == '\r') answer->p[--answer->n] = '\0';
	return OC_OK;
}

enum oc_rc oc_tty_ask_wait(const char *prompt, bool secret, struct oc_buf *answer)
{
	struct termios before, quiet;
	bool hide = secret && tcgetattr(STDIN_FILENO, &before) == 0;

	if (hide) {
		quiet = before;
		quiet.c_lflag &= ~(tcflag_t)ECHO;
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
	}
	fputs(prompt, stderr);
	fflush(stderr);
	enum oc_rc rc = read_line_wait(answer);
	if (hide) {
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
		fputc('\n', stderr);
	}
	return rc;
}

/* ---- raw mode ---- */

struct oc_tty_mode {
	struct termios termios;
};

enum oc_rc oc_tty_raw(struct oc_tty_mode **before, struct oc_err *e)
{
	struct termios raw;

	if (tcgetattr(STDIN_FILENO, &raw) != 0)
		return oc_fail(e, OC_E_SYS, "standard input is no terminal");
	*before = oc_new(struct oc_tty_mode);
	(*before)->termios = raw;
	raw.c_iflag &= ~(tcflag_t)(BRKINT | ICRNL | INPCK | ISTRIP | IXON);
	raw.c_lflag &= ~(tcflag_t)(ECHO | ICANON | IEXTEN | ISIG);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
	return OC_OK;
}

void oc_tty_restore(struct oc_tty_mode *before)
{
	if (!before) return;
	tcsetattr(STDIN_FILENO, TCSADRAIN, &before->termios);
	free(before);
}

/* ---- its size ---- */

struct oc_tty_resize {
	uv_signal_t handle;
	void (*fn)(void *arg);
	void *arg;
};

static void on_resize(uv_signal_t *handle, int signum)
{
	struct oc_tty_resize *r = handle->data;

	(void)signum;
	r->fn(r->arg);
}

struct oc_tty_resize *oc_tty_resize_new(void (*fn)(void *arg), void *arg)
{
	struct oc_tty_resize *r = oc_new(struct oc_tty_resize);

	r->fn = fn;
	r->arg = arg;
	r->handle.data = r;
	uv_signal_init(oc_loop(), &r->handle);
	uv_signal_start(&r->handle, on_resize, SIGWINCH);
	return r;
}

static void free_resize(uv_handle_t *handle)
{
	free(handle->data);
}

void oc_tty_resize_free(struct oc_tty_resize *r)
{
	if (r) uv_close((uv_handle_t *)&r->handle, free_resize);
}
