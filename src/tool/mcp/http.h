#ifndef OC_MCP_HTTP_H
#define OC_MCP_HTTP_H
#include "rt/task.h"
#include "tool/mcp/config.h"
/*
 * A server behind a URL (Streamable HTTP): each message is a POST, the answer a document or a
 * stream of events. Reached is the origin that the configuration names, wherever it is, and nothing
 * that it redirects to outside of it (spec 03 §6.3).
 */
struct oc_mcp_http {
	char *session;	/* Mcp-Session-Id; NULL = none */
	char *protocol; /* agreed upon; NULL = not yet */
	const struct oc_mcp_config *config;
};
/* One message on its way. */
struct oc_mcp_post {
	const char *text;
	/* A message came with the answer, any JSON value; may park. */
	bool (*message)(void *arg, const json_t *value);
	/* Looked at between pieces: what was asked for is there. NULL = a message without answer.
	 */
	bool (*done)(void *arg);
	/* Until when it is waited; looked at between pieces. */
	struct oc_deadline (*until)(void *arg);
	void *arg;
};
void oc_mcp_http_init(struct oc_mcp_http *h, const struct oc_mcp_config *config);
void oc_mcp_http_deinit(struct oc_mcp_http *h);
/* OC_EOF: the server knows the session no more (404): begin a new one. Other failures say why. */
OC_MUST_USE enum oc_rc oc_mcp_http_post_wait(struct oc_mcp_http *h, const struct oc_mcp_post *post,
					     struct oc_err *e);
/* Tells the server that the session is over; its answer does not matter. */
void oc_mcp_http_bye_wait(struct oc_mcp_http *h);
#endif
