#ifndef OC_TOOL_HTML_TREE_H
#define OC_TOOL_HTML_TREE_H
#include <gumbo.h>

#include "base/str.h"
/* Shared by the files that read a parsed page. */

/* Parses within bounds. NULL: too much for them. Free in every case. */
struct oc_html_tree *oc_html_parse(struct oc_str utf8);
const GumboNode *oc_html_root(const struct oc_html_tree *tree); /* the element <html> */
/* It took too long: whoever walks it stops. */
bool oc_html_late(const struct oc_html_tree *tree);
void oc_html_tree_free(struct oc_html_tree *tree);

/* Of an element; the empty view when it has no such attribute or is no element. */
struct oc_str oc_html_attr(const GumboNode *n, const char *name);
GumboTag oc_html_tag(const GumboNode *n); /* GUMBO_TAG_UNKNOWN for what is no element */
const GumboVector *oc_html_children(const GumboNode *n); /* NULL = has none */

/* What the style sheets inside a page make invisible. Zeroed is nothing. */
struct oc_html_styles {
	struct oc_strv hidden; /* ".class" and "#id" */
};
void oc_html_styles_add(struct oc_html_styles *s, struct oc_str css);
void oc_html_styles_deinit(struct oc_html_styles *s);
/* Nobody sees the element: by attribute, by its own style, by a style sheet of the page. */
bool oc_html_is_hidden(const struct oc_html_styles *s, const GumboNode *n);
#endif
