/*
 * What a search in the notes of a workspace costs: by itself, and with the look at all files
 * that goes with it. usage: memory-cost STATE_DIR WORKSPACE RUNS QUESTION...
 * Prints a JSON object for each question: milliseconds, the smallest and the median.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "agent/memory/memory.h"
#include "base/mem.h"
#include "rt/task.h"

static int argument_count;
static char **arguments;

/* OC_BENCH_CPU=1: time of the processor, for a machine that has other work. */
static double now_ms(void)
{
	struct timespec t;

	clock_gettime(getenv("OC_BENCH_CPU") ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1000 + (double)t.tv_nsec / 1e6;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void print_times(const char *name, double *v, size_t n)
{
	qsort(v, n, sizeof *v, by_size);
	printf("\"%s\": {\"min\": %.2f, \"median\": %.2f}", name, v[0], v[n / 2]);
}

static void fail(const struct oc_err *e)
{
	fprintf(stderr, "memory-cost: %s\n", e->msg);
	exit(1);
}

static void measure(struct oc_notebook *m, const char *question, size_t runs)
{
	double *fresh = oc_alloc(runs * sizeof *fresh), *search = oc_alloc(runs * sizeof *search);
	size_t hits = 0;

	for (size_t i = 0; i < runs; i++) {
		const struct oc_memory_ask ask = { .question = oc_str(question), .min_score = -1 };
		struct oc_memory_found found;
		struct oc_err e = { 0 };
		double began = now_ms(), searched;

		if (oc_memory_search_wait(m, &ask, &found, &e)) fail(&e);
		oc_memory_found_deinit(&found);
		searched = now_ms();
		if (oc_memory_search_fresh_wait(m, &ask, &found, &e)) fail(&e);
		search[i] = searched - began;
		fresh[i] = now_ms() - searched;
		hits = found.n;
		oc_memory_found_deinit(&found);
	}
	printf("{\"question\": \"%s\", \"hits\": %zu, ", question, hits);
	print_times("search", search, runs);
	printf(", ");
	print_times("fresh", fresh, runs);
	printf("}\n");
	free(fresh);
	free(search);
}

static void run(void *arg)
{
	char **a = arg;
	struct oc_config config = { .paths = { .home = a[1], .state_dir = a[1] } };
	struct oc_catalog catalog = { .config = &config };
	const struct oc_agent_settings settings = { .id = "main" };
	const struct oc_memory_scope scope = { &catalog, &settings, a[2] };
	struct oc_notebook m;
	struct oc_err e = { 0 };

	config.value = json_object();
	if (oc_memory_open_wait(&m, &scope, &e)) fail(&e);
	for (int i = 0; i < 2; i++) /* the second finds nothing to do and leaves its mark */
		if (oc_memory_sync_wait(&m, NULL, &e)) fail(&e);
	for (int i = 4; i < argument_count; i++) measure(&m, a[i], (size_t)strtoul(a[3], NULL, 10));
	oc_memory_close_wait(&m);
	json_decref(config.value);
}

int main(int argc, char **argv)
{
	if (argc < 5) {
		fprintf(stderr, "usage: memory-cost STATE_DIR WORKSPACE RUNS QUESTION...\n");
		return 1;
	}
	argument_count = argc;
	arguments = argv;
	return oc_rt_run(run, arguments);
}
