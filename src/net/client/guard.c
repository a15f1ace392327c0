/*
 * The decisions of the SSRF guard (spec 01 §7.1-7.3). A provider is trusted with the origin that
 * its owner wrote into the config, and with nothing else; metadata services and link-local
 * addresses need the explicit opt-in even then.
 */
#include "guard.h"

/* A row matches the host itself, and with below also every name under it. */
struct host_rule {
	const char *host;
	bool itself, below;
};

static const struct host_rule local_hosts[] = {
	{ "localhost", true, true },
	{ "local", false, true },
	{ "internal", false, true },
};

/* Hosted services: an answer from a private address there is an attack or a broken resolver. */
static const struct host_rule native_hosts[] = {
	{ "api.openai.com", true, true },
	{ "openai.azure.com", false, true },
	{ "chatgpt.com", true, false },
	{ "api.anthropic.com", true, true },
	{ "openrouter.ai", true, true },
	{ "generativelanguage.googleapis.com", true, false },
	{ "aiplatform.googleapis.com", true, false },
	{ "api.mistral.ai", true, false },
	{ "api.groq.com", true, false },
	{ "api.cerebras.ai", true, false },
	{ "api.deepseek.com", true, false },
	{ "api.x.ai", true, false },
	{ "api.z.ai", true, false },
	{ "api.moonshot.ai", true, false },
	{ "api.moonshot.cn", true, false },
	{ "api.together.xyz", true, false },
	{ "api.githubcopilot.com", true, true },
	{ "llm.chutes.ai", true, false },
};

/* Names that no untrusted call may ask for (spec 01 §7.2). */
static const struct host_rule blocked_hosts[] = {
	{ "localhost", true, true },
	{ "localhost.localdomain", true, false },
	{ "metadata.google.internal", true, false },
	{ "local", false, true },
	{ "internal", false, true },
};

static bool is_below(struct oc_str host, struct oc_str domain)
{
	return host.n > domain.n && oc_str_ends(host, domain) &&
	       host.p[host.n - domain.n - 1] == '.';
}

static bool matches(const struct host_rule *rules, size_t n, const char *host)
{
	for (size_t i = 0; i < n; i++) {
		struct oc_str rule = oc_str(rules[i].host);

		if (rules[i].itself && oc_str_eq(oc_str(host), rule)) return true;
		if (rules[i].below && is_below(oc_str(host), rule)) return true;
	}
	return false;
}
#define MATCHES(rules, host) matches(rules, sizeof(rules) / sizeof *(rules), host)

enum oc_endpoint_class oc_endpoint_class(const struct oc_url *base)
{
	if (strcmp(base->host, "127.0.0.1") == 0 || strcmp(base->host, "::1") == 0)
		return OC_ENDPOINT_LOCAL;
	if (MATCHES(local_hosts, base->host)) return OC_ENDPOINT_LOCAL;
	return MATCHES(native_hosts, base->host) ? OC_ENDPOINT_NATIVE : OC_ENDPOINT_CUSTOM;
}

bool oc_url_is_openai(const struct oc_url *base)
{
	static const struct host_rule openai[] = { { "api.openai.com", true, true } };

	return base->https && MATCHES(openai, base->host);
}

bool oc_host_is_local(const struct oc_url *u)
{
	if (u->is_ip) return oc_ip_is_private(&u->ip);
	return !strchr(u->host, '.') || MATCHES(local_hosts, u->host) ||
	       strcmp(u->host, "localhost.localdomain") == 0;
}

enum oc_rc oc_guard_init(struct oc_guard *g, struct oc_str base_url, enum oc_tri allow_private,
			 struct oc_err *e)
{
	*g = (struct oc_guard){ .allow_private = allow_private };
	return oc_url_parse(base_url, &g->base, e);
}

void oc_guard_deinit(struct oc_guard *g)
{
	oc_url_deinit(&g->base);
	*g = (struct oc_guard){ 0 };
}

bool oc_guard_names_host(const struct oc_guard *g, const char *host)
{
	if (g->public_web) return true;
	return strcmp(g->base.host, host) == 0 || (g->named && oc_strv_has(g->named, oc_str(host)));
}

/* Cloud machines answer these names with a metadata service, whatever the domain. */
static bool is_metadata_name(const char *host)
{
	for (struct oc_str rest = oc_str(host); rest.n;) {
		size_t dot = oc_str_find(rest, OC_LIT("."), 0);
		struct oc_str label = oc_str_head(rest, dot);

		if (oc_str_has(label, OC_LIT("metadata")) ||
		    oc_str_eq(label, OC_LIT("instance-data")))
			return true;
		rest = dot == SIZE_MAX ? OC_LIT("") : oc_str_from(rest, dot + 1);
	}
	return false;
}

static bool is_trusted(const struct oc_guard *g, const struct oc_url *url)
{
	const struct oc_url *base = &g->base;

	if (g->public_web)
		return !is_metadata_name(url->host) &&
		       (g->allow_private == OC_TRUE ||
			(g->private_ok && oc_strv_has(g->private_ok, oc_str(url->host))));
	return g->allow_private != OC_FALSE && oc_endpoint_class(base) != OC_ENDPOINT_NATIVE &&
	       oc_url_same_origin(base, url) && !is_metadata_name(base->host) &&
	       !(base->is_ip && oc_ip_is_metadata_or_link_local(&base->ip));
}

static bool blocked_address(const struct oc_guard *g, const struct oc_url *url,
			    const struct oc_ip *ip)
{
	return is_trusted(g, url) ? oc_ip_in_trusted_set(ip, !url->is_ip) : oc_ip_in_strict_set(ip);
}

/* The text names no address: who sees it may be whoever chose the URL. */
static enum oc_rc deny(const struct oc_guard *g, const char *why, struct oc_err *e)
{
	if (g->public_web || g->allow_private == OC_FALSE)
		return oc_fail(e, OC_E_DENIED, "Blocked: %s", why);
	return oc_fail(
	    e, OC_E_DENIED,
	    "Blocked: %s (to allow it, set models.providers.%s.request.allowPrivateNetwork: true)",
	    why, g->provider_id ? g->provider_id : "<id>");
}

enum oc_rc oc_guard_check_host(const struct oc_guard *g, const struct oc_url *url, struct oc_err *e)
{
	if (g->allow_private == OC_TRUE && !g->public_web) return OC_OK;
	bool blocked = url->is_ip ? blocked_address(g, url, &url->ip)
				  : !is_trusted(g, url) && MATCHES(blocked_hosts, url->host);
	if (!blocked) return OC_OK;
	return deny(g, "host is blocked or a private/internal/special-use address", e);
}

/* A stable insertion sort: lists are a handful of entries. */
static void ipv4_first(struct oc_ip *addr, size_t n)
{
	size_t v4 = 0;

	for (size_t i = 0; i < n; i++) {
		struct oc_ip ip = addr[i];

		if (ip.v6) continue;
		memmove(addr + v4 + 1, addr + v4, (i - v4) * sizeof *addr);
		addr[v4++] = ip;
	}
}

enum oc_rc oc_guard_check_addrs(const struct oc_guard *g, const struct oc_url *url,
				struct oc_ip *addr, size_t n, struct oc_err *e)
{
	if (n == 0) return oc_fail(e, OC_E_UPSTREAM, "host \"%s\" has no address", url->host);
	for (size_t i = 0; i < n && (g->public_web || g->allow_private != OC_TRUE); i++)
		if (blocked_address(g, url, &addr[i]))
			return deny(g, "host resolves to a private/internal/special-use address",
				    e);
	ipv4_first(addr, n);
	return OC_OK;
}
