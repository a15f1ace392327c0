#ifndef OC_REDACT_H
#define OC_REDACT_H
#include "json/path.h"
/* Secrets of a configuration tree, hidden on the way out and put back on the way in. */
#define OC_REDACTED "__OPENCLAW_REDACTED__"

/* Replaces *v, which stands at this path of the configuration (zeroed = the whole of it), or the
 * secrets below it. What is nothing but ${NAME} tells no secret and stays. */
void oc_config_redact(json_t **v, struct oc_path *at);
/* Puts what old holds where *v says OC_REDACTED. OC_E_INPUT: old has no text there. */
OC_MUST_USE enum oc_rc oc_config_unredact(json_t **v, const json_t *old, struct oc_err *e);
#endif
