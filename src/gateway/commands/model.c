/* /model and /models: what there is, what is chosen, and choosing it (spec 01 §8.5, §8.6). */
#include <stdlib.h>

#include "base/mem.h"
#include "config/edit.h"
#include "gateway/commands/command.h"
#include "gateway/view/model_rows.h"
#include "model/provider/credential.h"

enum { PAGE = 20, MAX_PAGE = 100, MAX_PAGE_NO = 1000000 };

/* ---- what there is ---- */

static void add_key(struct oc_strv *keys, const struct oc_provider *p, const struct oc_model *m)
{
	char *key;

	if (!m->can_chat) return;
	key = oc_ref_key(p->id, m->id);
	oc_strv_add_once(keys, oc_str(key));
	free(key);
}

/* A model that the configuration names is listed, also when no server told of it. */
static void add_named(const struct oc_command_ask *a, const struct oc_provider *p,
		      struct oc_strv *keys)
{
	struct oc_strv refs = { 0 };
	const char *primary = oc_primary_ref(&a->snapshot->config, "model");

	if (primary) oc_strv_add(&refs, oc_str(primary));
	oc_fallback_refs(&a->snapshot->config, "model", &refs);
	for (size_t i = 0; i < refs.n; i++) {
		struct oc_selection s;
		struct oc_err e = { 0 };

		if (oc_select(&a->snapshot->catalog, oc_str(refs.v[i]), &s, NULL, &e) != OC_OK)
			continue;
		if (s.provider == p && (!s.model || s.model->can_chat))
			oc_strv_add_once(keys, oc_str(s.key));
		oc_selection_deinit(&s);
	}
	oc_strv_deinit(&refs);
}

static void keys_of(const struct oc_command_ask *a, const struct oc_provider *p,
		    struct oc_strv *keys)
{
	struct oc_strv all = { 0 };

	for (size_t i = 0; i < p->n_models; i++) add_key(&all, p, &p->models[i]);
	add_named(a, p, &all);
	for (size_t i = 0; i < all.n; i++)
		if (oc_model_allowed(&a->snapshot->catalog, all.v[i]))
			oc_strv_add(keys, oc_str(all.v[i]));
	oc_strv_deinit(&all);
	oc_strv_sort(keys);
}

static void list_providers(struct oc_command_ask *a)
{
	const struct oc_catalog *c = &a->snapshot->catalog;
	struct oc_strv ids = { 0 };

	for (size_t i = 0; i < c->n; i++) oc_strv_add(&ids, oc_str(c->providers[i].id));
	oc_strv_sort(&ids);
	oc_command_say(a, "Providers:\n");
	for (size_t i = 0; i < ids.n; i++) {
		struct oc_strv keys = { 0 };

		keys_of(a, oc_catalog_provider(c, oc_str(ids.v[i])), &keys);
		if (keys.n) oc_command_say(a, "- %s (%zu)\n", ids.v[i], keys.n);
		oc_strv_deinit(&keys);
	}
	oc_strv_deinit(&ids);
	oc_command_say(a, "\nUse: /models <provider>\nSwitch: /model <provider/model>");
}

/* ---- one provider, in pages ---- */

struct page {
	int64_t no, size;
	bool all;
};

static bool number_after(struct oc_str word, const char *name, int64_t max, int64_t *out)
{
	return oc_str_istarts(word, oc_str(name)) &&
	       oc_parse_int(oc_str_from(word, strlen(name)), 0, max, out);
}

static void read_page(struct oc_command_ask *a, struct page *p)
{
	struct oc_str word;
	int64_t n;

	*p = (struct page){ .no = 1, .size = PAGE };
	while ((word = oc_command_word(a)).n) {
		if (oc_str_ieq(word, OC_LIT("all")) || oc_str_ieq(word, OC_LIT("--all")))
			p->all = true;
		else if (oc_parse_int(word, 0, MAX_PAGE_NO, &n) ||
			 number_after(word, "page=", MAX_PAGE_NO, &n))
			p->no = n;
		else if ((number_after(word, "limit=", MAX_PAGE_NO, &n) ||
			  number_after(word, "size=", MAX_PAGE_NO, &n)) &&
			 n > 0)
			p->size = n < MAX_PAGE ? n : MAX_PAGE;
	}
}

