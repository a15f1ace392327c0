#ifndef OC_MODEL_ROWS_H
#define OC_MODEL_ROWS_H
#include "model/provider/select.h"
/* Models as clients list them (spec 02 §2.7 models.list). Asks no server. New references. */

/* Every model that can be chosen, the default one first where it is in no list. provider NULL =
 * all. */
json_t *oc_model_rows(const struct oc_catalog *c, const char *provider);
/* [{id, label}] that this model takes; model NULL = one that nobody knows. */
json_t *oc_thinking_rows(const struct oc_model *model);
/* The level itself where the model takes it, else the highest below that it takes. Static, or level
 * itself. */
const char *oc_thinking_clamp(const struct oc_model *model, const char *level);
const char *oc_thinking_default(const struct oc_config *c, const struct oc_model *model);
/* How much context a turn with this model has; 0 = nobody said. model may be NULL. */
int64_t oc_model_context(const struct oc_config *c, const struct oc_model *model);

/* The model of a session: what was chosen for it (a reference, NULL = nothing), else the default.
 * False when there is none; else deinit out. */
OC_MUST_USE bool oc_session_model(const struct oc_catalog *c, const char *chosen,
				  struct oc_selection *out);
/* {modelProvider, model, contextTokens} of that model; members are null when there is none. */
json_t *oc_model_defaults(const struct oc_catalog *c, const char *chosen);
/* {modelProvider, model} */
json_t *oc_model_resolved(const struct oc_catalog *c, const char *chosen);
#endif
