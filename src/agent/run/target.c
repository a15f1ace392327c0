/* Facts about a selected model. */
#include "agent/run/target.h"

#include "model/codec/reasoning.h"
#include "net/url.h"

void oc_target_compat(const struct oc_selection *t, struct oc_compat *out)
{
	const struct oc_provider *p = t->provider;
	struct oc_err ignored = { 0 };
	struct oc_url base;
	bool known = p->base_url && oc_url_parse(oc_str(p->base_url), &base, &ignored) == OC_OK;

	oc_compat_resolve(out, p->id, known ? &base : NULL,
			  t->model ? json_object_get(t->model->entry, "compat") : NULL);
	if (known) oc_url_deinit(&base);
}

bool oc_target_thinks(const struct oc_selection *t, const char *level)
{
	static const char *const usual[] = { "off", "minimal", "low", "medium", "high" };
	const json_t *map = t->model ? json_object_get(t->model->entry, "thinkingLevelMap") : NULL;
	struct oc_compat compat;
	const char *used;
	bool has;

	for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
		if (!strcmp(usual[i], level)) return true;
	oc_target_compat(t, &compat);
	used = oc_reasoning_level(&compat, map, level);
	has = strcmp(level, "adaptive") ? used && !strcmp(used, level)
					: json_object_get(compat.effort_map, level) != NULL;
	oc_compat_deinit(&compat);
	return has;
}
