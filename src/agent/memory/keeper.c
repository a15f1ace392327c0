/* One task that sleeps most of the time. */
#include "agent/memory/keeper.h"

#include <stdlib.h>

#include "agent/memory/embedder.h"
#include "base/log.h"
#include "base/mem.h"

enum { FIRST_MS = 2000, LOOK_MS = 10000, SLICE_MS = 30000, AGAIN_MS = 30000 };

/* What the notes of an agent looked like when everything was done. */
struct seen {
	char *agent;
	int64_t mark;
	bool any, done, has_model;
	uint64_t not_before_ms; /* when something is left to do */
};
struct oc_memory_keeper {
	struct oc_memory_keeper_spec spec;
	struct oc_scope *scope;
	struct seen *seen;
	size_t n;
};

static bool is_idle(void *arg)
{
	const struct oc_memory_keeper *k = arg;

	return oc_sessions_active(k->spec.sessions) == 0;
}

static struct seen *seen_of(struct oc_memory_keeper *k, const char *agent)
{
	for (size_t i = 0; i < k->n; i++)
		if (!strcmp(k->seen[i].agent, agent)) return &k->seen[i];
	k->seen = oc_realloc_array(k->seen, k->n + 1, sizeof *k->seen);
	k->seen[k->n] = (struct seen){ .agent = oc_strdup(agent) };
	return &k->seen[k->n++];
}

/* ---- one agent ---- */

struct look {
	const struct oc_memory_places *places;
	int64_t now_ns, mark;
	size_t n;
};

static void look_work(void *arg)
{
	struct look *l = arg;
	struct oc_memory_files files;

	oc_memory_files_find(l->places, l->now_ns, &files);
	/* MEMORY.md and USER.md alone are in every prompt anyway: no model is loaded for them. */
	for (size_t i = 0; i < files.n; i++) l->n += strchr(files.v[i].path, '/') != NULL;
	l->mark = files.mark;
	oc_memory_files_deinit(&files);
}

static enum oc_rc tend_wait(struct oc_memory_keeper *k, const struct oc_memory_scope *scope,
			    bool *left, struct oc_err *e)
{
	struct oc_notebook m;
	enum oc_rc rc = oc_memory_open_wait(&m, scope, e);

	if (!rc) rc = oc_memory_sync_wait(&m, NULL, e);
	if (!rc) rc = oc_memory_embed_wait(&m, oc_deadline_in(SLICE_MS), is_idle, k, left, e);
	oc_memory_close_wait(&m);
	return rc;
}

static void look_after_wait(struct oc_memory_keeper *k, const struct oc_memory_scope *scope)
{
	struct oc_memory_settings settings;
	struct look look = { .places = &settings.places, .now_ns = oc_wall_ms() * 1000000 };
	struct seen *seen = seen_of(k, scope->settings->id);
	struct oc_err e = { 0 };
	struct oc_embedder *embedder = NULL;
	bool left = false, has_model;

	oc_memory_settings_init(&settings, scope);
	has_model = oc_embedder_find(scope, &settings, &embedder);
	oc_embedder_free(embedder);
	if (settings.enabled) oc_work_wait(look_work, &look);
	oc_memory_settings_deinit(&settings);
	if ((!look.n && !seen->any) || oc_now_ms() < seen->not_before_ms) return;
	if (seen->done && seen->mark == look.mark && seen->has_model == has_model) return;
	enum oc_rc rc = tend_wait(k, scope, &left, &e);
	/* A search says what is wrong; here it would be said again and again. */
	if (rc) oc_log(OC_LOG_DEBUG, "memory", "%s", e.msg);
	seen->any = look.n > 0;
	seen->mark = look.mark;
	seen->done = !left && look.mark;
	seen->has_model = has_model;
	seen->not_before_ms = left ? oc_now_ms() + AGAIN_MS : 0;
}

static void agent_wait(struct oc_memory_keeper *k, const struct oc_snapshot *snap, const char *id)
{
	struct oc_agent_settings settings;
	struct oc_err e = { 0 };

	if (oc_scope_cancelled(k->scope) || !is_idle(k)) return;
	if (oc_agent_settings_init(&settings, &snap->config, id, &e) != OC_OK) return;
	const struct oc_memory_scope scope = { &snap->catalog, &settings, settings.workspace };

	look_after_wait(k, &scope);
	oc_agent_settings_deinit(&settings);
}

/* ---- the task ---- */

static void tend(void *arg)
{
	struct oc_memory_keeper *k = arg;

	for (uint64_t ms = FIRST_MS; oc_sleep_wait(ms) == OC_OK; ms = LOOK_MS) {
		struct oc_snapshot *snap = k->spec.snapshot(k->spec.arg);
		struct oc_strv agents = { 0 };

		oc_agents_names(&snap->config, &agents);
		for (size_t i = 0; i < agents.n; i++) agent_wait(k, snap, agents.v[i]);
		oc_strv_deinit(&agents);
		oc_snapshot_unref(snap);
	}
}

struct oc_memory_keeper *oc_memory_keeper_start(const struct oc_memory_keeper_spec *spec)
{
	struct oc_memory_keeper *k = oc_new(struct oc_memory_keeper);

	k->spec = *spec;
	k->scope = oc_scope_new();
	oc_scope_spawn(k->scope, tend, k);
	return k;
}

void oc_memory_keeper_stop_wait(struct oc_memory_keeper *k)
{
	if (!k) return;
	oc_scope_cancel(k->scope);
	oc_scope_join_wait(k->scope);
	oc_scope_free(k->scope);
	for (size_t i = 0; i < k->n; i++) free(k->seen[i].agent);
	free(k->seen);
	free(k);
}
