#ifndef OC_HEALTH_H
#define OC_HEALTH_H
#include "gateway/gateway.h"
/* The answer of the method health, kept for the hello and told to all when it was renewed (spec 02
 * §2.4). */
enum { OC_HEALTH_EVERY_MS = 60000 };
/* Starts the task that renews it while somebody is connected. */
struct oc_health *oc_health_start(struct oc_gateway *gw);
void oc_health_free(struct oc_health *h); /* accepts NULL; its task must have ended */
/* Made when there is none yet. New reference. */
json_t *oc_health_get_wait(struct oc_health *h);
/* A client came: an old one is renewed soon, and told. */
void oc_health_wanted(struct oc_health *h);
#endif
