#ifndef OC_AGENT_LOOP_H
#define OC_AGENT_LOOP_H
#include "agent/run/conversation.h"
#include "agent/run/plan.h"
#include "agent/run/repeat.h"
#include "agent/run/sink.h"
#include "agent/session/delivery.h"
#include "model/codec/decoder.h"
/*
 * The loop of a run (spec 03 §1.3): ask the model, run the tools it calls, append the results, ask
 * again, until it answers. It only ever appends to the messages, so that each request extends the
 * one before (the exception is a full context). It knows no server: the model is a port that tests
 * replace by a script.
 */

/* One request to the model. */
struct oc_turn_request {
	const struct oc_messages *messages;
	json_t *tools;			  /* borrowed, NULL = none */
	const struct oc_strv *tool_names; /* NULL = none */
	bool no_more_calls; /* the tools are sent, so that the prompt stays the same, but not to be
			       used */
	bool thinking_off;
	int64_t max_tokens;
	bool visible_before; /* something of this run was shown, or a tool ran (D7) */
	const struct oc_reply_sink *sink;
};
struct oc_model_port {
	/* OC_OK: a reply came, maybe one that is an error. OC_CANCELLED. Else the call could not be
	 * made (e). reply is zeroed before, and deinited by the loop in every case. */
	enum oc_rc (*call_wait)(void *arg, const struct oc_turn_request *r, struct oc_reply *reply,
				struct oc_err *e);
	/* Appends a person's sentence for a reply that is an error. */
	void (*explain)(void *arg, const struct oc_turn_request *r, const struct oc_reply *reply,
			struct oc_buf *out);
	void *arg;
};

struct oc_run {
	/* Set by the caller. */
	struct oc_model_port model;
	const struct oc_run_sink *sink;
	struct oc_tool_context *tools;
	json_t *tools_json; /* owned; NULL = chat only */
	char *tools_text;   /* the same, as it is sent */
	struct oc_strv tool_names;
	struct oc_plan plan;
	unsigned max_turns;	     /* 0 = 40 */
	struct oc_messages messages; /* system text and conversation to begin with; grows */
	/* What becomes final is kept there before anything else happens; NULL = nowhere. */
	const struct oc_conversation *conversation;
	const struct oc_selection *target;   /* whose words they are; NULL = nobody asks */
	const struct oc_strv *callers_tools; /* names of tools that the caller runs (D25); NULL */

	/* What came of it, also after a failure. */
	struct oc_buf
	    answer; /* visible text after the last tool call; the partial text after an error */
	struct oc_usage usage;	   /* sums over the turns; cached -1 = never told */
	enum oc_finish finish;	   /* of the last response */
	enum oc_error_class error; /* why it failed, OC_ERR_NONE when for another reason */
	int64_t told_ctx; /* context that the server named when the prompt was too long, 0 = none */
	int64_t last_prompt_tokens; /* of the last request: counted by the server, else estimated */
	unsigned turns, calls_run;
	bool shown, shown_in_turn; /* something visible was streamed: ever, in the last turn */
	bool answered;		   /* the conversation ends with words of the model */
	json_t
	    *client_calls; /* owned: the run ended with calls for the caller, NULL = it did not */
	bool reading;	   /* a request is under way and nothing came of it yet */

	struct oc_repeat repeat;
	bool no_more_tools;
	struct oc_delivery_gate delivery;
};
void oc_run_init(struct oc_run *run);
void oc_run_deinit(struct oc_run *run);
/* OC_OK: answered. OC_CANCELLED. Anything else: e holds the message for the person. */
OC_MUST_USE enum oc_rc oc_run_wait(struct oc_run *run, struct oc_err *e);
/* Tokens of the next request as estimated now. */
int64_t oc_run_prompt_tokens(const struct oc_run *run);
/* The last message is final: it goes to the conversation. */
OC_MUST_USE enum oc_rc oc_run_keep_wait(struct oc_run *run, struct oc_said *said, struct oc_err *e);
#endif
