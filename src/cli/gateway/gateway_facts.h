#ifndef OC_GATEWAY_FACTS_H
#define OC_GATEWAY_FACTS_H
#include "config/config.h"
/* What can be seen of this machine's gateway without asking it. */

/* {installed, unit, pid?, port?, startedAt?}: the service unit, and who holds the state folder. New
 * reference. */
json_t *oc_gateway_service_facts(const struct oc_paths *p);
/* Where today's log is: logging.file, else spec 02 §1.6. Free with free(). */
char *oc_gateway_log_file(const struct oc_config *c);
#endif
