#ifndef OC_BRIDGE_H
#define OC_BRIDGE_H
#include "channel/channel.h"
/* Channels that are a program of their own, in any language (spec 03 §7.1). */
extern const struct oc_channel oc_channel_bridge;
#endif
