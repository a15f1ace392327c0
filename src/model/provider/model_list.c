/* Lists of models, from whatever server: each entry is read by the dialect that its members give
 * away. */
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "model/codec/errors.h"
#include "model/codec/reasoning.h"
#include "model/provider/document.h"

/* ---- dialects ---------------------------------------------------------------------- */

static void take_instances(struct oc_listed_model *m, const json_t *instances)
{
	const json_t *one;
	size_t i;

	m->has_instances = true;
	m->loaded = json_array_size(instances) ? OC_TRUE : OC_FALSE;
	if (m->loaded == OC_TRUE)
		m->instance_ctx =
		    oc_realloc_array(NULL, json_array_size(instances), sizeof(int64_t));
	json_array_foreach (instances, i, one) {
		const json_t *config = json_object_get(one, "config");
		struct oc_str id = oc_json_str(one, "id");
		int64_t ctx = oc_json_positive(config, "context_length");

		if (!id.n) continue;
		m->instance_ctx[m->instances.n] = ctx;
		oc_strv_add(&m->instances, id);
		if (!m->parallel) m->parallel = oc_json_positive(config, "parallel");
		if (ctx && (!m->ctx || ctx < m->ctx)) m->ctx = ctx;
	}
}

static void take_reasoning(struct oc_listed_model *m, const json_t *reasoning)
{
	const json_t *option;
	size_t i;

	json_array_foreach (json_object_get(reasoning, "allowed_options"), i, option)
		if (json_is_string(option))
			oc_strv_add_once(&m->allowed_options, oc_str_trim(oc_json_text(option)));
	m->effort_default = oc_document_text(oc_json_str(reasoning, "default"));
	m->reasoning = oc_reasoning_from_options(&m->allowed_options, m->effort_default,
						 &m->efforts, &m->effort_map)
			   ? OC_TRUE
			   : OC_FALSE;
	m->has_efforts = m->efforts.n > 0;
}

static void take_variants(struct oc_listed_model *m, const json_t *v)
{
	const json_t *one;
	size_t i;

	json_array_foreach (json_object_get(v, "variants"), i, one)
		if (json_is_string(one)) oc_strv_add_once(&m->variants, oc_json_text(one));
	if (oc_json_str(v, "selected_variant").n)
		oc_strv_add_once(&m->variants, oc_json_str(v, "selected_variant"));
}

static const char *kind_of(struct oc_str type)
{
	return oc_str_istarts(type, OC_LIT("embedding")) ? "embedding" : "llm";
}

static void read_lmstudio(struct oc_listed_model *m, const json_t *v)
{
	const json_t *can = json_object_get(v, "capabilities");

	m->kind = kind_of(oc_json_str(v, "type"));
	m->name = oc_document_text(oc_str_trim(oc_json_str(v, "display_name")));
	m->ctx_max = oc_json_positive(v, "max_context_length");
	take_instances(m, json_object_get(v, "loaded_instances"));
	m->ctx_source = m->ctx ? "lms.loaded" : m->ctx_max ? "lms.max" : NULL;
	m->vision = oc_document_tri(json_object_get(can, "vision"));
	m->tools = oc_document_tri(json_object_get(can, "trained_for_tool_use"));
	m->format = oc_document_text(oc_json_str(v, "format"));
	take_reasoning(m, json_object_get(can, "reasoning"));
	if (!json_is_object(json_object_get(can, "reasoning"))) m->reasoning = OC_UNSET;
	take_variants(m, v);
}

static void read_lmstudio_v0(struct oc_listed_model *m, const json_t *v)
{
	struct oc_str type = oc_json_str(v, "type"), state = oc_json_str(v, "state");

	m->kind = kind_of(type);
	m->ctx = oc_json_positive(v, "loaded_context_length");
	m->ctx_max = oc_json_positive(v, "max_context_length");
	m->ctx_source = m->ctx ? "lms.loaded" : m->ctx_max ? "lms.max" : NULL;
	if (strcmp(m->kind, "llm") == 0)
		m->vision = oc_str_eq(type, OC_LIT("vlm")) ? OC_TRUE : OC_FALSE;
	if (oc_document_lists(json_object_get(v, "capabilities"), "tool_use")) m->tools = OC_TRUE;
	if (state.n) m->loaded = oc_str_eq(state, OC_LIT("loaded")) ? OC_TRUE : OC_FALSE;
	m->format = oc_document_text(oc_json_str(v, "compatibility_type"));
}

