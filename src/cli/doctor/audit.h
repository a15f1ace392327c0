#ifndef OC_AUDIT_H
#define OC_AUDIT_H
#include "config/config.h"
/*
 * Rules of `openclaw security audit` (spec 03 §6.4): what is open to whom. Critical is a real path
 * only, from a stranger or from the web to something that acts or is secret.
 */
enum oc_audit_level { OC_AUDIT_INFO, OC_AUDIT_WARN, OC_AUDIT_CRITICAL };
struct oc_audit {
	const struct oc_config *config;
	json_t *findings;
	unsigned count[3];
	bool fix;
};
void oc_audit_find(struct oc_audit *a, const char *id, enum oc_audit_level level, const char *title,
		   const char *remedy, const char *fmt, ...) OC_PRINTF(6, 7);
/* Every rule about the configuration; asks nobody. */
void oc_audit_config(struct oc_audit *a);
/* Those about tools: the web, and what taint enforces (tool/sandbox/taint.h). */
void oc_audit_tools(struct oc_audit *a);
/* Servers of tools. */
void oc_audit_mcp(struct oc_audit *a);
/* "an MCP server" when there is one that is not trusted, else NULL. */
const char *oc_audit_mcp_source(const struct oc_audit *a);
/* The tool by which pages reach the model, NULL = none is allowed. Static. */
const char *oc_audit_web_source(const struct oc_audit *a);
#endif
