/* memory.search of the configuration. */
#include <stdlib.h>

#include "agent/memory/memory.h"
#include "base/mem.h"

enum { MAX_RESULTS = 5, MOST_RESULTS = 20 };
static const double default_min_score = 0.35;

/* Of the agent, else of all. */
static const json_t *value(const json_t *own, const json_t *all, const char *key)
{
	const json_t *v = json_object_get(own, key);

	return v ? v : json_object_get(all, key);
}

static const char *text(const json_t *own, const json_t *all, const char *key)
{
	const char *s = json_string_value(value(own, all, key));

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
	const json_t *all = oc_config_get(scope->catalog->config, "memory.search"),
		     *own = json_object_get(json_object_get(scope->settings->entry, "memory"),
					    "search");
	const json_t *own_query = json_object_get(own, "query"),
		     *query = json_object_get(all, "query");
	const json_t *min = value(own_query, query, "minScore");
	int64_t max = json_integer_value(value(own_query, query, "maxResults"));

	*s = (struct oc_memory_settings){
		.enabled = oc_json_bool(own, "enabled", oc_json_bool(all, "enabled", true)),
		.max_results = max <= 0		    ? MAX_RESULTS
			       : max > MOST_RESULTS ? MOST_RESULTS
						    : (size_t)max,
		.min_score = json_is_number(min) ? json_number_value(min) : default_min_score,
		.provider = text(own, all, "provider"),
		.model = text(own, all, "model"),
		.base_url =
		    text(json_object_get(own, "remote"), json_object_get(all, "remote"), "baseUrl"),
	};
	s->remote = value(own, all, "remote");
	add_extra(s, scope, json_object_get(all, "extraPaths"));
	add_extra(s, scope, json_object_get(own, "extraPaths"));
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
