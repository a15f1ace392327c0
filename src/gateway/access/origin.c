/* The rule for Origin and Host. */
#include "gateway/access/origin.h"

#include "net/ip.h"

struct place {
	struct oc_str host; /* without brackets */
	int64_t port;
};

static bool split(struct oc_str text, int64_t dflt, struct place *out)
{
	size_t end;

	out->port = dflt;
	if (!text.n) return false;
	if (text.p[0] == '[') {
		end = oc_str_find(text, OC_LIT("]"), 0);
		if (end == SIZE_MAX) return false;
		out->host = oc_str_head(oc_str_from(text, 1), end - 1);
		end++;
	} else {
		end = oc_str_find(text, OC_LIT(":"), 0);
		out->host = oc_str_head(text, end);
	}
	if (!out->host.n) return false;
	struct oc_str rest = oc_str_from(text, end == SIZE_MAX ? text.n : end);
	if (!rest.n) return true;
	return rest.p[0] == ':' && oc_parse_int(oc_str_from(rest, 1), 1, 65535, &out->port);
}

/* "https://host:port" and nothing more. */
static bool split_origin(struct oc_str origin, struct place *out, int64_t *dflt)
{
	if (oc_str_istarts(origin, OC_LIT("http://"))) {
		*dflt = 80;
		return split(oc_str_from(origin, 7), *dflt, out);
	}
	if (!oc_str_istarts(origin, OC_LIT("https://"))) return false;
	*dflt = 443;
	return split(oc_str_from(origin, 8), *dflt, out);
}

static bool is_own_place(struct oc_str host)
{
	struct oc_ip ip;

	return oc_str_ieq(host, OC_LIT("localhost")) || oc_ip_parse(host, &ip);
}

static bool is_listed(struct oc_str origin, const struct oc_strv *allowed)
{
	for (size_t i = 0; i < allowed->n; i++) {
		struct oc_str one = oc_str_trim(oc_str(allowed->v[i]));
		if (one.n && one.p[one.n - 1] == '/') one.n--;
		if (oc_str_eq(one, OC_LIT("*")) || oc_str_ieq(one, origin)) return true;
	}
	return false;
}

const char *oc_origin_refused(const char *origin, const char *host, const struct oc_strv *allowed)
{
	struct oc_str text = oc_str_trim(oc_str(origin));
	struct place from, to;
	int64_t dflt;

	if (!text.n) return "origin missing or invalid";
	if (is_listed(text, allowed)) return NULL;
	if (!split_origin(text, &from, &dflt)) return "origin missing or invalid";
	if (!split(oc_str_trim(oc_str(host)), dflt, &to)) return "origin not allowed";
	if (!oc_str_ieq(from.host, to.host) || from.port != to.port) return "origin not allowed";
	return is_own_place(from.host) ? NULL : "origin not allowed";
}
