/* Builds the catalog from the resolved config and models.json. No network. */
#include "model/provider/catalog.h"

#include <ctype.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "model/provider/learned.h"
#include "model/provider/lmstudio.h"
#include "model/provider/models_json.h"

/* ---- pure helpers ---- */

enum oc_tri oc_entry_allow_private(const json_t *entry)
{
	const json_t *v = json_object_get(json_object_get(entry, "request"), "allowPrivateNetwork");

	if (!json_is_boolean(v)) return OC_UNSET;
	return json_is_true(v) ? OC_TRUE : OC_FALSE;
}

bool oc_record_can_chat(const json_t *record)
{
	struct oc_str type = oc_json_str(record, "type"), id = oc_json_str(record, "id");

	if (type.n > 0) return !oc_str_istarts(type, OC_LIT("embedding"));
	return !oc_str_ihas(id, "embedding") && !oc_str_ihas(id, "-embed-") &&
	       !oc_str_istarts(id, OC_LIT("text-embedding-"));
}

bool oc_model_id_usable(struct oc_str id)
{
	if (oc_str_trim(id).n == 0 || id.n > OC_MAX_MODEL_ID_BYTES) return false;
	for (size_t i = 0; i < id.n; i++) {
		unsigned char c = (unsigned char)id.p[i];
		unsigned char next = i + 1 < id.n ? (unsigned char)id.p[i + 1] : 0;

		/* C0, DEL, and the C1 set as UTF-8 writes it: terminals obey them. */
		if (c < ' ' || c == 0x7f || (c == 0xC2 && next >= 0x80 && next < 0xA0))
			return false;
	}
	return true;
}

/* ---- models ---- */

static bool takes_images(const json_t *record)
{
	const json_t *item;
	size_t i;

	json_array_foreach (json_object_get(record, "input"), i, item) {
		if (oc_str_eq(oc_json_text(item), OC_LIT("image"))) return true;
	}
	return false;
}

static char *lower(struct oc_str s)
{
	char *out = oc_strndup(s.p, s.n);

	for (char *c = out; *c; c++) *c = (char)tolower((unsigned char)*c);
	return out;
}

/* record is borrowed. */
static struct oc_model new_model(const json_t *record, bool configured)
{
	json_t *entry = json_deep_copy(record);
	struct oc_str name = oc_str_trim(oc_json_str(entry, "name"));

	oc_saved_compat_normalise(json_object_get(entry, "compat"));
	if (name.n == 0) name = oc_json_str(entry, "id");
	return (struct oc_model){
		.id = oc_strdup(oc_json_cstr(entry, "id")),
		.name = oc_strndup(name.p, name.n),
		.reasoning = oc_json_bool(entry, "reasoning", false),
		.vision = takes_images(entry),
		.configured = configured,
		.can_chat = oc_record_can_chat(entry),
		.available = oc_json_bool(entry, "available", true),
		.context_window = oc_json_positive(entry, "contextWindow"),
		.context_tokens = oc_json_positive(entry, "contextTokens"),
		.max_tokens = oc_json_positive(entry, "maxTokens"),
		.entry = entry,
	};
}

static void free_model(struct oc_model *m)
{
	free(m->id);
	free(m->name);
	json_decref(m->entry);
}

/* The model that comes next has this id. */
static void index_model(struct oc_provider *p, struct oc_str id)
{
	char *key = lower(id);

	if (!p->index) p->index = json_object();
	if (!json_object_get(p->index, key))
		json_object_set_new(p->index, key, json_integer((json_int_t)p->n_models));
	free(key);
}

static void set_models(struct oc_provider *p, const json_t *list, size_t n_configured)
{
	const json_t *record;
	size_t i;

	if (json_array_size(list) == 0) return;
	p->models = oc_realloc_array(NULL, json_array_size(list), sizeof *p->models);
	json_array_foreach (list, i, record) {
		if (!oc_json_cstr(record, "id")) continue;
		index_model(p, oc_str(oc_json_cstr(record, "id")));
		p->models[p->n_models++] = new_model(record, i < n_configured);
	}
}

/* Remembered models count only while they come from the server that is configured now. */
static const json_t *remembered_models(const struct oc_provider *p, const json_t *models_json)
{
	const json_t *known = json_object_get(json_object_get(models_json, "providers"), p->id);

	if (!p->base_url || !oc_str_eq(oc_json_str(known, "baseUrl"), oc_str(p->base_url)))
		return NULL;
	return json_object_get(known, "models");
}

