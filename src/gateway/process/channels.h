#ifndef OC_GATEWAY_CHANNELS_H
#define OC_GATEWAY_CHANNELS_H
#include "channel/channels.h"
#include "gateway/gateway.h"
/* The channels of a gateway: what they need of it. Made after sessions, stopped before them. */
OC_MUST_USE enum oc_rc oc_gateway_channels_start_wait(struct oc_gateway *gw, struct oc_err *e);
#endif
