#ifndef OC_MCP_SERVER_H
#define OC_MCP_SERVER_H
#include "rt/bell.h"
#include "tool/mcp/config.h"
#include "tool/mcp/http.h"
#include "tool/mcp/stdio.h"
/*
 * One configured server and its life: started when somebody needs it, one for all sessions, started
 * again with growing pauses when it fails. Of this folder.
 */
enum oc_mcp_state { OC_MCP_IDLE, OC_MCP_STARTING, OC_MCP_READY, OC_MCP_FAILED };
struct oc_mcp_server {
	struct oc_mcp_server *next;
	struct oc_mcp_config config;
	struct oc_scope *parent; /* its tasks live below; borrowed */
	enum oc_mcp_state state;
	bool removed;		     /* the configuration has it no more */
	bool tried;		     /* it was started once */
	struct oc_err why;	     /* of the last failure; rc OC_OK = none */
	char last_words[300];	     /* of its errors, when it failed last */
	unsigned failures;	     /* in a row */
	uint64_t retry_ms, ready_ms; /* monotonic */
	struct oc_bell changed;	     /* the state */

	/* What it said of itself; foreign text. */
	char *title, *version, *instructions;
	bool has_tools, has_resources, has_prompts;

	/* tools/list came: whole, at most OC_MAX_MCP_TOOLS. left_out: how many were too many. */
	void (*listed_wait)(void *arg, struct oc_mcp_server *s, const json_t *tools,
			    size_t left_out);
	void *arg;

	/* ---- server.c ---- */
	struct oc_scope *scope; /* of its life; NULL = it has none */
	struct oc_mcp_pending *pending;
	struct oc_mcp_stdio *stdio;
	struct oc_mcp_http http;
	struct oc_strv replies; /* to what an HTTP server asked */
	struct oc_wait *waiter; /* the task of its life, parked */
	int64_t last_id;
	bool broken, list_due, answered;
	unsigned lists; /* read in this life */
};
/* config is taken. */
struct oc_mcp_server *oc_mcp_server_new(struct oc_mcp_config *config, struct oc_scope *parent);
/* Ends it; deaf to cancellation. It can be started again. */
void oc_mcp_server_stop_wait(struct oc_mcp_server *s);
void oc_mcp_server_free(struct oc_mcp_server *s); /* after a stop */

/* Begins its life, unless it has one or failed a moment ago. Does not wait. */
void oc_mcp_server_start(struct oc_mcp_server *s);
/* Starts it where needed and waits until it answers. OC_E_TIMEOUT: it takes longer. */
OC_MUST_USE enum oc_rc oc_mcp_server_ready_wait(struct oc_mcp_server *s, struct oc_deadline d,
						struct oc_err *e);

struct oc_mcp_ask {
	const char *method;
	const json_t *params;	  /* borrowed */
	void (*alive)(void *arg); /* it told of progress; may be NULL */
	void *alive_arg;
};
struct oc_mcp_answer { /* one of them on success; deinit it */
	json_t *result, *refusal;
};
/* Starts it where needed, asks, waits. A server that does not answer in time is told to stop, and
 * so it is on cancellation. */
OC_MUST_USE enum oc_rc oc_mcp_server_ask_wait(struct oc_mcp_server *s, const struct oc_mcp_ask *ask,
					      struct oc_mcp_answer *out, struct oc_err *e);
void oc_mcp_answer_deinit(struct oc_mcp_answer *a);

/* ---- exchange.c, for server.c ---- */
/* Asks and waits, without looking whether there is a server. limit_ms holds until it tells of
 * progress. OC_EOF: HTTP, and the server knows the session no more. */
OC_MUST_USE enum oc_rc oc_mcp_exchange_wait(struct oc_mcp_server *s, const struct oc_mcp_ask *ask,
					    uint64_t limit_ms, struct oc_mcp_answer *out,
					    struct oc_err *e);
OC_MUST_USE enum oc_rc oc_mcp_post_notice_wait(struct oc_mcp_server *s, const char *text,
					       struct oc_err *e);
/* A message came; arg is the server. True: somebody had asked for it. */
bool oc_mcp_take_message(void *arg, const json_t *value);
/* The task of its life looks what is due. */
void oc_mcp_wake_life(struct oc_mcp_server *s);
/* Whoever waits for an answer looks again whether there can be one. */
void oc_mcp_let_go(struct oc_mcp_server *s);
#endif
