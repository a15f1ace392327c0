/* HTML of a Markdown tree. Every element and attribute that can come out is written here. */
#include "markdown/html.h"

static void escape(struct oc_buf *out, struct oc_str s)
{
	size_t from = 0;

	for (size_t i = 0; i < s.n; i++) {
		const char *as = NULL;

		switch (s.p[i]) {
		case '&': as = "&amp;"; break;
		case '<': as = "&lt;"; break;
		case '>': as = "&gt;"; break;
		case '"': as = "&quot;"; break;
		case '\'': as = "&#39;"; break;
		default: continue;
		}
		oc_buf_add(out, (struct oc_str){ s.p + from, i - from });
		oc_buf_adds(out, as);
		from = i + 1;
	}
	oc_buf_add(out, oc_str_from(s, from));
}

static void element(struct oc_buf *out, const char *open, struct oc_str text, const char *close)
{
	oc_buf_adds(out, open);
	escape(out, text);
	oc_buf_adds(out, close);
}

static void open_link(const struct oc_md_node *n, struct oc_buf *out)
{
	if (!oc_md_url_ok(n->url)) {
		oc_buf_adds(out, "<span class=\"no-link\">");
		return;
	}
	element(out, "<a href=\"", n->url,
		"\" rel=\"noopener noreferrer nofollow\" target=\"_blank\"");
	element(out, " title=\"", n->url, n->kind == OC_MD_IMAGE ? "\" class=\"image\">" : "\">");
	if (n->kind == OC_MD_IMAGE && !n->first) escape(out, n->url);
}

static void close_link(const struct oc_md_node *n, struct oc_buf *out)
{
	oc_buf_adds(out, oc_md_url_ok(n->url) ? "</a>" : "</span>");
}

static bool is_language(struct oc_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!strchr("+-#._", s.p[i]) && !(s.p[i] >= '0' && s.p[i] <= '9') &&
		    !((s.p[i] | 0x20) >= 'a' && (s.p[i] | 0x20) <= 'z'))
			return false;
	return s.n > 0 && s.n <= 40;
}

static void code_block(const struct oc_md_node *n, struct oc_buf *out)
{
	struct oc_str text = n->text;

	if (text.n && text.p[text.n - 1] == '\n') text.n--;
	oc_buf_adds(out, n->continued ? "<div class=\"code more\">" : "<div class=\"code\">");
	if (!n->continued)
		element(out, "<div class=\"code-head\"><span>", n->language, "</span></div>");
	oc_buf_adds(out, "<pre tabindex=\"0\" dir=\"ltr\"><code");
	if (is_language(n->language)) element(out, " class=\"language-", n->language, "\"");
	element(out, ">", text, "</code></pre></div>\n");
}

/* A block of the text has the direction of its own first letter, and what is in it follows. */
static const char *direction(const struct oc_md_node *n)
{
	return n->parent->kind == OC_MD_DOCUMENT ? " dir=\"auto\"" : "";
}

static void open_list(const struct oc_md_node *n, struct oc_buf *out)
{
	oc_buf_adds(out, n->ordered ? "<ol" : "<ul");
	if (n->ordered && n->start != 1) oc_buf_addf(out, " start=\"%u\"", n->start);
	oc_buf_addf(out, "%s>\n", direction(n));
}

static void open_item(const struct oc_md_node *n, struct oc_buf *out)
{
	oc_buf_adds(out, n->task ? "<li class=\"task\">" : "<li>");
	if (n->task)
		oc_buf_addf(out, "<input type=\"checkbox\" disabled%s> ",
			    n->done ? " checked" : "");
}

/* The page has headings of its own above those of an answer. */
static unsigned heading_level(const struct oc_md_node *n)
{
	return n->level + 2 > 6 ? 6 : n->level + 2;
}

static void open_row(const struct oc_md_node *n, struct oc_buf *out)
{
	bool second = n->parent->first->next == n && n->parent->first->head;

	oc_buf_adds(out, n->head ? "<thead>\n<tr>" : second ? "<tbody>\n<tr>" : "<tr>");
}

