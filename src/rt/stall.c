/* libuv tells how long it slept; the rest of a turn was work. */
#include "rt/stall.h"

#include <stdbool.h>

#include "rt/exit.h"
#include "rt/loop.h"

const uint64_t oc_stall_bounds_us[OC_STALL_BUCKETS] = { 100,  500,   1000,   2000,
							5000, 20000, 100000, 1000000 };

static uv_prepare_t prepare;
static bool running;
static uint64_t last_ns, last_idle_ns;
static struct oc_stalls stalls;

void oc_stalls_add(struct oc_stalls *s, uint64_t us)
{
	s->count++;
	s->sum_us += us;
	if (us > s->longest_us) s->longest_us = us;
	for (int i = 0; i < OC_STALL_BUCKETS; i++) {
		if (us > oc_stall_bounds_us[i]) continue;
		s->n[i]++;
		return;
	}
}

static void on_prepare(uv_prepare_t *handle)
{
	uint64_t now = uv_hrtime(), idle = uv_metrics_idle_time(handle->loop);
	uint64_t spent = now - last_ns, slept = idle - last_idle_ns;

	last_ns = now;
	last_idle_ns = idle;
	oc_stalls_add(&stalls, spent > slept ? (spent - slept) / 1000 : 0);
}

static void stop(void)
{
	uv_close((uv_handle_t *)&prepare, NULL);
	running = false;
}

void oc_stalls_start(void)
{
	if (running) return;
	running = true;
	stalls = (struct oc_stalls){ 0 };
	uv_loop_configure(oc_loop(), UV_METRICS_IDLE_TIME);
	last_ns = uv_hrtime();
	last_idle_ns = uv_metrics_idle_time(oc_loop());
	uv_prepare_init(oc_loop(), &prepare);
	uv_prepare_start(&prepare, on_prepare);
	uv_unref((uv_handle_t *)&prepare);
	oc_rt_on_exit(stop);
}

struct oc_stalls oc_stalls_now(void)
{
	return stalls;
}
