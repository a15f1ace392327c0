/*
 * The WHATWG host parser for http: one canonical spelling for each host, so that two spellings of
 * one address cannot be told apart by the guard. Names are percent-decoded and mapped by IDNA; what
 * then ends in a number is an IPv4 address or nothing.
 */
#include "host.h"

#include <idn2.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/utf8.h"

enum { MAX_HOST_CHARS = 253 };

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int hex_value(char c)
{
	if (is_digit(c)) return c - '0';
	if (c >= 'a' && c <= 'f') return c - 'a' + 10;
	if (c >= 'A' && c <= 'F') return c - 'A' + 10;
	return -1;
}

static void set_ip(struct oc_url *u, const struct oc_ip *ip)
{
	char text[OC_IP_TEXT];

	oc_ip_format(ip, text);
	u->ip = *ip;
	u->is_ip = true;
	u->host = oc_strdup(text);
}

/* ---- IPv4 ------------------------------------------------------------ */
/* "10", "012", "0xA", and "0x" for 0. Stops counting above 32 bits. */
static bool parse_number(struct oc_str s, uint64_t *out)
{
	int base = 10;
	uint64_t v = 0;

	if (s.n == 0) return false;
	if (s.n >= 2 && s.p[0] == '0') {
		base = (s.p[1] | 0x20) == 'x' ? 16 : 8;
		s = oc_str_from(s, base == 16 ? 2 : 1);
	}
	for (size_t i = 0; i < s.n; i++) {
		int digit = hex_value(s.p[i]);

		if (digit < 0 || digit >= base) return false;
		if (v <= UINT32_MAX) v = v * (unsigned)base + (unsigned)digit;
	}
	*out = v;
	return true;
}

static struct oc_str last_label(struct oc_str s)
{
	size_t at = s.n;

	while (at > 0 && s.p[at - 1] != '.') at--;
	return oc_str_from(s, at);
}

static bool ends_in_number(struct oc_str host)
{
	struct oc_str last = last_label(host);
	size_t digits = 0;
	uint64_t v;

	while (digits < last.n && is_digit(last.p[digits])) digits++;
	return last.n && (digits == last.n || parse_number(last, &v));
}

/* One to four numbers; the last fills all bytes that are left. */
static bool parse_ipv4(struct oc_str s, struct oc_ip *out)
{
	uint64_t address = 0, part;
	unsigned n = 0;

	for (bool last = false; !last; n++) {
		size_t dot = oc_str_find(s, OC_LIT("."), 0);
		last = dot == SIZE_MAX;
		if (n == 4 || !parse_number(oc_str_head(s, dot), &part)) return false;
		if (last ? part >> 8 * (4 - n) : part > 255) return false;
		address |= last ? part : part << 8 * (3 - n);
		if (!last) s = oc_str_from(s, dot + 1);
	}
	*out = (struct oc_ip){ 0 };
	for (unsigned i = 0; i < 4; i++) out->b[i] = (uint8_t)(address >> 8 * (3 - i));
	return true;
}

/* ---- names ----------------------------------------------------------- */
/* Free with free(). */
static char *percent_decoded(struct oc_str s, size_t *n)
{
	char *out = oc_alloc(s.n + 1);

	*n = 0;
	for (size_t i = 0; i < s.n; i++) {
		int high = s.p[i] == '%' && i + 2 < s.n ? hex_value(s.p[i + 1]) : -1;
		int low = high >= 0 ? hex_value(s.p[i + 2]) : -1;

		if (low < 0) {
			out[(*n)++] = s.p[i];
			continue;
		}
		out[(*n)++] = (char)(unsigned char)(high * 16 + low);
		i += 2;
	}
	return out;
}

/* Plain ASCII without punycode labels needs no IDNA, and may then have what IDNA forbids: "_",
 * "a--b", "-a". */
static bool needs_idna(struct oc_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80) return true;
	return oc_str_ihas(s, "xn--");
}

static char *ascii_lower(struct oc_str s)
{
	char *out = oc_strndup(s.p, s.n);

	for (char *p = out; *p; p++)
		if (*p >= 'A' && *p <= 'Z') *p = (char)(*p - 'A' + 'a');
	return out;
}

/* Lower-case ASCII form of a name, or NULL. Free with free(). */
static char *to_ascii(struct oc_str name)
{
	char *mapped = NULL;

	if (memchr(name.p, '\0', name.n) || !oc_utf8_valid(name)) return NULL;
	if (!needs_idna(name)) return ascii_lower(name);
	char *text = oc_strndup(name.p, name.n);
	int rc = idn2_to_ascii_8z(text, &mapped, IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT);
	free(text);
	if (rc != IDN2_OK) return NULL;
	char *out = ascii_lower(oc_str(mapped));
	idn2_free(mapped);
	return out;
}

static bool has_forbidden(struct oc_str host)
{
	for (size_t i = 0; i < host.n; i++) {
		unsigned char c = (unsigned char)host.p[i];
		if (c <= ' ' || c >= 0x7f || strchr("#/:<>?@[\\]^|%", c)) return true;
	}
	return false;
}

/* host: canonical but for trailing dots, which are cut. */
static enum oc_rc take_name(struct oc_str host, struct oc_url *u, struct oc_err *e)
{
	struct oc_ip ip;

	if (has_forbidden(host))
		return oc_fail(e, OC_E_INPUT,
			       "Invalid URL: the host name has a character that no host has");
	while (host.n && host.p[host.n - 1] == '.') host.n--;
	if (host.n == 0) return oc_fail(e, OC_E_INPUT, "Invalid URL: it names no host");
	if (host.n > MAX_HOST_CHARS)
		return oc_fail(e, OC_E_INPUT,
			       "Invalid URL: the host name is longer than %d characters",
			       MAX_HOST_CHARS);
	if (!ends_in_number(host)) {
		u->host = oc_strndup(host.p, host.n);
		return OC_OK;
	}
	if (!parse_ipv4(host, &ip))
		return oc_fail(e, OC_E_INPUT, "Invalid URL: \"%.*s\" is not an IPv4 address",
			       OC_FMT(host));
	set_ip(u, &ip);
	return OC_OK;
}

static enum oc_rc parse_bracketed(struct oc_str s, struct oc_url *u, struct oc_err *e)
{
	struct oc_ip ip;

	if (!oc_str_ends(s, OC_LIT("]")) ||
	    !oc_ip_parse(oc_str_from(oc_str_head(s, s.n - 1), 1), &ip) || !ip.v6)
		return oc_fail(e, OC_E_INPUT, "Invalid URL: no IPv6 address in the brackets%s",
			       memchr(s.p, '%', s.n) ? " (zones cannot be used)" : "");
	set_ip(u, &ip);
	return OC_OK;
}

enum oc_rc oc_host_parse(struct oc_str s, struct oc_url *u, struct oc_err *e)
{
	size_t n;

	if (s.n == 0) return oc_fail(e, OC_E_INPUT, "Invalid URL: it names no host");
	if (s.p[0] == '[') return parse_bracketed(s, u, e);
	char *decoded = percent_decoded(s, &n);
	char *ascii = to_ascii((struct oc_str){ decoded, n });
	free(decoded);
	if (!ascii) return oc_fail(e, OC_E_INPUT, "Invalid URL: the host name is not valid");
	enum oc_rc rc = take_name(oc_str(ascii), u, e);
	free(ascii);
	return rc;
}
