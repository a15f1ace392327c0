/*
 * From a parsed page to text. Two walks without recursion, so that depth costs nothing but a bound:
 * one finds where the words of the page are, the other writes them. When nothing is left of a page
 * without its navigation and forms, these are kept.
 */
#include "tool/web/html.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "tool/web/html_tree.h"

enum { MAX_DEPTH = 1000, MAX_TITLE = 300, MIN_BLOCK = 300, MIN_PAGE = 200, MAX_LINK = 2000 };

/* ---- walking ---- */

struct step {
	const GumboNode *node;
	size_t child; /* next to visit */
	size_t words; /* for the first walk: text of this element outside links */
	size_t score;
};
struct walk {
	const struct oc_html_tree *tree;
	const struct oc_html_styles *styles;
	bool all; /* navigation and forms too */
	bool cut;
	struct step stack[MAX_DEPTH];
	size_t depth;
};

static bool is_any(GumboTag tag, const GumboTag *tags, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (tags[i] == tag) return true;
	return false;
}
#define IS_ANY(tag, ...)                                                                           \
	is_any(tag, (const GumboTag[]){ __VA_ARGS__ },                                             \
	       sizeof((const GumboTag[]){ __VA_ARGS__ }) / sizeof(GumboTag))

static bool is_wordless(GumboTag tag)
{
	return IS_ANY(tag, GUMBO_TAG_SCRIPT, GUMBO_TAG_STYLE, GUMBO_TAG_TEMPLATE, GUMBO_TAG_HEAD,
		      GUMBO_TAG_SVG, GUMBO_TAG_MATH, GUMBO_TAG_IFRAME, GUMBO_TAG_OBJECT,
		      GUMBO_TAG_EMBED, GUMBO_TAG_CANVAS, GUMBO_TAG_AUDIO, GUMBO_TAG_VIDEO,
		      GUMBO_TAG_NOFRAMES, GUMBO_TAG_TEXTAREA, GUMBO_TAG_SELECT, GUMBO_TAG_INPUT,
		      GUMBO_TAG_DATALIST);
}

static bool is_beside(const GumboNode *n)
{
	static const char *const roles[] = { "navigation", "complementary", "search", "contentinfo",
					     "dialog",	   "alertdialog",   "menu",   "menubar" };
	struct oc_str role = oc_html_attr(n, "role");

	if (IS_ANY(oc_html_tag(n), GUMBO_TAG_NAV, GUMBO_TAG_ASIDE, GUMBO_TAG_FOOTER, GUMBO_TAG_FORM,
		   GUMBO_TAG_BUTTON, GUMBO_TAG_NOSCRIPT, GUMBO_TAG_MENU))
		return true;
	for (size_t i = 0; role.n && i < sizeof roles / sizeof *roles; i++)
		if (oc_str_ieq(role, oc_str(roles[i]))) return true;
	return false;
}

static bool is_left_out(const struct walk *w, const GumboNode *n)
{
	if (n->type == GUMBO_NODE_COMMENT || n->type == GUMBO_NODE_TEMPLATE) return true;
	if (n->type != GUMBO_NODE_ELEMENT) return false;
	if (is_wordless(n->v.element.tag)) return true;
	if (!w->all && is_beside(n)) return true;
	return oc_html_is_hidden(w->styles, n);
}

static void begin(struct walk *w, const GumboNode *root)
{
	w->stack[0] = (struct step){ .node = root };
	w->depth = 1;
}

static struct step *top(struct walk *w)
{
	return &w->stack[w->depth - 1];
}

/* The next child that counts of the element on top, NULL when there is none. */
static const GumboNode *next_child(struct walk *w)
{
	const GumboVector *children = oc_html_children(top(w)->node);

	while (children && top(w)->child < children->length) {
		const GumboNode *n = children->data[top(w)->child++];
		if (!is_left_out(w, n)) return n;
	}
	return NULL;
}

