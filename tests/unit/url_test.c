#include "check.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "net/url.h"

/* What a browser makes of it: the text again, or NULL where it refuses. */
static const struct {
	const char *in, *want;
} urls[] = {
	{ "http://example.com", "http://example.com/" },
	{ "HTTPS://Example.COM:443/A/b?Q=1#frag", "https://example.com/A/b?Q=1" },
	{ "http://example.com:80", "http://example.com/" },
	{ "https://example.com:80/", "https://example.com:80/" },
	{ "http://example.com:/x", "http://example.com/x" },
	{ "http://example.com:0080/", "http://example.com/" },
	{ "http://example.com:65535/", "http://example.com:65535/" },
	{ "http://example.com:65536/", NULL },
	{ "http://example.com:0/", NULL },
	{ "http://example.com:+80/", NULL },
	{ "http://example.com:-1/", NULL },
	{ "http://example.com:8a/", NULL },
	{ "http://example.com: 80/", NULL },
	{ "http://example.com:99999999999999999999/", NULL },
	/* slashes, white space */
	{ "http:example.com", "http://example.com/" },
	{ "http:/example.com", "http://example.com/" },
	{ "http:////example.com", "http://example.com/" },
	{ "http:\\\\example.com\\a\\b?c\\d", "http://example.com/a/b?c\\d" },
	{ "  \x01http://example.com/a \x1f", "http://example.com/a" },
	{ "ht\ntp://exa\tmple.com/\r\na", "http://example.com/a" },
	{ "http://exam ple.com/", NULL },
	/* user info */
	{ "http://user:pw@example.com/", "http://example.com/" },
	{ "http://a@b@example.com/", "http://example.com/" },
	{ "http://127.0.0.1:1234@evil.example/v1", "http://evil.example/v1" },
	{ "http://good.example\\@evil.example/", "http://good.example/@evil.example/" },
	{ "http://good.example#@evil.example/", "http://good.example/" },
	{ "http://good.example?@evil.example/", "http://good.example/?@evil.example/" },
	{ "http://user@/", NULL },
	{ "http://@/", NULL },
	/* no host, other schemes */
	{ "", NULL },
	{ "http:", NULL },
	{ "http://", NULL },
	{ "http:///", NULL },
	{ "http://?x", NULL },
	{ "http://:80/", NULL },
	{ "example.com", NULL },
	{ "localhost:1234", NULL },
	{ "127.0.0.1:1234", NULL },
	{ "//example.com/", NULL },
	{ "/path", NULL },
	{ "ftp://example.com/", NULL },
	{ "file:///etc/passwd", NULL },
	{ "javascript:alert(1)", NULL },
	{ "http\xEF\xBC\x9A//example.com/", NULL },
	/* IPv4 in all its spellings */
	{ "http://127.1/", "http://127.0.0.1/" },
	{ "http://127.0.1/", "http://127.0.0.1/" },
	{ "http://1.2.770/", "http://1.2.3.2/" },
	{ "http://2130706433/", "http://127.0.0.1/" },
	{ "http://0x7f.0.0.1/", "http://127.0.0.1/" },
	{ "http://0X7F000001/", "http://127.0.0.1/" },
	{ "http://0177.0.0.01/", "http://127.0.0.1/" },
	{ "http://017700000001/", "http://127.0.0.1/" },
	{ "http://0/", "http://0.0.0.0/" },
	{ "http://0x/", "http://0.0.0.0/" },
	{ "http://0x.0x.0x.0x/", "http://0.0.0.0/" },
	{ "http://1.2.3.0x/", "http://1.2.3.0/" },
	{ "http://127.0.0.1./", "http://127.0.0.1/" },
	{ "http://127.0.0.1../", "http://127.0.0.1/" },
	{ "http://4294967295/", "http://255.255.255.255/" },
	{ "http://4294967296/", NULL },
	{ "http://0x100000000/", NULL },
	{ "http://99999999999999999999999999999/", NULL },
	{ "http://1.16777216/", NULL },
	{ "http://1.2.65536/", NULL },
	{ "http://1.2.3.256/", NULL },
	{ "http://256.1/", NULL },
	{ "http://09.1/", NULL },
	{ "http://0x7g.1/", NULL },
	{ "http://1.2.3.08/", NULL },
	{ "http://1.2.3.4.5/", NULL },
	{ "http://1..2/", NULL },
	{ "http://.1/", NULL },
	{ "http://foo.0x4/", NULL },
	{ "http://foo.1/", NULL },
	{ "http://1.2.3.4.example/", "http://1.2.3.4.example/" },
	{ "http://0x7g/", "http://0x7g/" },
	{ "http://-1/", "http://-1/" },
	/* IPv6 */
	{ "http://[::1]:1234/", "http://[::1]:1234/" },
	{ "http://[0:0:0:0:0:0:0:1]/", "http://[::1]/" },
	{ "http://[2001:DB8::A]/", "http://[2001:db8::a]/" },
	{ "http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/" },
	{ "http://[::]/", "http://[::]/" },
	{ "http://u:p@[::1]:80/", "http://[::1]/" },
	{ "http://[fe80::1%eth0]/", NULL },
	{ "http://[fe80::1%25eth0]/", NULL },
	{ "http://[::1/", NULL },
	{ "http://::1/", NULL },
	{ "http://[::1]x/", NULL },
	{ "http://[::1]x:80/", NULL },
	{ "http://[]/", NULL },
	{ "http://[127.0.0.1]/", NULL },
	{ "http://[:%3a1]/", NULL },
	{ "http://[::1].example/", NULL },
	/* names: percent, IDNA, dots */
	{ "http://127.0.0.%31/", "http://127.0.0.1/" },
	{ "http://%6C%6fcalhost/", "http://localhost/" },
	{ "http://%31%32%37%2e1/", "http://127.0.0.1/" },
	{ "http://exa%6/", NULL },
	{ "http://exa%zzmple/", NULL },
	{ "http://a%00b/", NULL },
	{ "http://a%2fb/", NULL },
	{ "http://a%20b/", NULL },
	{ "http://a%40b/", NULL },
	{ "http://%ff/", NULL },
	{ "http://%25/", NULL },
	{ "http://a<b/", NULL },
	{ "http://a|b/", NULL },
	{ "http://LOCALHOST./", "http://localhost/" },
	{ "http://gpu.lan.../", "http://gpu.lan/" },
	{ "http://./", NULL },
	{ "http://.../", NULL },
	{ "http://\xEF\xBC\x91\xEF\xBC\x96\xEF\xBC\x99.254.169.254/", "http://169.254.169.254/" },
	{ "http://%EF%BC%91\xEF\xBC\x96\xEF\xBC\x99.254.169.254/", "http://169.254.169.254/" },
	{ "http://127\xE3\x80\x82"
	  "0\xE3\x80\x82"
	  "0\xEF\xBD\xA1"
	  "1/",
	  "http://127.0.0.1/" },
	{ "http://localhost\xE3\x80\x82/", "http://localhost/" },
	{ "http://\xEF\xBC\xAC\xEF\xBC\xAF\xEF\xBC\xA3\xEF\xBC\xA1lhost/", "http://localhost/" },
	{ "http://\xE2\x93\x9Bocalhost/", "http://localhost/" },
	{ "http://\xE2\x91\xA0.1.1.1/", "http://1.1.1.1/" },
	{ "http://127.0.0\xC2\xAD.1/", "http://127.0.0.1/" },
	{ "http://\xC2\xAD/", NULL },
	{ "http://a\xEF\xBC\x8F"
	  "b/",
	  NULL },
	{ "http://a\xEF\xBC\x85"
	  "41/",
	  NULL },
	{ "http://B\xC3\x9C"
	  "CHER.de/",
	  "http://xn--bcher-kva.de/" },
	{ "http://bu\xCC\x88"
	  "cher.de/",
	  "http://xn--bcher-kva.de/" },
	{ "http://fa\xC3\x9F.de/", "http://xn--fa-hia.de/" },
	{ "http://XN--BCHER-KVA.de/", "http://xn--bcher-kva.de/" },
	{ "http://xn--a/", NULL },
	{ "http://gpu_box.lan/", "http://gpu_box.lan/" },
	{ "http://a--b.-c-.lan/", "http://a--b.-c-.lan/" },
	{ "http://a..b/", "http://a..b/" },
	/* paths */
	{ "http://h/a/./b/../c", "http://h/a/c" },
	{ "http://h/a/%2e%2E/b", "http://h/b" },
	{ "http://h/../../a", "http://h/a" },
	{ "http://h/a/..", "http://h/" },
	{ "http://h/a/b/.", "http://h/a/b/" },
	{ "http://h/a//..//b", "http://h/a//b" },
	{ "http://h/...", "http://h/..." },
	{ "http://h/a b\"<>`{}|?a b'\"<>", "http://h/a%20b%22%3C%3E%60%7B%7D|?a%20b%27%22%3C%3E" },
	{ "http://h/\xC3\xA4%41?\xC3\xA4", "http://h/%C3%A4%41?%C3%A4" },
	{ "http://h?q", "http://h/?q" },
	{ "http://h#f", "http://h/" },
	{ "http://h/a?b?c#d#e", "http://h/a?b?c" },
};

