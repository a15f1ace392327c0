#ifndef OC_CHANNEL_RICH_TABLE_H
#define OC_CHANNEL_RICH_TABLE_H
#include "base/buf.h"
#include "markdown/markdown.h"
/* A table as lines: true when its columns are aligned (to be shown in a fixed font), false when it
 * would be wider than max_columns and every row became a list. Pure. */
bool oc_rich_table(const struct oc_md_node *table, size_t max_columns, struct oc_buf *out);
#endif