static char *label_of(const struct oc_command_ask *a, const struct oc_provider *p)
{
	struct oc_credential cred = { 0 };
	struct oc_err e = { 0 };
	char *label;

	if (oc_credential_resolve(&a->snapshot->catalog, p, NULL, &cred, &e) == OC_OK && cred.key &&
	    cred.source && !oc_str_ihas(oc_str(cred.source), "synthetic"))
		label = oc_asprintf("%s · 🔑 %s", p->id, cred.source);
	else
		label = oc_strdup(p->id);
	oc_credential_deinit(&cred);
	return label;
}

static void out_of_range(struct oc_command_ask *a, const char *id, int64_t no, int64_t pages)
{
	oc_command_say(a,
		       "Page out of range: %lld (valid: 1-%lld)\nTry: /models list %s %lld\n"
		       "All: /models list %s all",
		       (long long)no, (long long)pages, id, (long long)pages, id);
}

static void list_page(struct oc_command_ask *a, const struct oc_provider *p,
		      const struct oc_strv *keys, struct page *page)
{
	int64_t n = (int64_t)keys->n;
	int64_t pages, from, to;
	char *label;

	if (page->all) page->size = n;
	pages = (n + page->size - 1) / page->size;
	if (page->all) page->no = 1;
	if (page->no < 1 || page->no > pages) {
		out_of_range(a, p->id, page->no, pages);
		return;
	}
	from = (page->no - 1) * page->size;
	to = from + page->size < n ? from + page->size : n;
	label = label_of(a, p);
	oc_command_say(a, "Models (%s) — showing %lld-%lld of %lld (page %lld/%lld)\n", label,
		       (long long)from + 1, (long long)to, (long long)n, (long long)page->no,
		       (long long)pages);
	free(label);
	for (int64_t i = from; i < to; i++) oc_command_say(a, "- %s\n", keys->v[i]);
	oc_command_say(a, "\nSwitch: /model <provider/model>");
	if (page->no < pages)
		oc_command_say(a, "\nMore: /models list %s %lld", p->id, (long long)page->no + 1);
	if (pages > 1) oc_command_say(a, "\nAll: /models list %s all", p->id);
}

static void unknown_provider(struct oc_command_ask *a, struct oc_str id)
{
	const struct oc_catalog *c = &a->snapshot->catalog;

	oc_command_say(a, "Unknown provider: %.*s\n\nAvailable providers:\n",
		       OC_FMT(oc_str_head(id, 200)));
	for (size_t i = 0; i < c->n; i++) oc_command_say(a, "- %s\n", c->providers[i].id);
	oc_command_say(a, "\nUse: /models <provider>");
}

enum oc_rc oc_command_models(struct oc_command_ask *a)
{
	struct oc_str id = oc_command_word(a);
	const struct oc_provider *p;
	struct oc_strv keys = { 0 };
	struct page page;

	if (oc_str_ieq(id, OC_LIT("list"))) id = oc_command_word(a);
	if (!id.n || oc_str_ieq(id, OC_LIT("providers"))) {
		list_providers(a);
		return OC_OK;
	}
	if (oc_str_ieq(id, OC_LIT("add"))) {
		oc_command_say(a, "/models add is gone. Use `openclaw onboard`, or "
				  "`openclaw config set models.providers.<id> …`.");
		return OC_OK;
	}
	p = oc_catalog_provider(&a->snapshot->catalog, id);
	if (!p) {
		unknown_provider(a, id);
		return OC_OK;
	}
	read_page(a, &page);
	keys_of(a, p, &keys);
	if (keys.n)
		list_page(a, p, &keys, &page);
	else
		oc_command_say(a,
			       "Models (%s) — none\n\nBrowse: /models\n"
			       "Switch: /model <provider/model>",
			       p->id);
	oc_strv_deinit(&keys);
	return OC_OK;
}

/* ---- /model ---- */

static void show_current(struct oc_command_ask *a)
{
	struct oc_selection s;
	struct oc_err e = { 0 };
	const char *level = oc_command_setting(a, "thinkingLevel");
	const struct oc_session_record *r = &a->session;

	if (oc_command_model(a, &s, &e) != OC_OK) {
		oc_command_say(a, "No model: %s\n", e.msg);
	} else {
		oc_command_say(a, "Current: %s\n", s.key);
		char *active = r->provider && r->model ? oc_ref_key(r->provider, r->model) : NULL;
		if (active && strcmp(active, s.key)) oc_command_say(a, "Active: %s\n", active);
		free(active);
		if (!level) level = oc_thinking_default(&a->snapshot->config, s.model);
		oc_selection_deinit(&s);
	}
	oc_command_say(a,
		       "Think: %s\n\nSwitch this session: /model <provider/model> -s\n"
		       "Agent default: /model <provider/model> -a\n"
		       "Global default: /model <provider/model> -g\nBrowse: /models",
		       level ? level : "off");
}

