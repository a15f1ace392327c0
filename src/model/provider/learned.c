/* Keeps learned.json: {"endpoints": {"<origin>": {"facts": {…}, "models": {"<id>": {"facts":
 * {…}}}}}}. */
#include "model/provider/learned.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "model/provider/state_json.h"
#include "net/url.h"
#include "rt/file.h"
#include "rt/task.h"

enum { LOCK_TIMEOUT_MS = 5000, MAX_ENDPOINTS = 64, MAX_MODELS = 512 };

static char *path_of(const char *agent_dir)
{
	return oc_asprintf("%s/learned.json", agent_dir);
}

/* "http://host:port" of a base URL, NULL when it is none. */
static char *origin_of(const char *base_url, struct oc_err *e)
{
	struct oc_url u;

	if (oc_url_parse(oc_str(base_url ? base_url : ""), &u, e) != OC_OK) return NULL;
	char *origin = oc_url_origin(&u);
	oc_url_deinit(&u);
	return origin;
}

/* ---- joining ---- */

bool oc_learned_join(json_t *target, json_t *facts)
{
	bool changed = false;
	const char *key;
	json_t *v;

	json_object_foreach (facts, key, v) {
		json_t *old = json_object_get(target, key);

		if (json_is_null(v)) {
			changed |= json_object_del(target, key) == 0;
		} else if (json_is_object(v)) {
			json_t *mine = json_is_object(old) ? json_incref(old) : json_object();

			changed |= oc_learned_join(mine, v) || !json_is_object(old);
			json_object_set_new(target, key, mine);
		} else if (!json_equal(old, v)) {
			json_object_set_new(target, key, json_deep_copy(v));
			changed = true;
		}
	}
	return changed;
}

/* ---- places in the document ---- */

static void drop_oldest(json_t *table)
{
	const char *key, *oldest = NULL;
	int64_t since = INT64_MAX;
	json_t *v;

	json_object_foreach (table, key, v) {
		int64_t at = oc_json_int(v, "at", 0);

		if (at >= since) continue;
		since = at;
		oldest = key;
	}
	if (!oldest) return;
	char *own = oc_strdup(oldest);
	json_object_del(table, own);
	free(own);
}

static json_t *member(json_t *o, const char *key)
{
	json_t *v = json_object_get(o, key);

	if (json_is_object(v)) return v;
	oc_json_put(o, key, json_object());
	return json_object_get(o, key);
}

static json_t *row(json_t *table, const char *key, size_t max)
{
	if (!json_object_get(table, key) && json_object_size(table) >= max) drop_oldest(table);
	return member(table, key);
}

static json_t *find_facts(const json_t *doc, const char *origin, const char *model)
{
	json_t *at = json_object_get(json_object_get(doc, "endpoints"), origin);

	if (model) at = json_object_get(json_object_get(at, "models"), model);
	return json_object_get(at, "facts");
}

static bool join_at(json_t *doc, const char *origin, const char *model, json_t *facts)
{
	json_t *endpoint = row(json_object_get(doc, "endpoints"), origin, MAX_ENDPOINTS);
	json_t *at = model ? row(member(endpoint, "models"), model, MAX_MODELS) : endpoint;

	if (!oc_learned_join(member(at, "facts"), facts)) return false;
	oc_json_put(at, "at", json_integer(oc_wall_ms()));
	if (model) oc_json_put(endpoint, "at", json_integer(oc_wall_ms()));
	return true;
}

static bool forget_at(json_t *doc, const char *origin, const char *model)
{
	json_t *endpoints = json_object_get(doc, "endpoints");

	if (!model) return json_object_del(endpoints, origin) == 0;
	json_t *models = json_object_get(json_object_get(endpoints, origin), "models");
	return json_object_del(models, model) == 0;
}

/* ---- the file ---- */

json_t *oc_learned_all(const char *agent_dir)
{
	char *path = path_of(agent_dir);
	json_t *doc = NULL;
	struct oc_err e = { 0 };

	if (oc_state_json_load(path, "endpoints", &doc, &e) != OC_OK)
		oc_log(OC_LOG_WARN, "models", "%s", e.msg);
	free(path);
	return doc ? doc : json_object();
}

json_t *oc_learned_find(const json_t *all, const char *base_url, const char *model)
{
	char *origin = origin_of(base_url, NULL);
	json_t *facts = origin ? find_facts(all, origin, model) : NULL;

	free(origin);
	return json_is_object(facts) ? facts : NULL;
}

json_t *oc_learned_get(const char *agent_dir, const char *base_url, const char *model)
{
	json_t *all = oc_learned_all(agent_dir);
	json_t *facts = json_incref(oc_learned_find(all, base_url, model));

	json_decref(all);
	return facts ? facts : json_object();
}

/* facts NULL: forget. */
static enum oc_rc change(const char *path, const char *origin, const char *model, json_t *facts,
			 struct oc_err *e)
{
	json_t *doc;
	enum oc_rc rc = oc_state_json_load(path, "endpoints", &doc, e);

	if (rc) return rc;
	if (facts ? join_at(doc, origin, model, facts) : forget_at(doc, origin, model)) {
		char *text = oc_json_pretty(doc);
		rc = oc_file_write(path, oc_str(text), 0600, NULL, e);
		free(text);
	}
	json_decref(doc);
	return rc;
}

static enum oc_rc change_locked(const char *agent_dir, const char *base_url, const char *model,
				json_t *facts, struct oc_err *e)
{
	char *origin = origin_of(base_url, e);

	if (!origin) return OC_E_INPUT;
	char *path = path_of(agent_dir), *lock_path = oc_asprintf("%s.lock", path);
	struct oc_lock lock;
	enum oc_rc rc = oc_mkdirs(agent_dir, e);

	if (!rc) rc = oc_lock_take(&lock, lock_path, LOCK_TIMEOUT_MS, e);
	if (!rc) {
		rc = change(path, origin, model, facts, e);
		oc_lock_release(&lock);
	}
	free(lock_path);
	free(path);
	free(origin);
	return rc;
}

enum oc_rc oc_learned_put(const char *agent_dir, const char *base_url, const char *model,
			  json_t *facts, struct oc_err *e)
{
	return change_locked(agent_dir, base_url, model, facts, e);
}

enum oc_rc oc_learned_forget(const char *agent_dir, const char *base_url, const char *model,
			     struct oc_err *e)
{
	return change_locked(agent_dir, base_url, model, NULL, e);
}

void oc_learned_note(const char *agent_dir, const char *base_url, const char *model,
		     const char *name, json_t *value)
{
	json_t *facts = json_object();
	struct oc_err e = { 0 };

	json_object_set_new(facts, name, value);
	if (oc_learned_put(agent_dir, base_url, model, facts, &e) != OC_OK)
		oc_log(OC_LOG_WARN, "models", "%s", e.msg);
	json_decref(facts);
}
