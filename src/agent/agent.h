#ifndef OC_AGENT_AGENT_H
#define OC_AGENT_AGENT_H
#include "agent/settings.h"
#include "agent/sink.h"
#include "base/rand.h"
#include "model/call/failover.h"
#include "model/provider/catalog.h"
/*
 * One run of an agent from a message to an answer: the model and its fallbacks, the context guard,
 * the preload, the plan, the prompt, the loop. Nothing is stored yet.
 */
struct oc_agent_spec {
	const struct oc_catalog *catalog;
	const struct oc_agent_settings *settings;
	const char
	    *model; /* asked for by a person, and then the only one tried; NULL = configured */
	const char *thinking;  /* level; NULL = configured */
	const char *workspace; /* absolute; NULL = configured */
	struct oc_str message;
	const char *channel; /* "cli" */
	const struct oc_run_sink *sink;
	/* As in struct oc_tool_context. */
	enum oc_rc (*approve_wait)(void *arg, const char *tool, const char *what,
				   const char *workdir, struct oc_err *e);
	void *approve_arg;
	/* Of the conversation, so that a change of models is told once; NULL = each run tells it.
	 */
	struct oc_fallback_state *fallback_state;
	void (*alive)(void *arg); /* something moves: bytes, tool output; may be NULL */
	void *alive_arg;
};
struct oc_agent_result {
	char run_id[OC_ID_CHARS + 1];
	char *provider, *model; /* that answered, or was tried last; NULL = none */
	struct oc_buf text;	/* the answer; after a failure what had arrived of it */
	struct oc_usage usage;
	enum oc_finish finish;
	enum oc_fail_reason
	    fell_back; /* why the selected model did not answer; OC_FAIL_NONE = it did */
	enum oc_error_class error; /* OC_ERR_NONE = no error, or one that is not the model's */
	unsigned turns, calls;
};
/* OC_OK: answered. OC_CANCELLED. Anything else: e holds the message for the person. result is
 * initialised in every case. */
OC_MUST_USE enum oc_rc oc_agent_run_wait(const struct oc_agent_spec *spec,
					 struct oc_agent_result *result, struct oc_err *e);
void oc_agent_result_deinit(struct oc_agent_result *r);
#endif
