/* Character references: the numeric ones, and the names that occur in what people and models write.
 * Others stay as they are written. */
#include "base/utf8.h"
#include "markdown/internal.h"

static const struct {
	const char *name;
	uint32_t cp;
} names[] = {
	{ "AElig", 0xc6 },    { "Alpha", 0x391 },   { "Delta", 0x394 },	  { "Omega", 0x3a9 },
	{ "Sigma", 0x3a3 },   { "alpha", 0x3b1 },   { "amp", '&' },	  { "apos", '\'' },
	{ "approx", 0x2248 }, { "auml", 0xe4 },	    { "beta", 0x3b2 },	  { "bull", 0x2022 },
	{ "cent", 0xa2 },     { "check", 0x2713 },  { "copy", 0xa9 },	  { "darr", 0x2193 },
	{ "deg", 0xb0 },      { "delta", 0x3b4 },   { "divide", 0xf7 },	  { "eacute", 0xe9 },
	{ "emsp", 0x2003 },   { "ensp", 0x2002 },   { "epsilon", 0x3b5 }, { "euro", 0x20ac },
	{ "frac12", 0xbd },   { "gamma", 0x3b3 },   { "ge", 0x2265 },	  { "gt", '>' },
	{ "harr", 0x2194 },   { "hellip", 0x2026 }, { "infin", 0x221e },  { "lambda", 0x3bb },
	{ "laquo", 0xab },    { "larr", 0x2190 },   { "ldquo", 0x201c },  { "le", 0x2264 },
	{ "lsquo", 0x2018 },  { "lt", '<' },	    { "mdash", 0x2014 },  { "micro", 0xb5 },
	{ "middot", 0xb7 },   { "minus", 0x2212 },  { "mu", 0x3bc },	  { "nbsp", 0xa0 },
	{ "ndash", 0x2013 },  { "ne", 0x2260 },	    { "omega", 0x3c9 },	  { "ouml", 0xf6 },
	{ "para", 0xb6 },     { "pi", 0x3c0 },	    { "plusmn", 0xb1 },	  { "pound", 0xa3 },
	{ "quot", '"' },      { "raquo", 0xbb },    { "rarr", 0x2192 },	  { "rdquo", 0x201d },
	{ "reg", 0xae },      { "rsquo", 0x2019 },  { "sect", 0xa7 },	  { "sigma", 0x3c3 },
	{ "sum", 0x2211 },    { "szlig", 0xdf },    { "theta", 0x3b8 },	  { "times", 0xd7 },
	{ "trade", 0x2122 },  { "uarr", 0x2191 },   { "uuml", 0xfc },	  { "yen", 0xa5 },
};

static uint32_t number(struct oc_str digits)
{
	bool hex = digits.n && (digits.p[0] == 'x' || digits.p[0] == 'X');
	uint32_t cp = 0;

	for (size_t i = hex; i < digits.n; i++) {
		char c = digits.p[i];
		unsigned digit = c <= '9' ? (unsigned)(c - '0') : (unsigned)(c | 0x20) - 'a' + 10;

		cp = cp * (hex ? 16 : 10) + digit;
		if (cp > 0x10ffff) return 0xfffd;
	}
	/* Control characters would be markup of ours, or hide something. */
	if (cp < ' ' && cp != '\t' && cp != '\n') return 0xfffd;
	if (cp == 0x7f || (cp >= 0xd800 && cp < 0xe000)) return 0xfffd;
	return cp;
}

void oc_entity_add(struct oc_str entity, struct oc_buf *out)
{
	struct oc_str name = { entity.p + 1, entity.n > 2 ? entity.n - 2 : 0 };

	if (name.n && name.p[0] == '#') {
		oc_utf8_put(out, number(oc_str_from(name, 1)));
		return;
	}
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (oc_str_eq(name, oc_str(names[i].name))) {
			oc_utf8_put(out, names[i].cp);
			return;
		}
	oc_buf_add(out, entity);
}
