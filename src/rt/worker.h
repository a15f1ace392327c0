#ifndef OC_WORKER_H
#define OC_WORKER_H
#include "rt/task.h"
/*
 * A thread of its own that runs steps one after the other, in the order in which tasks hand them
 * over: for a library that blocks and wants one caller at a time (the store). The queue has no
 * bound of its own: a waiting step lives in the frame of its parked task, so there are never more
 * of them than tasks.
 */
struct oc_worker;
/* name: at most 15 characters, shown by ps and debuggers. In a task. */
OC_MUST_USE enum oc_rc oc_worker_new(const char *name, struct oc_worker **out, struct oc_err *e);
/* Runs fn(arg) on the thread and parks until it has returned, cancelled or not: arg may lie in the
 * caller's frame. fn may touch nothing that the loop changes meanwhile. */
void oc_worker_run_wait(struct oc_worker *w, void (*fn)(void *arg), void *arg);
/* Finishes what was handed over, ends the thread. Nothing new may be handed over. Accepts NULL. */
void oc_worker_free_wait(struct oc_worker *w);
#endif
