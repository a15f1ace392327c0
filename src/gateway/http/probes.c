/* Whether the gateway lives, has started, is ready (spec 02 §1.4). None of them waits for a model
 * server (D63). */
#include "gateway/access/client_address.h"
#include "gateway/http/route.h"
#include "gateway/process/event_loop.h"

/* Strangers learn no more than yes or no. */
static bool may_know_more(const struct oc_gateway *gw, const struct oc_exchange *x)
{
	return oc_client_is_local(x) || oc_route_authorised(gw, x, false);
}

static const char *phase_name(const struct oc_gateway *gw)
{
	static const char *const names[] = { "starting", "started", "draining" };

	return names[gw->phase];
}

static void put_uptime(const struct oc_gateway *gw, json_t *body)
{
	json_object_set_new(body, "uptimeMs",
			    json_integer((json_int_t)(oc_now_ms() - gw->started_ms)));
}

static void live(struct oc_gateway *gw, struct oc_exchange *x)
{
	(void)gw;
	oc_route_json(x, 200, json_pack("{s:b, s:s}", "ok", 1, "status", "live"));
}

static void started(struct oc_gateway *gw, struct oc_exchange *x)
{
	bool ok = gw->phase == OC_GATEWAY_READY;
	json_t *body = json_pack("{s:b, s:s}", "ok", ok, "status", phase_name(gw));

	if (may_know_more(gw, x)) {
		json_object_set_new(body, "version", json_string(gw->version));
		put_uptime(gw, body);
	}
	oc_route_json(x, ok ? 200 : 503, body);
}

static void ready(struct oc_gateway *gw, struct oc_exchange *x)
{
	bool ok = gw->phase == OC_GATEWAY_READY;
	json_t *body = json_pack("{s:b}", "ready", ok);

	if (may_know_more(gw, x)) {
		json_t *failing = json_array();
		if (!ok) json_array_append_new(failing, json_string(phase_name(gw)));
		json_object_set_new(body, "failing", failing);
		put_uptime(gw, body);
		json_object_set_new(body, "eventLoop", oc_event_loop_view(gw));
	}
	oc_route_json(x, ok ? 200 : 503, body);
}

const struct oc_route oc_routes_probes[] = {
	{ "/health", "GET HEAD", OC_ROUTE_OPEN, NULL, live },
	{ "/healthz", "GET HEAD", OC_ROUTE_OPEN, NULL, live },
	{ "/startup", "GET HEAD", OC_ROUTE_OPEN, NULL, started },
	{ "/startupz", "GET HEAD", OC_ROUTE_OPEN, NULL, started },
	{ "/ready", "GET HEAD", OC_ROUTE_OPEN, NULL, ready },
	{ "/readyz", "GET HEAD", OC_ROUTE_OPEN, NULL, ready },
	{ 0 },
};
