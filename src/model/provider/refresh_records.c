/* What a refresh makes of a server's lists. Ten thousand models are compared by hash. */
#include "model/provider/refresh_records.h"

#include "model/provider/catalog.h"
#include "model/provider/lmstudio.h"

/* ---- sets of ids ---- */

json_t *oc_id_set_of_list(const struct oc_model_list *l)
{
	json_t *set = json_object();

	for (size_t i = 0; i < l->n; i++)
		if (oc_model_id_usable(oc_str(l->v[i].id)))
			json_object_set_new(set, l->v[i].id, json_integer((json_int_t)i));
	return set;
}

json_t *oc_id_set_of_records(const json_t *records)
{
	json_t *set = json_object();
	const json_t *record;
	size_t i;

	json_array_foreach (records, i, record) {
		const char *id = oc_json_cstr(record, "id");
		if (id && oc_json_bool(record, "available", true))
			json_object_set_new(set, id, json_true());
	}
	return set;
}

bool oc_id_set_equal(const json_t *a, const json_t *b)
{
	const char *id;
	json_t *unused;

	if (json_object_size(a) != json_object_size(b)) return false;
	json_object_foreach ((json_t *)(uintptr_t)a, id, unused) {
		if (!json_object_get(b, id)) return false;
	}
	return true;
}

/* ---- records ---- */

static bool name_says_reasoning(struct oc_str id)
{
	return oc_str_ihas(id, "reasoning") || oc_str_ihas(id, "r1") || oc_str_ihas(id, "think");
}

/* Nothing but the id is known. */
static json_t *plain_record(const char *id)
{
	return json_pack("{s:s,s:s,s:b,s:[s],s:{s:i,s:i,s:i,s:i},s:i,s:i,s:s}", "id", id, "name",
			 id, "reasoning", name_says_reasoning(oc_str(id)), "input", "text", "cost",
			 "input", 0, "output", 0, "cacheRead", 0, "cacheWrite", 0, "contextWindow",
			 OC_LMSTUDIO_MAX_CONTEXT, "maxTokens", OC_LMSTUDIO_MAX_OUTPUT, "api",
			 "openai-completions");
}

static json_t *record_of(const char *id, const struct oc_listed_model *native)
{
	json_t *plain = plain_record(id), *told;

	if (!native) return plain;
	told = oc_lmstudio_record(native, 0);
	/* D71: a server that says nothing of reasoning leaves it to the name. */
	if (native->reasoning == OC_UNSET && oc_listed_can_chat(native))
		json_object_set(told, "reasoning", json_object_get(plain, "reasoning"));
	json_object_update(plain, told);
	json_decref(told);
	return plain;
}

static void mark_unlisted(json_t *records, const json_t *listed, const json_t *configured)
{
	const json_t *entry;
	size_t i;

	json_array_foreach (configured, i, entry) {
		const char *id = oc_json_cstr(entry, "id");
		if (id && !json_object_get(listed, id))
			json_array_append_new(records,
					      json_pack("{s:s,s:b}", "id", id, "available", 0));
	}
}

json_t *oc_refresh_records(const struct oc_model_list *l, const struct oc_model_list *native,
			   const json_t *configured)
{
	json_t *out = json_array(), *listed = oc_id_set_of_list(l);
	json_t *known = native ? oc_id_set_of_list(native) : NULL;

	for (size_t i = 0; i < l->n; i++) {
		const char *id = l->v[i].id;
		const json_t *at = json_object_get(known, id);

		if (!json_object_get(listed, id)) continue;
		json_array_append_new(
		    out, record_of(id, at ? &native->v[json_integer_value(at)] : NULL));
	}
	mark_unlisted(out, listed, configured);
	json_decref(known);
	json_decref(listed);
	return out;
}