/* Goes into an element; false when it lies too deep. */
static bool enter(struct walk *w, const GumboNode *n)
{
	if (w->depth == MAX_DEPTH || oc_html_late(w->tree)) {
		w->cut = true;
		return false;
	}
	w->stack[w->depth++] = (struct step){ .node = n };
	return true;
}

static bool is_text(const GumboNode *n)
{
	return n->type == GUMBO_NODE_TEXT || n->type == GUMBO_NODE_CDATA ||
	       n->type == GUMBO_NODE_WHITESPACE;
}

/* ---- where the words are ---- */

struct finding {
	const GumboNode *main, *article, *block;
	size_t articles, main_words, article_words, block_score, block_words, all_words;
};

static size_t count_words(const GumboNode *n)
{
	return n->type == GUMBO_NODE_WHITESPACE ? 0 : oc_str_trim(oc_str(n->v.text.text)).n;
}

static void judge(struct finding *f, const struct step *s)
{
	GumboTag tag = oc_html_tag(s->node);

	if (tag == GUMBO_TAG_MAIN || oc_str_ieq(oc_html_attr(s->node, "role"), OC_LIT("main"))) {
		if (s->words > f->main_words || !f->main) {
			f->main = s->node;
			f->main_words = s->words;
		}
	} else if (tag == GUMBO_TAG_ARTICLE) {
		f->articles++;
		f->article = s->node;
		f->article_words = s->words;
	}
	if (s->score > f->block_score) {
		f->block = s->node;
		f->block_score = s->score;
		f->block_words = s->words;
	}
}

static void leave_counted(struct walk *w, struct finding *f)
{
	struct step done = *top(w);
	GumboTag tag = oc_html_tag(done.node);

	judge(f, &done);
	w->depth--;
	if (!w->depth) {
		f->all_words = done.words;
		return;
	}
	if (tag != GUMBO_TAG_A) top(w)->words += done.words;
	if (IS_ANY(tag, GUMBO_TAG_P, GUMBO_TAG_PRE, GUMBO_TAG_BLOCKQUOTE, GUMBO_TAG_UL,
		   GUMBO_TAG_OL, GUMBO_TAG_TABLE))
		top(w)->score += done.words;
	else
		top(w)->score += done.score / 2;
}

static void find(struct walk *w, const GumboNode *root, struct finding *f)
{
	begin(w, root);
	while (w->depth) {
		const GumboNode *n = next_child(w);

		if (!n)
			leave_counted(w, f);
		else if (is_text(n))
			top(w)->words += count_words(n);
		else
			enter(w, n);
	}
}

static const GumboNode *choose(const struct finding *f, const GumboNode *root)
{
	if (f->main && (f->main_words >= MIN_BLOCK || f->main_words * 3 >= f->all_words))
		return f->main;
	if (f->articles == 1 && f->article_words >= MIN_BLOCK) return f->article;
	if (f->block && f->block_score >= MIN_BLOCK && f->block_words * 2 >= f->all_words)
		return f->block;
	return root;
}

/* ---- writing ---- */

struct writer {
	struct walk walk;
	struct oc_buf *out;
	struct oc_strv *links;
	bool show_links;
	unsigned breaks; /* line ends wanted before the next word */
	bool space;	 /* white space wanted before the next word */
	unsigned pre;	 /* elements that keep their white space */
	unsigned list;	 /* depth of lists */
};

static void want_breaks(struct writer *w, unsigned n)
{
	if (w->breaks < n) w->breaks = n;
	w->space = false;
}

static void put_gap(struct writer *w)
{
	if (!w->out->n) {
		w->breaks = 0;
		w->space = false;
	}
	for (; w->breaks; w->breaks--) oc_buf_addc(w->out, '\n');
	if (w->space && w->out->p[w->out->n - 1] != '\n') oc_buf_addc(w->out, ' ');
	w->space = false;
}

static void put(struct writer *w, struct oc_str s)
{
	put_gap(w);
	oc_text_strip(s, w->out);
}

