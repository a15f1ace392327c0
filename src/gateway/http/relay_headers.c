/* Which headers go through a relay. */
#include "gateway/http/relay.h"

/* What tells a provider how to read the body and how to answer. Everything else of a client stays
 * here: cookies, our own token, addresses of proxies. */
const char *const oc_relay_request_headers[] = {
	"Accept",	"Content-Type", "Anthropic-Version", "Anthropic-Beta",	"OpenAI-Beta",
	"X-Request-Id", "Traceparent",	"Tracestate",	     "Idempotency-Key", NULL,
};

/* Of one connection (RFC 9110 §7.6.1), of a body that is framed and coded anew, or what would speak
 * for us to a browser. */
static const char *const dropped[] = {
	"connection",
	"keep-alive",
	"proxy-connection",
	"proxy-authenticate",
	"te",
	"trailer",
	"transfer-encoding",
	"upgrade",
	"content-length",
	"content-encoding",
	"date",
	"server",
	"set-cookie",
	"www-authenticate",
	"alt-svc",
	"strict-transport-security",
	"location",
	"clear-site-data",
};

static bool listed(struct oc_str list, struct oc_str name)
{
	while (list.n) {
		size_t comma = oc_str_find(list, OC_LIT(","), 0);

		if (oc_str_ieq(oc_str_trim(oc_str_head(list, comma)), name)) return true;
		list = comma == SIZE_MAX ? OC_LIT("") : oc_str_from(list, comma + 1);
	}
	return false;
}

bool oc_relay_header_passes(struct oc_str name, const char *connection)
{
	for (size_t i = 0; i < sizeof dropped / sizeof *dropped; i++)
		if (oc_str_ieq(name, oc_str(dropped[i]))) return false;
	if (oc_str_istarts(name, OC_LIT("access-control-"))) return false;
	return name.n && !listed(oc_str(connection), name);
}
