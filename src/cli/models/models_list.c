/* `openclaw models list`: the catalog as a table, as JSON or as bare keys. Asks no server unless
 * --refresh is given. */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "cli/models/models.h"
#include "cli/table.h"
#include "model/provider/credential.h"
#include "model/provider/lmstudio.h"

const struct oc_option oc_models_list_options[] = {
	{ .name = "--all", .help = "Also models that cannot chat or are not allowed" },
	{ .name = "--local", .help = "Only models on local servers" },
	{ .name = "--provider", .value = "<id>", .help = "Only models of this provider" },
	{ .name = "--refresh", .help = "Ask the servers first" },
	{ .name = "--json", .help = "Print one JSON document" },
	{ .name = "--plain", .help = "Print one key per line" },
	{ 0 },
};

struct row {
	char *key, *name, *tags;
	bool vision, local, available;
	int64_t window, tokens;	  /* 0 = nobody said */
	int64_t catalogue_window; /* shown in JSON when nobody said */
};
struct rows {
	struct row *v;
	size_t n;
	json_t *seen; /* keys of models that no list holds */
};

/* ---- names of a model ---- */

struct names {
	char *primary;
	struct oc_strv fallbacks; /* keys */
	struct oc_strv listed;	  /* keys of agents.defaults.models */
	json_t *tags;		  /* key -> list of what it is besides */
	json_t *has_key;	  /* provider -> whether there is a key for it, once it was asked */
};

/* Stolen: tag. */
static void add_tag(struct names *n, const char *key, char *tag)
{
	json_t *list = json_object_get(n->tags, key);

	if (!list) {
		oc_json_put(n->tags, key, json_array());
		list = json_object_get(n->tags, key);
	}
	json_array_append_new(list, oc_json_new_str(oc_str(tag)));
	free(tag);
}

static void add_key(const struct oc_models_cli *m, struct oc_strv *out, const char *ref)
{
	char *key = oc_models_key(m, ref);

	oc_strv_add(out, oc_str(key));
	free(key);
}

static void names_init(struct names *n, const struct oc_models_cli *m)
{
	struct oc_strv refs = { 0 };
	struct oc_selection s;
	const char *ref;
	json_t *entry;

	*n = (struct names){ .tags = json_object(), .has_key = json_object() };
	if (oc_select_default(&m->catalog, &s, NULL, &(struct oc_err){ 0 }) == OC_OK) {
		n->primary = oc_strdup(s.key);
		add_tag(n, s.key, oc_strdup("default"));
		oc_selection_deinit(&s);
	}
	oc_fallback_refs(&m->config, "model", &refs);
	for (size_t i = 0; i < refs.n; i++) {
		add_key(m, &n->fallbacks, refs.v[i]);
		add_tag(n, n->fallbacks.v[i], oc_asprintf("fallback#%zu", i + 1));
	}
	oc_strv_deinit(&refs);
	json_object_foreach (oc_config_get(&m->config, "agents.defaults.models"), ref, entry) {
		const char *alias = oc_json_cstr(entry, "alias");

		add_key(m, &n->listed, ref);
		if (alias && *alias)
			add_tag(n, n->listed.v[n->listed.n - 1], oc_asprintf("alias:%s", alias));
	}
}

static void names_deinit(struct names *n)
{
	free(n->primary);
	oc_strv_deinit(&n->fallbacks);
	oc_strv_deinit(&n->listed);
	json_decref(n->tags);
	json_decref(n->has_key);
}

static char *tags_of(const struct names *n, const char *key, bool configured, bool known)
{
	struct oc_strv tags = { 0 };
	const json_t *tag;
	size_t i;

	json_array_foreach (json_object_get(n->tags, key), i, tag)
		oc_strv_add(&tags, oc_json_text(tag));
	if (configured) oc_strv_add(&tags, OC_LIT("configured"));
	if (!known) oc_strv_add(&tags, OC_LIT("missing"));
	char *joined = oc_strv_join(&tags, ",");
	oc_strv_deinit(&tags);
	return joined;
}

/* ---- rows ---- */

enum { ROWS_AT_ONCE = 256 };

static void add_row(struct rows *rows, struct row row)
{
	if (rows->n % ROWS_AT_ONCE == 0)
		rows->v = oc_realloc_array(rows->v, rows->n + ROWS_AT_ONCE, sizeof *rows->v);
	rows->v[rows->n++] = row;
}

