/*
 * Coroutines on libuv. A task runs on a stack of its own until it parks; the loop resumes it from
 * one place (run_ready), never from inside a callback, so a callback may end waits without caring
 * who runs next.
 */
#include "rt/task.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/mem.h"
#include "rt/clock.h"
#include "rt/exit.h"
#include "rt/loop.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define OC_ASAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define OC_ASAN 1
#endif
#ifdef OC_ASAN
#include <sanitizer/common_interface_defs.h>
#endif

enum {
#ifdef OC_ASAN
	STACK_BYTES = 2 << 20, /* instrumented frames are several times larger */
#else
	STACK_BYTES = 256 << 10,
#endif
	POOLED_STACKS = 16,
	READY_ROUNDS = 8,
	EXIT_HOOKS = 16,
};

struct oc_scope {
	struct oc_scope *parent, *children, *next, *prev;
	struct oc_task *tasks;
	struct oc_wait *joiner;
	bool cancelled, free_when_done;
};

struct oc_task {
	struct oc_scope *scope;
	struct oc_task *next, *prev; /* in its scope */
	struct oc_task *ready_next;
	struct oc_task *timed_next, *timed_prev; /* parked with a deadline */
	struct oc_wait *wait;
	enum oc_rc wake_rc; /* why the park ends when the wait did not */
	uint64_t deadline;
	bool parked, ready, cancellable, ended;
	ucontext_t context;
	char *stack;
	oc_task_fn *fn;
	void *arg;
	void *fake_stack;
};

static struct {
	uv_loop_t loop;
	uv_idle_t idle;
	uv_timer_t timer;
	uv_signal_t sigint, sigterm, sigusr2;
	oc_signal_fn *signal_fn;
	void *signal_arg;
	int signal;
	struct oc_scope root;
	struct oc_task *current;
	struct oc_task *ready_first, **ready_last;
	struct oc_task *timed;
	ucontext_t loop_context;
	void *loop_fake_stack;
	const void *loop_stack_bottom;
	size_t loop_stack_size;
	char *pool[POOLED_STACKS];
	size_t n_pool;
	void (*on_exit[EXIT_HOOKS])(void);
	size_t n_on_exit;
	bool virtual_clock;
	uint64_t virtual_ms;
	bool virtual_wall;
	int64_t wall_ahead_ms; /* of virtual_ms */
	int holds;	       /* oc_clock_hold */
} rt;

uv_loop_t *oc_loop(void)
{
	return &rt.loop;
}

/* ---- time ---- */