static void put_words(struct writer *w, struct oc_str s)
{
	if (w->pre) {
		if (s.n) put(w, s);
		return;
	}
	for (size_t at = 0; at < s.n;) {
		size_t from = at;

		while (at < s.n && !oc_is_space(s.p[at])) at++;
		if (at > from) put(w, (struct oc_str){ s.p + from, at - from });
		if (at < s.n) w->space = true;
		while (at < s.n && oc_is_space(s.p[at])) at++;
	}
}

static unsigned heading_of(GumboTag tag)
{
	return tag >= GUMBO_TAG_H1 && tag <= GUMBO_TAG_H6 ? (unsigned)(tag - GUMBO_TAG_H1) + 1 : 0;
}

static bool is_block(GumboTag tag)
{
	return IS_ANY(tag, GUMBO_TAG_DIV, GUMBO_TAG_SECTION, GUMBO_TAG_ARTICLE, GUMBO_TAG_MAIN,
		      GUMBO_TAG_HEADER, GUMBO_TAG_FOOTER, GUMBO_TAG_NAV, GUMBO_TAG_ASIDE,
		      GUMBO_TAG_ADDRESS, GUMBO_TAG_DT, GUMBO_TAG_DD, GUMBO_TAG_FIGURE,
		      GUMBO_TAG_FIGCAPTION, GUMBO_TAG_FORM, GUMBO_TAG_TR, GUMBO_TAG_CAPTION,
		      GUMBO_TAG_DETAILS, GUMBO_TAG_SUMMARY, GUMBO_TAG_FIELDSET, GUMBO_TAG_OPTION,
		      GUMBO_TAG_LEGEND);
}

static bool is_paragraph(GumboTag tag)
{
	return IS_ANY(tag, GUMBO_TAG_P, GUMBO_TAG_UL, GUMBO_TAG_OL, GUMBO_TAG_DL, GUMBO_TAG_TABLE,
		      GUMBO_TAG_BLOCKQUOTE, GUMBO_TAG_PRE, GUMBO_TAG_HR);
}

static bool is_list(GumboTag tag)
{
	return tag == GUMBO_TAG_UL || tag == GUMBO_TAG_OL || tag == GUMBO_TAG_MENU;
}

static void put_item(struct writer *w)
{
	want_breaks(w, 1);
	put_gap(w);
	for (unsigned i = 1; i < w->list && i < 8; i++) oc_buf_adds(w->out, "  ");
	oc_buf_adds(w->out, "- ");
}

/* What an image says of itself; never where it lies. */
static void put_image(struct writer *w, const GumboNode *n)
{
	struct oc_str alt = oc_str_trim(oc_html_attr(n, "alt"));

	if (!alt.n) return;
	put_words(w, OC_LIT("[image:"));
	w->space = true;
	put_words(w, alt);
	put(w, OC_LIT("]"));
	w->space = true;
}

static void open_element(struct writer *w, const GumboNode *n)
{
	GumboTag tag = oc_html_tag(n);
	unsigned level = heading_of(tag);

	if (level) {
		want_breaks(w, 2);
		put_gap(w);
		for (unsigned i = 0; i < level; i++) oc_buf_addc(w->out, '#');
		oc_buf_addc(w->out, ' ');
	} else if (tag == GUMBO_TAG_LI)
		put_item(w);
	else if (tag == GUMBO_TAG_BR)
		want_breaks(w, w->breaks ? 2 : 1);
	else if (tag == GUMBO_TAG_IMG)
		put_image(w, n);
	else if (is_list(tag))
		want_breaks(w, w->list++ ? 1 : 2);
	else if (is_paragraph(tag))
		want_breaks(w, 2);
	else if (is_block(tag))
		want_breaks(w, 1);
	if (tag == GUMBO_TAG_PRE) {
		w->pre++;
		put(w, OC_LIT("```\n"));
	}
}

