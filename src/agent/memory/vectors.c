/* Prefixes, requests, answers, eight bits. */
#include "agent/memory/vectors.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/utf8.h"

/* ---- what a model wants in front ---- */

/* The first row whose word stands in the name, in any case. */
static const struct {
	const char *word, *question, *note;
} prefixes[] = {
	{ "nomic-embed", "search_query: ", "search_document: " },
	{ "qwen3-embedding",
	  "Instruct: Given a question, find the notes that answer it\nQuery: ", "" },
	{ "embeddinggemma", "task: search result | query: ", "title: none | text: " },
	{ "mxbai-embed", "Represent this sentence for searching relevant passages: ", "" },
	{ "arctic-embed", "query: ", "" },
	{ "e5-mistral", "Instruct: Given a question, find the notes that answer it\nQuery: ", "" },
	{ "e5-", "query: ", "passage: " },
};

const char *oc_memory_prefix(const char *model, bool question)
{
	for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
		if (oc_str_ihas(oc_str(model), prefixes[i].word))
			return question ? prefixes[i].question : prefixes[i].note;
	return "";
}

/* ---- the request ---- */

static json_t *input_of(const char *prefix, struct oc_str text, size_t max_bytes)
{
	struct oc_buf whole;

	if (text.n > max_bytes) text.n = oc_utf8_floor(text.p, max_bytes);
	oc_buf_init(&whole, strlen(prefix) + text.n + 16);
	oc_buf_adds(&whole, prefix);
	oc_buf_add(&whole, text);
	json_t *input = oc_json_new_str(oc_buf_view(&whole));
	oc_buf_deinit(&whole);
	return input;
}

char *oc_memory_embed_body(const char *model, const char *prefix, const struct oc_str *texts,
			   size_t n, size_t max_bytes)
{
	json_t *body = json_object(), *input = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(input, input_of(prefix, texts[i], max_bytes));
	oc_json_put(body, "model", oc_json_new_str(oc_str(model)));
	oc_json_put(body, "input", input);
	char *text = oc_json_compact(body);
	json_decref(body);
	return text;
}

/* ---- the vector ---- */

void oc_memory_embedding_deinit(struct oc_memory_embedding *e)
{
	free(e->v);
	*e = (struct oc_memory_embedding){ 0 };
}

bool oc_memory_quantise(const double *x, size_t n, struct oc_memory_embedding *out)
{
	double sum = 0, most = 0;

	if (!n || n > OC_MEMORY_MAX_DIMENSIONS) return false;
	for (size_t i = 0; i < n; i++) {
		sum += x[i] * x[i];
		most = fmax(most, fabs(x[i]));
	}
	if (!(most > 0) || !isfinite(sum)) return false;
	out->v = oc_alloc(n);
	out->n = n;
	out->scale = most / 127 / sqrt(sum);
	for (size_t i = 0; i < n; i++) out->v[i] = (int8_t)lrint(x[i] / most * 127);
	return true;
}

/* ---- the answer ---- */

static bool read_vector(const json_t *list, struct oc_memory_embedding *out)
{
	size_t n = json_array_size(list);
	double *x;
	bool ok = n > 0 && n <= OC_MEMORY_MAX_DIMENSIONS;

	if (!ok) return false;
	x = oc_alloc(n * sizeof *x);
	for (size_t i = 0; ok && i < n; i++) {
		const json_t *number = json_array_get(list, i);

		ok = json_is_number(number);
		x[i] = ok ? json_number_value(number) : 0;
	}
	ok = ok && oc_memory_quantise(x, n, out);
	free(x);
	return ok;
}

static void read_all(const json_t *data, size_t n, struct oc_memory_embedding *out)
{
	for (size_t i = 0; i < json_array_size(data); i++) {
		const json_t *entry = json_array_get(data, i);
		int64_t at = oc_json_int(entry, "index", (int64_t)i);

		if (at < 0 || (size_t)at >= n || out[at].v) continue;
		if (!read_vector(json_object_get(entry, "embedding"), &out[at])) return;
	}
}

enum oc_rc oc_memory_embed_answer(struct oc_str body, size_t n, struct oc_memory_embedding *out,
				  struct oc_err *e)
{
	json_t *answer = oc_json_parse(body, NULL, e);

	if (!answer) return OC_E_PROTO;
	read_all(json_object_get(answer, "data"), n, out);
	json_decref(answer);
	for (size_t i = 0; i < n; i++)
		if (!out[i].v || out[i].n != out[0].n)
			return oc_fail(e, OC_E_PROTO,
				       "the answer has no usable vector for text %zu of %zu", i + 1,
				       n);
	return OC_OK;
}