static void list_endpoint(struct oc_command_ask *a, const struct oc_provider *p)
{
	struct oc_credential cred = { 0 };
	struct oc_err e = { 0 };
	bool known = oc_credential_resolve(&a->snapshot->catalog, p, NULL, &cred, &e) == OC_OK;
	struct oc_strv keys = { 0 };

	oc_command_say(a, "\n[%s] endpoint: %s api: %s auth: %s\n", p->id,
		       p->base_url ? p->base_url : "(none)", p->api ? p->api : "(none)",
		       known && cred.source ? cred.source : "missing");
	oc_credential_deinit(&cred);
	keys_of(a, p, &keys);
	for (size_t i = 0; i < keys.n && i < PAGE; i++) oc_command_say(a, "  - %s\n", keys.v[i]);
	if (keys.n > PAGE)
		oc_command_say(a, "  … %zu more: /models %s all\n", keys.n - PAGE, p->id);
	oc_strv_deinit(&keys);
}

static void show_status(struct oc_command_ask *a)
{
	const struct oc_catalog *c = &a->snapshot->catalog;
	const char *primary = oc_primary_ref(&a->snapshot->config, "model");
	struct oc_selection s;
	struct oc_err e = { 0 };

	if (oc_command_model(a, &s, &e) == OC_OK) {
		oc_command_say(a, "Current: %s\n", s.key);
		oc_selection_deinit(&s);
	}
	oc_command_say(a, "Default: %s\nAgent: %s\nAuth: %s/auth-profiles.json\n",
		       primary ? primary : "(none configured)",
		       a->session.agent ? a->session.agent : "main",
		       a->snapshot->config.paths.agent_dir);
	for (size_t i = 0; i < c->n; i++) list_endpoint(a, &c->providers[i]);
}

/* Where the choice is written: "s" the session, "a" the agent, "g" for everybody. */
static char take_flag(struct oc_command_ask *a, struct oc_str *ref)
{
	char flag = 's';
	struct oc_str word;

	while ((word = oc_command_word(a)).n) {
		if (word.n == 2 && word.p[0] == '-' && strchr("sag", word.p[1]))
			flag = word.p[1];
		else if (!ref->n)
			*ref = word;
	}
	return flag;
}

static json_t *place_of(json_t *raw, const char *agent)
{
	json_t *agents = json_object_get(raw, "agents");
	json_t *place;

	if (!agents) json_object_set_new(raw, "agents", agents = json_object());
	if (!agent) {
		place = json_object_get(agents, "defaults");
		if (!place) json_object_set_new(agents, "defaults", place = json_object());
		return place;
	}
	place = json_object_get(agents, "entries");
	if (!place) json_object_set_new(agents, "entries", place = json_object());
	agents = place;
	place = json_object_get(agents, agent);
	if (!place) json_object_set_new(agents, agent, place = json_object());
	return place;
}

static void put_primary(json_t *place, const char *key)
{
	json_t *model = json_object_get(place, "model");

	if (json_is_object(model))
		json_object_set_new(model, "primary", json_string(key));
	else
		json_object_set_new(place, "model", json_pack("{s:s}", "primary", key));
}

static void write_default_wait(struct oc_command_ask *a, const char *key, const char *agent)
{
	struct oc_strv problems = { 0 };
	struct oc_err e = { 0 };
	enum oc_edit_result result;
	json_t *raw = json_deep_copy(a->snapshot->config.raw);
	enum oc_rc rc;

	put_primary(place_of(raw, agent), key);
	rc = oc_config_write(&a->snapshot->config, raw, &result, &problems, &e);
	json_decref(raw);
	if (!rc) rc = oc_gateway_reload_wait(a->gw, &e);
	if (rc)
		oc_command_say(a, "The configuration was not changed: %s", e.msg);
	else
		oc_command_say(a, "%s default set to %s.", agent ? "Agent" : "Global", key);
	oc_strv_deinit(&problems);
}

