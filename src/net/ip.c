/*
 * IP addresses as values: text forms and the address sets of the SSRF guard (spec 01 §7.2). Two
 * tables say what a prefix means, a third where IPv6 carries an IPv4 address; an address belongs to
 * every set that it or a carried one is in.
 */
#include "ip.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>

enum set {
	STRICT = 1,   /* no call may go there unless its origin is trusted */
	TRUSTED = 2,  /* not even then */
	METADATA = 4, /* metadata service or link-local */
	UNSPECIFIED = 8,
	LOOPBACK = 16,
	PRIVATE = 32,
	/* What an IPv4 address says of the IPv6 address that carries it. */
	INHERITED = STRICT | TRUSTED | METADATA | UNSPECIFIED,
};

struct range {
	uint8_t prefix[16];
	unsigned bits, sets;
};

static const struct range v4_ranges[] = {
	{ { 0 }, 8, STRICT },
	{ { 0, 0, 0, 0 }, 32, UNSPECIFIED | PRIVATE }, /* connects to loopback */
	{ { 10 }, 8, STRICT | PRIVATE },
	{ { 100, 64 }, 10, STRICT | PRIVATE },
	{ { 100, 100, 100, 200 }, 32, STRICT | TRUSTED | METADATA }, /* Alibaba */
	{ { 127 }, 8, STRICT | LOOPBACK | PRIVATE },
	{ { 168, 63, 129, 16 }, 32, STRICT | TRUSTED | METADATA }, /* Azure; a public address */
	{ { 169, 254 }, 16, STRICT | TRUSTED | METADATA },
	{ { 172, 16 }, 12, STRICT | PRIVATE },
	{ { 192, 0, 0 }, 24, STRICT },
	{ { 192, 0, 0, 192 }, 32, STRICT | TRUSTED | METADATA }, /* Oracle */
	{ { 192, 0, 2 }, 24, STRICT },
	{ { 192, 88, 99 }, 24, STRICT },
	{ { 192, 168 }, 16, STRICT | PRIVATE },
	{ { 198, 18 }, 15, STRICT },
	{ { 198, 51, 100 }, 24, STRICT },
	{ { 203, 0, 113 }, 24, STRICT },
	{ { 224 }, 4, STRICT | TRUSTED }, /* multicast */
	{ { 240 }, 4, STRICT | TRUSTED }, /* reserved, broadcast */
};

/* What special_use() does not cover already, and what is more than strict. */
static const struct range v6_ranges[] = {
	{ { 0 }, 128, STRICT | UNSPECIFIED | PRIVATE },
	{ { [15] = 1 }, 128, STRICT | LOOPBACK | PRIVATE },
	{ { 0, 0x64, 0xff, 0x9b, 0, 1 }, 48, STRICT | TRUSTED | METADATA }, /* NAT64, local use */
	{ { 0x20, 0x01, 0x0d, 0xb8 }, 32, STRICT },			    /* documentation */
	{ { 0x3f, 0xff }, 20, STRICT },
	{ { 0xfc }, 7, STRICT | PRIVATE },
	/* AWS, GCP */
	{ { 0xfd, 0, 0x0e, 0xc2, [14] = 0x02, 0x54 }, 128, STRICT | TRUSTED | METADATA },
	{ { 0xfd, 0x20, 0, 0xce, [14] = 0x02, 0x54 }, 128, STRICT | TRUSTED | METADATA },
	{ { 0xfe, 0x80 }, 10, STRICT | TRUSTED | METADATA | PRIVATE },
	{ { 0xff }, 8, STRICT | TRUSTED }, /* multicast */
};

/* Where an IPv6 address carries an IPv4 one. The ISATAP form matches the interface half under any
 * prefix. */
static const struct carrier {
	uint8_t prefix[16];
	unsigned from, bits; /* the prefix is compared from this bit on, for so many bits */
	unsigned at;	     /* first byte of the IPv4 address */
	uint8_t invert;	     /* xor for each byte */
	bool exempt;	     /* the IPv4 address alone decides: special_use() does not count */
	unsigned also;	     /* further sets that pass */
} carriers[] = {
	{ { [10] = 0xff, 0xff }, 0, 96, 12, 0, true, LOOPBACK | PRIVATE }, /* mapped */
	{ { [8] = 0xff, 0xff }, 0, 96, 12, 0, true, 0 },		   /* translated */
	{ { 0 }, 0, 96, 12, 0, true, 0 },				   /* compatible */
	{ { 0x00, 0x64, 0xff, 0x9b }, 0, 96, 12, 0, true, 0 },		   /* NAT64 */
	{ { 0x20, 0x02 }, 0, 16, 2, 0, false, 0 },			   /* 6to4 */
	{ { 0x20, 0x01, 0, 0 }, 0, 32, 4, 0, true, 0 },			   /* Teredo server */
	{ { 0x20, 0x01, 0, 0 }, 0, 32, 12, 0xff, true, 0 },		   /* Teredo client */
	{ { [8] = 0x00, 0x00, 0x5e, 0xfe }, 64, 32, 12, 0, false, 0 },	   /* ISATAP */
	{ { [8] = 0x02, 0x00, 0x5e, 0xfe }, 64, 32, 12, 0, false, 0 },
};

