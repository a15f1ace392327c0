#ifndef OC_TOOL_HOST_H
#define OC_TOOL_HOST_H
#include "agent/session/session.h"
/*
 * What tools that act on sessions find behind oc_tool_context.host. NULL there: the run belongs to
 * no session, and such tools say so.
 */
struct oc_tool_host {
	struct oc_sessions *sessions;
	struct oc_session_run *run; /* that calls */
};

/* spawn and session_status become part of the registry. Again does no harm. */
void oc_session_tools_register(void);

/* ---- one file a tool ---- */
enum oc_rc oc_tool_spawn_wait(struct oc_tool_context *ctx, const json_t *args,
			      struct oc_tool_result *out, struct oc_err *e);
enum oc_rc oc_tool_session_status_wait(struct oc_tool_context *ctx, const json_t *args,
				       struct oc_tool_result *out, struct oc_err *e);
#endif
