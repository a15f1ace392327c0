#ifndef OC_MARKDOWN_PLAIN_H
#define OC_MARKDOWN_PLAIN_H
#include "base/buf.h"
#include "markdown/markdown.h"
/*
 * A tree as plain text: for previews, notifications and channels without markup. Lists keep their
 * marks, tables become lines with " | ", links are followed by their address unless it is what they
 * say. No line end at the end. Pure.
 */
void oc_md_plain(const struct oc_md_node *node, struct oc_buf *out);
#endif