/* from is a multiple of 8. */
static bool bits_equal(const uint8_t *a, const uint8_t *b, unsigned from, unsigned bits)
{
	unsigned first = from / 8, bytes = bits / 8, rest = bits % 8;
	uint8_t mask = (uint8_t)(0xff00 >> rest);

	if (memcmp(a + first, b + first, bytes) != 0) return false;
	return !rest || ((a[first + bytes] ^ b[first + bytes]) & mask) == 0;
}

static unsigned sets_in(const struct range *r, size_t n, const uint8_t *bytes)
{
	unsigned sets = 0;

	for (size_t i = 0; i < n; i++)
		if (bits_equal(bytes, r[i].prefix, 0, r[i].bits)) sets |= r[i].sets;
	return sets;
}

static unsigned v4_sets(const uint8_t *bytes)
{
	return sets_in(v4_ranges, sizeof v4_ranges / sizeof *v4_ranges, bytes);
}

static unsigned carried_sets(const uint8_t *bytes, bool *exempt)
{
	unsigned sets = 0;

	*exempt = false;
	for (size_t i = 0; i < sizeof carriers / sizeof *carriers; i++) {
		const struct carrier *c = &carriers[i];
		uint8_t v4[4];

		if (!bits_equal(bytes, c->prefix, c->from, c->bits)) continue;
		for (unsigned j = 0; j < 4; j++) v4[j] = bytes[c->at + j] ^ c->invert;
		sets |= v4_sets(v4) & (INHERITED | c->also);
		*exempt |= c->exempt;
	}
	return sets;
}

/* Outside of what is handed out as global unicast (2000::/3), or among the IETF's assignments
 * (2001::/23). */
static bool special_use(const uint8_t *bytes)
{
	return (bytes[0] & 0xe0) != 0x20 || (bytes[0] == 0x20 && bytes[1] == 0x01 && bytes[2] < 2);
}

static unsigned v6_sets(const uint8_t *bytes)
{
	bool exempt;
	unsigned sets = sets_in(v6_ranges, sizeof v6_ranges / sizeof *v6_ranges, bytes);

	sets |= carried_sets(bytes, &exempt);
	if (special_use(bytes) && !exempt) sets |= STRICT;
	return sets;
}

static unsigned sets_of(const struct oc_ip *ip)
{
	return ip->v6 ? v6_sets(ip->b) : v4_sets(ip->b);
}

bool oc_ip_in_strict_set(const struct oc_ip *ip)
{
	return sets_of(ip) & STRICT;
}

bool oc_ip_in_trusted_set(const struct oc_ip *ip, bool resolved)
{
	return sets_of(ip) & (resolved ? TRUSTED | UNSPECIFIED : TRUSTED);
}

bool oc_ip_is_metadata_or_link_local(const struct oc_ip *ip)
{
	return sets_of(ip) & METADATA;
}

bool oc_ip_is_loopback(const struct oc_ip *ip)
{
	return sets_of(ip) & LOOPBACK;
}

bool oc_ip_is_private(const struct oc_ip *ip)
{
	return sets_of(ip) & PRIVATE;
}

bool oc_ip_parse(struct oc_str s, struct oc_ip *out)
{
	char text[OC_IP_TEXT];
	struct oc_ip ip = { 0 };

	if (s.n == 0 || s.n >= sizeof text || memchr(s.p, '\0', s.n)) return false;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	ip.v6 = memchr(text, ':', s.n) != NULL;
	if (inet_pton(ip.v6 ? AF_INET6 : AF_INET, text, ip.b) != 1) return false;
	*out = ip;
	return true;
}

/* First and length of the longest run of at least two zero groups; *n = 0 when there is none. */
static void zero_run(const uint8_t *bytes, size_t *first, size_t *n)
{
	*first = *n = 0;
	for (size_t i = 0, run = 0; i < 8; i++) {
		run = bytes[2 * i] || bytes[2 * i + 1] ? 0 : run + 1;
		if (run < 2 || run <= *n) continue;
		*n = run;
		*first = i + 1 - run;
	}
}

static void format_v6(const uint8_t *b, char *out)
{
	size_t first, n;

	zero_run(b, &first, &n);
	for (size_t i = 0; i < 8; i++) {
		if (n && i == first) {
			i += n - 1;
			out += snprintf(out, 3, i == 7 ? "::" : ":");
			continue;
		}
		out += snprintf(out, 6, "%s%x", i ? ":" : "",
				(unsigned)(b[2 * i] << 8 | b[2 * i + 1]));
	}
}

void oc_ip_format(const struct oc_ip *ip, char out[OC_IP_TEXT])
{
	const uint8_t *b = ip->b;

	if (ip->v6)
		format_v6(b, out);
	else
		snprintf(out, OC_IP_TEXT, "%u.%u.%u.%u", b[0], b[1], b[2], b[3]);
}

bool oc_ip_from_sockaddr(const struct sockaddr *sa, struct oc_ip *out)
{
	if (sa->sa_family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, sa, sizeof in);
		*out = (struct oc_ip){ 0 };
		memcpy(out->b, &in.sin_addr, 4);
		return true;
	}
	if (sa->sa_family == AF_INET6) {
		struct sockaddr_in6 in6;

		memcpy(&in6, sa, sizeof in6);
		*out = (struct oc_ip){ .v6 = true };
		memcpy(out->b, &in6.sin6_addr, 16);
		return true;
	}
	return false;
}

bool oc_ip_eq(const struct oc_ip *a, const struct oc_ip *b)
{
	return a->v6 == b->v6 && memcmp(a->b, b->b, a->v6 ? 16 : 4) == 0;
}