static int64_t catalogue_window(const struct oc_provider *p)
{
	int64_t assumed = oc_provider_kind(p->id)->assumed_window;

	return assumed ? assumed : 200000;
}

static struct row row_of(const struct oc_provider *p, const struct oc_model *model, const char *key,
			 const struct names *n, bool has_key)
{
	return (struct row){
		.key = oc_strdup(key),
		.name = oc_strdup(model ? model->name : strchr(key, '/') + 1),
		.tags = tags_of(n, key, model && model->configured, model != NULL),
		.vision = model && model->vision,
		.local = p->local,
		.available = has_key && p->base_url && (!model || model->available),
		.window = model ? model->context_window : 0,
		.tokens = model ? model->context_tokens : 0,
		.catalogue_window = catalogue_window(p),
	};
}

static bool has_credential(const struct oc_models_cli *m, const struct oc_provider *p,
			   const struct names *n)
{
	const json_t *known = json_object_get(n->has_key, p->id);
	struct oc_credential cred;

	if (known) return json_is_true(known);
	bool has = oc_credential_resolve(&m->catalog, p, NULL, &cred, NULL) == OC_OK;

	if (has) oc_credential_deinit(&cred);
	json_object_set_new(n->has_key, p->id, json_boolean(has));
	return has;
}

static bool provider_wanted(struct oc_args *a, const struct oc_provider *p)
{
	const char *only = oc_args_get(a, "--provider");

	if (only && !oc_str_ieq(oc_str(only), oc_str(p->id))) return false;
	return p->local || !oc_args_has(a, "--local");
}

static void add_provider(struct oc_args *a, const struct oc_models_cli *m,
			 const struct oc_provider *p, const struct names *n, struct rows *rows)
{
	bool all = oc_args_has(a, "--all"), has_key;

	if (p->n_models == 0) return;
	has_key = has_credential(m, p, n);
	for (size_t i = 0; i < p->n_models; i++) {
		char *key = oc_ref_key(p->id, p->models[i].id);
		if (all || (p->models[i].can_chat && oc_model_allowed(&m->catalog, key)))
			add_row(rows, row_of(p, &p->models[i], key, n, has_key));
		free(key);
	}
}

/* Models that are named as default, fallback or with an alias, but are in no list. */
static void add_named(struct oc_args *a, const struct oc_models_cli *m, const char *ref,
		      const struct names *n, struct rows *rows)
{
	struct oc_selection s;

	if (!ref || oc_select(&m->catalog, oc_str(ref), &s, NULL, NULL) != OC_OK) return;
	if (!s.model && provider_wanted(a, s.provider) && !json_object_get(rows->seen, s.key)) {
		json_object_set_new(rows->seen, s.key, json_true());
		add_row(rows, row_of(s.provider, NULL, s.key, n, has_credential(m, s.provider, n)));
	}
	oc_selection_deinit(&s);
}

static void collect(struct oc_args *a, const struct oc_models_cli *m, struct rows *rows)
{
	struct names n;

	names_init(&n, m);
	rows->seen = json_object();
	for (size_t i = 0; i < m->catalog.n; i++)
		if (provider_wanted(a, &m->catalog.providers[i]))
			add_provider(a, m, &m->catalog.providers[i], &n, rows);
	add_named(a, m, n.primary, &n, rows);
	for (size_t i = 0; i < n.fallbacks.n; i++) add_named(a, m, n.fallbacks.v[i], &n, rows);
	for (size_t i = 0; i < n.listed.n; i++) add_named(a, m, n.listed.v[i], &n, rows);
	names_deinit(&n);
	json_decref(rows->seen);
}

static void free_rows(struct rows *rows)
{
	for (size_t i = 0; i < rows->n; i++) {
		free(rows->v[i].key);
		free(rows->v[i].name);
		free(rows->v[i].tags);
	}
	free(rows->v);
}

/* ---- output ---- */

static json_t *tags_json(const char *tags)
{
	json_t *list = json_array();
	struct oc_str rest = oc_str(tags);

	while (rest.n > 0) {
		size_t comma = oc_str_find(rest, OC_LIT(","), 0);
		json_array_append_new(list, oc_json_new_str(oc_str_head(rest, comma)));
		rest = comma == SIZE_MAX ? (struct oc_str){ 0 } : oc_str_from(rest, comma + 1);
	}
	return list;
}

