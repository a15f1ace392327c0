#ifndef OC_MARKDOWN_GROWING_H
#define OC_MARKDOWN_GROWING_H
#include "base/str.h"
/*
 * A text that grows, as numbered blocks of HTML (html.h). Only the end of it is parsed again, so an
 * update costs what is new and at most one piece (split.h): the whole is linear. A block that is
 * followed by another one does not change any more. Pure.
 */
struct oc_md_growing;
/* html is borrowed until it returns. */
typedef void oc_md_block_fn(void *arg, size_t i, struct oc_str html);

struct oc_md_growing *oc_md_growing_new(void);
void oc_md_growing_free(struct oc_md_growing *g); /* accepts NULL */
/* text is all there is, and begins with what it was before. Tells each block that is new or
 * changed; final: nothing comes any more. Returns how many blocks there are. */
size_t oc_md_growing_update(struct oc_md_growing *g, struct oc_str text, bool final,
			    oc_md_block_fn *fn, void *arg);
#endif
