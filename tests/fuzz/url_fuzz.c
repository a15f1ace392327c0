/* What parses has one canonical text that parses to itself, and a reference against it stays http
 * or https. */
#include <stdlib.h>

#include "net/client/redirects.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void expect(bool holds)
{
	if (!holds) abort();
}

static void expect_canonical(const struct oc_url *u)
{
	char *text = oc_url_text(u);
	struct oc_url again;
	struct oc_err e = { 0 };
	struct oc_ip ip;

	expect(u->host[0] && u->path[0] == '/' && u->port > 0);
	expect(u->is_ip == oc_ip_parse(oc_str(u->host), &ip));
	if (oc_url_parse(oc_str(text), &again, &e)) {
		/* Encoding may make a path longer than a URL may be. */
		expect(strlen(text) > 8192);
	} else {
		char *same = oc_url_text(&again);
		expect(oc_url_same_origin(u, &again) && strcmp(text, same) == 0);
		free(same);
		oc_url_deinit(&again);
	}
	free(text);
}

/* The guard has an opinion about everything that parses. */
static void expect_decision(const struct oc_url *u)
{
	struct oc_guard g = { 0 };
	struct oc_err e = { 0 };
	bool allowed[2];

	expect(oc_guard_init(&g, OC_LIT("http://127.0.0.1:1234/v1"), OC_UNSET, &e) == OC_OK);
	for (int i = 0; i < 2; i++) {
		enum oc_rc rc = oc_guard_check_host(&g, u, &e);
		expect(rc == OC_OK || rc == OC_E_DENIED);
		allowed[i] = rc == OC_OK;
		g.allow_private = OC_FALSE;
	}
	expect(allowed[0] || !allowed[1]);
	oc_guard_deinit(&g);
}

/* Up to the first LF a URL, then a reference against it. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct oc_str in = { (const char *)bytes, n };
	size_t lf = oc_str_find(in, OC_LIT("\n"), 0);
	struct oc_url u, next;
	struct oc_err e = { 0 };

	if (oc_url_parse(oc_str_head(in, lf), &u, &e)) return 0;
	expect_canonical(&u);
	expect_decision(&u);
	if (lf != SIZE_MAX && !oc_url_resolve(&u, oc_str_from(in, lf + 1), &next, &e)) {
		expect_canonical(&next);
		oc_url_deinit(&next);
	}
	oc_url_deinit(&u);
	return 0;
}
