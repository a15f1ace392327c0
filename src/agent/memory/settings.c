/* memory.search of the configuration. */
#include <stdlib.h>

#include "agent/memory/memory.h"
#include "base/mem.h"

enum { MAX_RESULTS = 5, MOST_RESULTS = 20 };
static const double default_min_score = 0.35;

/* The agent's own first; memorySearch is what older configurations have. */
enum { PLACES = 4 };
struct places {
	const json_t *v[PLACES];
};

static struct places places_of(const struct oc_memory_scope *scope)
{
	const struct oc_config *config = scope->catalog->config;
	const json_t *entry = scope->settings->entry;

	return (struct places){ {
	    json_object_get(json_object_get(entry, "memory"), "search"),
	    json_object_get(entry, "memorySearch"),
	    oc_config_get(config, "memory.search"),
	    oc_config_get(config, "agents.defaults.memorySearch"),
	} };
}

static const json_t *value(const struct places *p, const char *key)
{
	const json_t *found = NULL;

	for (size_t i = 0; !found && i < PLACES; i++) found = json_object_get(p->v[i], key);
	return found;
}

/* The same one object further down. */
static struct places below(const struct places *p, const char *key)
{
	struct places out;

	for (size_t i = 0; i < PLACES; i++) out.v[i] = json_object_get(p->v[i], key);
	return out;
}

static const char *text(const struct places *p, const char *key)
{
	const char *s = json_string_value(value(p, key));

	return s && *s && strcmp(s, "auto") != 0 ? s : NULL;
}

static void add_extra(struct oc_memory_settings *s, const struct oc_memory_scope *scope,
		      const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *entry = json_array_get(list, i);
		const char *path =
		    json_is_string(entry) ? json_string_value(entry) : oc_json_cstr(entry, "path");
		const char *pattern = oc_json_cstr(entry, "pattern");

		if (!path || !*path) continue;
		s->extra = oc_realloc_array(s->extra, s->n_extra + 1, sizeof *s->extra);
		s->extra[s->n_extra++] = (struct oc_memory_extra){
			.path = oc_agent_path(scope->catalog->config, scope->workspace, path),
			.pattern = pattern ? oc_strdup(pattern) : NULL,
		};
	}
}

void oc_memory_settings_init(struct oc_memory_settings *s, const struct oc_memory_scope *scope)
{
	const struct places all = places_of(scope), query = below(&all, "query"),
			    remote = below(&all, "remote");
	const json_t *min = value(&query, "minScore");
	int64_t max = json_integer_value(value(&query, "maxResults"));

	*s = (struct oc_memory_settings){
		.enabled = !json_is_false(value(&all, "enabled")),
		.max_results = max <= 0		    ? MAX_RESULTS
			       : max > MOST_RESULTS ? MOST_RESULTS
						    : (size_t)max,
		.min_score = json_is_number(min) ? json_number_value(min) : default_min_score,
		.provider = text(&all, "provider"),
		.model = text(&all, "model"),
		.base_url = text(&remote, "baseUrl"),
		.remote = value(&all, "remote"),
	};
	for (size_t i = PLACES; i-- > 0;)
		add_extra(s, scope, json_object_get(all.v[i], "extraPaths"));
	s->places = (struct oc_memory_places){ scope->workspace, s->extra, s->n_extra };
}

void oc_memory_settings_deinit(struct oc_memory_settings *s)
{
	for (size_t i = 0; i < s->n_extra; i++) {
		free(s->extra[i].path);
		free(s->extra[i].pattern);
	}
	free(s->extra);
	*s = (struct oc_memory_settings){ 0 };
}
