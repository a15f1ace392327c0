#ifndef OC_MCP_CLI_H
#define OC_MCP_CLI_H
#include "cli/command.h"
#include "config/config.h"
/* What the files of `openclaw mcp` share. */
struct oc_mcp_cli {
	struct oc_config config;
	char *path; /* of the configuration file, as people write it */
};
/* False: a message was printed. Deinit it in every case. */
bool oc_mcp_cli_open(struct oc_mcp_cli *c);
void oc_mcp_cli_close(struct oc_mcp_cli *c);
/* mcp.servers, variables replaced; may be NULL. Borrowed. */
json_t *oc_mcp_cli_servers(const struct oc_mcp_cli *c);
/* The names, or the one that was typed. False: there is no such server, which was said. */
bool oc_mcp_cli_names(const struct oc_mcp_cli *c, const struct oc_args *a, struct oc_strv *out);

/* ---- mcp_edit.c, mcp_probe.c ---- */
extern const struct oc_option oc_mcp_add_options[], oc_mcp_tools_options[], oc_mcp_probe_options[];
int oc_cmd_mcp_add(struct oc_args *a);
int oc_cmd_mcp_set(struct oc_args *a);
int oc_cmd_mcp_unset(struct oc_args *a);
int oc_cmd_mcp_tools(struct oc_args *a);
int oc_cmd_mcp_probe(struct oc_args *a);
/* Connects to each of names; those that answer are counted. report gets what was found: [{…}] as
 * oc_mcp_report, of them alone. */
size_t oc_mcp_cli_probe_wait(const struct oc_config *config, const struct oc_strv *names,
			     json_t **report);
#endif
