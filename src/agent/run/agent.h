#ifndef OC_AGENT_AGENT_H
#define OC_AGENT_AGENT_H
#include "agent/run/conversation.h"
#include "agent/run/settings.h"
#include "agent/run/sink.h"
#include "base/rand.h"
#include "model/call/endpoint.h"
#include "model/call/failover.h"
#include "model/provider/catalog.h"
/*
 * One run of an agent from a message to an answer: the model and its fallbacks, the context guard,
 * the preload, the plan, the prompt, the loop. What is said goes into a conversation; without one
 * the run is alone and nothing is stored.
 */
struct oc_model_port;
struct oc_agent_spec {
	const struct oc_catalog *catalog;
	const struct oc_agent_settings *settings;
	const char
	    *model; /* asked for by a person, and then the only one tried; NULL = configured */
	const char *thinking;  /* level; NULL = configured */
	const char *workspace; /* absolute; NULL = configured */
	const char *run_id;    /* NULL = made */
	/* The conversation to go on with; it ends with what is to be answered. NULL: history (may
	 * be NULL) and then the message, unless that is empty. */
	const struct oc_conversation *conversation;
	const struct oc_messages *history;
	struct oc_str message;
	const struct oc_message *images; /* whose images go along with message; NULL */
	const char *channel;		 /* "cli" */
	const char *extra_system;	 /* appended to the system text; NULL */
	const struct oc_run_sink *sink;
	/* Asked in place of the model's server, and no server is; NULL. */
	const struct oc_model_port *port;
	/* As in struct oc_tool_context. */
	enum oc_rc (*approve_wait)(void *arg, const struct oc_question *q, struct oc_err *e);
	void *approve_arg;
	void (*output)(void *arg, struct oc_str bytes);
	void *output_arg;
	struct oc_processes *processes; /* commands that outlive their call; NULL = none may */
	struct oc_mcp *mcp;		/* servers of tools; NULL = none */
	enum oc_permission permission;	/* of the session */
	/* Of the conversation, so that a change of models is told once; NULL = each run tells it.
	 */
	struct oc_fallback_state *fallback_state;
	void (*alive)(void *arg); /* something moves: bytes, tool output; may be NULL */
	void *alive_arg;
	/* This model is asked now; again after a fallback. May be NULL. */
	void (*selected)(void *arg, const struct oc_selection *target);
	void *selected_arg;
	/* A request was made, whatever came of it. sent: its body as a server got it, NULL = none
	 * was asked. All borrowed. May be NULL. */
	void (*requested)(void *arg, const struct oc_messages *m, json_t *tools, json_t *sent);
	void *requested_arg;
	/* Whether a request is under way of which nothing came yet. May be NULL. Written while the
	 * run lasts. */
	const bool **reading;
	/* For the queue of the server and for diagnostics; NULL = none. */
	const char *session_key, *session_id;
	enum oc_priority priority;
	/* D25: tools of the caller, as in a chat request; a call to one of them ends the run.
	 * params: members of the request (snake case). All borrowed, may be NULL.
	 */
	json_t *callers_tools, *tool_choice, *params;
	bool no_tools;		   /* none of ours */
	const json_t *tools_allow; /* the only ones, as a policy names them; NULL */
	bool light;		   /* a system text without the user's files */
	bool tainted;		   /* the message may repeat what strangers wrote */
	void *host;		   /* as in struct oc_tool_context */
	/* Only shortens the conversation (spec 03 §5.4); instructions may be NULL. */
	bool compact;
	bool ahead; /* with compact: only a note is written, for the time when it is due */
	const char *instructions;
};
struct oc_agent_result {
	char run_id[80];
	char *provider, *model; /* that answered, or was tried last; NULL = none */
	struct oc_buf text;	/* the answer; after a failure what had arrived of it */
	struct oc_usage usage;
	enum oc_finish finish;
	enum oc_fail_reason
	    fell_back; /* why the selected model did not answer; OC_FAIL_NONE = it did */
	enum oc_error_class error; /* OC_ERR_NONE = no error, or one that is not the model's */
	enum oc_fail_reason fail_reason;
	int http_status; /* of the failure; 0 = none */
	unsigned turns, calls;
	int64_t prompt_tokens; /* of the last request, as the server counted or as estimated */
	json_t *client_calls;  /* D25: what the caller is to run, NULL */
	int64_t tokens_before, tokens_after; /* of a conversation that was shortened, 0 = was not */
	char *summary;			     /* that stands for what was left out, NULL */
	bool nearly_full;		     /* the conversation will soon have to be shortened */
};
/* OC_OK: answered. OC_CANCELLED. Anything else: e holds the message for the person. result is
 * initialised in every case. */
OC_MUST_USE enum oc_rc oc_agent_run_wait(const struct oc_agent_spec *spec,
					 struct oc_agent_result *result, struct oc_err *e);
void oc_agent_result_deinit(struct oc_agent_result *r);
#endif
