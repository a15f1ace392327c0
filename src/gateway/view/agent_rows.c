/* Agents as clients list them. */
#include "gateway/view/agent_rows.h"

#include <stdlib.h>

#include "base/mem.h"
#include "gateway/view/model_rows.h"

void oc_agent_ids(const struct oc_config *c, struct oc_strv *out)
{
	json_t *entry, *list = oc_config_get(c, "agents.list");
	const char *id;
	size_t i;

	json_object_foreach (oc_config_get(c, "agents.entries"), id, entry)
		oc_strv_add_once(out, oc_str(id));
	json_array_foreach (list, i, entry)
		if (oc_json_cstr(entry, "id")) oc_strv_add_once(out, oc_json_str(entry, "id"));
	if (!out->n) oc_strv_add(out, OC_LIT("main"));
}

/* What people call it; its id when nobody said. */
static const char *name_of(const struct oc_agent_settings *s, const char **source)
{
	const char *identity = oc_json_cstr(json_object_get(s->entry, "identity"), "name");
	const char *name = oc_json_cstr(s->entry, "name");

	*source = identity ? "identity" : name ? "config" : "id";
	return identity ? identity : name ? name : s->id;
}

static json_t *model_of(const struct oc_agent_settings *s, const struct oc_catalog *c,
			struct oc_selection *selected, bool has_model)
{
	struct oc_strv fallbacks = { 0 };
	json_t *model = json_object(), *list = json_array();

	if (has_model) oc_json_put(model, "primary", oc_json_new_str(oc_str(selected->key)));
	oc_agent_fallbacks(s, c->config, &fallbacks);
	for (size_t i = 0; i < fallbacks.n; i++)
		json_array_append_new(list, oc_json_new_str(oc_str(fallbacks.v[i])));
	if (fallbacks.n)
		oc_json_put(model, "fallbacks", list);
	else
		json_decref(list);
	oc_strv_deinit(&fallbacks);
	return model;
}

static json_t *row(const struct oc_agent_settings *s, const struct oc_catalog *c)
{
	const char *source, *name = name_of(s, &source);
	struct oc_selection selected;
	bool has_model = oc_session_model(c, s->model, &selected);
	const struct oc_model *m = has_model ? selected.model : NULL;
	json_t *o = json_pack("{s:s,s:s,s:s,s:{s:s}}", "id", s->id, "name", name, "kind", "agent",
			      "identity", "name", name);

	oc_json_put(o, "workspace", oc_json_new_str(oc_str(s->workspace)));
	oc_json_put(o, "model", model_of(s, c, &selected, has_model));
	oc_json_put(o, "thinkingLevels", oc_thinking_rows(m));
	oc_json_put(o, "thinkingDefault",
		    json_string(s->thinking ? s->thinking : oc_thinking_default(c->config, m)));
	if (has_model) oc_selection_deinit(&selected);
	return o;
}

json_t *oc_agent_list(const struct oc_catalog *c)
{
	struct oc_strv ids = { 0 };
	json_t *rows = json_array();

	oc_agent_ids(c->config, &ids);
	for (size_t i = 0; i < ids.n; i++) {
		struct oc_agent_settings s;
		if (oc_agent_settings_init(&s, c->config, ids.v[i], NULL)) continue;
		json_array_append_new(rows, row(&s, c));
		oc_agent_settings_deinit(&s);
	}
	json_t *list = json_pack("{s:s,s:s,s:s,s:s,s:b,s:o}", "defaultId",
				 oc_strv_has(&ids, OC_LIT("main")) ? "main" : ids.v[0], "mainKey",
				 "main", "scope", "per-sender", "ownership", "sole",
				 "selectionRequired", false, "agents", rows);
	oc_strv_deinit(&ids);
	return list;
}

json_t *oc_agent_identity(const struct oc_config *c, const char *agent)
{
	struct oc_agent_settings s;
	const char *source = "id", *name = agent, *avatar = NULL;
	bool known = oc_agent_settings_init(&s, c, agent, NULL) == OC_OK;

	if (known) {
		name = name_of(&s, &source);
		avatar = oc_json_cstr(json_object_get(s.entry, "identity"), "avatar");
	}
	json_t *o = json_pack("{s:s,s:s,s:s,s:s}", "agentId", agent, "name", name, "nameSource",
			      source, "avatar", avatar ? avatar : "");
	if (known) oc_agent_settings_deinit(&s);
	return o;
}
