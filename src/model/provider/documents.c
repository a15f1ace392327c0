/* Single documents of model servers: the answer to a load call, /props, /api/show; and what all
 * documents share. */
#include "model/provider/documents.h"

#include <stdlib.h>

#include "base/mem.h"
#include "model/codec/errors.h"
#include "model/provider/document.h"

json_t *oc_document_read(int status, struct oc_str body, struct oc_call_error *error)
{
	struct oc_err e = { 0 };
	struct oc_str text = oc_str_trim(body);
	bool html =
	    oc_str_istarts(text, OC_LIT("<!doctype")) || oc_str_istarts(text, OC_LIT("<html"));
	json_t *doc = html ? NULL : oc_json_parse(body, NULL, &e);
	struct oc_refusal in = { .status = status,
				 .body = json_is_object(doc) ? doc : NULL,
				 .raw = body,
				 .html = html };

	oc_call_error_init(error);
	if (status >= 300 || html || oc_error_in_document(doc)) {
		oc_error_classify(&in, error);
	} else if (!doc && text.n == 0) {
		oc_error_set(error, OC_ERR_EMPTY_RESPONSE, status,
			     "the server answered without content");
	} else if (!doc) {
		oc_error_set(error, OC_ERR_BAD_PAYLOAD, status, "the response is not JSON");
	}
	if (error->class == OC_ERR_NONE) return doc;
	json_decref(doc);
	return NULL;
}

enum oc_tri oc_document_tri(const json_t *v)
{
	return json_is_boolean(v) ? (json_is_true(v) ? OC_TRUE : OC_FALSE) : OC_UNSET;
}

bool oc_document_lists(const json_t *array, const char *word)
{
	const json_t *v;
	size_t i;

	json_array_foreach (array, i, v)
		if (oc_str_eq(oc_json_text(v), oc_str(word))) return true;
	return false;
}

enum oc_tri oc_document_tri_of_list(const json_t *array, const char *word)
{
	if (!json_is_array(array)) return OC_UNSET;
	return oc_document_lists(array, word) ? OC_TRUE : OC_FALSE;
}

char *oc_document_text(struct oc_str s)
{
	return s.n ? oc_strndup(s.p, s.n) : NULL;
}

void oc_load_answer_decode(struct oc_load_answer *a, int status, struct oc_str body)
{
	*a = (struct oc_load_answer){ 0 };
	json_t *doc = oc_document_read(status, body, &a->error);

	a->instance = oc_document_text(oc_json_str(doc, "instance_id"));
	a->status = oc_document_text(oc_json_str(doc, "status"));
	a->ctx = oc_json_positive(json_object_get(doc, "load_config"), "context_length");
	json_decref(doc);
}

void oc_load_answer_deinit(struct oc_load_answer *a)
{
	free(a->instance);
	free(a->status);
	oc_call_error_deinit(&a->error);
}

void oc_props_decode(struct oc_props *p, int status, struct oc_str body)
{
	*p = (struct oc_props){ 0 };
	json_t *doc = oc_document_read(status, body, &p->error);

	p->ctx = oc_json_positive(json_object_get(doc, "default_generation_settings"), "n_ctx");
	p->parallel = oc_json_positive(doc, "total_slots");
	p->vision = oc_document_tri(json_object_get(json_object_get(doc, "modalities"), "vision"));
	p->tools = oc_document_tri(
	    json_object_get(json_object_get(doc, "chat_template_caps"), "supports_tools"));
	p->server = json_object_get(doc, "build_info") ? "llama.cpp" : "tabbyapi";
	json_decref(doc);
}

void oc_props_deinit(struct oc_props *p)
{
	oc_call_error_deinit(&p->error);
}

/* "num_ctx    16384" among the lines of parameters. */
static int64_t num_ctx(struct oc_str lines)
{
	int64_t n = 0;

	while (lines.n) {
		size_t end = oc_str_find(lines, OC_LIT("\n"), 0);
		struct oc_str line = oc_str_trim(oc_str_head(lines, end));

		lines = oc_str_from(lines, end == SIZE_MAX ? lines.n : end + 1);
		if (!oc_str_starts(line, OC_LIT("num_ctx")) || line.n < 8 ||
		    !oc_is_space(line.p[7]))
			continue;
		if (oc_parse_int(oc_str_trim(oc_str_from(line, 7)), 1, INT64_MAX, &n)) return n;
	}
	return 0;
}

static int64_t trained_length(json_t *info)
{
	const char *architecture = oc_json_cstr(info, "general.architecture"), *key;
	json_t *v;

	if (architecture) {
		char *own = oc_asprintf("%s.context_length", architecture);
		int64_t n = oc_json_positive(info, own);

		free(own);
		if (n) return n;
	}
	json_object_foreach (info, key, v)
		if (oc_str_ends(oc_str(key), OC_LIT(".context_length")))
			return oc_json_positive(info, key);
	return 0;
}

void oc_show_decode(struct oc_show *s, int status, struct oc_str body)
{
	*s = (struct oc_show){ 0 };
	json_t *doc = oc_document_read(status, body, &s->error);
	const json_t *can = json_object_get(doc, "capabilities");

	s->ctx = num_ctx(oc_json_str(doc, "parameters"));
	s->ctx_max = trained_length(json_object_get(doc, "model_info"));
	s->vision = oc_document_tri_of_list(can, "vision");
	s->tools = oc_document_tri_of_list(can, "tools");
	s->reasoning = oc_document_tri_of_list(can, "thinking");
	s->chat = oc_document_tri_of_list(can, "completion");
	s->embedding = oc_document_tri_of_list(can, "embedding");
	json_decref(doc);
}

void oc_show_deinit(struct oc_show *s)
{
	oc_call_error_deinit(&s->error);
}