static void read_llama(struct oc_listed_model *m, const json_t *v)
{
	const json_t *meta = json_object_get(v, "meta");
	struct oc_str status = oc_json_str(json_object_get(v, "status"), "value");

	if (json_is_object(meta)) {
		m->ctx = oc_json_positive(meta, "n_ctx");
		m->ctx_max = oc_json_positive(meta, "n_ctx_train");
		m->ctx_source = m->ctx	     ? "llama.meta.n_ctx"
				: m->ctx_max ? "llama.meta.n_ctx_train"
					     : NULL;
		m->loaded = OC_TRUE;
	}
	m->failed = oc_json_bool(json_object_get(v, "status"), "failed", false);
	if (status.n)
		m->loaded =
		    oc_str_eq(status, OC_LIT("loaded")) || oc_str_eq(status, OC_LIT("sleeping"))
			? OC_TRUE
			: OC_FALSE;
}

static void read_max_len(struct oc_listed_model *m, const json_t *v)
{
	m->ctx = m->ctx_max = oc_json_positive(v, "max_model_len");
	m->ctx_source = m->ctx ? "max_model_len" : NULL;
	m->loaded = OC_TRUE;
}

static void read_openrouter(struct oc_listed_model *m, const json_t *v)
{
	const json_t *architecture = json_object_get(v, "architecture");

	m->name = oc_document_text(oc_json_str(v, "name"));
	m->ctx = oc_json_positive(json_object_get(v, "top_provider"), "context_length");
	m->ctx_max = oc_json_positive(v, "context_length");
	m->ctx_source = m->ctx ? "openrouter.top_provider" : NULL;
	m->vision =
	    oc_document_tri_of_list(json_object_get(architecture, "input_modalities"), "image");
	m->tools = oc_document_tri_of_list(json_object_get(v, "supported_parameters"), "tools");
}

static void read_tabby(struct oc_listed_model *m, const json_t *v)
{
	const json_t *p = json_object_get(v, "parameters");

	m->ctx = m->ctx_max = oc_json_positive(p, "max_seq_len");
	m->ctx_source = m->ctx ? "tabby.max_seq_len" : NULL;
	m->loaded = OC_TRUE;
	m->vision = oc_document_tri(json_object_get(p, "use_vision"));
	m->parallel = oc_json_positive(p, "max_batch_size");
}

static void read_ps(struct oc_listed_model *m, const json_t *v)
{
	m->ctx = oc_json_positive(v, "context_length");
	m->ctx_source = m->ctx ? "ollama.ps" : NULL;
	m->loaded = OC_TRUE;
}

static void read_nothing(struct oc_listed_model *m, const json_t *v)
{
	(void)m;
	(void)v;
}

static bool is_lmstudio(const json_t *v)
{
	return json_object_get(v, "key") &&
	       (json_object_get(v, "loaded_instances") || json_object_get(v, "type"));
}

static bool is_lmstudio_v0(const json_t *v)
{
	struct oc_str type = oc_json_str(v, "type");

	return json_object_get(v, "state") ||
	       (json_object_get(v, "compatibility_type") &&
		(oc_str_eq(type, OC_LIT("llm")) || oc_str_eq(type, OC_LIT("vlm")) ||
		 oc_str_eq(type, OC_LIT("embeddings"))));
}

static bool is_llama(const json_t *v)
{
	return oc_str_eq(oc_json_str(v, "owned_by"), OC_LIT("llamacpp")) ||
	       json_is_object(json_object_get(v, "meta"));
}

static bool is_max_len(const json_t *v)
{
	return json_object_get(v, "max_model_len") != NULL;
}

static bool is_openrouter(const json_t *v)
{
	return json_object_get(v, "top_provider") != NULL;
}

static bool is_tabby(const json_t *v)
{
	return json_object_get(json_object_get(v, "parameters"), "max_seq_len") != NULL;
}

