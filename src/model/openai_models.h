#ifndef OC_OPENAI_MODELS_H
#define OC_OPENAI_MODELS_H
#include "model/lmstudio.h"
/* Model list of any OpenAI-compatible server: GET {base}/models. */
void oc_openai_models_wait(const char *base_url, const struct oc_guard *g,
			   const struct oc_strv *headers, uint64_t timeout_ms,
			   struct oc_discovery *out);
/* Catalog record of a listed model: sizes only as far as the server told them. New reference. */
json_t *oc_openai_record(const struct oc_listed_model *m);
/* Records of a list without duplicates and embedding models. New reference. */
json_t *oc_openai_records(const struct oc_model_list *l);
#endif
