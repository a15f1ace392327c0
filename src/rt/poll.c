/* Descriptors and timers on the loop for libraries that bring their own event machine. */
#include "rt/poll.h"

#include <stdlib.h>

#include "base/mem.h"
#include "rt/loop.h"

struct oc_poll {
	uv_poll_t handle;
	oc_poll_fn *fn;
	void *arg;
	int fd;
	int watched; /* what libuv was told */
};

static void on_poll(uv_poll_t *handle, int status, int events)
{
	struct oc_poll *p = handle->data;
	int out = 0;

	if (status == 0) {
		if (events & UV_READABLE) out |= OC_POLL_READ;
		if (events & UV_WRITABLE) out |= OC_POLL_WRITE;
		if (events & UV_DISCONNECT) out |= OC_POLL_HANGUP;
	} else {
		p->watched = 0; /* after an error libuv looks no more */
	}
	p->fn(p->arg, p->fd, out);
}

struct oc_poll *oc_poll_new(int fd, oc_poll_fn *fn, void *arg)
{
	struct oc_poll *p = oc_new(struct oc_poll);

	p->fd = fd;
	p->fn = fn;
	p->arg = arg;
	p->handle.data = p;
	if (uv_poll_init(oc_loop(), &p->handle, fd) != 0) {
		free(p);
		return NULL;
	}
	return p;
}

void oc_poll_set(struct oc_poll *p, int events)
{
	static const struct {
		int ours, uv;
	} names[] = {
		{ OC_POLL_READ, UV_READABLE },
		{ OC_POLL_WRITE, UV_WRITABLE },
		{ OC_POLL_HANGUP, UV_DISCONNECT },
		/* Errors are always told of a watched descriptor; urgent data is what nobody sends.
		 */
		{ OC_POLL_ERROR, UV_PRIORITIZED },
	};
	int want = 0;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (events & names[i].ours) want |= names[i].uv;
	/* libuv takes the descriptor out of the kernel's set and puts it back, two system calls. */
	if (want == p->watched) return;
	p->watched = want;
	if (want)
		uv_poll_start(&p->handle, want, on_poll);
	else
		uv_poll_stop(&p->handle);
}

static void free_data(uv_handle_t *handle)
{
	free(handle->data);
}

void oc_poll_free(struct oc_poll *p)
{
	if (!p) return;
	uv_poll_stop(&p->handle);
	uv_close((uv_handle_t *)&p->handle, free_data);
}

struct oc_timer {
	uv_timer_t handle;
	oc_timer_fn *fn;
	void *arg;
};

static void on_timer(uv_timer_t *handle)
{
	struct oc_timer *t = handle->data;
	t->fn(t->arg);
}

struct oc_timer *oc_timer_new(oc_timer_fn *fn, void *arg)
{
	struct oc_timer *t = oc_new(struct oc_timer);

	t->fn = fn;
	t->arg = arg;
	t->handle.data = t;
	uv_timer_init(oc_loop(), &t->handle);
	return t;
}

void oc_timer_start(struct oc_timer *t, uint64_t in_ms)
{
	uv_update_time(oc_loop());
	uv_timer_start(&t->handle, on_timer, in_ms, 0);
}

void oc_timer_stop(struct oc_timer *t)
{
	uv_timer_stop(&t->handle);
}

void oc_timer_free(struct oc_timer *t)
{
	if (t) uv_close((uv_handle_t *)&t->handle, free_data);
}
