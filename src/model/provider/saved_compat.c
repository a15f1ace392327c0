/* Older configs hold LM Studio's raw "on"/"off" as reasoning efforts; the wire refuses those (spec
 * 01 §4.2). Pure. */
#include "model/codec/reasoning.h"
#include "model/provider/catalog.h"

static struct oc_str folded_off(struct oc_str s)
{
	return oc_str_ieq(s, OC_LIT("none")) ? OC_LIT("off") : s;
}

static void add_option(struct oc_strv *options, struct oc_str s, bool *raw)
{
	if (oc_str_ieq(s, OC_LIT("on")) || oc_str_ieq(s, OC_LIT("off"))) *raw = true;
	if (s.n > 0) oc_strv_add_once(options, folded_off(s));
}

/* What discovery must have listed, as far as the saved values tell. */
static void collect_options(const json_t *compat, struct oc_strv *options, bool *raw)
{
	json_t *list = json_object_get(compat, "supportedReasoningEfforts");
	json_t *map = json_object_get(compat, "reasoningEffortMap"), *value;
	const char *key;
	size_t i;

	json_array_foreach (list, i, value) {
		add_option(options, oc_json_text(value), raw);
	}
	json_object_foreach (map, key, value) {
		struct oc_str v = oc_json_text(value);
		bool off_key = !strcmp(key, "off") || !strcmp(key, "none");

		if (oc_str_ieq(v, OC_LIT("on")) || oc_str_ieq(v, OC_LIT("off")) || !list)
			add_option(options, v, raw);
		if (off_key) oc_strv_add_once(options, OC_LIT("off"));
	}
}

void oc_saved_compat_normalise(json_t *compat)
{
	struct oc_strv options = { 0 }, efforts = { 0 };
	json_t *map = NULL, *list;
	bool raw = false;

	if (!json_is_object(compat)) return;
	collect_options(compat, &options, &raw);
	if (!raw) goto done;
	oc_reasoning_from_options(&options, NULL, &efforts, &map);
	list = json_array();
	for (size_t i = 0; i < efforts.n; i++)
		json_array_append_new(list, json_string(efforts.v[i]));
	oc_json_put(compat, "supportedReasoningEfforts", list);
	json_object_del(compat, "reasoningEffortMap");
	oc_json_put(compat, "reasoningEffortMap", map);
done:
	oc_strv_deinit(&efforts);
	oc_strv_deinit(&options);
}