static void join_models(const struct oc_config *c, struct oc_provider *p, const json_t *models_json)
{
	struct oc_str mode = oc_json_str(json_object_get(c->value, "models"), "mode");
	bool replace = oc_str_eq(mode, OC_LIT("replace"));
	const json_t *configured = json_object_get(p->entry, "models");
	bool listed = json_array_size(configured) > 0;
	bool keep = !listed || (!replace && oc_provider_kind(p->id)->live_list);
	const json_t *known = remembered_models(p, models_json);
	json_t *own = oc_models_list_merge(configured, NULL, false);
	json_t *all = oc_models_list_merge(own, known, keep);

	set_models(p, all, json_array_size(own));
	json_decref(all);
	json_decref(own);
}

/* ---- providers ---- */

static const char *variable(const struct oc_config *c, const char *name)
{
	return c->env ? oc_env_get(c->env, name) : NULL;
}

static bool is_truthy(const char *v)
{
	return v && strcmp(v, "0") != 0 && !oc_str_ieq(oc_str(v), OC_LIT("false")) &&
	       !oc_str_ieq(oc_str(v), OC_LIT("no"));
}

static bool is_native(struct oc_str base)
{
	struct oc_url u;
	bool native;

	if (oc_url_parse(base, &u, NULL) != OC_OK) return false;
	native = oc_endpoint_class(&u) == OC_ENDPOINT_NATIVE;
	oc_url_deinit(&u);
	return native;
}

/* Without an entry of its own, LM Studio is where the environment says that an OpenAI-shaped server
 * is (spec 01 §13.1); with one, nothing but the entry decides, so that its key goes nowhere else.
 */
static struct oc_str unconfigured_lmstudio(const struct oc_config *c)
{
	const json_t *providers = json_object_get(json_object_get(c->value, "models"), "providers");
	struct oc_str env = oc_str(variable(c, "OPENAI_API_BASE"));
	struct oc_str openai = oc_json_str(json_object_get(providers, "openai"), "baseUrl");

	if (env.n > 0 && !is_native(env)) return env;
	return is_native(openai) ? (struct oc_str){ 0 } : openai;
}

bool oc_lmstudio_is_from_openai(const struct oc_config *c, const json_t *entry)
{
	return !entry && unconfigured_lmstudio(c).n > 0;
}

char *oc_lmstudio_base_of(const struct oc_config *c, const json_t *entry)
{
	bool docker = is_truthy(variable(c, "OPENCLAW_DOCKER_SETUP"));
	struct oc_str typed = entry ? oc_json_str(entry, "baseUrl") : unconfigured_lmstudio(c);
	char *server = oc_lmstudio_server_base(typed, docker);
	char *base = oc_lmstudio_inference_base(server);

	free(server);
	return base;
}

static char *plain_base(const struct oc_config *c, const char *id, const json_t *entry,
			const char *builtin)
{
	struct oc_str s = oc_str_trim(oc_json_str(entry, "baseUrl"));

	if (s.n == 0 && !strcmp(id, "openai")) s = oc_str(variable(c, "OPENAI_API_BASE"));
	if (s.n == 0) s = oc_str(builtin);
	while (s.n > 0 && s.p[s.n - 1] == '/') s.n--;
	return s.n ? oc_strndup(s.p, s.n) : NULL;
}

static const char *authored_base(const struct oc_config *c, const char *id)
{
	const json_t *providers = json_object_get(json_object_get(c->raw, "models"), "providers");

	return oc_json_cstr(json_object_get(providers, id), "baseUrl");
}

static void explain_missing_base(const struct oc_config *c, struct oc_provider *p)
{
	const char *typed = authored_base(c, p->id);

	p->problem = oc_asprintf(
	    "provider \"%s\" has no base URL: %s%s%s set models.providers.%s.baseUrl", p->id,
	    typed ? "nothing is set for " : "", typed ? typed : "", typed ? ";" : "", p->id);
}

/* A base that is no URL makes the provider unusable, not the whole catalog. */
static void check_base(struct oc_catalog *c, struct oc_provider *p)
{
	struct oc_err e = { 0 };
	struct oc_url u;

	if (!p->base_url) {
		explain_missing_base(c->config, p);
		return;
	}
	if (oc_url_parse(oc_str(p->base_url), &u, &e) != OC_OK) {
		p->problem = oc_asprintf("provider \"%s\": %s; correct models.providers.%s.baseUrl",
					 p->id, e.msg, p->id);
		free(p->base_url);
		p->base_url = NULL;
		return;
	}
	p->local = oc_host_is_local(&u) && strcmp(p->id, "openai") != 0 &&
		   strcmp(p->id, "anthropic") != 0 && strcmp(p->id, "openrouter") != 0;
	oc_strv_add_once(&c->named_hosts, oc_str(u.host));
	oc_url_deinit(&u);
}

