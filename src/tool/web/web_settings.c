/*
 * What the configuration says about the web. The keys are those of the original: tools.web.*, and
 * plugins.entries.ID.config.webSearch.* for a search service; tools.web.search.ID.* is taken too.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "tool/web.h"

enum { MAX_PAGE_BYTES = 10000000, MIN_PAGE_BYTES = 32000, MAX_RESULTS = 10, MAX_TIMEOUT_S = 600 };

static unsigned bounded(const json_t *o, const char *key, unsigned max)
{
	int64_t n = oc_json_positive(o, key);

	return n > max ? max : (unsigned)n;
}

static void read_fetch(struct oc_web_options *o, const json_t *fetch)
{
	const json_t *ssrf = json_object_get(fetch, "ssrfPolicy"), *host;
	int64_t chars = oc_json_positive(fetch, "maxChars"),
		cap = oc_json_positive(fetch, "maxCharsCap");
	const char *agent = oc_json_cstr(fetch, "userAgent");
	size_t i;

	o->fetch_off = !oc_json_bool(fetch, "enabled", true);
	if (cap && (!chars || chars > cap)) chars = cap;
	o->max_chars = (size_t)chars;
	o->max_bytes = bounded(fetch, "maxResponseBytes", MAX_PAGE_BYTES);
	if (o->max_bytes && o->max_bytes < MIN_PAGE_BYTES) o->max_bytes = MIN_PAGE_BYTES;
	o->fetch_timeout_s = bounded(fetch, "timeoutSeconds", MAX_TIMEOUT_S);
	if (agent && !strpbrk(agent, "\r\n")) o->user_agent = oc_strdup(agent);
	if (oc_json_bool(ssrf, "dangerouslyAllowPrivateNetwork", false)) o->allow_private = OC_TRUE;
	json_array_foreach (json_object_get(ssrf, "allowedHostnames"), i, host) {
		char *url = oc_asprintf("http://%.*s/", OC_FMT(oc_json_text(host)));
		struct oc_url u;

		if (oc_url_parse(oc_str(url), &u, NULL) == OC_OK) {
			oc_strv_add_once(&o->private_ok, oc_str(u.host));
			oc_url_deinit(&u);
		}
		free(url);
	}
}

/* ---- search ---- */

/* Where the settings of a service stand, the more special place first. */
struct places {
	const json_t *own, *entry, *general;
};

static struct places places_of(const struct oc_config *config, const char *id)
{
	const json_t *search = oc_config_get(config, "tools.web.search");
	const json_t *plugin = json_object_get(oc_config_get(config, "plugins.entries"), id);

	return (struct places){
		.own = json_object_get(json_object_get(plugin, "config"), "webSearch"),
		.entry = plugin,
		.general = json_object_get(search, id),
	};
}

/* A text, or a reference to a variable: {"source":"env","id":"NAME"}. */
static const char *text_of(const struct oc_config *config, const json_t *v)
{
	const char *text = json_string_value(v), *source = oc_json_cstr(v, "source"),
		   *id = oc_json_cstr(v, "id");

	if (text) return text[0] ? text : NULL;
	return source && id && !strcmp(source, "env") ? oc_env_get(config->env, id) : NULL;
}

static const char *find_text(const struct oc_config *config, const struct places *p,
			     const char *key, const char *variable)
{
	const char *text = text_of(config, json_object_get(p->own, key));

	if (!text) text = text_of(config, json_object_get(p->general, key));
	return !text && variable ? oc_env_get(config->env, variable) : text;
}

static const char *model_provider(const struct oc_config *config, const char *id, const char *key)
{
	const json_t *row = json_object_get(oc_config_get(config, "models.providers"), id);

	return text_of(config, json_object_get(row, key));
}

/* Ollama serves the models and the search at one address. */
static char *find_url(const struct oc_config *config, const struct places *p,
		      const struct oc_search_provider *s)
{
	const char *url = find_text(config, p, "baseUrl", s->url_env);

	if (!url && !strcmp(s->id, "ollama")) url = model_provider(config, s->id, "baseUrl");
	if (!url) url = s->host;
	if (!url) return NULL;
	struct oc_str text = oc_str_trim(oc_str(url));
	while (oc_str_ends(text, OC_LIT("/"))) text.n--;
	if (!strcmp(s->id, "ollama") && oc_str_ends(text, OC_LIT("/v1"))) text.n -= 3;
	return oc_asprintf("%.*s", OC_FMT(text));
}

static const char *find_key(const struct oc_config *config, const struct places *p,
			    const struct oc_search_provider *s)
{
	const char *key = find_text(config, p, "apiKey", s->key_env);

	if (!key && !strcmp(s->id, "brave"))
		key = text_of(config, oc_config_get(config, "tools.web.search.apiKey"));
	if (!key && !strcmp(s->id, "ollama")) key = model_provider(config, s->id, "apiKey");
	return key;
}

/* Takes the service if it has what it needs. named: the configuration chose it. */
static bool take(struct oc_web_options *o, const struct oc_config *config,
		 const struct oc_search_provider *s, bool named)
{
	struct places p = places_of(config, s->id);
	const char *key = find_key(config, &p, s);
	char *url = find_url(config, &p, s);
	bool wanted = named || s->automatic || json_is_object(p.general) ||
		      (p.entry && oc_json_bool(p.entry, "enabled", false));

	if (!wanted || !url || (s->needs_key && !key)) {
		free(url);
		return false;
	}
	const char *language = find_text(config, &p, "language", NULL),
		   *categories = find_text(config, &p, "categories", NULL);
	o->provider = s;
	o->search_url = url;
	o->search_key = key && !strpbrk(key, "\r\n") ? oc_strdup(key) : NULL;
	o->language = language ? oc_strdup(language) : NULL;
	o->categories = categories ? oc_strdup(categories) : NULL;
	return true;
}

static void read_search(struct oc_web_options *o, const struct oc_config *config)
{
	const json_t *search = oc_config_get(config, "tools.web.search");
	const char *name = oc_json_cstr(search, "provider");
	const struct oc_search_provider *s;

	o->max_results = bounded(search, "maxResults", MAX_RESULTS);
	o->search_timeout_s = bounded(search, "timeoutSeconds", MAX_TIMEOUT_S);
	if (!oc_json_bool(search, "enabled", true)) return;
	if (name && name[0]) {
		s = oc_search_provider_find(name);
		if (s) take(o, config, s, true);
		return;
	}
	for (size_t i = 0; (s = oc_search_provider_at(i)); i++)
		if (take(o, config, s, false)) return;
}

void oc_web_options_init(struct oc_web_options *o, const struct oc_config *config)
{
	*o = (struct oc_web_options){ 0 };
	read_fetch(o, oc_config_get(config, "tools.web.fetch"));
	read_search(o, config);
}

void oc_web_options_deinit(struct oc_web_options *o)
{
	free(o->user_agent);
	oc_strv_deinit(&o->private_ok);
	free(o->search_url);
	free(o->search_key);
	free(o->language);
	free(o->categories);
	*o = (struct oc_web_options){ 0 };
}

const char *oc_web_off(const struct oc_web_options *o)
{
	if (o->fetch_off) return o->provider ? "web_fetch" : "web_fetch web_search";
	return o->provider ? NULL : "web_search";
}
