/* Watches the configuration and applies what changed. */
#include "gateway/process/reload.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "channel/channels.h"
#include "gateway/process/logs.h"
#include "gateway/view/config_view.h"
#include "gateway/wire/broker.h"
#include "rt/watch.h"
#include "tool/mcp.h"
#include "tool/sandbox/sandbox.h"

enum { MAX_PATHS_SHOWN = 12, MAX_PATHS = 1000 };

struct oc_reload {
	struct oc_gateway *gw;
	struct oc_watch **watches;
	size_t n_watches;
	struct oc_strv watched;
	struct oc_scope *scope;
	struct oc_wait *sleeper;
	bool asked;   /* something may have changed */
	json_t *news; /* models that were found last */
	bool news_due;
	char *told; /* the problem that was warned of last */
	bool busy;
};

/* ---- watching ---- */

static void wake(struct oc_reload *r)
{
	if (r->sleeper) oc_wait_end(r->sleeper, OC_OK);
}

static void on_change(void *arg)
{
	struct oc_reload *r = arg;

	r->asked = true;
	wake(r);
}

static void watch(struct oc_reload *r, const char *path)
{
	if (oc_strv_has(&r->watched, oc_str(path))) return;
	oc_strv_add(&r->watched, oc_str(path));
	r->watches = oc_realloc_array(r->watches, r->n_watches + 1, sizeof *r->watches);
	r->watches[r->n_watches++] = oc_watch_new(path, on_change, r);
}

/* A file that is no longer included stays watched: a change of it is looked at and changes nothing.
 */
static void watch_files(struct oc_reload *r, const struct oc_config *c)
{
	char *real = realpath(c->paths.config_path, NULL);

	watch(r, c->paths.config_path);
	if (real) watch(r, real); /* a link: what it names is replaced elsewhere */
	for (size_t i = 0; i < c->files.n; i++) watch(r, c->files.v[i]);
	free(real);
}

/* ---- applying ---- */

/* A list that could not be written is in memory alone. */
static void take_models(const struct oc_reload *r, struct oc_snapshot *s)
{
	json_t *providers = json_object_get(r->news, "providers"), *ignored;
	const char *id;

	json_object_foreach (providers, id, ignored) {
		struct oc_provider *p = oc_catalog_provider(&s->catalog, oc_str(id));
		if (p) oc_provider_take(&s->catalog, p, r->news);
	}
}

static void swap_snapshot(struct oc_reload *r, struct oc_snapshot *fresh)
{
	struct oc_gateway *gw = r->gw;
	char hash[OC_CONFIG_HASH_CHARS + 1];

	take_models(r, fresh);
	oc_sandbox_forget();
	oc_snapshot_unref(gw->snapshot);
	gw->snapshot = fresh;
	oc_config_hash(&fresh->config, hash);
	free(gw->config_hash);
	gw->config_hash = oc_strdup(hash);
	oc_channels_reload(gw->channels);
	if (gw->mcp) oc_mcp_configure(gw->mcp, &fresh->config);
	watch_files(r, &fresh->config);
}

static void tell(const struct oc_gateway *gw)
{
	json_t *payload =
	    json_pack("{s:s, s:s, s:I}", "path", gw->snapshot->config.paths.config_path, "hash",
		      gw->config_hash, "ts", (json_int_t)oc_wall_ms());

	oc_broker_send(gw->broker, &(struct oc_event){ .name = "config.changed",
						       .payload = payload,
						       .scope = OC_SCOPE_READ });
	json_decref(payload);
}

static char *shown(const struct oc_strv *paths)
{
	struct oc_strv few = { 0 };

	for (size_t i = 0; i < paths->n && i < MAX_PATHS_SHOWN; i++)
		oc_strv_add(&few, oc_str(paths->v[i]));
	if (paths->n > MAX_PATHS_SHOWN) oc_strv_addf(&few, "and %zu more", paths->n - few.n);
	char *text = oc_strv_join(&few, ", ");
	oc_strv_deinit(&few);
	return text;
}

static enum oc_reload_class worst(const struct oc_strv *paths)
{
	enum oc_reload_class worst = OC_RELOAD_NONE;

	for (size_t i = 0; i < paths->n; i++) {
		enum oc_reload_class c = oc_reload_class(paths->v[i]);
		if (c > worst) worst = c;
	}
	return worst;
}

/* What gateway.reload.mode makes of it. */
static enum oc_reload_class decided(const struct oc_config *c, enum oc_reload_class class)
{
	const char *mode = json_string_value(oc_config_get(c, "gateway.reload.mode"));

	if (class == OC_RELOAD_NONE || !mode || !strcmp(mode, "hybrid")) return class;
	if (!strcmp(mode, "restart")) return OC_RELOAD_RESTART;
	if (class == OC_RELOAD_RESTART)
		oc_log(OC_LOG_WARN, "reload",
		       "some of it needs a restart, which gateway.reload.mode=%s leaves to you",
		       mode);
	return OC_RELOAD_HOT;
}

