#include "check.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "net/ip.h"

static struct oc_ip ip(const char *text)
{
	struct oc_ip out;

	if (!oc_ip_parse(oc_str(text), &out)) fail_msg("%s does not parse", text);
	return out;
}

static void addresses_have_one_canonical_text(void **state)
{
	static const struct {
		const char *in, *want; /* NULL: refused */
	} cases[] = {
		{ "1.2.3.4", "1.2.3.4" },
		{ "255.255.255.255", "255.255.255.255" },
		{ "::", "::" },
		{ "::1", "::1" },
		{ "1::", "1::" },
		{ "0:0:0:0:0:0:0:1", "::1" },
		{ "2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1" },
		{ "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1" },
		{ "1:0:0:2:0:0:0:3", "1:0:0:2::3" },
		{ "::ffff:1.2.3.4", "::ffff:102:304" },
		{ "::1.2.3.4", "::102:304" },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
		  "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
		{ "", NULL },
		{ "1.2.3", NULL },
		{ "1.2.3.256", NULL },
		{ "01.2.3.4", NULL },
		{ "1.2.3.4.", NULL },
		{ " 1.2.3.4", NULL },
		{ "0x7f.0.0.1", NULL },
		{ ":::", NULL },
		{ "1::2::3", NULL },
		{ "1:2:3:4:5:6:7", NULL },
		{ "1:2:3:4:5:6:7:8:9", NULL },
		{ "::12345", NULL },
		{ "::1.2.3", NULL },
		{ "fe80::1%eth0", NULL },
		{ "[::1]", NULL },
		{ "0000:0000:0000:0000:0000:ffff:255.255.255.2555", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct oc_ip got;
		char text[OC_IP_TEXT];
		bool ok = oc_ip_parse(oc_str(cases[i].in), &got);

		if (ok != (cases[i].want != NULL)) fail_msg("%s: %d", cases[i].in, ok);
		if (!ok) continue;
		oc_ip_format(&got, text);
		assert_string_equal(text, cases[i].want);
		struct oc_ip again = ip(text);
		assert_true(oc_ip_eq(&got, &again));
	}
	struct oc_ip untouched;
	assert_false(oc_ip_parse(OC_LIT("1.2.3.4\0"), &untouched));
}

static void sockaddrs_give_their_address(void **state)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	struct sockaddr other = { .sa_family = AF_UNIX };
	struct oc_ip got, v4 = ip("10.0.0.7"), v6 = ip("fd00::5");

	(void)state;
	memcpy(&in.sin_addr, v4.b, 4);
	memcpy(&in6.sin6_addr, v6.b, 16);
	assert_true(oc_ip_from_sockaddr((struct sockaddr *)&in, &got) && oc_ip_eq(&got, &v4));
	assert_true(oc_ip_from_sockaddr((struct sockaddr *)&in6, &got) && oc_ip_eq(&got, &v6));
	assert_false(oc_ip_from_sockaddr(&other, &got));
}

/* "s" strict, "t" trusted set too, "r" there only when resolved, "m" metadata or link-local, "l"
 * loopback, "p" private. */
static void describe(const char *text, char out[8])
{
	struct oc_ip a = ip(text);
	size_t n = 0;

	if (oc_ip_in_strict_set(&a)) out[n++] = 's';
	if (oc_ip_in_trusted_set(&a, false)) out[n++] = 't';
	if (oc_ip_in_trusted_set(&a, true) && !oc_ip_in_trusted_set(&a, false)) out[n++] = 'r';
	if (oc_ip_is_metadata_or_link_local(&a)) out[n++] = 'm';
	if (oc_ip_is_loopback(&a)) out[n++] = 'l';
	if (oc_ip_is_private(&a)) out[n++] = 'p';
	out[n] = '\0';
}

