/* Headers of clients: an accepted Origin names the Host that was asked, and it is an address or
 * localhost; what a proxy forwarded gives an address or the peer. */
#include <stdlib.h>

#include "base/mem.h"
#include "gateway/access/client_address.h"
#include "gateway/access/origin.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void expect(bool holds)
{
	if (!holds) abort();
}

static void check_origin(const char *origin, const char *host)
{
	const struct oc_strv none = { 0 };
	struct oc_str o = oc_str_trim(oc_str(origin)), h = oc_str_trim(oc_str(host));

	if (oc_origin_refused(origin, host, &none)) return;
	/* Both name the same place; one may leave out the port that the scheme has anyway. */
	expect(oc_str_istarts(o, OC_LIT("http")) && h.n > 0);
	struct oc_str place = oc_str_from(o, oc_str_find(o, OC_LIT("//"), 0) + 2);
	struct oc_str shorter = place.n < h.n ? place : h, longer = place.n < h.n ? h : place;
	expect(oc_str_istarts(longer, shorter) || shorter.p[0] == '[' ||
	       oc_str_has(shorter, OC_LIT(":")));
}

static void check_forwarded(const char *forwarded)
{
	struct oc_strv trusted = { 0 };
	char out[OC_IP_TEXT];
	struct oc_ip ip;

	oc_strv_add(&trusted, OC_LIT("127.0.0.1"));
	oc_strv_add(&trusted, OC_LIT("10.0.0.0/8"));
	oc_forwarded_address("127.0.0.1", forwarded, &trusted, out);
	expect(oc_ip_parse(oc_str(out), &ip));
	oc_strv_deinit(&trusted);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	char *text = oc_strndup((const char *)bytes, n);
	char *host = strchr(text, '\n');

	if (host) *host++ = '\0';
	check_origin(text, host);
	check_forwarded(text);
	free(text);
	return 0;
}
