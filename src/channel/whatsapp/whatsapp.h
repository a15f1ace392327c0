#ifndef OC_WHATSAPP_H
#define OC_WHATSAPP_H
#include "channel/channel.h"
/* WhatsApp by the Cloud API. */
extern const struct oc_channel oc_channel_whatsapp;
#endif
