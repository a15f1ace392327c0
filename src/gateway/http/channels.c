/* Webhooks of messengers: /channels/<channel>/webhook. The adapter checks who calls. */
#include "channel/channels.h"
#include "gateway/http/route.h"

static void webhook_wait(struct oc_gateway *gw, struct oc_exchange *x)
{
	if (!oc_channels_webhook_wait(gw->channels, x)) oc_route_text(x, 404, "Not Found");
}

const struct oc_route oc_routes_channels[] = {
	{ "/channels/*", "GET POST", OC_ROUTE_OWN, NULL, webhook_wait },
	{ 0 },
};
