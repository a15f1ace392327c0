#ifndef OC_MCP_STDIO_H
#define OC_MCP_STDIO_H
#include "rt/task.h"
#include "tool/mcp/config.h"
#include "tool/mcp/message.h"
/*
 * A server as a child process: a message a line on its standard input and output, its errors in our
 * log. One that writes faster than it is read has to wait; one that writes what nobody asked for,
 * without an end, is given up.
 */
struct oc_mcp_hooks {
	/* A message came, any JSON value; may park. True: somebody had asked for it. */
	bool (*message)(void *arg, const json_t *value);
	/* Nothing more will come; why is OC_OK when it ended by itself. May not park. */
	void (*broken)(void *arg, const struct oc_err *why);
	void *arg;
};
struct oc_mcp_stdio;
/* config is kept; its tasks run in scope. */
OC_MUST_USE enum oc_rc oc_mcp_stdio_open(const struct oc_mcp_config *config,
					 const struct oc_mcp_hooks *hooks, struct oc_scope *scope,
					 struct oc_mcp_stdio **out, struct oc_err *e);
OC_MUST_USE enum oc_rc oc_mcp_stdio_send(struct oc_mcp_stdio *s, const char *text,
					 struct oc_err *e);
/* The last line that it wrote to its errors, "" = none. Borrowed. */
const char *oc_mcp_stdio_last_words(const struct oc_mcp_stdio *s);
int oc_mcp_stdio_pid(const struct oc_mcp_stdio *s);
/* Ends it and what it started: its input is closed, then signals. Deaf to cancellation. how gets
 * "exit code 1" or "signal 9". Accepts NULL. */
void oc_mcp_stdio_close_wait(struct oc_mcp_stdio *s, char *how, size_t n);
#endif
