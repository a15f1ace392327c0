#ifndef OC_MCP_SCHEMA_H
#define OC_MCP_SCHEMA_H
#include "json/json.h"
/*
 * JSON Schemas of servers (spec 03 §4.5). A model is shown a small one that every model server can
 * turn into a grammar; arguments are checked against the whole. Pure; schemas are foreign and may
 * be anything.
 */

/* Parameters with type, properties, required, enum, items and description alone, two levels deep
 * and at most eight properties an object, those that are required first. New reference, always an
 * object schema. */
json_t *oc_mcp_schema_reduce(const json_t *full);

/* Makes arguments fit as small models mean them, by the types that the full schema names: what it
 * does not name stays as it is. New reference; NULL = they do not fit, and problem says why. */
OC_MUST_USE json_t *oc_mcp_schema_fit(const json_t *full, const json_t *args,
				      struct oc_buf *problem);

/* The smallest arguments that name every required parameter. New reference. */
json_t *oc_mcp_schema_example(const json_t *reduced);
/* A call without arguments can mean something. */
bool oc_mcp_schema_needs_nothing(const json_t *full);
#endif
