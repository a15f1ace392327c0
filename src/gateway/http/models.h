#ifndef OC_HTTP_MODELS_H
#define OC_HTTP_MODELS_H
#include "gateway/gateway.h"
/* What local servers say of their models now (models_live.c). */

/* Asks those whose last answer is some seconds old, at most a second or two for all of them. */
void oc_models_ask_wait(const struct oc_catalog *c);
/* {id: true, false, or null for "not told"} as the provider answered last; NULL: it was not asked.
 * Borrowed until the next park. */
const json_t *oc_models_live(const struct oc_provider *p);

/* ---- pure ---- */
/* The models of a catalog as GET /v1/models lists them; appended to the array list. */
void oc_models_list_provider(const struct oc_provider *p, const json_t *live, json_t *list);
#endif
