/* The messengers there are, one row each. */
#include <string.h>

#include "channel/bridge/bridge.h"
#include "channel/channel.h"
#include "channel/telegram/telegram.h"
#include "channel/whatsapp/whatsapp.h"

const struct oc_channel *const oc_channel_adapters[] = {
	&oc_channel_telegram,
	&oc_channel_whatsapp,
	&oc_channel_bridge,
	NULL,
};

const struct oc_channel *oc_channel_find(const char *id)
{
	for (size_t i = 0; oc_channel_adapters[i]; i++)
		if (id && !strcmp(oc_channel_adapters[i]->id, id)) return oc_channel_adapters[i];
	return NULL;
}