static const struct {
	bool (*is)(const json_t *v);
	void (*read)(struct oc_listed_model *m, const json_t *v);
} dialects[] = {
	{ is_lmstudio, read_lmstudio },	    { is_lmstudio_v0, read_lmstudio_v0 },
	{ is_openrouter, read_openrouter }, { is_max_len, read_max_len },
	{ is_tabby, read_tabby },	    { is_llama, read_llama },
};

static void read_any(struct oc_listed_model *m, const json_t *v)
{
	void (*read)(struct oc_listed_model *, const json_t *) = read_nothing;

	for (size_t i = 0; i < sizeof dialects / sizeof *dialects && read == read_nothing; i++)
		if (dialects[i].is(v)) read = dialects[i].read;
	read(m, v);
}

/* ---- ids ------------------------------------------------------------------------------ */

static struct oc_str id_of(const json_t *v)
{
	static const char *const keys[] = { "id", "key", "model", "name" };

	if (json_is_string(v)) return oc_str_trim(oc_json_text(v));
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (json_object_get(v, keys[i])) return oc_str_trim(oc_json_str(v, keys[i]));
	return OC_LIT("");
}

static bool usable_id(struct oc_str id)
{
	for (size_t i = 0; i < id.n; i++)
		if ((unsigned char)id.p[i] < 0x20 || id.p[i] == 0x7f) return false;
	return id.n > 0 && id.n <= OC_MAX_MODEL_ID_BYTES;
}

/* seen: ids so far, as keys, so that a list of ten thousand stays quick. */
static struct oc_listed_model *add_model(struct oc_model_list *l, json_t *seen, struct oc_str id)
{
	if (!usable_id(id)) return NULL;
	char *text = oc_strndup(id.p, id.n);

	if (json_object_get(seen, text)) {
		free(text);
		return NULL;
	}
	json_object_set_new(seen, text, json_integer((json_int_t)l->n));
	if (l->n % 64 == 0) l->v = oc_realloc_array(l->v, l->n + 64, sizeof *l->v);
	l->v[l->n] = (struct oc_listed_model){ .id = text, .kind = "llm" };
	return &l->v[l->n++];
}

/* An adapter without a window of its own has its parent's. */
static void inherit_windows(struct oc_model_list *l, json_t *seen, const json_t *items)
{
	const json_t *v;
	size_t i;

	json_array_foreach (items, i, v) {
		const json_t *at = json_object_get(seen, id_of(v).p ? id_of(v).p : "");
		const char *parent = oc_json_cstr(v, "parent");
		const json_t *from = parent ? json_object_get(seen, parent) : NULL;

		if (!is_max_len(v) || !at || !from) continue;
		struct oc_listed_model *m = &l->v[json_integer_value(at)];
		const struct oc_listed_model *p = &l->v[json_integer_value(from)];

		if (m->ctx || !p->ctx) continue;
		m->ctx = m->ctx_max = p->ctx;
		m->ctx_source = "parent";
	}
}

/* ---- LiteLLM: one row per deployment, several of one name --------------------------------- */

static void merge_deployment(struct oc_listed_model *m, const json_t *info)
{
	int64_t ctx = oc_json_positive(info, "max_input_tokens");
	enum oc_tri tools = oc_document_tri(json_object_get(info, "supports_function_calling"));

	if (!ctx) ctx = oc_json_positive(info, "max_tokens");
	if (ctx && (!m->ctx || ctx < m->ctx)) m->ctx = m->ctx_max = ctx;
	if (m->ctx) m->ctx_source = "litellm.max_input_tokens";
	if (tools == OC_FALSE || m->tools == OC_UNSET)
		m->tools = tools == OC_UNSET ? m->tools : tools;
}

static void read_litellm(struct oc_model_list *l, json_t *seen, const json_t *v)
{
	struct oc_str id = oc_str_trim(oc_json_str(v, "model_name"));
	struct oc_listed_model *m = add_model(l, seen, id);
	char *text = oc_strndup(id.n ? id.p : "", id.n);
	const json_t *at = json_object_get(seen, text);

	free(text);
	if (!m && at) m = &l->v[json_integer_value(at)];
	if (m) merge_deployment(m, json_object_get(v, "model_info"));
}

/* ---- lists ------------------------------------------------------------------------------------
 */

