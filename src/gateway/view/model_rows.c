/* Models as clients list them. */
#include "gateway/view/model_rows.h"

#include <stdlib.h>

#include "base/mem.h"
#include "model/codec/reasoning.h"
#include "model/provider/credential.h"

/* ---- thinking ---- */

static bool has_level(const struct oc_model *model, struct oc_str level)
{
	static const char *const common[] = { "minimal", "low", "medium", "high" };

	if (oc_str_eq(level, OC_LIT("off"))) return true;
	if (!model || !model->reasoning) return false;
	for (size_t i = 0; i < sizeof common / sizeof *common; i++)
		if (oc_str_eq(level, oc_str(common[i]))) return true;
	return json_object_getn(json_object_get(model->entry, "thinkingLevelMap"), level.p,
				level.n) != NULL;
}

json_t *oc_thinking_rows(const struct oc_model *model)
{
	struct oc_str rest = oc_str(oc_thinking_levels);
	json_t *rows = json_array();

	while (rest.n) {
		size_t comma = oc_str_find(rest, OC_LIT(","), 0);
		struct oc_str level = oc_str_trim(oc_str_head(rest, comma));
		if (has_level(model, level))
			json_array_append_new(rows, json_pack("{s:s%,s:s%}", "id", level.p, level.n,
							      "label", level.p, level.n));
		rest = comma == SIZE_MAX ? (struct oc_str){ 0 } : oc_str_from(rest, comma + 1);
	}
	return rows;
}

const char *oc_thinking_clamp(const struct oc_model *model, const char *level)
{
	static const char *const ladder[] = { "off",  "minimal", "low", "medium",
					      "high", "xhigh",	 "max" };
	const char *best = "off";

	if (!level || has_level(model, oc_str(level))) return level;
	for (size_t i = 0; i < sizeof ladder / sizeof *ladder; i++) {
		if (has_level(model, oc_str(ladder[i]))) best = ladder[i];
		if (!strcmp(ladder[i], level)) break;
	}
	return best;
}

const char *oc_thinking_default(const struct oc_config *c, const struct oc_model *model)
{
	const char *configured =
	    json_string_value(oc_config_get(c, "agents.defaults.thinkingDefault"));

	if (configured && has_level(model, oc_str(configured))) return configured;
	return model && model->reasoning ? "medium" : "off";
}

/* ---- one model ---- */

int64_t oc_model_context(const struct oc_config *c, const struct oc_model *model)
{
	int64_t cap = oc_json_positive(oc_config_get(c, "agents.defaults"), "contextTokens");
	int64_t own = !model		      ? 0
		      : model->context_tokens ? model->context_tokens
					      : model->context_window;

	return cap && (!own || cap < own) ? cap : own;
}

static json_t *input_kinds(const struct oc_model *m)
{
	json_t *kinds = json_pack("[s]", "text");

	if (m && m->vision) json_array_append_new(kinds, json_string("image"));
	return kinds;
}

static bool supports_tools(const struct oc_model *m)
{
	return oc_json_bool(json_object_get(m ? m->entry : NULL, "compat"), "supportsTools", true);
}

struct list {
	const struct oc_catalog *catalog;
	const char *only;    /* provider; NULL = all */
	const char *primary; /* key; NULL */
	json_t *rows;
};

