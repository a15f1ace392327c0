/* What proxies say is believed only of those that are listed. */
#include "gateway/access/client_address.h"

#include <stdio.h>

static bool in_network(const struct oc_ip *ip, struct oc_str network)
{
	size_t slash = oc_str_find(network, OC_LIT("/"), 0);
	struct oc_ip base;
	int64_t bits;

	if (!oc_ip_parse(oc_str_head(network, slash), &base) || base.v6 != ip->v6) return false;
	if (slash == SIZE_MAX) return oc_ip_eq(ip, &base);
	if (!oc_parse_int(oc_str_from(network, slash + 1), 0, ip->v6 ? 128 : 32, &bits))
		return false;
	for (int i = 0; bits > 0; i++, bits -= 8) {
		uint8_t mask = bits >= 8 ? 0xFF : (uint8_t)(0xFF << (8 - bits));
		if ((ip->b[i] ^ base.b[i]) & mask) return false;
	}
	return true;
}

static bool is_trusted(const struct oc_ip *ip, const struct oc_strv *trusted)
{
	for (size_t i = 0; i < trusted->n; i++)
		if (in_network(ip, oc_str_trim(oc_str(trusted->v[i])))) return true;
	return false;
}

/* The part of the list behind its last comma; the list loses it. */
static struct oc_str take_last(struct oc_str *list)
{
	size_t at = list->n;

	while (at && list->p[at - 1] != ',') at--;
	struct oc_str last = oc_str_trim(oc_str_from(*list, at));
	*list = oc_str_head(*list, at ? at - 1 : 0);
	return last;
}

void oc_forwarded_address(const char *peer, const char *forwarded, const struct oc_strv *trusted,
			  char out[OC_IP_TEXT])
{
	struct oc_str list = oc_str(forwarded);
	struct oc_ip ip;

	snprintf(out, OC_IP_TEXT, "%s", peer);
	if (!oc_ip_parse(oc_str(peer), &ip) || !is_trusted(&ip, trusted)) return;
	while (list.n) {
		struct oc_str one = take_last(&list);
		if (!oc_ip_parse(one, &ip)) return; /* nothing left of it can be believed */
		oc_ip_format(&ip, out);
		if (!is_trusted(&ip, trusted)) return;
	}
}

void oc_client_address(const struct oc_gateway *gw, const struct oc_exchange *x,
		       char out[OC_IP_TEXT])
{
	const json_t *list = oc_config_get(&gw->snapshot->config, "gateway.trustedProxies");
	struct oc_strv trusted = { 0 };

	for (size_t i = 0; i < json_array_size(list); i++)
		oc_strv_add(&trusted, oc_json_text(json_array_get(list, i)));
	oc_forwarded_address(oc_exchange_peer(x), oc_exchange_header(x, "X-Forwarded-For"),
			     &trusted, out);
	oc_strv_deinit(&trusted);
}

bool oc_client_is_local(const struct oc_exchange *x)
{
	/* Who comes through a proxy on this machine is not on this machine. */
	return oc_exchange_peer_is_loopback(x) && !oc_exchange_header(x, "X-Forwarded-For") &&
	       !oc_exchange_header(x, "Forwarded") && !oc_exchange_header(x, "X-Real-IP");
}