/* A hosted name before a server of one's own says nothing about that server; what its answers
 * showed does. */
static const struct oc_provider_kind *kind_of_api(const char *api)
{
	for (size_t i = 0; i < oc_provider_kinds_n; i++) {
		const char *own = oc_provider_kinds[i].own_api;

		if (own && !strcmp(own, api)) return &oc_provider_kinds[i];
	}
	return oc_custom_kind;
}

static void find_kind(const struct oc_catalog *c, struct oc_provider *p)
{
	const struct oc_provider_kind *learnt;
	struct oc_url u;
	json_t *facts;

	if (!p->base_url) return;
	if (p->kind->hosted && oc_url_parse(oc_str(p->base_url), &u, NULL) == OC_OK) {
		if (oc_host_is_local(&u)) p->kind = oc_custom_kind;
		oc_url_deinit(&u);
	}
	if (p->kind == oc_custom_kind) p->kind = kind_of_api(p->api);
	if (p->kind != oc_custom_kind) return;
	facts = oc_learned_get(c->config->paths.agent_dir, p->base_url, NULL);
	learnt = oc_provider_kind_named(oc_json_str(facts, "kind"));
	if (learnt && !learnt->hosted) p->kind = learnt;
	json_decref(facts);
}

void oc_provider_shows(const struct oc_catalog *c, struct oc_provider *p, const char *kind)
{
	const struct oc_provider_kind *shown = oc_provider_kind_named(oc_str(kind));

	if (!shown || p->kind != oc_custom_kind || shown == p->kind) return;
	p->kind = shown;
	oc_learned_note(c->config->paths.agent_dir, p->base_url, NULL, "kind",
			json_string(shown->id));
}

static void add_provider(struct oc_catalog *c, struct oc_str id, const json_t *entry,
			 const json_t *models_json)
{
	char *key = lower(oc_str_trim(id));
	const char *builtin = NULL, *api = oc_json_cstr(entry, "api");

	if (oc_catalog_provider(c, oc_str(key))) {
		free(key);
		return;
	}
	const struct oc_provider_kind *row = oc_provider_kind_named(oc_str(key));
	if (row && row->bundled) {
		builtin = row->base_url;
		if (!api) api = row->api;
	}
	c->providers = oc_realloc_array(c->providers, c->n + 1, sizeof *c->providers);
	struct oc_provider *p = &c->providers[c->n++];
	*p = (struct oc_provider){
		.id = key,
		.kind = oc_provider_kind(key),
		.api = oc_strdup(api ? api : "openai-completions"),
		.entry = entry,
		.timeout_seconds = oc_json_positive(entry, "timeoutSeconds"),
		.allow_private = oc_entry_allow_private(entry),
	};
	p->base_url = p->kind->any_base ? oc_lmstudio_base_of(c->config, entry)
					: plain_base(c->config, key, entry, builtin);
	check_base(c, p);
	find_kind(c, p);
	join_models(c->config, p, models_json);
}

/* ---- aliases ---- */

/* Stolen: key. */
static void add_alias(json_t *aliases, char *key, const char *ref)
{
	json_int_t count = oc_json_int(json_object_get(aliases, key), "count", 0) + 1;

	oc_json_put(aliases, key, json_pack("{s:s,s:I}", "ref", ref, "count", count));
	free(key);
}

/* A qualified alias "provider/alias" names one provider's alias. */
static void index_aliases(struct oc_catalog *c)
{
	json_t *defaults = json_object_get(json_object_get(c->config->value, "agents"), "defaults");
	const char *ref;
	json_t *entry;

	c->aliases = json_object();
	json_object_foreach (json_object_get(defaults, "models"), ref, entry) {
		struct oc_str alias = oc_json_str(entry, "alias"), r = oc_str(ref);
		size_t slash = oc_str_find(r, OC_LIT("/"), 0);

		if (!alias.n) continue;
		add_alias(c->aliases, lower(alias), ref);
		if (slash == SIZE_MAX) continue;
		char *full =
		    oc_asprintf("%.*s%.*s", OC_FMT(oc_str_head(r, slash + 1)), OC_FMT(alias));
		add_alias(c->aliases, lower(oc_str(full)), ref);
		free(full);
	}
}

