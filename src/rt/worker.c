/* A thread with a queue of steps; the loop is told of finished ones through one async handle. */
#include "rt/worker.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "rt/clock.h"
#include "rt/loop.h"

/* One step; lives in the frame of the task that waits for it. */
struct step {
	struct step *next;
	void (*fn)(void *arg);
	void *arg;
	struct oc_wait wait;
};

struct queue {
	struct step *first, **last;
};

struct oc_worker {
	uv_async_t finished;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct queue todo, done; /* lock */
	bool stop;		 /* lock */
	size_t waiting;		 /* tasks; the loop's alone */
	struct oc_wait closed;
};

static void queue_init(struct queue *q)
{
	q->first = NULL;
	q->last = &q->first;
}

static void queue_add(struct queue *q, struct step *s)
{
	s->next = NULL;
	*q->last = s;
	q->last = &s->next;
}

static struct step *queue_take(struct queue *q)
{
	struct step *s = q->first;

	if (s) q->first = s->next;
	if (s && !q->first) q->last = &q->first;
	return s;
}

static void *run_steps(void *arg)
{
	struct oc_worker *w = arg;

	pthread_mutex_lock(&w->lock);
	for (;;) {
		struct step *s = queue_take(&w->todo);
		if (!s && w->stop) break;
		if (!s) {
			pthread_cond_wait(&w->wake, &w->lock);
			continue;
		}
		pthread_mutex_unlock(&w->lock);
		s->fn(s->arg);
		pthread_mutex_lock(&w->lock);
		queue_add(&w->done, s);
		uv_async_send(&w->finished);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

static void on_finished(uv_async_t *handle)
{
	struct oc_worker *w = handle->data;

	pthread_mutex_lock(&w->lock);
	struct step *s = w->done.first;
	queue_init(&w->done);
	pthread_mutex_unlock(&w->lock);
	while (s) {
		struct step *next = s->next;
		oc_wait_end(&s->wait, OC_OK);
		s = next;
	}
}

/* Signals are the loop's: none may interrupt a step. */
static int start_thread(struct oc_worker *w, const char *name)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int rc = pthread_create(&w->thread, NULL, run_steps, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc == 0) pthread_setname_np(w->thread, name);
	return rc;
}

static void on_closed(uv_handle_t *handle)
{
	struct oc_worker *w = handle->data;
	oc_wait_end(&w->closed, OC_OK);
}

static void close_and_free_wait(struct oc_worker *w)
{
	uv_ref((uv_handle_t *)&w->finished);
	uv_close((uv_handle_t *)&w->finished, on_closed);
	(void)oc_wait_park_uncancellable(&w->closed, OC_NO_DEADLINE);
	pthread_cond_destroy(&w->wake);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

enum oc_rc oc_worker_new(const char *name, struct oc_worker **out, struct oc_err *e)
{
	struct oc_worker *w = oc_new(struct oc_worker);

	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->wake, NULL);
	queue_init(&w->todo);
	queue_init(&w->done);
	w->finished.data = w;
	int rc = -uv_async_init(oc_loop(), &w->finished, on_finished);
	if (rc == 0) {
		uv_unref((uv_handle_t *)&w->finished); /* an idle worker keeps no loop running */
		rc = start_thread(w, name);
		if (rc != 0) close_and_free_wait(w);
	} else {
		free(w);
	}
	if (rc != 0)
		return oc_fail(e, OC_E_SYS, "cannot start the thread %s: %s", name, strerror(rc));
	*out = w;
	return OC_OK;
}

static void count_waiting(struct oc_worker *w, int change)
{
	w->waiting += (size_t)change;
	oc_clock_hold(change);
	if (w->waiting)
		uv_ref((uv_handle_t *)&w->finished);
	else
		uv_unref((uv_handle_t *)&w->finished);
}

void oc_worker_run_wait(struct oc_worker *w, void (*fn)(void *arg), void *arg)
{
	struct step s = { .fn = fn, .arg = arg };

	count_waiting(w, 1);
	pthread_mutex_lock(&w->lock);
	queue_add(&w->todo, &s);
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
	(void)oc_wait_park_uncancellable(&s.wait, OC_NO_DEADLINE);
	count_waiting(w, -1);
}

static void nothing(void *arg)
{
	(void)arg;
}

void oc_worker_free_wait(struct oc_worker *w)
{
	if (!w) return;
	while (w->waiting) oc_worker_run_wait(w, nothing, NULL); /* waits behind all of them */
	pthread_mutex_lock(&w->lock);
	w->stop = true;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	close_and_free_wait(w);
}