/* A level that the new model lacks becomes the highest below it that it has. */
static void clamp_level_wait(struct oc_command_ask *a, const struct oc_model *model)
{
	const char *now = oc_command_setting(a, "thinkingLevel");
	const char *best = oc_thinking_clamp(model, now);

	if (!now || !strcmp(best, now)) return;
	if (oc_command_set_wait(a, "thinkingLevel", best))
		oc_command_say(a, "\nThinking level %s is not supported by this model: now %s.",
			       now, best);
}

static void choose_for_session_wait(struct oc_command_ask *a, const struct oc_selection *s)
{
	struct oc_selection dflt;
	struct oc_err e = { 0 };
	bool is_default = oc_command_default_model(a, &dflt, &e) == OC_OK;

	if (is_default) {
		is_default = !strcmp(dflt.key, s->key) && !s->profile;
		oc_selection_deinit(&dflt);
	}
	char *ref = s->profile ? oc_asprintf("%s@%s", s->key, s->profile) : oc_strdup(s->key);
	if (oc_command_set_wait(a, "model", is_default ? NULL : ref))
		oc_command_say(
		    a,
		    is_default
			? "Model reset to the configured default %s."
			: "Model set to %s for this session only; configured default unchanged.",
		    ref);
	clamp_level_wait(a, s->model);
	free(ref);
}

static void back_to_default_wait(struct oc_command_ask *a)
{
	struct oc_selection dflt;
	struct oc_err e = { 0 };

	if (!oc_command_set_wait(a, "model", NULL)) return;
	oc_command_say(a, "Model reset to the configured default.");
	if (oc_command_default_model(a, &dflt, &e) != OC_OK) return;
	clamp_level_wait(a, dflt.model);
	oc_selection_deinit(&dflt);
}

static void choose_wait(struct oc_command_ask *a, struct oc_str ref, char flag)
{
	struct oc_strv warnings = { 0 };
	struct oc_selection s;
	struct oc_err e = { 0 };
	enum oc_rc rc = oc_select(&a->snapshot->catalog, ref, &s, &warnings, &e);

	if (rc) {
		oc_command_say(a, "Unrecognized model \"%.*s\". %s\nSee /models.",
			       OC_FMT(oc_str_head(ref, 200)), e.msg);
	} else if (!oc_model_allowed(&a->snapshot->catalog, s.key)) {
		oc_command_say(
		    a,
		    "Model \"%s\" is not allowed (agents.defaults.modelPolicy.allow). See /models.",
		    s.key);
	} else if (s.model && !s.model->can_chat) {
		oc_command_say(a, "Model \"%s\" makes embeddings, it cannot chat. See /models.",
			       s.key);
	} else if (flag == 's') {
		choose_for_session_wait(a, &s);
	} else if (!a->chat->admin) {
		oc_command_say(a, "Changing a default needs the scope operator.admin; use -s.");
	} else {
		write_default_wait(
		    a, s.key, flag == 'a' ? (a->session.agent ? a->session.agent : "main") : NULL);
	}
	for (size_t i = 0; !rc && i < warnings.n; i++)
		oc_command_say(a, "\n⚠️ %s", warnings.v[i]);
	if (!rc) oc_selection_deinit(&s);
	oc_strv_deinit(&warnings);
}

enum oc_rc oc_command_model_cmd(struct oc_command_ask *a)
{
	struct oc_str rest = a->rest, ref = { 0 };
	struct oc_str first = oc_command_word(a);
	int64_t number;

	if (!first.n) {
		show_current(a);
	} else if (oc_str_ieq(first, OC_LIT("status"))) {
		show_status(a);
	} else if (oc_str_ieq(first, OC_LIT("list"))) {
		return oc_command_models(a);
	} else if (oc_parse_int(first, INT64_MIN, INT64_MAX, &number)) {
		oc_command_say(a,
			       "Choosing by number is not supported. Use /models to browse, then "
			       "/model <provider/model>.");
	} else {
		a->rest = rest;
		char flag = take_flag(a, &ref);
		if (oc_str_ieq(ref, OC_LIT("default"))) {
			back_to_default_wait(a);
		} else if (ref.n) {
			choose_wait(a, ref, flag);
		} else {
			show_current(a);
		}
	}
	return OC_OK;
}
