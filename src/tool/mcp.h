#ifndef OC_TOOL_MCP_H
#define OC_TOOL_MCP_H
#include "config/config.h"
#include "tool/tool.h"
/*
 * Tools of MCP servers (spec 03 §9): the client side of the Model Context Protocol over stdio and
 * Streamable HTTP. Each server of mcp.servers is started when a run first needs it and then shared;
 * its tools are rows of the registry under "server.tool", reached through use_tool. What servers
 * say is text of strangers unless the configuration trusts them, and whatever one does, the rest
 * goes on.
 */
#define OC_MCP_SOURCE "mcp" /* of untrusted results; their host is the server's name */
struct oc_mcp;
/* One a process: its rows are in the registry. Servers live in a scope below the current one. */
struct oc_mcp *oc_mcp_new(const struct oc_config *config);
/* The configuration changed: servers that are gone or other than before are ended. Does not wait.
 */
void oc_mcp_configure(struct oc_mcp *m, const struct oc_config *config);
/* Ends every server; nobody may be waiting for one. Accepts NULL. */
void oc_mcp_free_wait(struct oc_mcp *m);

/* Starts what a run with this policy may use and was never started, and waits for it, but not for
 * long: a slow server is known to the run by its name alone. OC_OK or OC_CANCELLED. m may be NULL.
 */
OC_MUST_USE enum oc_rc oc_mcp_settle_wait(struct oc_mcp *m, const struct oc_policy *policy);

/* "mcp://server/uri", for read. */
bool oc_mcp_is_address(struct oc_str path);
OC_MUST_USE enum oc_rc oc_mcp_read_wait(struct oc_tool_context *ctx, struct oc_str path,
					struct oc_tool_result *out, struct oc_err *e);

/* What is known of the servers, for people: [{name, transport, enabled, state, tools, …}]. New
 * reference. */
json_t *oc_mcp_report(const struct oc_mcp *m);
/* Starts one and waits until it answers. OC_E_NOT_FOUND: no such server. */
OC_MUST_USE enum oc_rc oc_mcp_probe_wait(struct oc_mcp *m, const char *id, struct oc_err *e);
#endif
