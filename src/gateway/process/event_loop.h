#ifndef OC_EVENT_LOOP_H
#define OC_EVENT_LOOP_H
#include "gateway/gateway.h"
/* How busy the loop was since the start, as health, status and /readyz show it: {degraded, reasons,
 * intervalMs, delayP99Ms, delayMaxMs, utilization, cpuCoreRatio}; new reference. */
json_t *oc_event_loop_view(const struct oc_gateway *gw);
#endif
