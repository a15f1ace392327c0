/* Percent-encoded text. */
#include "net/percent.h"

static int hex(char c)
{
	if (c >= '0' && c <= '9') return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool decode(struct oc_str in, bool plus_is_space, struct oc_buf *out)
{
	for (size_t i = 0; i < in.n; i++) {
		if (in.p[i] != '%') {
			oc_buf_addc(out, plus_is_space && in.p[i] == '+' ? ' ' : in.p[i]);
			continue;
		}
		if (in.n - i < 3 || hex(in.p[i + 1]) < 0 || hex(in.p[i + 2]) < 0) return false;
		char c = (char)(hex(in.p[i + 1]) * 16 + hex(in.p[i + 2]));

		if (!c) return false;
		oc_buf_addc(out, c);
		i += 2;
	}
	return !out->bad;
}

bool oc_percent_decode(struct oc_str in, struct oc_buf *out)
{
	return decode(in, false, out);
}

bool oc_query_value(struct oc_str query, struct oc_str name, struct oc_buf *out)
{
	while (query.n) {
		struct oc_str pair = oc_str_head(query, oc_str_find(query, OC_LIT("&"), 0));

		query = oc_str_from(query, pair.n + 1);
		if (pair.n > name.n && pair.p[name.n] == '=' && oc_str_starts(pair, name))
			return decode(oc_str_from(pair, name.n + 1), true, out);
	}
	return false;
}