static char *text_of(struct oc_str in, const struct oc_url *base)
{
	struct oc_url u;
	struct oc_err e = { 0 };

	if (base ? oc_url_resolve(base, in, &u, &e) : oc_url_parse(in, &u, &e)) {
		assert_int_equal(e.rc, OC_E_INPUT);
		assert_memory_equal(e.msg, "Invalid URL: ", 13);
		return NULL;
	}
	char *text = oc_url_text(&u);
	oc_url_deinit(&u);
	return text;
}

static void expect_text(const char *in, const struct oc_url *base, const char *want)
{
	char *got = text_of(oc_str(in), base);

	if ((!got) != (!want) || (got && strcmp(got, want) != 0))
		fail_msg("\"%s\": \"%s\", not \"%s\"", in, got ? got : "refused",
			 want ? want : "refused");
	free(got);
}

static void urls_have_one_canonical_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
		expect_text(urls[i].in, NULL, urls[i].want);
		if (urls[i].want) expect_text(urls[i].want, NULL, urls[i].want);
	}
}

static void references_are_resolved_against_their_base(void **state)
{
	static const struct {
		const char *ref, *want;
	} cases[] = {
		{ "/x", "http://base.lan:1234/x" },
		{ "x", "http://base.lan:1234/v1/x" },
		{ "./x/../y", "http://base.lan:1234/v1/y" },
		{ "../x", "http://base.lan:1234/x" },
		{ "../../../x", "http://base.lan:1234/x" },
		{ "..", "http://base.lan:1234/" },
		{ ".", "http://base.lan:1234/v1/" },
		{ "?r", "http://base.lan:1234/v1/chat?r" },
		{ "#f", "http://base.lan:1234/v1/chat?q=1" },
		{ "", "http://base.lan:1234/v1/chat?q=1" },
		{ "//other.lan/x", "http://other.lan/x" },
		{ "\\\\other.lan\\x", "http://other.lan/x" },
		{ "/\\other.lan", "http://other.lan/" },
		{ "///other.lan/x", "http://other.lan/x" },
		{ "http://other.lan:99/x#f", "http://other.lan:99/x" },
		{ "http:x", "http://base.lan:1234/v1/x" },
		{ "http:/x", "http://base.lan:1234/x" },
		{ "http:\\\\other.lan/", "http://other.lan/" },
		{ "https:x", "https://x/" },
		{ "https:/x", "https://x/" },
		{ "x:80/y", NULL }, /* a scheme "x" */
		{ "1:2", "http://base.lan:1234/v1/1:2" },
		{ "/a:b", "http://base.lan:1234/a:b" },
		{ "ftp://other.lan/", NULL },
		{ "//", NULL },
		{ "http://", NULL },
	};
	struct oc_url base;
	struct oc_err e = { 0 };

	(void)state;
	assert_int_equal(oc_url_parse(OC_LIT("http://u@base.lan:1234/v1/chat?q=1"), &base, &e),
			 OC_OK);
	assert_true(base.had_userinfo);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		expect_text(cases[i].ref, &base, cases[i].want);
	oc_url_deinit(&base);
}

