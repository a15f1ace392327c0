#ifndef OC_MCP_ROWS_H
#define OC_MCP_ROWS_H
#include "tool/mcp/server.h"
#include "tool/tool.h"
/*
 * Tools of servers as rows of the registry. A row lives as long as the program: a run may hold one
 * while its server forgets it. Of this folder.
 */
struct oc_mcp_row {
	struct oc_tool tool; /* first: a row of the registry is one of these */
	struct oc_foreign_tool foreign;
	struct oc_mcp_row *next;
	struct oc_mcp_server *server;
	char *name, *remote, *line, *example; /* remote: the server's name for it; NULL = a shelf */
	json_t *full;			      /* schema of its arguments, as the server gave it */
	bool read_only;			      /* so the server says */
	bool listed;
};
/* Of all servers; the newest first. */
struct oc_mcp_rows {
	struct oc_mcp_row *first;
};
/* The row that stands for the server, and is in the registry from now on. */
void oc_mcp_rows_add_shelf(struct oc_mcp_rows *rows, struct oc_mcp_server *s);
/* What the server listed replaces what it listed before. */
void oc_mcp_rows_update_wait(struct oc_mcp_rows *rows, struct oc_mcp_server *s, const json_t *tools,
			     size_t left_out);
/* Nothing of it is offered any more. */
void oc_mcp_rows_withdraw(struct oc_mcp_rows *rows, const struct oc_mcp_server *s, bool shelf);
void oc_mcp_rows_free(struct oc_mcp_rows *rows);
size_t oc_mcp_rows_count(const struct oc_mcp_rows *rows, const struct oc_mcp_server *s);

/* ---- call.c of this folder ---- */
enum oc_rc oc_mcp_row_call_wait(const struct oc_tool *self, struct oc_tool_context *ctx,
				const json_t *args, struct oc_tool_result *out, struct oc_err *e);
enum oc_rc oc_mcp_shelf_call_wait(const struct oc_tool *self, struct oc_tool_context *ctx,
				  const json_t *args, struct oc_tool_result *out, struct oc_err *e);
/* May this server be sent args; a person is asked where that is due. read_only: it surely changes
 * nothing. */
OC_MUST_USE enum oc_rc oc_mcp_permit_wait(struct oc_tool_context *ctx,
					  const struct oc_mcp_server *s, bool read_only,
					  const char *tool, const char *args, struct oc_err *e);
/* What the result of this server is marked with. */
void oc_mcp_mark(const struct oc_mcp_server *s, struct oc_tool_result *out);
#endif
