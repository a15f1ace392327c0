#ifndef OC_RUN_EVENT_H
#define OC_RUN_EVENT_H
#include "agent/run/sink.h"
#include "model/provider/fail_reason.h"
#include "store/store.h"
/*
 * What happens to runs of sessions, for whoever shows it: WebSocket clients, an HTTP answer, a
 * channel. A watcher may not park and keeps nothing of an event. The order of events of one run is
 * that of spec 02 §2.6; texts are not paced (the gateway does that).
 */
enum oc_run_event_kind {
	OC_RUN_ACCEPTED,    /* asked for; not begun */
	OC_RUN_STARTED,	    /* lifecycle start */
	OC_RUN_MODEL,	    /* provider and model are known; again after a fallback */
	OC_RUN_PROGRESS,    /* progress: queued, loading, reading (D58) */
	OC_RUN_THINKING,    /* delta */
	OC_RUN_TEXT,	    /* delta of the answer; segment counts up after each tool call */
	OC_RUN_TOOL_START,  /* call */
	OC_RUN_TOOL_OUTPUT, /* call, delta: output of a command as it comes */
	OC_RUN_TOOL_END,    /* call, tool_result */
	OC_RUN_MESSAGE,	    /* message was stored (user, assistant, toolResult, injected) */
	OC_RUN_USAGE,	    /* usage of one response */
	OC_RUN_NOTICE,	    /* text: a retry, another model, a warning */
	OC_RUN_DONE,	    /* text: the answer; usage; finish */
	OC_RUN_ABORTED,	    /* text: what had arrived; origin */
	OC_RUN_FAILED,	    /* error, text: what had arrived */
	OC_RUN_APPROVAL,    /* a question waits or was answered: see approvals.h */
	OC_SESSION_CHANGED, /* reason: "send" "end" "patch" "reset" "delete" "create" "compact" … */
};
struct oc_run_info {
	const char *run_id, *session_key, *session_id, *agent; /* session_* NULL: stateless */
	const char *origin;  /* who asked: id of a connection, "cron:…", NULL */
	const char *channel; /* "webchat", "cli", "http" */
	int64_t accepted_ms, started_ms, ended_ms;
	const char *provider, *model; /* NULL before OC_RUN_MODEL */
};
struct oc_run_event {
	enum oc_run_event_kind kind;
	const struct oc_run_info *run; /* NULL for OC_SESSION_CHANGED outside of a run */
	const char *session_key;       /* always set but for stateless runs */
	struct oc_str delta, text;
	unsigned segment; /* of text, from 0 */
	const struct oc_progress *progress;
	const struct oc_tool_call *call;
	const struct oc_tool_result *tool_result;
	int64_t tool_ms; /* OC_RUN_TOOL_END: how long it took */
	const struct oc_stored_message *message;
	const struct oc_usage *usage;
	enum oc_finish finish;
	const char *reason; /* of a change, of an abort ("rpc", "stop", "timeout", "interrupt") */
	const struct oc_err *error;
	enum oc_error_class error_class;
	enum oc_fail_reason fail_reason;
	int http_status; /* that the model's server gave, 0 = none */
};
typedef void oc_run_watch_fn(void *arg, const struct oc_run_event *event);
#endif
