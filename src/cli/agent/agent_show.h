#ifndef OC_AGENT_SHOW_H
#define OC_AGENT_SHOW_H
#include "agent/run/sink.h"
#include "cli/command.h"
/*
 * What a person sees of a run: the answer on stdout as it streams, tool calls, progress and notices
 * on stderr. White space around the text of a turn is held back, so each turn ends with exactly one
 * line end.
 */
struct oc_agent_show {
	bool quiet;		  /* --json: nothing on stdout before the end */
	bool tool_lines;	  /* tool calls are worth a line */
	bool person;		  /* stderr is a terminal: progress may be rewritten in place */
	struct oc_buf held;	  /* white space that may turn out to be the end */
	bool in_turn;		  /* something of this turn was printed */
	bool progress_shown;	  /* a progress line stands on the terminal */
	bool broken;		  /* stdout is gone */
	struct oc_run_sink sink;  /* for the run */
	void (*alive)(void *arg); /* the run moves; may be NULL */
	void *alive_arg;
};
void oc_agent_show_init(struct oc_agent_show *s, bool json, bool verbose);
/* Ends a line that was left open. */
void oc_agent_show_end(struct oc_agent_show *s);
void oc_agent_show_deinit(struct oc_agent_show *s);
/* Asks on the terminal whether the tool may do this; the approval of struct oc_tool_context. arg is
 * the show. */
enum oc_rc oc_agent_show_ask_wait(void *arg, const struct oc_question *q, struct oc_err *e);
#endif