static void an_origin_is_scheme_host_and_port(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} cases[] = {
		{ "http://h/a", "HTTP://H.:80/b?c", true },
		{ "http://127.0.0.1:1/", "http://0x7f.1:1/", true },
		{ "http://[::1]/", "http://[0::1]:80/", true },
		{ "http://h/", "https://h/", false },
		{ "http://h/", "http://h:81/", false },
		{ "http://h/", "http://g/", false },
		{ "http://127.0.0.1/", "http://localhost/", false },
		{ "http://127.0.0.1/", "http://[::ffff:127.0.0.1]/", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct oc_url a, b;
		struct oc_err e = { 0 };

		assert_int_equal(oc_url_parse(oc_str(cases[i].a), &a, &e), OC_OK);
		assert_int_equal(oc_url_parse(oc_str(cases[i].b), &b, &e), OC_OK);
		assert_int_equal(oc_url_same_origin(&a, &b), cases[i].same);
		oc_url_deinit(&a);
		oc_url_deinit(&b);
	}
}

static void literal_hosts_are_known_as_addresses(void **state)
{
	struct oc_url u;
	struct oc_err e = { 0 };

	(void)state;
	assert_int_equal(oc_url_parse(OC_LIT("https://[FD00::1]/v1"), &u, &e), OC_OK);
	assert_true(u.is_ip && u.ip.v6 && u.https && u.port == 443);
	assert_string_equal(u.host, "fd00::1");
	assert_string_equal(u.path, "/v1");
	char *origin = oc_url_origin(&u);
	assert_string_equal(origin, "https://[fd00::1]");
	free(origin);
	oc_url_deinit(&u);
	assert_int_equal(oc_url_parse(OC_LIT("http://gpu.lan:8080"), &u, &e), OC_OK);
	assert_false(u.is_ip || u.had_userinfo);
	oc_url_deinit(&u);
}