uint64_t oc_now_ms(void)
{
	struct timespec ts;

	if (rt.virtual_clock) return rt.virtual_ms;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

int64_t oc_wall_ms(void)
{
	struct timespec ts;

	if (rt.virtual_clock && rt.virtual_wall) return (int64_t)rt.virtual_ms + rt.wall_ahead_ms;
	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void oc_clock_make_virtual(uint64_t start_ms)
{
	rt.virtual_clock = true;
	rt.virtual_ms = start_ms;
}

void oc_clock_make_real(void)
{
	rt.virtual_clock = rt.virtual_wall = false;
}

void oc_clock_set_wall(int64_t wall_ms)
{
	rt.virtual_wall = true;
	rt.wall_ahead_ms = wall_ms - (int64_t)rt.virtual_ms;
}

void oc_clock_hold(int change)
{
	rt.holds += change;
}

struct oc_deadline oc_deadline_in(uint64_t ms)
{
	return (struct oc_deadline){ oc_now_ms() + ms };
}

struct oc_deadline oc_deadline_min(struct oc_deadline a, struct oc_deadline b)
{
	if (!a.at_ms) return b;
	if (!b.at_ms) return a;
	return a.at_ms < b.at_ms ? a : b;
}

bool oc_deadline_passed(struct oc_deadline d)
{
	return d.at_ms && d.at_ms <= oc_now_ms();
}

/* ---- stacks and switching ---- */

static char *stack_new(void)
{
	if (rt.n_pool) return rt.pool[--rt.n_pool];
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *p = mmap(NULL, STACK_BYTES + page, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED || mprotect(p, page, PROT_NONE) != 0) {
		fprintf(stderr, "openclaw: no memory for a task's stack: %s\n", strerror(errno));
		abort();
	}
	return p + page;
}

static void stack_unmap(char *stack)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	munmap(stack - page, STACK_BYTES + page);
}

static void stack_free(char *stack)
{
	if (rt.n_pool < POOLED_STACKS)
		rt.pool[rt.n_pool++] = stack;
	else
		stack_unmap(stack);
}

/* The two halves of telling ASan which stack is in use. */
static void announce_switch(void **fake_stack, const void *bottom, size_t size)
{
#ifdef OC_ASAN
	__sanitizer_start_switch_fiber(fake_stack, bottom, size);
#else
	(void)fake_stack, (void)bottom, (void)size;
#endif
}

static void finish_switch(void *fake_stack, const void **from_bottom, size_t *from_size)
{
#ifdef OC_ASAN
	__sanitizer_finish_switch_fiber(fake_stack, from_bottom, from_size);
#else
	(void)fake_stack, (void)from_bottom, (void)from_size;
#endif
}

static void switch_to_loop(struct oc_task *t)
{
	announce_switch(t->ended ? NULL : &t->fake_stack, rt.loop_stack_bottom, rt.loop_stack_size);
	swapcontext(&t->context, &rt.loop_context);
	finish_switch(t->fake_stack, &rt.loop_stack_bottom, &rt.loop_stack_size);
}

static void task_entry(void)
{
	struct oc_task *t = rt.current;

	finish_switch(NULL, &rt.loop_stack_bottom, &rt.loop_stack_size);
	t->fn(t->arg);
	t->ended = true;
	switch_to_loop(t);
	abort(); /* an ended task is not resumed */
}

static void task_unlink(struct oc_task *t)
{
	struct oc_scope *s = t->scope;

	if (t->prev)
		t->prev->next = t->next;
	else
		s->tasks = t->next;
	if (t->next) t->next->prev = t->prev;
	if (s->tasks) return;
	if (s->joiner) oc_wait_end(s->joiner, OC_OK);
	if (s->free_when_done) oc_scope_free(s);
}

static void resume(struct oc_task *t)
{
	rt.current = t;
	announce_switch(&rt.loop_fake_stack, t->stack, STACK_BYTES);
	swapcontext(&rt.loop_context, &t->context);
	finish_switch(rt.loop_fake_stack, NULL, NULL);
	rt.current = NULL;
	if (!t->ended) return;
	task_unlink(t);
	stack_free(t->stack);
	free(t);
}

/* ---- ready queue ---- */

static void run_ready(uv_idle_t *idle)
{
	/* Some rounds, each of those ready when it began: a task that makes others ready at every
	 * step must not starve I/O, and looking for I/O between any two steps is a waste. */
	for (int round = 0; round < READY_ROUNDS && rt.ready_first; round++) {
		struct oc_task *t = rt.ready_first;

		rt.ready_first = NULL;
		rt.ready_last = &rt.ready_first;
		while (t) {
			struct oc_task *next = t->ready_next;
			t->ready = false;
			resume(t);
			t = next;
		}
	}
	if (!rt.ready_first) uv_idle_stop(idle);
}

static void make_ready(struct oc_task *t)
{
	if (t->ready) return;
	t->ready = true;
	t->ready_next = NULL;
	*rt.ready_last = t;
	rt.ready_last = &t->ready_next;
	uv_idle_start(&rt.idle, run_ready);
}

/* ---- deadlines ---- */

static void arm_timer(void);

static void on_timer(uv_timer_t *timer)
{
	(void)timer;
	if (rt.virtual_clock &&
	    (rt.ready_first || rt.holds)) { /* time stands still while somebody works */
		arm_timer();
		return;
	}
	if (rt.virtual_clock && rt.timed) {
		uint64_t first = UINT64_MAX;
		for (struct oc_task *t = rt.timed; t; t = t->timed_next)
			if (t->deadline < first) first = t->deadline;
		if (first > rt.virtual_ms) rt.virtual_ms = first;
	}
	uint64_t now = oc_now_ms();
	bool woke = false;
	for (struct oc_task *t = rt.timed; t; t = t->timed_next) {
		if (t->deadline > now || t->ready) continue;
		t->wake_rc = OC_E_TIMEOUT;
		make_ready(t);
		woke = true;
	}
	/* A task that wakes arms the timer anew; a timer armed from its own callback could run for
	 * ever. */
	if (!woke) arm_timer();
}

static void arm_timer(void)
{
	uint64_t now = oc_now_ms(), first = UINT64_MAX;

	for (struct oc_task *t = rt.timed; t; t = t->timed_next)
		if (!t->ready && t->deadline < first) first = t->deadline;
	if (first == UINT64_MAX) {
		uv_timer_stop(&rt.timer);
		return;
	}
	uv_update_time(&rt.loop);
	uv_timer_start(&rt.timer, on_timer, rt.virtual_clock || first <= now ? 1 : first - now, 0);
}

static void timed_link(struct oc_task *t, uint64_t at_ms)
{
	t->deadline = at_ms;
	if (!at_ms) return;
	t->timed_prev = NULL;
	t->timed_next = rt.timed;
	if (rt.timed) rt.timed->timed_prev = t;
	rt.timed = t;
	arm_timer();
}

static void timed_unlink(struct oc_task *t)
{
	if (!t->deadline) return;
	if (t->timed_prev)
		t->timed_prev->timed_next = t->timed_next;
	else
		rt.timed = t->timed_next;
	if (t->timed_next) t->timed_next->timed_prev = t->timed_prev;
	t->deadline = 0;
	arm_timer();
}

/* ---- waits ---- */

static enum oc_rc park(struct oc_wait *w, uint64_t at_ms, bool cancellable)
{
	struct oc_task *t = rt.current;

	assert(t && "a function that waits was called outside a task");
	if (w->done) return w->rc;
	if (cancellable && oc_scope_cancelled(t->scope)) return OC_CANCELLED;
	w->task = t;
	t->wait = w;
	t->cancellable = cancellable;
	t->wake_rc = OC_OK;
	timed_link(t, at_ms);
	t->parked = true;
	switch_to_loop(t);
	t->parked = false;
	timed_unlink(t);
	t->wait = NULL;
	w->task = NULL;
	return w->done ? w->rc : t->wake_rc;
}

enum oc_rc oc_wait_park(struct oc_wait *w, struct oc_deadline d)
{
	return park(w, d.at_ms, true);
}

enum oc_rc oc_wait_park_uncancellable(struct oc_wait *w, struct oc_deadline d)
{
	return park(w, d.at_ms, false);
}

void oc_wait_end(struct oc_wait *w, enum oc_rc rc)
{
	if (w->done) return;
	w->done = true;
	w->rc = rc;
	if (w->task) make_ready(w->task);
}

enum oc_rc oc_sleep_wait(uint64_t ms)
{
	struct oc_wait w = { 0 };
	enum oc_rc rc = oc_wait_park(&w, oc_deadline_in(ms ? ms : 1));

	return rc == OC_E_TIMEOUT ? OC_OK : rc;
}

/* ---- scopes ---- */

struct oc_scope *oc_scope_current(void)
{
	assert(rt.current);
	return rt.current->scope;
}

struct oc_scope *oc_scope_new(void)
{
	return oc_scope_new_in(oc_scope_current());
}

struct oc_scope *oc_scope_new_in(struct oc_scope *parent)
{
	struct oc_scope *s = oc_new(struct oc_scope);

	s->parent = parent;
	s->cancelled = parent->cancelled;
	s->next = parent->children;
	if (s->next) s->next->prev = s;
	parent->children = s;
	return s;
}

void oc_scope_spawn(struct oc_scope *s, oc_task_fn *fn, void *arg)
{
	struct oc_task *t = oc_new(struct oc_task);

	t->scope = s;
	t->fn = fn;
	t->arg = arg;
	t->stack = stack_new();
	t->next = s->tasks;
	if (t->next) t->next->prev = t;
	s->tasks = t;
	getcontext(&t->context);
	t->context.uc_stack.ss_sp = t->stack;
	t->context.uc_stack.ss_size = STACK_BYTES;
	makecontext(&t->context, task_entry, 0);
	make_ready(t);
}

void oc_scope_cancel(struct oc_scope *s)
{
	s->cancelled = true;
	for (struct oc_task *t = s->tasks; t; t = t->next) {
		if (!t->parked || !t->cancellable || t->ready) continue;
		t->wake_rc = OC_CANCELLED;
		make_ready(t);
	}
	for (struct oc_scope *c = s->children; c; c = c->next) oc_scope_cancel(c);
}

bool oc_scope_cancelled(const struct oc_scope *s)
{
	return s->cancelled;
}

void oc_scope_join_wait(struct oc_scope *s)
{
	while (s->tasks) {
		struct oc_wait w = { 0 };
		s->joiner = &w;
		(void)oc_wait_park_uncancellable(&w, OC_NO_DEADLINE);
		s->joiner = NULL;
	}
}

void oc_scope_free(struct oc_scope *s)
{
	if (!s) return;
	assert(!s->tasks && !s->children);
	if (s->prev)
		s->prev->next = s->next;
	else
		s->parent->children = s->next;
	if (s->next) s->next->prev = s->prev;
	free(s);
}

void oc_scope_free_when_done(struct oc_scope *s)
{
	if (s->tasks)
		s->free_when_done = true;
	else
		oc_scope_free(s);
}

/* ---- thread pool ---- */

struct work {
	uv_work_t request;
	void (*fn)(void *arg);
	void *arg;
	struct oc_wait wait;
};

static void work_run(uv_work_t *request)
{
	struct work *w = request->data;
	w->fn(w->arg);
}

static void work_done(uv_work_t *request, int status)
{
	struct work *w = request->data;
	(void)status;
	oc_wait_end(&w->wait, OC_OK);
}

void oc_work_wait(void (*fn)(void *arg), void *arg)
{
	struct work w = { .fn = fn, .arg = arg };

	w.request.data = &w;
	if (uv_queue_work(&rt.loop, &w.request, work_run, work_done) != 0) {
		fn(arg);
		return;
	}
	oc_clock_hold(1);
	(void)oc_wait_park_uncancellable(&w.wait, OC_NO_DEADLINE);
	oc_clock_hold(-1);
}

/* ---- the loop ---- */

void oc_rt_on_exit(void (*fn)(void))
{
	assert(rt.n_on_exit < EXIT_HOOKS);
	rt.on_exit[rt.n_on_exit++] = fn;
}

static void on_signal(uv_signal_t *handle, int signum)
{
	(void)handle;
	if (rt.signal_fn && rt.signal_fn(rt.signal_arg, signum)) return;
	if (signum == SIGUSR2) return;
	if (rt.signal) _exit(128 + signum);
	rt.signal = signum;
	oc_scope_cancel(&rt.root);
}

static void watch_signal(uv_signal_t *handle, int signum)
{
	uv_signal_init(&rt.loop, handle);
	uv_signal_start(handle, on_signal, signum);
	uv_unref((uv_handle_t *)handle);
}

void oc_rt_on_signal(oc_signal_fn *fn, void *arg)
{
	rt.signal_fn = fn;
	rt.signal_arg = arg;
	if (fn)
		uv_signal_start(&rt.sigusr2, on_signal, SIGUSR2);
	else
		uv_signal_stop(&rt.sigusr2);
}

struct main_task {
	oc_task_fn *fn;
	void *arg;
};

static void run_main(void *arg)
{
	struct main_task *m = arg;

	m->fn(m->arg);
	/* What main left running has nobody to report to. */
	for (struct oc_scope *s = rt.root.children; s; s = s->next) oc_scope_cancel(s);
}

static void rt_start(void)
{
	memset(&rt.root, 0, sizeof rt.root);
	rt.ready_last = &rt.ready_first;
	rt.signal = 0;
	rt.n_on_exit = 0;
	uv_loop_init(&rt.loop);
	uv_idle_init(&rt.loop, &rt.idle);
	uv_timer_init(&rt.loop, &rt.timer);
	watch_signal(&rt.sigint, SIGINT);
	watch_signal(&rt.sigterm, SIGTERM);
	uv_signal_init(&rt.loop, &rt.sigusr2);
	uv_unref((uv_handle_t *)&rt.sigusr2);
	rt.signal_fn = NULL;
}

static void rt_stop(void)
{
	while (rt.n_on_exit) rt.on_exit[--rt.n_on_exit]();
	uv_close((uv_handle_t *)&rt.idle, NULL);
	uv_close((uv_handle_t *)&rt.timer, NULL);
	uv_close((uv_handle_t *)&rt.sigint, NULL);
	uv_close((uv_handle_t *)&rt.sigterm, NULL);
	uv_close((uv_handle_t *)&rt.sigusr2, NULL);
	uv_run(&rt.loop, UV_RUN_DEFAULT);
	int rc = uv_loop_close(&rt.loop);
	assert(rc == 0 && "a handle was left open");
	(void)rc;
	while (rt.n_pool) stack_unmap(rt.pool[--rt.n_pool]);
}

int oc_rt_run(oc_task_fn *fn, void *arg)
{
	struct main_task m = { fn, arg };

	rt_start();
	oc_scope_spawn(&rt.root, run_main, &m);
	uv_run(&rt.loop, UV_RUN_DEFAULT);
	rt_stop();
	return rt.signal;
}