static void addresses_are_in_their_sets(void **state)
{
	static const struct {
		const char *ip, *want;
	} cases[] = {
		/* both sides of each bound */
		{ "0.0.0.0", "srp" },
		{ "0.0.0.1", "s" },
		{ "0.255.255.255", "s" },
		{ "1.0.0.0", "" },
		{ "9.255.255.255", "" },
		{ "10.0.0.0", "sp" },
		{ "10.255.255.255", "sp" },
		{ "11.0.0.0", "" },
		{ "100.63.255.255", "" },
		{ "100.64.0.0", "sp" },
		{ "100.127.255.255", "sp" },
		{ "100.128.0.0", "" },
		{ "100.100.100.200", "stmp" },
		{ "100.100.100.201", "sp" },
		{ "126.255.255.255", "" },
		{ "127.0.0.0", "slp" },
		{ "127.255.255.255", "slp" },
		{ "128.0.0.0", "" },
		{ "168.63.129.16", "stm" },
		{ "168.63.129.17", "" },
		{ "169.253.255.255", "" },
		{ "169.254.0.0", "stm" },
		{ "169.254.170.2", "stm" },
		{ "169.254.255.255", "stm" },
		{ "169.255.0.0", "" },
		{ "172.15.255.255", "" },
		{ "172.16.0.0", "sp" },
		{ "172.31.255.255", "sp" },
		{ "172.32.0.0", "" },
		{ "191.255.255.255", "" },
		{ "192.0.0.0", "s" },
		{ "192.0.0.192", "stm" },
		{ "192.0.0.255", "s" },
		{ "192.0.1.0", "" },
		{ "192.0.2.0", "s" },
		{ "192.0.2.255", "s" },
		{ "192.0.3.0", "" },
		{ "192.88.98.255", "" },
		{ "192.88.99.0", "s" },
		{ "192.88.99.255", "s" },
		{ "192.88.100.0", "" },
		{ "192.167.255.255", "" },
		{ "192.168.0.0", "sp" },
		{ "192.168.255.255", "sp" },
		{ "192.169.0.0", "" },
		{ "198.17.255.255", "" },
		{ "198.18.0.0", "s" },
		{ "198.19.255.255", "s" },
		{ "198.20.0.0", "" },
		{ "198.51.99.255", "" },
		{ "198.51.100.0", "s" },
		{ "198.51.101.0", "" },
		{ "203.0.112.255", "" },
		{ "203.0.113.255", "s" },
		{ "203.0.114.0", "" },
		{ "223.255.255.255", "" },
		{ "224.0.0.0", "st" },
		{ "239.255.255.255", "st" },
		{ "240.0.0.0", "st" },
		{ "255.255.255.255", "st" },
		/* IPv6 of its own */
		{ "::", "srp" },
		{ "::1", "slp" },
		{ "::2", "s" },
		{ "2606:4700::1111", "" },
		{ "2400::1", "" },
		{ "3ffe::1", "" },
		{ "100::1", "s" },
		{ "100:0:0:1::1", "s" },
		{ "200::1", "s" },
		{ "4000::1", "s" },
		{ "5f00::1", "s" },
		{ "2001:1::1", "s" },
		{ "2001:2::1", "s" },
		{ "2001:10::1", "s" },
		{ "2001:20::1", "s" },
		{ "2001:1ff:ffff::1", "s" },
		{ "2001:200::1", "" },
		{ "2001:db7::1", "" },
		{ "2001:db8::1", "s" },
		{ "2001:db9::1", "" },
		{ "3fff::1", "s" },
		{ "3fff:fff::1", "s" },
		{ "3fff:1000::1", "" },
		{ "fbff::1", "s" },
		{ "fc00::1", "sp" },
		{ "fd12:3456::1", "sp" },
		{ "fdff::1", "sp" },
		{ "fe00::1", "s" },
		{ "fe80::1", "stmp" },
		{ "febf::1", "stmp" },
		{ "fec0::1", "s" },
		{ "feff::1", "s" },
		{ "ff02::1", "st" },
		{ "ffff::1", "st" },
		{ "fd00:ec2::254", "stmp" },
		{ "fd00:ec2::253", "sp" },
		{ "fd20:ce::254", "stmp" },
		{ "64:ff9b:1::1", "stm" },
		{ "64:ff9b:1:ffff::1", "stm" },
		{ "64:ff9b:2::1", "s" },
		/* a carried IPv4 address: public, private, metadata, unspecified */
		{ "::ffff:93.184.216.34", "" },
		{ "::ffff:10.0.0.1", "sp" },
		{ "::ffff:169.254.169.254", "stm" },
		{ "::ffff:127.0.0.1", "slp" },
		{ "::ffff:0.0.0.0", "srp" },
		{ "::ffff:168.63.129.16", "stm" },
		{ "::ffff:0:93.184.216.34", "" },
		{ "::ffff:0:127.0.0.1", "s" },
		{ "::ffff:0:169.254.0.1", "stm" },
		{ "::ffff:0:0.0.0.0", "sr" },
		{ "::93.184.216.34", "" },
		{ "::192.168.0.1", "s" },
		{ "::169.254.169.254", "stm" },
		{ "64:ff9b::93.184.216.34", "" },
		{ "64:ff9b::10.0.0.1", "s" },
		{ "64:ff9b::100.100.100.200", "stm" },
		{ "64:ff9b::224.0.0.1", "st" },
		{ "64:ff9b::1:5db8:d822", "s" },
		{ "2002:5db8:d822::1", "" },
		{ "2002:a00:1::", "s" },
		{ "2002:a9fe:a9fe::", "stm" },
		{ "2002:7f00:1::", "s" },
		{ "2001:0:5db8:d822:8000:63bf:a247:27dd", "" },	   /* server and client public */
		{ "2001:0:5db8:d822:8000:63bf:f5ff:fffe", "s" },   /* client 10.0.0.1 */
		{ "2001:0:5db8:d822:8000:63bf:5601:5601", "stm" }, /* client 169.254.169.254 */
		{ "2001:0:a00:1:8000:63bf:a247:27dd", "s" },	   /* server 10.0.0.1 */
		{ "2001:0:a9fe:a9fe:8000:63bf:a247:27dd", "stm" }, /* server 169.254.169.254 */
		{ "2606:4700::5efe:93.184.216.34", "" },
		{ "2606:4700::5efe:10.0.0.1", "s" },
		{ "2606:4700::200:5efe:169.254.169.254", "stm" },
		{ "2606:4700::200:5efe:127.0.0.1", "s" },
		{ "2606:4700::100:5efe:127.0.0.1", "" },
		{ "fd00::5efe:93.184.216.34", "sp" },
		{ "fe80::5efe:10.0.0.1", "stmp" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char got[8];

		describe(cases[i].ip, got);
		if (strcmp(got, cases[i].want) != 0)
			fail_msg("%s: \"%s\", not \"%s\"", cases[i].ip, got, cases[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_have_one_canonical_text),
		cmocka_unit_test(sockaddrs_give_their_address),
		cmocka_unit_test(addresses_are_in_their_sets),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
