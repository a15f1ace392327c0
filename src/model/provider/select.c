/*
 * From what a person wrote to a provider and a model of the catalog (spec 01 §8.2). Steps in the
 * order of that section; each is a function that says whether it found something. No I/O.
 */
#include "model/provider/select.h"

#include <ctype.h>
#include <stdlib.h>

#include "base/mem.h"
#include "json/json.h"

/* ---- what the config names ---- */

static const json_t *defaults_of(const struct oc_config *c)
{
	return json_object_get(json_object_get(c->value, "agents"), "defaults");
}

/* The entry of the default agent, in the newest or the older form. */
static const json_t *main_agent(const struct oc_config *c)
{
	const json_t *agents = json_object_get(c->value, "agents");
	const json_t *entry = json_object_get(json_object_get(agents, "entries"), "main"), *item;
	size_t i;

	if (entry) return entry;
	json_array_foreach (json_object_get(agents, "list"), i, item) {
		if (oc_str_eq(oc_json_str(item, "id"), OC_LIT("main"))) return item;
	}
	return NULL;
}

static const char *primary_of(const json_t *section, const char *field)
{
	const json_t *m = json_object_get(section, field);
	const char *s = json_is_string(m) ? json_string_value(m) : oc_json_cstr(m, "primary");

	return s && oc_str_trim(oc_str(s)).n ? s : NULL;
}

const char *oc_primary_ref(const struct oc_config *c, const char *field)
{
	const char *own = primary_of(main_agent(c), field);

	return own ? own : primary_of(defaults_of(c), field);
}

void oc_fallback_refs(const struct oc_config *c, const char *field, struct oc_strv *out)
{
	const json_t *list = json_object_get(json_object_get(main_agent(c), field), "fallbacks");
	const json_t *item;
	size_t i;

	if (!list) list = json_object_get(json_object_get(defaults_of(c), field), "fallbacks");
	json_array_foreach (list, i, item) {
		if (json_is_string(item)) oc_strv_add(out, oc_json_text(item));
	}
}

/* ---- aliases ---- */

bool oc_alias_valid(struct oc_str alias)
{
	for (size_t i = 0; i < alias.n; i++)
		if (!isalnum((unsigned char)alias.p[i]) && !strchr("._:-", alias.p[i]))
			return false;
	return alias.n > 0;
}

/* ---- allowlist ---- */

static bool policy_entry_matches(struct oc_str entry, struct oc_str key)
{
	if (oc_str_ends(entry, OC_LIT("/*")))
		return oc_str_istarts(key, oc_str_head(entry, entry.n - 1));
	return oc_str_ieq(entry, key);
}

static bool ref_names_key(const struct oc_catalog *c, const char *ref, const char *key)
{
	struct oc_selection s;
	struct oc_err e;

	if (oc_select(c, oc_str(ref), &s, NULL, &e) != OC_OK) return false;
	bool same = !strcmp(s.key, key);
	oc_selection_deinit(&s);
	return same;
}

static bool is_primary_or_fallback(const struct oc_catalog *c, const char *key)
{
	const char *primary = oc_primary_ref(c->config, "model");
	struct oc_strv fallbacks = { 0 };
	bool found = primary && ref_names_key(c, primary, key);

	oc_fallback_refs(c->config, "model", &fallbacks);
	for (size_t i = 0; !found && i < fallbacks.n; i++)
		found = ref_names_key(c, fallbacks.v[i], key);
	oc_strv_deinit(&fallbacks);
	return found;
}

bool oc_model_allowed(const struct oc_catalog *c, const char *key)
{
	const json_t *allow =
	    json_object_get(json_object_get(defaults_of(c->config), "modelPolicy"), "allow");
	const json_t *item;
	size_t i;

	if (json_array_size(allow) == 0) return true;
	json_array_foreach (allow, i, item) {
		if (policy_entry_matches(oc_str_trim(oc_json_text(item)), oc_str(key))) return true;
	}
	return is_primary_or_fallback(c, key);
}

/* ---- selection ---- */

static void choose(struct oc_selection *out, struct oc_provider *p, struct oc_model *m,
		   const char *model_id, const char *profile)
{
	*out = (struct oc_selection){
		.provider = p,
		.model = m,
		.model_id = oc_strdup(m ? m->id : model_id),
		.key = oc_ref_key(p->id, m ? m->id : model_id),
		.profile = profile ? oc_strdup(profile) : NULL,
	};
}

void oc_selection_deinit(struct oc_selection *s)
{
	free(s->model_id);
	free(s->key);
	free(s->profile);
	*s = (struct oc_selection){ 0 };
}

static struct oc_provider *find_provider(const struct oc_catalog *c, const char *id)
{
	struct oc_provider *p = oc_catalog_provider(c, oc_str(id));

	const struct oc_provider_kind *known = p ? NULL : oc_provider_kind_called(id);

	return known ? oc_catalog_provider(c, oc_str(known->id)) : p;
}