static json_t *row(const struct list *l, const struct oc_provider *p, const struct oc_model *m,
		   const char *id, bool has_key)
{
	json_t *o = json_object();
	char *key = oc_ref_key(p->id, id);

	oc_json_put(o, "id", oc_json_new_str(oc_str(id)));
	oc_json_put(o, "name", oc_json_new_str(oc_str(m ? m->name : id)));
	oc_json_put(o, "provider", json_string(p->id));
	if (m && m->context_window)
		oc_json_put(o, "contextWindow", json_integer(m->context_window));
	if (oc_model_context(l->catalog->config, m))
		oc_json_put(o, "contextTokens",
			    json_integer(oc_model_context(l->catalog->config, m)));
	oc_json_put(o, "local", json_boolean(p->local));
	oc_json_put(o, "input", input_kinds(m));
	oc_json_put(o, "reasoning", json_boolean(m && m->reasoning));
	oc_json_put(o, "supportsTools", json_boolean(supports_tools(m)));
	if (l->primary && !strcmp(l->primary, key))
		oc_json_put(o, "tags", json_pack("[s]", "default"));
	oc_json_put(o, "thinkingLevels", oc_thinking_rows(m));
	oc_json_put(o, "thinkingDefault", json_string(oc_thinking_default(l->catalog->config, m)));
	oc_json_put(o, "available", json_boolean(p->base_url && has_key && (!m || m->available)));
	if (p->problem)
		oc_json_put(o, "unavailableReason", json_string(p->problem));
	else if (!has_key)
		oc_json_put(o, "unavailableReason", json_string("no key for this provider"));
	else if (m && !m->available)
		oc_json_put(o, "unavailableReason",
			    json_string("the server's list lacked it when it was last read"));
	free(key);
	return o;
}

/* ---- all of them ---- */

static bool has_credential(const struct oc_catalog *c, const struct oc_provider *p)
{
	struct oc_credential cred;

	if (oc_credential_resolve(c, p, NULL, &cred, NULL)) return false;
	oc_credential_deinit(&cred);
	return true;
}

static bool wanted(const struct list *l, const struct oc_provider *p)
{
	return !l->only || oc_str_ieq(oc_str(l->only), oc_str(p->id));
}

static void add_provider(struct list *l, const struct oc_provider *p)
{
	bool has_key = p->n_models && has_credential(l->catalog, p);

	for (size_t i = 0; i < p->n_models; i++) {
		const struct oc_model *m = &p->models[i];
		char *key = oc_ref_key(p->id, m->id);
		if (m->can_chat && oc_model_allowed(l->catalog, key))
			json_array_append_new(l->rows, row(l, p, m, m->id, has_key));
		free(key);
	}
}

json_t *oc_model_rows(const struct oc_catalog *c, const char *provider)
{
	struct list l = { .catalog = c, .only = provider, .rows = json_array() };
	struct oc_selection primary;
	bool has_primary = oc_session_model(c, NULL, &primary);

	if (has_primary) l.primary = primary.key;
	if (has_primary && !primary.model && wanted(&l, primary.provider)) /* in no list */
		json_array_append_new(l.rows, row(&l, primary.provider, NULL, primary.model_id,
						  has_credential(c, primary.provider)));
	for (size_t i = 0; i < c->n; i++)
		if (wanted(&l, &c->providers[i])) add_provider(&l, &c->providers[i]);
	if (has_primary) oc_selection_deinit(&primary);
	return l.rows;
}

/* ---- of a session ---- */

bool oc_session_model(const struct oc_catalog *c, const char *chosen, struct oc_selection *out)
{
	if (chosen && oc_select(c, oc_str(chosen), out, NULL, NULL) == OC_OK) return true;
	return oc_select_default(c, out, NULL, NULL) == OC_OK;
}

json_t *oc_model_resolved(const struct oc_catalog *c, const char *chosen)
{
	struct oc_selection s;

	if (!oc_session_model(c, chosen, &s)) return json_object();
	json_t *o = json_pack("{s:s,s:o}", "modelProvider", s.provider->id, "model",
			      oc_json_new_str(oc_str(s.model_id)));
	oc_selection_deinit(&s);
	return o;
}

json_t *oc_model_defaults(const struct oc_catalog *c, const char *chosen)
{
	struct oc_selection s;

	if (!oc_session_model(c, chosen, &s))
		return json_pack("{s:n,s:n,s:n}", "modelProvider", "model", "contextTokens");
	int64_t context = oc_model_context(c->config, s.model);
	json_t *o = json_pack("{s:s,s:o,s:o}", "modelProvider", s.provider->id, "model",
			      oc_json_new_str(oc_str(s.model_id)), "contextTokens",
			      context ? json_integer(context) : json_null());
	oc_selection_deinit(&s);
	return o;
}
