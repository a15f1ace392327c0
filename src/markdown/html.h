#ifndef OC_MARKDOWN_HTML_H
#define OC_MARKDOWN_HTML_H
#include "base/buf.h"
#include "markdown/markdown.h"
/*
 * HTML of a tree, for the chat page: nothing in it can run, load or style anything. Its elements
 * and attributes are the ones written in html.c, all text is escaped, links lead to http, https and
 * mailto (everything else is shown without being a link), images are links. Pure.
 */
void oc_md_html(const struct oc_md_node *node, struct oc_buf *out);
#endif