/* "lmstudio/lmstudio/x" means x, unless the catalog really has "lmstudio/x". */
static const char *without_self_prefix(const struct oc_provider *p, const char *model)
{
	size_t n = strlen(p->id);

	return oc_str_istarts(oc_str(model), oc_str(p->id)) && model[n] == '/' && model[n + 1]
		   ? model + n + 1
		   : model;
}

static void warn_unknown_model(const struct oc_provider *p, const char *model,
			       struct oc_strv *warnings)
{
	/* The bundled list of a hosted service is short; what a server told of is all it has. */
	bool complete = (p->entry || p->local) && p->n_models;

	if (!warnings || !complete) return;
	oc_strv_addf(warnings,
		     "model \"%s\" is not in the catalog of provider \"%s\"; it is sent as it is",
		     model, p->id);
}

static void warn_unavailable(const struct oc_selection *s, struct oc_strv *warnings)
{
	if (!warnings || !s->model || s->model->available) return;
	oc_strv_addf(
	    warnings,
	    "model \"%s\" was not in the list of provider \"%s\" when that was last read; it is "
	    "asked for all the same",
	    s->model_id, s->provider->id);
}

/* D24: "openai/x" without OpenAI credentials, while OPENAI_API_BASE points at a local server. */
static bool is_borrowed_openai_name(const struct oc_catalog *c, const struct oc_provider *p)
{
	const char *base, *key;

	if (strcmp(p->id, "openai") || !c->config->env) return false;
	base = oc_env_get(c->config->env, "OPENAI_API_BASE");
	key = oc_env_get(c->config->env, "OPENAI_API_KEY");
	if (!base || oc_str_ihas(oc_str(base), "api.openai.com")) return false;
	return !key || !strcmp(key, "lm-studio");
}

static bool choose_under_stand_in(const struct oc_catalog *c, const struct oc_ref *r,
				  struct oc_selection *out)
{
	struct oc_provider *p = oc_catalog_stand_in(c);
	char *literal = oc_asprintf("%s/%s", r->provider, r->model);
	struct oc_model *m = p ? oc_provider_model(p, oc_str(literal)) : NULL;

	free(literal);
	if (m) choose(out, p, m, NULL, r->profile);
	return m != NULL;
}

static void choose_in_provider(const struct oc_catalog *c, struct oc_provider *p,
			       const struct oc_ref *r, struct oc_selection *out,
			       struct oc_strv *warnings)
{
	struct oc_model *m = oc_provider_model_folded(p, oc_str(r->model));
	const char *model = m ? m->id : without_self_prefix(p, r->model);

	if (!m) m = oc_provider_model_folded(p, oc_str(model));
	if (!m && is_borrowed_openai_name(c, p) && choose_under_stand_in(c, r, out)) return;
	if (!m) warn_unknown_model(p, model, warnings);
	choose(out, p, m, model, r->profile);
}

/* Providers that hold the literal id; the first one in *found. */
static size_t holders(const struct oc_catalog *c, const char *id, struct oc_provider **found,
		      struct oc_strv *names)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++) {
		struct oc_model *m = oc_provider_model_folded(&c->providers[i], oc_str(id));

		if (!m) continue;
		if (n++ == 0) *found = &c->providers[i];
		char *key = oc_ref_key(c->providers[i].id, m->id);
		oc_strv_add(names, oc_str(key));
		free(key);
	}
	return n;
}

/* The first model that can chat, one that is there before one that is not. NULL. */
static struct oc_model *chat_model(const struct oc_provider *p)
{
	struct oc_model *other = NULL;

	for (size_t i = 0; i < p->n_models; i++) {
		struct oc_model *m = &p->models[i];

		if (!m->can_chat) continue;
		if (m->available) return m;
		if (!other) other = m;
	}
	return other;
}

/* How good a provider is to begin with: configured before discovered, with a model that is there
 * before one without. */
static int worth(const struct oc_provider *p)
{
	const struct oc_model *m = chat_model(p);

	return m ? 1 + (p->entry ? 1 : 0) + (m->available ? 2 : 0) : 0;
}

/* NULL: nothing is set up. */
static struct oc_provider *default_provider(const struct oc_catalog *c)
{
	struct oc_provider *best = NULL;

	for (size_t i = 0; i < c->n; i++)
		if (worth(&c->providers[i]) > (best ? worth(best) : 0)) best = &c->providers[i];
	return best;
}

static enum oc_rc no_model(struct oc_err *e)
{
	return oc_fail(e, OC_E_INPUT,
		       "no model configured: run 'openclaw onboard', or "
		       "'openclaw models set <provider/model>'");
}

static enum oc_rc choose_bare(const struct oc_catalog *c, const struct oc_ref *r,
			      struct oc_selection *out, struct oc_strv *warnings, struct oc_err *e)
{
	struct oc_provider *p = NULL;
	struct oc_strv names = { 0 };
	size_t n = holders(c, r->model, &p, &names);
	enum oc_rc rc = OC_OK;