const char *oc_catalog_alias(const struct oc_catalog *c, struct oc_str alias, size_t *count)
{
	char *key = lower(alias);
	const json_t *found = json_object_get(c->aliases, key);

	free(key);
	*count = (size_t)oc_json_int(found, "count", 0);
	return oc_json_cstr(found, "ref");
}

enum oc_rc oc_catalog_load(struct oc_catalog *c, const struct oc_config *config, struct oc_err *e)
{
	json_t *configured = json_object_get(json_object_get(config->value, "models"), "providers");
	json_t *models_json, *entry;
	const char *id;
	enum oc_rc rc;

	*c = (struct oc_catalog){ .config = config };
	rc = oc_models_json_load(config->paths.agent_dir, &models_json, e);
	if (rc) return oc_wrap(e, "model catalog");
	index_aliases(c);
	json_object_foreach (configured, id, entry) {
		add_provider(c, oc_str(id), entry, models_json);
	}
	for (size_t i = 0; i < oc_provider_kinds_n; i++)
		if (oc_provider_kinds[i].bundled)
			add_provider(c, oc_str(oc_provider_kinds[i].id), NULL, models_json);
	json_decref(models_json);
	return OC_OK;
}

static void free_models(struct oc_provider *p)
{
	for (size_t i = 0; i < p->n_models; i++) free_model(&p->models[i]);
	free(p->models);
	json_decref(p->index);
	p->models = NULL;
	p->index = NULL;
	p->n_models = 0;
}

enum oc_rc oc_provider_reload(struct oc_catalog *c, struct oc_provider *p, struct oc_err *e)
{
	json_t *models_json;
	enum oc_rc rc = oc_models_json_load(c->config->paths.agent_dir, &models_json, e);

	if (rc) return rc;
	oc_provider_take(c, p, models_json);
	json_decref(models_json);
	return OC_OK;
}

void oc_provider_take(const struct oc_catalog *c, struct oc_provider *p, const json_t *models_json)
{
	free_models(p);
	join_models(c->config, p, models_json);
}

void oc_catalog_deinit(struct oc_catalog *c)
{
	for (size_t i = 0; i < c->n; i++) {
		struct oc_provider *p = &c->providers[i];

		free_models(p);
		free(p->id);
		free(p->base_url);
		free(p->problem);
		free(p->api);
	}
	free(c->providers);
	json_decref(c->aliases);
	oc_strv_deinit(&c->named_hosts);
	*c = (struct oc_catalog){ 0 };
}

struct oc_provider *oc_catalog_provider(const struct oc_catalog *c, struct oc_str id)
{
	for (size_t i = 0; i < c->n; i++)
		if (oc_str_ieq(oc_str(c->providers[i].id), id)) return &c->providers[i];
	return NULL;
}

struct oc_provider *oc_catalog_stand_in(const struct oc_catalog *c)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct oc_provider_kind *row =
		    oc_provider_kind_named(oc_str(c->providers[i].id));

		if (row && row->stands_in) return &c->providers[i];
	}
	return NULL;
}

struct oc_model *oc_provider_model_folded(const struct oc_provider *p, struct oc_str id)
{
	char *key = lower(id);
	const json_t *at = json_object_get(p->index, key);

	free(key);
	if (!at) return NULL;
	for (size_t i = (size_t)json_integer_value(at); i < p->n_models; i++)
		if (oc_str_eq(oc_str(p->models[i].id), id)) return &p->models[i];
	return &p->models[json_integer_value(at)];
}

struct oc_model *oc_provider_model(const struct oc_provider *p, struct oc_str id)
{
	struct oc_model *m = oc_provider_model_folded(p, id);

	return m && oc_str_eq(oc_str(m->id), id) ? m : NULL;
}

enum oc_rc oc_provider_guard(const struct oc_catalog *c, const struct oc_provider *p,
			     struct oc_guard *g, struct oc_err *e)
{
	if (!p->base_url) return oc_fail(e, OC_E_INPUT, "%s", p->problem);
	enum oc_rc rc = oc_guard_init(g, oc_str(p->base_url), p->allow_private, e);
	if (!rc) g->named = &c->named_hosts;
	return rc;
}

const char *oc_model_api(const struct oc_provider *p, const struct oc_model *model)
{
	const char *own = model ? oc_json_cstr(model->entry, "api") : NULL;

	if (own) return own;
	return p->api ? p->api : "openai-completions"; /* D11 */
}
