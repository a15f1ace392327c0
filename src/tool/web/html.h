#ifndef OC_TOOL_HTML_H
#define OC_TOOL_HTML_H
#include "base/buf.h"
/*
 * A web page as text for a model (spec 03 §4.4): what a person would read and nothing that hides.
 * Scripts, navigation, forms, comments and invisible elements are dropped; headings, lists and
 * tables keep their shape. Pure and blocking: for the thread pool. Bounded in memory, time and
 * depth, whatever the page is.
 */
struct oc_html_page {
	struct oc_buf title; /* one line */
	struct oc_buf text;
	struct oc_strv links; /* as written in the page, the first OC_MAX_PAGE_LINKS */
	bool cut;	      /* something lay too deep */
};
/* utf8: the page in UTF-8. links: as "text (address)". OC_E_LIMIT: too complex. Deinit out in every
 * case. */
OC_MUST_USE enum oc_rc oc_html_extract(struct oc_str utf8, bool links, struct oc_html_page *out,
				       struct oc_err *e);
void oc_html_page_deinit(struct oc_html_page *page);

/* Appends s without what nobody can see: control characters, zero-width and bidirectional
 * formatting, tags, fillers. Line ends and tabs stay. */
void oc_text_strip(struct oc_str s, struct oc_buf *out);
#endif
