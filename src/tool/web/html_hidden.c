/* Which elements of a page nobody sees: the favourite place for words that only a model reads. */
#include "base/buf.h"
#include "tool/web/html_tree.h"

enum { MAX_RULES = 512, MAX_DECLARATIONS = 2000 };

/* Declarations without white space and in lower case. A value that ends in '0' must not go on with
 * a digit or a fraction: "opacity:0" is hidden, "opacity:0.9" is not. */
static const char *const hiding[] = {
	"display:none",
	"visibility:hidden",
	"visibility:collapse",
	"opacity:0",
	"font-size:0",
	"font-size:1px",
	"color:transparent",
	"text-indent:-",
	"left:-9",
	"top:-9",
	"right:-9",
	"clip:rect(0",
	"clip:rect(1px",
	"clip-path:inset(50%",
	"clip-path:inset(100",
	"max-height:0",
	"transform:scale(0",
	"content-visibility:hidden",
};
static const char *const classes[] = { "sr-only", "visually-hidden", "screen-reader-text", "d-none",
				       "is-hidden" };

static void squeeze(struct oc_str css, struct oc_buf *out)
{
	for (size_t i = 0; i < css.n && i < MAX_DECLARATIONS; i++) {
		char c = css.p[i];

		if (c == '/' && i + 1 < css.n && css.p[i + 1] == '*') { /* a comment splits words */
			size_t end = oc_str_find(css, OC_LIT("*/"), i + 2);
			if (end == SIZE_MAX) break;
			i = end + 1;
		} else if (!oc_is_space(c))
			oc_buf_addc(out, c >= 'A' && c <= 'Z' ? (char)(c + 32) : c);
	}
}

static bool goes_on(struct oc_str s, size_t at)
{
	while (at < s.n && (s.p[at] == '.' || s.p[at] == '0')) at++;
	return at < s.n && s.p[at] >= '1' && s.p[at] <= '9';
}

static bool hides(struct oc_str css)
{
	struct oc_buf b;
	bool yes = false;

	oc_buf_init(&b, MAX_DECLARATIONS);
	squeeze(css, &b);
	struct oc_str s = oc_buf_view(&b);
	for (size_t i = 0; i < sizeof hiding / sizeof *hiding && !yes; i++) {
		struct oc_str what = oc_str(hiding[i]);
		bool zero = what.p[what.n - 1] == '0' && what.p[what.n - 2] == ':';

		for (size_t at = 0; (at = oc_str_find(s, what, at)) != SIZE_MAX; at += what.n) {
			bool word = at > 0 && s.p[at - 1] != ';' && s.p[at - 1] != '{';
			if (word || (zero && goes_on(s, at + what.n))) continue;
			yes = true;
			break;
		}
	}
	oc_buf_deinit(&b);
	return yes;
}

/* ---- style sheets ---- */

static bool is_name(char c)
{
	return c == '-' || c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z');
}

/* The last class or id of a simple selector: ".a", "#a", "p.a". Anything with parts is left alone:
 * it may not mean the element. */
static void add_selector(struct oc_html_styles *s, struct oc_str selector)
{
	selector = oc_str_trim(selector);
	size_t at = 0;

	while (at < selector.n && is_name(selector.p[at])) at++;
	if (at >= selector.n || (selector.p[at] != '.' && selector.p[at] != '#')) return;
	for (size_t i = at + 1; i < selector.n; i++)
		if (!is_name(selector.p[i])) return;
	if (s->hidden.n < MAX_RULES) oc_strv_add_once(&s->hidden, oc_str_from(selector, at));
}

static void add_rule(struct oc_html_styles *s, struct oc_str selectors)
{
	size_t from = 0;

	for (size_t i = 0; i <= selectors.n; i++) {
		if (i < selectors.n && selectors.p[i] != ',') continue;
		add_selector(s, (struct oc_str){ selectors.p + from, i - from });
		from = i + 1;
	}
}

void oc_html_styles_add(struct oc_html_styles *s, struct oc_str css)
{
	size_t from = 0;

	for (size_t open; (open = oc_str_find(css, OC_LIT("{"), from)) != SIZE_MAX;) {
		size_t close = oc_str_find(css, OC_LIT("}"), open), inner;
		struct oc_str selectors = { css.p + from, open - from };

		if (close == SIZE_MAX) return;
		from = close + 1;
		inner = oc_str_find(css, OC_LIT("{"), open + 1);
		if (inner < close) { /* @media: only what is inside may count, and only sometimes */
			from = open + 1;
			continue;
		}
		size_t comment = oc_str_find(selectors, OC_LIT("*/"), 0);
		if (comment != SIZE_MAX) selectors = oc_str_from(selectors, comment + 2);
		if (hides((struct oc_str){ css.p + open + 1, close - open - 1 }))
			add_rule(s, selectors);
	}
}

void oc_html_styles_deinit(struct oc_html_styles *s)
{
	oc_strv_deinit(&s->hidden);
}

/* ---- elements ---- */

static bool is_ruled_out(const struct oc_html_styles *s, char kind, struct oc_str name)
{
	for (size_t i = 0; i < s->hidden.n; i++)
		if (s->hidden.v[i][0] == kind && oc_str_eq(oc_str(s->hidden.v[i] + 1), name))
			return true;
	return false;
}

static bool has_hidden_class(const struct oc_html_styles *s, struct oc_str list)
{
	while (list.n) {
		size_t n = 0;

		while (n < list.n && !oc_is_space(list.p[n])) n++;
		struct oc_str name = oc_str_head(list, n);
		for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
			if (oc_str_eq(name, oc_str(classes[i]))) return true;
		if (n && is_ruled_out(s, '.', name)) return true;
		list = oc_str_from(list, n + 1);
	}
	return false;
}

bool oc_html_is_hidden(const struct oc_html_styles *s, const GumboNode *n)
{
	const GumboVector *attributes;

	if (n->type != GUMBO_NODE_ELEMENT) return false;
	attributes = &n->v.element.attributes;
	if (!attributes->length) return false;
	if (gumbo_get_attribute(attributes, "hidden")) return true;
	if (oc_str_ieq(oc_html_attr(n, "aria-hidden"), OC_LIT("true"))) return true;
	if (hides(oc_html_attr(n, "style"))) return true;
	struct oc_str id = oc_html_attr(n, "id");
	if (id.n && is_ruled_out(s, '#', id)) return true;
	return has_hidden_class(s, oc_html_attr(n, "class"));
}
