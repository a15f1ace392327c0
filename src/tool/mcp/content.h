#ifndef OC_MCP_CONTENT_H
#define OC_MCP_CONTENT_H
#include "tool/tool.h"
/* What servers answer, as text for a model. Pure. */

/* The result of tools/call: its texts; of other content a line that says what it is. Where the
 * model can see, the first image goes along. */
void oc_mcp_content_add(const json_t *result, bool vision, struct oc_tool_result *out);
/* What a server says instead of a result. */
void oc_mcp_refusal_add(const json_t *refusal, struct oc_tool_result *out);
/* The result of resources/read. */
void oc_mcp_resource_add(const json_t *result, struct oc_tool_result *out);

/* The first sentence as one line of at most max bytes, control words made harmless. */
void oc_mcp_sentence(struct oc_str description, size_t max, struct oc_buf *out);
#endif
