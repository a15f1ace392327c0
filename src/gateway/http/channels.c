/* Paths below /channels/: webhooks of messengers, which prove themselves what they are. */
#include "channel/channels.h"
#include "gateway/http/route.h"

static void serve_wait(struct oc_gateway *gw, struct oc_exchange *x)
{
	if (!oc_channels_webhook_wait(gw->channels, x)) oc_route_text(x, 404, "Not Found");
}

const struct oc_route oc_routes_channels[] = {
	{ "/channels/*", "GET POST", OC_ROUTE_OWN, NULL, serve_wait },
	{ 0 },
};
