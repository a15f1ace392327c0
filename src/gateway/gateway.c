/* What the parts of the gateway ask of the whole. */
#include "gateway/gateway.h"

#include "gateway/http/relay.h"

struct oc_snapshot *oc_gateway_snapshot(struct oc_gateway *gw)
{
	return oc_snapshot_ref(gw->snapshot);
}

void oc_gateway_allowed_origins(const struct oc_gateway *gw, struct oc_strv *out)
{
	const json_t *list =
	    oc_config_get(&gw->snapshot->config, "gateway.controlUi.allowedOrigins");

	for (size_t i = 0; i < json_array_size(list); i++) {
		struct oc_str s = oc_json_text(json_array_get(list, i));
		if (s.n) oc_strv_add(out, s);
	}
}

size_t oc_gateway_active(const struct oc_gateway *gw)
{
	return oc_relay_active() + (gw->sessions ? oc_sessions_active(gw->sessions) : 0);
}
