/* The table of taint, and the tier of a model. */
#include "tool/sandbox/taint.h"

static const struct {
	bool asks;
	enum oc_trust_tier up_to; /* tiers above it are not asked */
	bool not_full, not_read_only;
	const char *why;
} rows[OC_ACTS] = {
	[OC_ACT_WRITE_OUTSIDE] = { true, OC_TRUST_T2, false, false,
				   "foreign text was read before this write" },
	[OC_ACT_EXEC_HOST] = { true, OC_TRUST_T2, true, true, "foreign text was read before it" },
	[OC_ACT_FETCH_DATA] = { true, OC_TRUST_T3, false, false,
				"foreign text was read before, and this address may carry data out" },
	[OC_ACT_MESSAGE_OTHER] = { true, OC_TRUST_T3, false, false,
				   "foreign text was read before this message to somebody else" },
	[OC_ACT_SCHEDULE] = { true, OC_TRUST_T2, false, false,
			      "foreign text was read before this was planned" },
	[OC_ACT_SERVER] = { true, OC_TRUST_T3, false, false,
			    "foreign text was read before, and this may carry data out" },
};

bool oc_taint_asks(enum oc_act act, const struct oc_taint_facts *f, const char **why)
{
	if (!f->tainted || !rows[act].asks || f->trust > rows[act].up_to) return false;
	if ((rows[act].not_full && f->full) || (rows[act].not_read_only && f->read_only))
		return false;
	if (why) *why = rows[act].why;
	return true;
}

/* ---- tiers ---- */

enum { MAX_THOUSANDTHS = 10000000 }; /* no model is larger: it is some other number */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* A number at *at in thousandths; *at moves behind it. */
static int64_t read_number(struct oc_str s, size_t *at)
{
	int64_t n = 0, scale = 1000;

	for (; *at < s.n && is_digit(s.p[*at]); (*at)++)
		if (n < MAX_THOUSANDTHS) n = n * 10 + (s.p[*at] - '0') * 1000;
	if (*at + 1 >= s.n || s.p[*at] != '.' || !is_digit(s.p[*at + 1])) return n;
	for ((*at)++; *at < s.n && is_digit(s.p[*at]); (*at)++) {
		scale /= 10;
		n += (s.p[*at] - '0') * scale;
	}
	return n;
}

/* Millions of parameters that a size beginning at *at means, 0 = it is none: "8b", "1.5B", "8x7b",
 * "135m". */
static int64_t read_size(struct oc_str s, size_t *at)
{
	int64_t n = read_number(s, at), times = 1;

	if (*at + 1 < s.n && (s.p[*at] == 'x' || s.p[*at] == 'X') && is_digit(s.p[*at + 1])) {
		times = n / 1000;
		(*at)++;
		n = read_number(s, at);
	}
	if (*at >= s.n) return 0;
	char unit = s.p[*at];
	bool ends = *at + 1 >= s.n || (!is_letter(s.p[*at + 1]) && !is_digit(s.p[*at + 1]));
	if (!ends || times > 1000 || n > MAX_THOUSANDTHS) return 0;
	if (unit == 'b' || unit == 'B') return n * times;
	return unit == 'm' || unit == 'M' ? n * times / 1000 : 0;
}

/* The largest size counts: "qwen3-30b-a3b" has 30 billion, of which 3 work at a time. */
static int64_t find_millions(struct oc_str id)
{
	int64_t most = 0;

	for (size_t at = 0; at < id.n;) {
		bool inside = at > 0 && (is_letter(id.p[at - 1]) || id.p[at - 1] == '.') &&
			      !(at > 1 && (id.p[at - 1] == 'e' || id.p[at - 1] == 'E') &&
				!is_letter(id.p[at - 2]));

		if (!is_digit(id.p[at])) {
			at++;
			continue;
		}
		size_t end = at;
		int64_t n = read_size(id, &end);
		if (!inside && n > most) most = n;
		at = end > at ? end : at + 1;
	}
	return most;
}

enum oc_trust_tier oc_trust_tier_of(struct oc_str model_id)
{
	int64_t millions = find_millions(model_id);

	if (millions < 4000) return OC_TRUST_T0;
	if (millions < 15000) return OC_TRUST_T1;
	return millions <= 80000 ? OC_TRUST_T2 : OC_TRUST_T3;
}
