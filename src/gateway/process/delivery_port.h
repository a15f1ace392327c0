#ifndef OC_DELIVERY_PORT_H
#define OC_DELIVERY_PORT_H
#include "agent/cron/delivery.h"
#include "gateway/gateway.h"
/* How the words of jobs leave the gateway: over its channels, or by a POST. */
struct oc_delivery_port oc_gateway_delivery_port(struct oc_gateway *gw);
#endif
