/* The rows of the tools that act on sessions. */
#include "agent/run/tool_host.h"

static const struct oc_tool rows[] = {
	{ .name = "spawn",
	  .schema =
	      "{\"name\":\"spawn\",\"description\":\"Give one self-contained task to a helper with a conversation of its own, and get its answer. It sees nothing of this conversation: put all it needs into task.\","
	      "\"parameters\":{\"type\":\"object\",\"properties\":{\"task\":{\"type\":\"string\"},"
	      "\"label\":{\"type\":\"string\",\"description\":\"short name\"},"
	      "\"model\":{\"type\":\"string\"},\"thinking\":{\"type\":\"string\"},"
	      "\"timeout\":{\"type\":\"integer\",\"description\":\"seconds\"},"
	      "\"background\":{\"type\":\"boolean\",\"description\":\"do not wait; the answer comes as a message\"}},"
	      "\"required\":[\"task\"]}}",
	  .unlisted = "{\"taskName\":{\"type\":\"string\"},\"agentId\":{\"type\":\"string\"},"
		      "\"runTimeoutSeconds\":{\"type\":\"integer\"}}",
	  .example = "{\"task\":\"List the headings of report.md, one a line.\"}",
	  .deferred = "give a self-contained task to a helper and get its answer",
	  .writes = true,
	  .run_wait = oc_tool_spawn_wait },
	{ .name = "session_status",
	  .schema =
	      "{\"name\":\"session_status\",\"description\":\"Time, model, use of the context, and what runs in this conversation.\","
	      "\"parameters\":{\"type\":\"object\",\"properties\":{}}}",
	  .unlisted =
	      "{\"sessionKey\":{\"type\":\"string\"},\"changesSince\":{\"type\":\"integer\"}}",
	  .example = "{}",
	  .deferred = "time, model, use of the context, running helpers and commands",
	  .run_wait = oc_tool_session_status_wait },
};

void oc_session_tools_register(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) oc_tool_register(&rows[i]);
}
