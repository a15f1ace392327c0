#ifndef OC_CHANNEL_PORT_H
#define OC_CHANNEL_PORT_H
#include "channel/channels.h"
#include "gateway/gateway.h"
/* Starts the channels with what they ask of the gateway: commands, approvals, events. */
OC_MUST_USE enum oc_rc oc_gateway_channels_start_wait(struct oc_gateway *gw, struct oc_err *e);
#endif