static void read_items(struct oc_model_list *l, const json_t *items,
		       void (*read)(struct oc_listed_model *, const json_t *))
{
	json_t *seen = json_object();
	const json_t *v;
	size_t i;

	json_array_foreach (items, i, v) {
		if (json_object_get(v, "model_name") && json_object_get(v, "model_info")) {
			read_litellm(l, seen, v);
			continue;
		}
		struct oc_listed_model *m = add_model(l, seen, id_of(v));

		if (m) read(m, v);
	}
	inherit_windows(l, seen, items);
	json_decref(seen);
}

/* What servers write as the owner of every model. */
static const char *owner_of(const json_t *v)
{
	static const char *const owners[][2] = {
		{ "llamacpp", "llamacpp" }, { "vllm", "vllm" },
		{ "sglang", "sglang" },	    { "tabbyAPI", "tabbyapi" },
		{ "library", "ollama" },    { "organization_owner", "lmstudio" },
	};
	struct oc_str owner = oc_json_str(v, "owned_by");

	for (size_t i = 0; i < sizeof owners / sizeof *owners; i++)
		if (oc_str_eq(owner, oc_str(owners[i][0]))) return owners[i][1];
	return NULL;
}

static void note_source(struct oc_model_list *l, const json_t *doc, const json_t *items)
{
	const json_t *first = json_array_get(items, 0);

	if (is_lmstudio(first))
		l->source = OC_LIST_LMSTUDIO;
	else if (first && is_lmstudio_v0(first))
		l->source = OC_LIST_LMSTUDIO_V0;
	else
		l->source = json_object_get(doc, "data") ? OC_LIST_OPENAI : OC_LIST_OTHER;
	l->owner = l->source == OC_LIST_LMSTUDIO || l->source == OC_LIST_LMSTUDIO_V0
		       ? "lmstudio"
		       : owner_of(first);
}

static void no_list(struct oc_model_list *l, int status)
{
	oc_error_set(&l->error, OC_ERR_BAD_PAYLOAD, status, "the response is no list of models");
}

void oc_model_list_decode(struct oc_model_list *l, int status, struct oc_str body)
{
	*l = (struct oc_model_list){ 0 };
	json_t *doc = oc_document_read(status, body, &l->error);
	json_t *data = json_object_get(doc, "data"), *card = NULL;
	const json_t *items = json_is_array(doc) ? doc
			      : data		 ? data
						 : json_object_get(doc, "models");

	if (!doc) return;
	if (!items && oc_json_str(doc, "id").n) items = card = json_pack("[O]", doc);
	l->null = json_is_null(items);
	if (json_is_array(items) || l->null) {
		read_items(l, items, read_any);
		note_source(l, doc, items);
	} else {
		no_list(l, status);
	}
	json_decref(card);
	json_decref(doc);
}

void oc_ps_decode(struct oc_model_list *l, int status, struct oc_str body)
{
	*l = (struct oc_model_list){ .source = OC_LIST_OTHER };
	json_t *doc = oc_document_read(status, body, &l->error);
	const json_t *models = json_object_get(doc, "models");

	if (doc && (json_is_array(models) || json_is_null(models)))
		read_items(l, models, read_ps);
	else if (doc)
		no_list(l, status);
	json_decref(doc);
}

void oc_model_list_deinit(struct oc_model_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		struct oc_listed_model *m = &l->v[i];

		free(m->id);
		free(m->name);
		free(m->effort_default);
		free(m->instance_ctx);
		free(m->format);
		json_decref(m->effort_map);
		oc_strv_deinit(&m->efforts);
		oc_strv_deinit(&m->allowed_options);
		oc_strv_deinit(&m->instances);
		oc_strv_deinit(&m->variants);
	}
	free(l->v);
	oc_call_error_deinit(&l->error);
	*l = (struct oc_model_list){ 0 };
}

const struct oc_listed_model *oc_model_list_find(const struct oc_model_list *l, struct oc_str id)
{
	for (size_t i = 0; i < l->n; i++)
		if (oc_str_eq(id, oc_str(l->v[i].id))) return &l->v[i];
	for (size_t i = 0; i < l->n; i++)
		for (size_t k = 0; k < l->v[i].variants.n; k++)
			if (oc_str_ieq(id, oc_str(l->v[i].variants.v[k]))) return &l->v[i];
	return NULL;
}
