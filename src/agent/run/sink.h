#ifndef OC_AGENT_SINK_H
#define OC_AGENT_SINK_H
#include "model/codec/reply.h"
#include "tool/tool.h"
/*
 * What happens in a run, for whoever started it. All members may be NULL. The run knows no terminal
 * and no socket; a sink may not park.
 */
struct oc_run_sink {
	/* What the person may see, as it streams. */
	void (*text)(void *arg, struct oc_str delta);
	/* Kept apart: never part of the answer. Says that the model is at work. */
	void (*reasoning)(void *arg, struct oc_str delta);
	/* One response of the model has ended; more follows when it called tools. */
	void (*turn_end)(void *arg, bool more);
	void (*progress)(void *arg, const struct oc_progress *p);
	void (*tool_start)(void *arg, const struct oc_tool_call *call);
	void (*tool_end)(void *arg, const struct oc_tool_call *call,
			 const struct oc_tool_result *result);
	/* Something the person should know: a retry, a cut answer, another model. */
	void (*notice)(void *arg, const char *text);
	void *arg;
};
#endif