/* fresh is taken. */
static void apply(struct oc_reload *r, struct oc_snapshot *fresh)
{
	struct oc_strv paths = { 0 };
	struct oc_gateway *gw = r->gw;

	oc_reload_changes(gw->snapshot->config.value, fresh->config.value, &paths, MAX_PATHS);
	if (!paths.n) { /* formatting, comments, the list of models */
		char *before = oc_strdup(gw->config_hash);
		swap_snapshot(r, fresh);
		if (strcmp(before, gw->config_hash) != 0) tell(gw);
		free(before);
		return;
	}
	char *text = shown(&paths);
	oc_log(OC_LOG_INFO, "reload", "config change detected; evaluating reload (%s)", text);
	enum oc_reload_class class = decided(&fresh->config, worst(&paths));
	swap_snapshot(r, fresh);
	tell(gw);
	if (class == OC_RELOAD_RESTART) {
		oc_log(OC_LOG_INFO, "reload", "config change requires a restart (%s)", text);
		oc_gateway_ask_restart(gw, 0);
	} else if (class == OC_RELOAD_HOT) {
		oc_logs_configure(&gw->snapshot->config);
		oc_log(OC_LOG_INFO, "reload", "config hot reload applied (%s)", text);
	} else
		oc_log(OC_LOG_INFO, "reload", "config change applied (no-op)");
	free(text);
	oc_strv_deinit(&paths);
}

/* One load at a time: a second one waits, so that the newest file is what stays. */
static enum oc_rc enter_wait(struct oc_reload *r)
{
	while (r->busy) {
		enum oc_rc rc = oc_sleep_wait(5);
		if (rc) return rc;
	}
	r->busy = true;
	return OC_OK;
}

enum oc_rc oc_gateway_reload_wait(struct oc_gateway *gw, struct oc_err *e)
{
	struct oc_reload *r = gw->reload;
	struct oc_snapshot *fresh = NULL;
	enum oc_rc rc = enter_wait(r);

	if (rc) return rc;
	rc = oc_snapshot_load(&fresh, e);
	if (!rc && !fresh->config.exists && gw->snapshot->config.exists) {
		rc = oc_fail(e, OC_E_INPUT, "%s is gone", fresh->config.paths.config_path);
		oc_snapshot_unref(fresh);
	}
	if (!rc) apply(r, fresh);
	r->busy = false;
	return rc;
}

static bool is_off(const struct oc_gateway *gw)
{
	const char *mode =
	    json_string_value(oc_config_get(&gw->snapshot->config, "gateway.reload.mode"));

	return mode && !strcmp(mode, "off");
}

static void reload(struct oc_reload *r)
{
	struct oc_err e = { 0 };
	enum oc_rc rc = oc_gateway_reload_wait(r->gw, &e);

	if (rc == OC_CANCELLED) return;
	if (!rc) {
		free(r->told);
		r->told = NULL;
		return;
	}
	if (r->told && !strcmp(r->told, e.msg)) return;
	free(r->told);
	r->told = oc_strdup(e.msg);
	oc_log(OC_LOG_WARN, "reload", "config reload skipped, the old one stays: %s", e.msg);
}

/* ---- the task ---- */

static void run(void *arg)
{
	struct oc_reload *r = arg;

	for (;;) {
		struct oc_wait w = { 0 };
		enum oc_rc rc = OC_OK;

		r->sleeper = &w;
		if (!r->asked && !r->news_due) rc = oc_wait_park(&w, OC_NO_DEADLINE);
		r->sleeper = NULL;
		if (rc || oc_sleep_wait(r->asked ? OC_RELOAD_DEBOUNCE_MS : 1)) return;
		bool wanted = (r->asked && !is_off(r->gw)) || r->news_due;
		r->asked = r->news_due = false;
		if (wanted) reload(r);
	}
}

void oc_reload_take_models(struct oc_reload *r, const json_t *news)
{
	json_decref(r->news);
	r->news = json_deep_copy(news);
	r->news_due = true;
	wake(r);
}

struct oc_reload *oc_reload_start(struct oc_gateway *gw)
{
	struct oc_reload *r = oc_new(struct oc_reload);

	r->gw = gw;
	r->scope = oc_scope_new();
	watch_files(r, &gw->snapshot->config);
	oc_scope_spawn(r->scope, run, r);
	return r;
}

void oc_reload_stop_wait(struct oc_reload *r)
{
	if (!r) return;
	oc_scope_cancel(r->scope);
	oc_scope_join_wait(r->scope);
	oc_scope_free(r->scope);
	for (size_t i = 0; i < r->n_watches; i++) oc_watch_free(r->watches[i]);
	free(r->watches);
	oc_strv_deinit(&r->watched);
	json_decref(r->news);
	free(r->told);
	free(r);
}
