#ifndef OC_MEMORY_VECTORS_H
#define OC_MEMORY_VECTORS_H
#include "store/memory_index.h"
#include "json/json.h"
/*
 * Embeddings on the wire and in the index (spec 03 §10): what a model wants to stand in front of a
 * text, the request, the answer, and eight bits for each number. Pure.
 */
enum { OC_MEMORY_MAX_DIMENSIONS = 8192, OC_MEMORY_EMBED_BYTES = 2000 };

/* What models of that name were trained with, in front of a question and in front of a note;
 * "" = nothing. Static. */
const char *oc_memory_prefix(const char *model, bool question);

/* {"model":…,"input":[…]}; texts are cut to max_bytes each. Free with free(). */
char *oc_memory_embed_body(const char *model, const char *prefix, const struct oc_str *texts,
			   size_t n, size_t max_bytes);

struct oc_memory_embedding {
	int8_t *v; /* owned; NULL = the answer has none for this text */
	size_t n;
	double scale;
};
void oc_memory_embedding_deinit(struct oc_memory_embedding *e);
/* Of length 1, then rounded to eight bits: v[i] * scale. False for a vector of zeros, of no or too
 * many numbers, or with one that is none. */
OC_MUST_USE bool oc_memory_quantise(const double *x, size_t n, struct oc_memory_embedding *out);
/* Fills out[0 … n) by the indexes of the answer; OC_E_PROTO when it is none, or one of the vectors
 * is missing. out is zeroed by the caller, and has to be deinitialised in every case. */
OC_MUST_USE enum oc_rc oc_memory_embed_answer(struct oc_str body, size_t n,
					      struct oc_memory_embedding *out, struct oc_err *e);
#endif
