#ifndef OC_MCP_MESSAGE_H
#define OC_MCP_MESSAGE_H
#include "json/json.h"
/*
 * JSON-RPC 2.0 as MCP servers speak it (spec 03 §9): bytes into lines, lines into messages, and the
 * messages that we send. Pure. A server may send anything: what is no message is told apart, never
 * believed.
 */

/* ---- lines: stdio frames messages by line ends ---- */
struct oc_mcp_lines {
	struct oc_buf line; /* begin of one that is not complete */
};
/* Another result than OC_OK ends the feed and is what it returns. */
typedef enum oc_rc oc_mcp_line_fn(void *arg, struct oc_str line);
void oc_mcp_lines_init(struct oc_mcp_lines *l, size_t max);
void oc_mcp_lines_deinit(struct oc_mcp_lines *l);
/* Lines without their end; blank ones are left out. OC_E_LIMIT: a line is longer than max. */
OC_MUST_USE enum oc_rc oc_mcp_lines_feed(struct oc_mcp_lines *l, struct oc_str in,
					 oc_mcp_line_fn *fn, void *arg);

/* ---- messages that come ---- */
enum oc_mcp_kind {
	OC_MCP_NONE, /* no JSON-RPC */
	OC_MCP_ANSWER,
	OC_MCP_REFUSAL, /* the answer is an error */
	OC_MCP_REQUEST,
	OC_MCP_NOTICE,
};
struct oc_mcp_message {
	enum oc_mcp_kind kind;
	int64_t id;	     /* of an answer; -1 = none of ours */
	const json_t *asked; /* id of a request, to be repeated in the reply */
	const char *method;  /* of a request or notice */
	json_t *body;	     /* result, error or params; NULL = none */
};
/* What a value is; borrows from it. A batch is an array, whose elements are messages. */
struct oc_mcp_message oc_mcp_message_of(const json_t *value);

/* ---- messages that go: one line each, free with free() ---- */
char *oc_mcp_request_text(int64_t id, const char *method, const json_t *params);
char *oc_mcp_notice_text(const char *method, const json_t *params); /* params may be NULL */
/* To a request of the server: an empty result, or an error with this code and text. */
char *oc_mcp_reply_text(const json_t *asked, int code, const char *problem);

/* "text (code -32602)" of an error object, as one line of at most max bytes. */
void oc_mcp_error_text(const json_t *error, size_t max, struct oc_buf *out);
#endif
