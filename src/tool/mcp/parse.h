#ifndef OC_MCP_PARSE_H
#define OC_MCP_PARSE_H
#include "json/json.h"
/* A message as a value, large ones read on the thread pool so that the loop goes on. New reference;
 * NULL = no JSON. */
json_t *oc_mcp_parse_wait(struct oc_str text);
#endif
