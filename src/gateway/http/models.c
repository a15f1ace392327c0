/* GET /v1/models: agents, then every model of every provider (D29, spec 02 §4.1). */
#include "gateway/http/models.h"

#include <stdlib.h>

#include "agent/run/settings.h"
#include "base/mem.h"
#include "gateway/http/internal.h"
#include "model/provider/select.h"
#include "net/percent.h"

enum { NAMED_IN_ERRORS = 20 };

/* ---- agents ---- */

bool oc_model_is_agent(const char *name, char **agent)
{
	static const char *const prefixes[] = { "openclaw/", "openclaw:", "agent:" };
	struct oc_str n = oc_str(name), id = OC_LIT("main");
	bool found = oc_str_eq(n, OC_LIT("openclaw"));

	for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes && !found; i++) {
		found = oc_str_starts(n, oc_str(prefixes[i])) && n.n > strlen(prefixes[i]);
		if (found) id = oc_str_from(n, strlen(prefixes[i]));
	}
	if (!found) return false;
	if (oc_str_eq(id, OC_LIT("default"))) id = OC_LIT("main");
	*agent = oc_strndup(id.p, id.n);
	return true;
}

/* ---- the list ---- */

static json_t *entry_of(struct oc_str id, const char *owner)
{
	json_t *entry = json_object();

	oc_json_put(entry, "id", oc_json_new_str(id));
	oc_json_put(entry, "object", json_string("model"));
	oc_json_put(entry, "created", json_integer(0));
	oc_json_put(entry, "owned_by", json_string(owner));
	oc_json_put(entry, "permission", json_array());
	return entry;
}

static void put_state(json_t *entry, const json_t *loaded)
{
	if (!json_is_boolean(loaded)) return;
	oc_json_put(entry, "loaded", json_boolean(json_is_true(loaded)));
	oc_json_put(entry, "state", json_string(json_is_true(loaded) ? "loaded" : "not-loaded"));
}

static json_t *model_entry(const struct oc_provider *p, const struct oc_model *m,
			   const json_t *live)
{
	char *key = oc_ref_key(p->id, m->id);
	json_t *entry = entry_of(oc_str(key), p->id);
	int64_t window = m->context_tokens ? m->context_tokens : m->context_window;

	free(key);
	oc_json_put(entry, "name", oc_json_new_str(oc_str(m->name)));
	oc_json_put(entry, "type",
		    json_string(!m->can_chat ? "embeddings"
				: m->vision  ? "vlm"
					     : "llm"));
	if (window) oc_json_put(entry, "context_length", json_integer(window));
	put_state(entry, json_object_get(live, m->id));
	return entry;
}

void oc_models_list_provider(const struct oc_provider *p, const json_t *live, json_t *list)
{
	const char *id;
	json_t *loaded;

	for (size_t i = 0; i < p->n_models; i++)
		json_array_append_new(list, model_entry(p, &p->models[i], live));
	if (p->n_models) return;
	/* Nothing is configured and nothing was discovered: what the server says now is all there
	 * is. */
	json_object_foreach ((json_t *)(uintptr_t)live, id, loaded) {
		char *key = oc_ref_key(p->id, id);
		json_t *entry = entry_of(oc_str(key), p->id);

		put_state(entry, loaded);
		json_array_append_new(list, entry);
		free(key);
	}
}

static json_t *list_of(const struct oc_snapshot *s)
{
	json_t *list = json_array();
	struct oc_strv agents = { 0 };

	json_array_append_new(list, entry_of(OC_LIT("openclaw"), "openclaw"));
	json_array_append_new(list, entry_of(OC_LIT("openclaw/default"), "openclaw"));
	oc_agents_names(&s->config, &agents);
	for (size_t i = 0; i < agents.n; i++) {
		char *id = oc_asprintf("openclaw/%s", agents.v[i]);
		json_array_append_new(list, entry_of(oc_str(id), "openclaw"));
		free(id);
	}
	oc_strv_deinit(&agents);
	for (size_t i = 0; i < s->catalog.n; i++)
		oc_models_list_provider(&s->catalog.providers[i],
					oc_models_live(&s->catalog.providers[i]), list);
	return list;
}

/* A path that is not there is 404, a wrong member of a body is 400 (spec 02 §4.1, §4.2). */
static bool asks_for_models(const struct oc_exchange *x)
{
	return oc_str_starts(oc_str(oc_exchange_path(x)), OC_LIT("/v1/models"));
}

/* Those that can be named: whose provider can be reached at all. */
void oc_models_unknown(struct oc_gateway *gw, struct oc_exchange *x, const char *name,
		       const char *why)
{
	json_t *list = list_of(gw->snapshot);
	const json_t *entry;
	struct oc_buf text;
	size_t i;

	oc_buf_init(&text, 8000);
	oc_buf_addf(&text, "The model '%.200s' does not exist", name);
	if (why) oc_buf_addf(&text, " (%.300s)", why);
	oc_buf_adds(&text, ". There is: ");
	json_array_foreach (list, i, entry) {
		if (i == NAMED_IN_ERRORS) break;
		oc_buf_addf(&text, "%s%s", i ? ", " : "", oc_json_cstr(entry, "id"));
	}
	if (i < json_array_size(list))
		oc_buf_addf(&text, " and %zu more (GET /v1/models)", json_array_size(list) - i);
	oc_route_refuse(x, asks_for_models(x) ? 404 : 400, "invalid_request_error",
			"model_not_found", "%s", oc_buf_cstr(&text));
	oc_buf_deinit(&text);
	json_decref(list);
}

/* The id behind "/v1/models/", decoded; NULL = the whole list is wanted. */
static bool wanted_id(const struct oc_exchange *x, struct oc_buf *id, bool *one)
{
	const struct oc_str root = OC_LIT("/v1/models");
	struct oc_str rest = oc_str_from(oc_str(oc_exchange_path(x)), root.n);

	if (oc_str_starts(rest, OC_LIT("/"))) rest = oc_str_from(rest, 1);
	*one = rest.n > 0;
	return oc_percent_decode(rest, id);
}

static void answer_one(struct oc_gateway *gw, struct oc_exchange *x, json_t *list, const char *id)
{
	json_t *entry, *found = NULL;
	size_t i;

	json_array_foreach (list, i, entry) {
		if (!found && !strcmp(oc_json_cstr(entry, "id"), id)) found = entry;
	}
	if (found)
		oc_route_json(x, 200, json_incref(found));
	else
		oc_models_unknown(gw, x, id, NULL);
}

void oc_models_run_wait(struct oc_gateway *gw, struct oc_exchange *x)
{
	struct oc_snapshot *snapshot = oc_gateway_snapshot(gw);
	struct oc_buf id;
	bool one = false;

	oc_buf_init(&id, 2000);
	if (!wanted_id(x, &id, &one)) {
		oc_route_fail(x, 400, "invalid_request_error", "the path is not well encoded");
	} else {
		oc_models_ask_wait(&snapshot->catalog);
		json_t *list = list_of(snapshot);

		if (one)
			answer_one(gw, x, list, oc_buf_cstr(&id));
		else
			oc_route_json(x, 200,
				      json_pack("{s:s,s:O}", "object", "list", "data", list));
		json_decref(list);
	}
	oc_buf_deinit(&id);
	oc_snapshot_unref(snapshot);
}