static void close_link(struct writer *w, const GumboNode *n)
{
	struct oc_str href = oc_str_trim(oc_html_attr(n, "href"));

	if (!href.n || href.n > MAX_LINK || href.p[0] == '#') return;
	if (w->links->n < OC_MAX_PAGE_LINKS) oc_strv_add(w->links, href);
	if (!w->show_links || oc_str_istarts(href, OC_LIT("javascript:")) ||
	    oc_str_istarts(href, OC_LIT("data:")))
		return;
	w->space = true;
	put(w, OC_LIT("("));
	put(w, href);
	put(w, OC_LIT(")"));
}

static void close_element(struct writer *w, const GumboNode *n)
{
	GumboTag tag = oc_html_tag(n);

	if (tag == GUMBO_TAG_A)
		close_link(w, n);
	else if (tag == GUMBO_TAG_TD || tag == GUMBO_TAG_TH) {
		w->space = true;
		put(w, OC_LIT("|"));
		w->space = true;
	} else if (tag == GUMBO_TAG_PRE) {
		w->pre--;
		if (w->out->n && w->out->p[w->out->n - 1] != '\n') want_breaks(w, 1);
		put(w, OC_LIT("```"));
	} else if (is_list(tag)) {
		w->list--;
		want_breaks(w, w->list ? 1 : 2);
	}
	if (heading_of(tag) || (is_paragraph(tag) && !is_list(tag)))
		want_breaks(w, 2);
	else if (is_block(tag) || tag == GUMBO_TAG_LI)
		want_breaks(w, 1);
}

static void write_text(struct writer *w, const GumboNode *root)
{
	struct walk *walk = &w->walk;

	begin(walk, root);
	while (walk->depth) {
		const GumboNode *n = next_child(walk);

		if (!n) {
			const GumboNode *done = top(walk)->node;
			walk->depth--;
			close_element(w, done);
		} else if (is_text(n))
			put_words(w, oc_str(n->v.text.text));
		else if (enter(walk, n))
			open_element(w, n);
	}
}

/* ---- title and style sheets ---- */

static struct oc_str only_text(const GumboNode *n)
{
	const GumboVector *children = oc_html_children(n);
	const GumboNode *first = children && children->length ? children->data[0] : NULL;

	return first && is_text(first) ? oc_str(first->v.text.text) : OC_LIT("");
}

static void set_title(struct oc_buf *title, struct oc_str text)
{
	struct oc_buf clean;

	if (title->n) return;
	oc_buf_init(&clean, text.n + 1);
	oc_text_strip(text, &clean);
	struct oc_str s = oc_str_trim(oc_buf_view(&clean));
	for (size_t i = 0; i < s.n; i++) {
		bool space = oc_is_space(s.p[i]);
		if (space && title->p && title->p[title->n - 1] == ' ') continue;
		oc_buf_addc(title, space ? ' ' : s.p[i]);
	}
	oc_buf_deinit(&clean);
	if (title->n > MAX_TITLE) {
		title->n = oc_utf8_floor(title->p, MAX_TITLE);
		title->p[title->n] = '\0';
	}
}

/* Style sheets count wherever they stand, so this looks at everything. */
static void read_head(struct walk *w, const GumboNode *root, struct oc_html_styles *styles,
		      struct oc_buf *title)
{
	begin(w, root);
	while (w->depth) {
		const GumboVector *children = oc_html_children(top(w)->node);

		if (!children || top(w)->child >= children->length) {
			w->depth--;
			continue;
		}
		const GumboNode *n = children->data[top(w)->child++];
		if (oc_html_tag(n) == GUMBO_TAG_STYLE)
			oc_html_styles_add(styles, only_text(n));
		else if (oc_html_tag(n) == GUMBO_TAG_TITLE &&
			 oc_html_tag(top(w)->node) == GUMBO_TAG_HEAD)
			set_title(title, only_text(n));
		else if (oc_html_children(n))
			enter(w, n);
	}
}

/* ---- the page ---- */

