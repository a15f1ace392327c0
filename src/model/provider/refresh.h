#ifndef OC_REFRESH_H
#define OC_REFRESH_H
#include "model/provider/discovery.h"
#include "model/provider/select.h"
#include "rt/task.h"
/* Asking servers what they have, and what follows from it for the catalog (spec 01 §3.6). */

/* Asks p's server what it has (5 s); nothing is written. OC_OK: a list came. found is to be
 * deinited in that case alone; otherwise e says why. */
OC_MUST_USE enum oc_rc oc_provider_ask_wait(const struct oc_catalog *c, const struct oc_provider *p,
					    struct oc_discovery *found, struct oc_err *e);
/* Asks p's server (5 s), writes models.json and replaces p's models: pointers into them are void
 * afterwards. OC_E_* with the cause: the catalog is as before. */
OC_MUST_USE enum oc_rc oc_catalog_refresh_wait(struct oc_catalog *c, struct oc_provider *p,
					       struct oc_err *e);
/* oc_select, or oc_select_default for the empty input; where the catalog does not know the model of
 * a provider whose list can change (LM Studio, or no list in the config), its server is asked once.
 * A server that cannot be asked is no failure. */
OC_MUST_USE enum oc_rc oc_select_wait(struct oc_catalog *c, struct oc_str input,
				      struct oc_selection *out, struct oc_strv *warnings,
				      struct oc_err *e);
#endif
