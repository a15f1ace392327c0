#ifndef OC_TASK_H
#define OC_TASK_H
#include "base/err.h"
/*
 * Tasks: sequential code on one loop. A task is a stackful coroutine that parks itself and is
 * resumed by the loop, so waiting code reads like blocking code. One thread runs everything: no
 * locks.
 *
 * Every task belongs to a scope. Cancelling a scope makes every wait in it (and in its children)
 * return OC_CANCELLED, at once and from then on. A scope ends when its tasks have ended.
 *
 * Functions that may park end in _wait. They may only be called in a task.
 */
struct oc_scope;
typedef void oc_task_fn(void *arg);

/* Moment on the monotonic clock in milliseconds; 0 = never. */
struct oc_deadline {
	uint64_t at_ms;
};
#define OC_NO_DEADLINE ((struct oc_deadline){ 0 })
struct oc_deadline oc_deadline_in(uint64_t ms);
/* The earlier of the two. */
struct oc_deadline oc_deadline_min(struct oc_deadline a, struct oc_deadline b);
bool oc_deadline_passed(struct oc_deadline d);
uint64_t oc_now_ms(void); /* monotonic */
int64_t oc_wall_ms(void); /* since 1970, UTC */

/*
 * Runs fn in a task of a new root scope, and the loop until every task has ended and every handle
 * is closed. Called once, from main. SIGINT and SIGTERM cancel the root scope (a second one ends
 * the process at once). Returns 0, or the signal's number if one came.
 */
int oc_rt_run(oc_task_fn *fn, void *arg);

/*
 * For programs that end in their own time: fn is asked about SIGINT, SIGTERM and SIGUSR2 (which is
 * watched from here on) before anything happens, on the loop and in no task; true = it was taken
 * care of, and oc_rt_run returns 0. Otherwise all goes as said above; a SIGUSR2 is then ignored. fn
 * NULL: as before.
 */
typedef bool oc_signal_fn(void *arg, int signum);
void oc_rt_on_signal(oc_signal_fn *fn, void *arg);

/* The scope of the running task. */
struct oc_scope *oc_scope_current(void);
/* A child of the current scope: cancelled with it. Free it when its tasks have ended (after
 * oc_scope_join_wait). */
struct oc_scope *oc_scope_new(void);
/* The same below parent: for callbacks on the loop, which run in no scope. */
struct oc_scope *oc_scope_new_in(struct oc_scope *parent);
void oc_scope_spawn(struct oc_scope *s, oc_task_fn *fn, void *arg);
void oc_scope_cancel(struct oc_scope *s);
bool oc_scope_cancelled(const struct oc_scope *s);
/* Parks until every task of s has ended, also when the current scope is cancelled (then s is
 * cancelled first). */
void oc_scope_join_wait(struct oc_scope *s);
void oc_scope_free(struct oc_scope *s); /* accepts NULL; no task may be left in it */
/* Frees s when its last task has ended: for whoever starts a task and does not wait for it. A task
 * may do it to the scope it runs in. */
void oc_scope_free_when_done(struct oc_scope *s);

/* OC_OK when the time has passed, OC_CANCELLED. */
OC_MUST_USE enum oc_rc oc_sleep_wait(uint64_t ms);

/*
 * The bridge from callbacks: a task parks on a wait, a callback on the loop ends it. Zeroed before
 * use; lives in the parked task's frame.
 */
struct oc_wait {
	struct oc_task *task;
	enum oc_rc rc;
	bool done; /* ended, maybe before the park: then the park returns at once */
};
/* Parks until oc_wait_end, the deadline (OC_E_TIMEOUT) or cancellation (OC_CANCELLED). After the
 * last two the callback must not touch w any more: the caller sees to that before it returns. */
OC_MUST_USE enum oc_rc oc_wait_park(struct oc_wait *w, struct oc_deadline d);
/* As oc_wait_park, but deaf to cancellation: for clean-up that must see its end. */
enum oc_rc oc_wait_park_uncancellable(struct oc_wait *w, struct oc_deadline d);
void oc_wait_end(struct oc_wait *w, enum oc_rc rc);

/* Runs fn on libuv's thread pool and parks until it is done, cancelled or not: fn's data lives in
 * the caller's frame. fn may touch nothing but arg. */
void oc_work_wait(void (*fn)(void *arg), void *arg);
#endif