static void extract(const struct oc_html_tree *tree, const struct oc_html_styles *styles, bool all,
		    bool links, struct oc_html_page *out)
{
	struct writer *w = oc_new(struct writer);
	struct finding found = { 0 };

	w->walk = (struct walk){ .tree = tree, .styles = styles, .all = all };
	w->out = &out->text;
	w->links = &out->links;
	w->show_links = links;
	find(&w->walk, oc_html_root(tree), &found);
	write_text(w, choose(&found, oc_html_root(tree)));
	out->cut = w->walk.cut;
	free(w);
}

enum oc_rc oc_html_extract(struct oc_str utf8, bool links, struct oc_html_page *out,
			   struct oc_err *e)
{
	*out = (struct oc_html_page){ 0 };
	oc_buf_init(&out->title, 4 * OC_MAX_URL_CHARS);
	oc_buf_init(&out->text, OC_MAX_PAGE_TEXT_BYTES);
	struct oc_html_tree *tree = oc_html_parse(utf8);
	if (!tree) return oc_fail(e, OC_E_LIMIT, "the page is too complex to read");

	struct walk *w = oc_new(struct walk);
	struct oc_html_styles styles = { 0 };
	w->tree = tree;
	read_head(w, oc_html_root(tree), &styles, &out->title);
	free(w);
	extract(tree, &styles, false, links, out);
	if (out->text.n < MIN_PAGE) {
		struct oc_html_page more = { 0 };

		oc_buf_init(&more.text, OC_MAX_PAGE_TEXT_BYTES);
		extract(tree, &styles, true, links, &more);
		if (more.text.n > 2 * out->text.n) {
			struct oc_buf text = out->text;
			struct oc_strv hrefs = out->links;
			out->text = more.text;
			out->links = more.links;
			out->cut = more.cut;
			more.text = text;
			more.links = hrefs;
		}
		oc_buf_deinit(&more.text);
		oc_strv_deinit(&more.links);
	}
	oc_html_styles_deinit(&styles);
	oc_html_tree_free(tree);
	return OC_OK;
}

void oc_html_page_deinit(struct oc_html_page *page)
{
	oc_buf_deinit(&page->title);
	oc_buf_deinit(&page->text);
	oc_strv_deinit(&page->links);
}

/* ---- what hides ---- */

static bool is_unseen(uint32_t cp)
{
	static const struct {
		uint32_t from, to;
	} ranges[] = {
		{ 0x00, 0x08 },	      { 0x0B, 0x1F },	    { 0x7F, 0x9F },
		{ 0xAD, 0xAD },	      { 0x034F, 0x034F },   { 0x061C, 0x061C },
		{ 0x115F, 0x1160 },   { 0x17B4, 0x17B5 },   { 0x180B, 0x180F },
		{ 0x200B, 0x200F },   { 0x202A, 0x202E },   { 0x2060, 0x206F },
		{ 0x3164, 0x3164 },   { 0xFE00, 0xFE0F },   { 0xFEFF, 0xFEFF },
		{ 0xFFA0, 0xFFA0 },   { 0xFFF0, 0xFFFB },   { 0x1BCA0, 0x1BCA3 },
		{ 0x1D173, 0x1D17A }, { 0xE0000, 0xE0FFF },
	};
	for (size_t i = 0; i < sizeof ranges / sizeof *ranges && ranges[i].from <= cp; i++)
		if (cp <= ranges[i].to) return true;
	return false;
}

void oc_text_strip(struct oc_str s, struct oc_buf *out)
{
	size_t from = 0, at = 0;

	while (at < s.n) {
		uint32_t cp = (unsigned char)s.p[at];
		size_t n = cp >= 0x20 && cp < 0x7F ? 1 : oc_utf8_next(oc_str_from(s, at), &cp);

		if (is_unseen(cp)) {
			oc_buf_add(out, (struct oc_str){ s.p + from, at - from });
			from = at + n;
		}
		at += n;
	}
	oc_buf_add(out, oc_str_from(s, from));
}
