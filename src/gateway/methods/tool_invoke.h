#ifndef OC_TOOL_INVOKE_H
#define OC_TOOL_INVOKE_H
#include "gateway/gateway.h"
#include "tool/tool.h"
/*
 * One tool, run for a client instead of a model (tools.invoke, POST /tools/invoke). The same
 * policy holds: what needs a person's consent is asked as an approval.
 */
struct oc_tool_invocation {
	const char *name, *agent, *session_key; /* agent NULL = "main"; session_key may be NULL */
	const json_t *args;			/* an object; NULL = {} */
};
/* Before a name is looked for: starts servers of tools where it may be one of theirs. */
OC_MUST_USE enum oc_rc oc_tool_invoke_settle_wait(struct oc_gateway *gw, const char *name);
/* OC_OK: it ran, whatever came of it; out is initialised then. OC_E_NOT_FOUND: no such tool, or no
 * such agent. OC_CANCELLED. */
OC_MUST_USE enum oc_rc oc_tool_invoke_wait(struct oc_gateway *gw,
					   const struct oc_tool_invocation *inv,
					   struct oc_tool_result *out, struct oc_err *e);
#endif
