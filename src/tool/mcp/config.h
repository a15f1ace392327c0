#ifndef OC_MCP_CONFIG_H
#define OC_MCP_CONFIG_H
#include "config/config.h"
/* One entry of mcp.servers, read and checked without connecting. Of this folder and the commands.
 */
enum oc_mcp_transport { OC_MCP_STDIO, OC_MCP_HTTP };
struct oc_mcp_config {
	char *id;   /* as the configuration has it */
	char *name; /* in names of tools: letters, digits, "_" and "-" */
	enum oc_mcp_transport transport;
	bool enabled, trust;
	char *command, *cwd;	  /* cwd NULL = the workspace's place is not its business: ours */
	struct oc_strv args, env; /* env: "K=V", the whole of it */
	char *url;
	struct oc_strv headers; /* "Name: value" */
	struct oc_strv secrets; /* values that may not be logged */
	uint64_t connect_ms, request_ms;
	struct oc_strv include, exclude; /* globs of names of its tools */
	char *problem;			 /* why it cannot be used; NULL = it can */
	char *text;			 /* the entry as text: equal texts are the same server */
};
/* entry is what the configuration has under mcp.servers.<id>, variables replaced. Deinit it. */
void oc_mcp_config_init(struct oc_mcp_config *c, const char *id, const json_t *entry);
void oc_mcp_config_deinit(struct oc_mcp_config *c);
/* Why it cannot work as it is: problem, or a program that is not there. NULL = nothing is known.
 * Free with free(). */
char *oc_mcp_config_trouble(const struct oc_mcp_config *c);
/* toolFilter lets this tool of the server through. */
bool oc_mcp_config_offers(const struct oc_mcp_config *c, const char *tool);
/* "npx -y server /data", or the URL without its query. Free with free(). */
char *oc_mcp_config_launch(const struct oc_mcp_config *c);
const char *oc_mcp_transport_name(enum oc_mcp_transport t); /* "stdio", "streamable-http" */
#endif