static void close_row(const struct oc_md_node *n, struct oc_buf *out)
{
	oc_buf_adds(out, n->head ? "</tr>\n</thead>\n" : n->next ? "</tr>\n" : "</tr>\n</tbody>\n");
}

static void open_cell(const struct oc_md_node *n, struct oc_buf *out)
{
	static const char *const classes[] = { "", " class=\"start\"", " class=\"center\"",
					       " class=\"end\"" };

	oc_buf_addf(out, "<%s%s>", n->head ? "th scope=\"col\"" : "td", classes[n->align]);
}

static void open(const struct oc_md_node *n, struct oc_buf *out)
{
	switch (n->kind) {
	case OC_MD_DOCUMENT: break;
	case OC_MD_QUOTE: oc_buf_addf(out, "<blockquote%s>\n", direction(n)); break;
	case OC_MD_LIST: open_list(n, out); break;
	case OC_MD_ITEM: open_item(n, out); break;
	case OC_MD_PARAGRAPH: oc_buf_addf(out, "<p%s>", direction(n)); break;
	case OC_MD_HEADING:
		oc_buf_addf(out, "<h%u class=\"md-h%u\"%s>", heading_level(n), n->level,
			    direction(n));
		break;
	case OC_MD_TABLE:
		oc_buf_addf(out, "<div class=\"scroll\"><table%s>\n", direction(n));
		break;
	case OC_MD_ROW: open_row(n, out); break;
	case OC_MD_CELL: open_cell(n, out); break;
	case OC_MD_RULE: oc_buf_adds(out, "<hr>\n"); break;
	case OC_MD_CODE_BLOCK: code_block(n, out); break;
	case OC_MD_MATH_BLOCK:
		element(out, "<pre class=\"math\" tabindex=\"0\" dir=\"ltr\">", n->text,
			"</pre>\n");
		break;
	case OC_MD_EM: oc_buf_adds(out, "<em>"); break;
	case OC_MD_STRONG: oc_buf_adds(out, "<strong>"); break;
	case OC_MD_STRIKE: oc_buf_adds(out, "<del>"); break;
	case OC_MD_LINK:
	case OC_MD_IMAGE: open_link(n, out); break;
	case OC_MD_TEXT: escape(out, n->text); break;
	case OC_MD_CODE: element(out, "<code dir=\"ltr\">", n->text, "</code>"); break;
	case OC_MD_MATH:
		element(out, "<span class=\"math\" dir=\"ltr\">", n->text, "</span>");
		break;
	case OC_MD_BREAK: oc_buf_adds(out, "<br>"); break;
	case OC_MD_SOFT_BREAK: oc_buf_addc(out, '\n'); break;
	}
}

static void close(const struct oc_md_node *n, struct oc_buf *out)
{
	switch (n->kind) {
	case OC_MD_QUOTE: oc_buf_adds(out, "</blockquote>\n"); break;
	case OC_MD_LIST: oc_buf_adds(out, n->ordered ? "</ol>\n" : "</ul>\n"); break;
	case OC_MD_ITEM: oc_buf_adds(out, "</li>\n"); break;
	case OC_MD_PARAGRAPH: oc_buf_adds(out, "</p>\n"); break;
	case OC_MD_HEADING: oc_buf_addf(out, "</h%u>\n", heading_level(n)); break;
	case OC_MD_TABLE: oc_buf_adds(out, "</table></div>\n"); break;
	case OC_MD_ROW: close_row(n, out); break;
	case OC_MD_CELL: oc_buf_adds(out, n->head ? "</th>" : "</td>"); break;
	case OC_MD_EM: oc_buf_adds(out, "</em>"); break;
	case OC_MD_STRONG: oc_buf_adds(out, "</strong>"); break;
	case OC_MD_STRIKE: oc_buf_adds(out, "</del>"); break;
	case OC_MD_LINK:
	case OC_MD_IMAGE: close_link(n, out); break;
	default: break;
	}
}

void oc_md_html(const struct oc_md_node *node, struct oc_buf *out)
{
	/* The depth of a tree is bounded (OC_MAX_MARKDOWN_DEPTH). */
	open(node, out);
	for (const struct oc_md_node *c = node->first; c; c = c->next) oc_md_html(c, out);
	close(node, out);
}