static void print_json(const struct rows *rows)
{
	json_t *doc = json_object(), *models = json_array();

	for (size_t i = 0; i < rows->n; i++) {
		const struct row *r = &rows->v[i];
		json_t *o = json_object();

		oc_json_put(o, "key", oc_json_new_str(oc_str(r->key)));
		oc_json_put(o, "name", oc_json_new_str(oc_str(r->name)));
		oc_json_put(o, "input", json_string(r->vision ? "text+image" : "text"));
		oc_json_put(o, "contextWindow",
			    json_integer(r->window ? r->window : r->catalogue_window));
		if (r->tokens) oc_json_put(o, "contextTokens", json_integer(r->tokens));
		oc_json_put(o, "local", json_boolean(r->local));
		oc_json_put(o, "available", json_boolean(r->available));
		oc_json_put(o, "tags", tags_json(r->tags));
		json_array_append_new(models, o);
	}
	oc_json_put(doc, "count", json_integer((json_int_t)rows->n));
	oc_json_put(doc, "models", models);
	oc_print_json(doc);
	json_decref(doc);
}

/* 64000 -> "64k". */
static char *in_thousands(int64_t n)
{
	return n < 1000 ? oc_asprintf("%lld", (long long)n)
			: oc_asprintf("%lldk", (long long)(n / 1000 + (n % 1000 >= 500)));
}

static char *context_text(const struct row *r)
{
	char *tokens, *window, *text;

	if (!r->window && !r->tokens) return oc_strdup("-");
	if (!r->window || !r->tokens || r->window == r->tokens)
		return in_thousands(r->window ? r->window : r->tokens);
	tokens = in_thousands(r->tokens);
	window = in_thousands(r->window);
	text = oc_asprintf("%s/%s", tokens, window);
	free(tokens);
	free(window);
	return text;
}

static void add_cells(struct oc_table *t, const struct row *r)
{
	char *context = context_text(r);

	oc_table_add(t, r->key);
	oc_table_add(t, r->vision ? "text+image" : "text");
	oc_table_add(t, context);
	oc_table_add(t, r->local ? "yes" : "no");
	oc_table_add(t, r->available ? "yes" : "no");
	oc_table_add(t, r->tags);
	free(context);
}

static void print_table(const struct rows *rows)
{
	static const char *const titles[] = {
		"Model", "Input", "Ctx", "Local", "Auth", "Tags", NULL
	};
	struct oc_table t;

	oc_table_init(&t, titles);
	for (size_t i = 0; i < rows->n; i++) add_cells(&t, &rows->v[i]);
	oc_table_print(&t);
	oc_table_deinit(&t);
}

static void print_rows(struct oc_args *a, const struct rows *rows)
{
	if (oc_args_has(a, "--json")) {
		print_json(rows);
		return;
	}
	if (oc_args_has(a, "--plain")) {
		for (size_t i = 0; i < rows->n; i++) puts(rows->v[i].key);
		return;
	}
	if (rows->n == 0)
		puts("No models found. Set one up with: openclaw onboard");
	else
		print_table(rows);
}

static bool known_provider(struct oc_args *a, const struct oc_models_cli *m)
{
	const char *only = oc_args_get(a, "--provider");

	if (!only || oc_catalog_provider(&m->catalog, oc_str(only))) return true;
	oc_error("Unknown model provider \"%.80s\"", only);
	return false;
}

int oc_cmd_models_list(struct oc_args *a)
{
	struct oc_models_cli m;
	struct rows rows = { 0 };
	size_t asked, failed;
	bool ok = oc_models_open(&m) && known_provider(a, &m);

	if (ok && oc_args_has(a, "--refresh"))
		ok = oc_models_refresh_wait(&m, oc_args_get(a, "--provider"), &asked, &failed) ==
		     OC_OK;
	if (ok) {
		collect(a, &m, &rows);
		print_rows(a, &rows);
	}
	for (size_t i = 0; ok && i < m.catalog.n; i++)
		if (m.catalog.providers[i].problem)
			fprintf(stderr, "warning: %s\n", m.catalog.providers[i].problem);
	free_rows(&rows);
	oc_models_close(&m);
	return !ok;
}
