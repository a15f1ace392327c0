#ifndef OC_TEXT_BLOCKS_H
#define OC_TEXT_BLOCKS_H
#include "markdown/growing.h"
#include "json/json.h"
/* Answers as HTML, for connections with the cap rendered-blocks (D67). Pure; results are new
 * references. */

/* {blocks: [{i, html}], blockCount}: the blocks that changed. */
json_t *oc_changed_blocks(struct oc_md_growing *g, struct oc_str text, bool final);
/* All of a text. */
json_t *oc_text_blocks(struct oc_str text);
/* A message as history shows it, with {blocks, blockCount} in its __openclaw; only the text of
 * assistants is Markdown: others are given back as they are. */
json_t *oc_message_with_blocks(json_t *message);
#endif
