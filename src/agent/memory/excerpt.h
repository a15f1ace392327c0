#ifndef OC_MEMORY_EXCERPT_H
#define OC_MEMORY_EXCERPT_H
#include "agent/memory/terms.h"
/* Appends what of a piece is worth showing, at most max bytes and a mark at each end that was cut:
 * all of it when it fits, else from the line on that has a term. Without empty lines. Pure. */
enum { OC_MEMORY_EXCERPT_BYTES = 700 };
void oc_memory_excerpt(struct oc_str text, const struct oc_memory_terms *terms, size_t max,
		       struct oc_buf *out);
#endif
