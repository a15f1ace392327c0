/* The list is worked off by a prepare handle, which the loop runs right before it waits. */
#include "rt/later.h"

#include <stddef.h>

#include "rt/exit.h"
#include "rt/loop.h"

static uv_prepare_t prepare;
static bool running;
static struct oc_later *first;

static void on_prepare(uv_prepare_t *handle)
{
	struct oc_later *l;

	while ((l = first)) {
		first = l->next;
		l->waits = false;
		l->fn(l->arg);
	}
	uv_prepare_stop(handle);
}

static void stop(void)
{
	uv_close((uv_handle_t *)&prepare, NULL);
	running = false;
	first = NULL;
}

static void start(void)
{
	running = true;
	uv_prepare_init(oc_loop(), &prepare);
	uv_unref((uv_handle_t *)&prepare);
	oc_rt_on_exit(stop);
}

void oc_later(struct oc_later *l)
{
	if (l->waits) return;
	if (!running) start();
	l->waits = true;
	l->next = first;
	first = l;
	uv_prepare_start(&prepare, on_prepare);
}

void oc_later_cancel(struct oc_later *l)
{
	struct oc_later **at = &first;

	if (!l->waits) return;
	while (*at != l) at = &(*at)->next;
	*at = l->next;
	l->waits = false;
}