static void refusals_say_what_is_wrong(void **state)
{
	static const struct {
		const char *in, *want;
	} cases[] = {
		{ "ftp://h/", "Invalid URL: must be http or https" },
		{ "127.0.0.1:1234", "Invalid URL: must be http or https" },
		{ "http://:1/", "Invalid URL: it names no host" },
		{ "http://h:x/", "Invalid URL: the port is not a number from 1 to 65535" },
		{ "http://1.2.3.256/", "Invalid URL: \"1.2.3.256\" is not an IPv4 address" },
		{ "http://[fe80::1%eth0]/",
		  "Invalid URL: no IPv6 address in the brackets (zones cannot be used)" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct oc_url u;
		struct oc_err e = { 0 };

		assert_int_equal(oc_url_parse(oc_str(cases[i].in), &u, &e), OC_E_INPUT);
		assert_string_equal(e.msg, cases[i].want);
	}
}

static void overlong_urls_are_refused(void **state)
{
	size_t n = OC_MAX_URL_CHARS + 1;
	char *text = oc_alloc(n + 1);

	(void)state;
	memset(text, 'a', n);
	memcpy(text, "http://h/", 9);
	assert_null(text_of((struct oc_str){ text, n }, NULL));
	char *fits = text_of((struct oc_str){ text, n - 1 }, NULL);
	assert_non_null(fits);
	free(fits);
	text[300] = '/';
	memset(text + 7, 'a', 293);
	assert_null(text_of((struct oc_str){ text, 400 }, NULL));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(urls_have_one_canonical_text),
		cmocka_unit_test(references_are_resolved_against_their_base),
		cmocka_unit_test(an_origin_is_scheme_host_and_port),
		cmocka_unit_test(literal_hosts_are_known_as_addresses),
		cmocka_unit_test(refusals_say_what_is_wrong),
		cmocka_unit_test(overlong_urls_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