	if (n > 1) {
		char *list = oc_strv_join(&names, ", ");
		rc = oc_fail(e, OC_E_INPUT,
			     "\"%s\" is offered by several providers, write one of: %s", r->model,
			     list);
		free(list);
	} else if (n == 1) {
		choose(out, p, oc_provider_model_folded(p, oc_str(r->model)), NULL, r->profile);
	} else if (!(p = default_provider(c))) {
		rc = no_model(e);
	} else {
		if (warnings)
			oc_strv_addf(
			    warnings,
			    "model \"%s\" names no provider; \"%s/%s\" is taken, which is deprecated: write provider/model",
			    r->model, p->id, r->model);
		choose(out, p, NULL, r->model, r->profile);
	}
	oc_strv_deinit(&names);
	return rc;
}

/* A server's own key may hold a slash ("qwen/qwen3.5-9b"): taken when exactly one provider lists
 * it. */
static bool choose_literal(const struct oc_catalog *c, const struct oc_ref *r,
			   struct oc_selection *out)
{
	struct oc_provider *p = NULL;
	struct oc_strv names = { 0 };
	char *literal = oc_asprintf("%s/%s", r->provider, r->model);
	size_t n = holders(c, literal, &p, &names);

	if (n == 1) choose(out, p, oc_provider_model_folded(p, oc_str(literal)), NULL, r->profile);
	free(literal);
	oc_strv_deinit(&names);
	return n == 1;
}

static enum oc_rc choose_ref(const struct oc_catalog *c, const struct oc_ref *r,
			     struct oc_selection *out, struct oc_strv *warnings, struct oc_err *e)
{
	if (!r->provider) return choose_bare(c, r, out, warnings, e);
	struct oc_provider *p = find_provider(c, r->provider);
	if (p) {
		choose_in_provider(c, p, r, out, warnings);
		return OC_OK;
	}
	if (choose_literal(c, r, out)) return OC_OK;
	return oc_fail(e, OC_E_NOT_FOUND, "Unknown model provider \"%s\"", r->provider);
}

/* The whole input as "provider/model" of the catalog, so that an id with "@" in it is found. */
static bool choose_exact(const struct oc_catalog *c, struct oc_str input, struct oc_selection *out)
{
	size_t slash = oc_str_find(input, OC_LIT("/"), 0);

	if (slash == SIZE_MAX) return false;
	for (size_t i = 0; i < c->n; i++) {
		struct oc_provider *p = &c->providers[i];
		struct oc_model *m;

		if (!oc_str_ieq(oc_str(p->id), oc_str_head(input, slash))) continue;
		m = oc_provider_model(p, oc_str_from(input, slash + 1));
		if (!m) continue;
		choose(out, p, m, NULL, NULL);
		return true;
	}
	return false;
}

static const char *alias_ref(const struct oc_catalog *c, struct oc_str input,
			     struct oc_strv *warnings)
{
	size_t count;
	const char *target = oc_catalog_alias(c, input, &count);

	if (count > 1 && warnings)
		oc_strv_addf(warnings, "alias \"%.*s\" is given to several models; \"%s\" is taken",
			     OC_FMT(input), target);
	return target;
}

/* "alias@profile": r becomes what the alias stands for, with this profile. */
static enum oc_rc follow_alias(const struct oc_catalog *c, struct oc_ref *r,
			       struct oc_strv *warnings, struct oc_err *e)
{
	const char *target = alias_ref(c, oc_str(r->model), warnings);
	struct oc_ref full;
	enum oc_rc rc;

	if (!target) return OC_OK;
	if ((rc = oc_ref_parse(oc_str(target), &full, e))) return rc;
	free(full.profile);
	full.profile = r->profile;
	r->profile = NULL;
	oc_ref_deinit(r);
	*r = full;
	return OC_OK;
}

enum oc_rc oc_select(const struct oc_catalog *c, struct oc_str input, struct oc_selection *out,
		     struct oc_strv *warnings, struct oc_err *e)
{
	const char *target;
	struct oc_ref r;
	enum oc_rc rc;

	input = oc_str_trim(input);
	target = alias_ref(c, input, warnings);
	if (!target && choose_exact(c, input, out)) {
		warn_unavailable(out, warnings);
		return OC_OK;
	}
	if ((rc = oc_ref_parse(target ? oc_str(target) : input, &r, e))) return rc;
	if (!target && r.profile && !r.provider) rc = follow_alias(c, &r, warnings, e);
	if (!rc) rc = choose_ref(c, &r, out, warnings, e);
	if (!rc) warn_unavailable(out, warnings);
	oc_ref_deinit(&r);
	return rc;
}

enum oc_rc oc_select_default(const struct oc_catalog *c, struct oc_selection *out,
			     struct oc_strv *warnings, struct oc_err *e)
{
	const char *primary = oc_primary_ref(c->config, "model");
	struct oc_provider *p;

	if (primary) {
		enum oc_rc rc = oc_select(c, oc_str(primary), out, warnings, e);
		if (rc) oc_wrap(e, "agents.defaults.model");
		return rc;
	}
	if (!(p = default_provider(c))) return no_model(e);
	choose(out, p, chat_model(p), NULL, NULL);
	return OC_OK;
}
