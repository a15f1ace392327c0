#ifndef OC_AGENT_TARGET_H
#define OC_AGENT_TARGET_H
#include "model/provider/select.h"
/* What a selected model takes. */

/* Resolved from its address and its saved compat object; deinit it. */
void oc_target_compat(const struct oc_selection *t, struct oc_compat *out);
/* Whether a person may ask it for this level of thought, a valid one: the usual ones always, since
 * what a model does not have is omitted from requests; others where something names them. */
bool oc_target_thinks(const struct oc_selection *t, const char *level);
#endif
