#ifndef OC_SESSIONS_H
#define OC_SESSIONS_H
#include "agent/run/snapshot.h"
#include "agent/session/approvals.h"
#include "agent/session/run_event.h"
#include "model/call/endpoint.h"
/*
 * The conversations of a gateway and their runs (spec 02 §7, spec 03 §1.10): one run a session at a
 * time, what comes meanwhile is queued, steered in or interrupts; prompts of a session only grow
 * (epochs); everything is in the store before it is told to anybody.
 */
struct oc_sessions;
struct oc_model_port;
struct oc_mcp;
struct oc_sessions_spec {
	struct oc_store *store;
	struct oc_snapshot *(*snapshot)(void *arg); /* the current one, a new reference */
	oc_run_watch_fn *watch;			    /* everything that happens */
	void *arg;				    /* of both */
	/* In place of the servers that are configured, for tests; NULL. */
	const struct oc_model_port *model;
	struct oc_mcp *mcp;		/* servers of tools; NULL = none */
	struct oc_approvals *approvals; /* who is asked about commands; NULL = nobody, so no */
};
/* Repairs what a crash left (spec 03 §5.5, D47). */
OC_MUST_USE enum oc_rc oc_sessions_new_wait(const struct oc_sessions_spec *spec,
					    struct oc_sessions **out, struct oc_err *e);
/* Takes no more runs, gives those under way drain_ms, then aborts them. Accepts NULL. */
void oc_sessions_drain_wait(struct oc_sessions *s, uint64_t drain_ms);
void oc_sessions_free(struct oc_sessions *s);
/* The last requests and how much of the one before each repeated, newest first
 * (agent/session/prefix.h); session_key NULL = of all sessions. New reference. */
json_t *oc_sessions_prefixes(const struct oc_sessions *s, const char *session_key);
/* Messages that wait for the session's turn, oldest first and at most max, as the member items of
 * chat.history's pendingInputs; *total gets how many there are. New reference. */
json_t *oc_sessions_waiting(const struct oc_sessions *s, const char *key, size_t max,
			    size_t *total);
size_t oc_sessions_active(const struct oc_sessions *s); /* runs under way or queued */

/* "main" → "agent:main:main", "notes" → "agent:main:notes"; agent NULL = "main". Free with free().
 * OC_E_INPUT: not a key, or an agent that is not configured (e lists those there are). */
OC_MUST_USE enum oc_rc oc_session_key_canonical(const struct oc_config *c, const char *key,
						const char *agent, char **out, struct oc_err *e);

/* The agent of a canonical key; "main" for keys of other families. Free with free(). */
char *oc_session_key_agent(const char *key);

enum oc_queue_mode {
	OC_QUEUE_CONFIGURED, /* the session's, else the configured, else that of spec 03 §1.10 */
	OC_QUEUE_STEER,
	OC_QUEUE_FOLLOWUP,
	OC_QUEUE_COLLECT,
	OC_QUEUE_INTERRUPT,
};
bool oc_queue_mode_parse(const char *name, enum oc_queue_mode *out);
const char *oc_queue_mode_name(enum oc_queue_mode m);

struct oc_ask_image {
	const char *mime, *base64, *name;
};
/* One accepted input. Borrowed until oc_sessions_ask_wait returns. */
struct oc_ask {
	const char *session_key; /* canonical; NULL = stateless: nothing is stored (D28) */
	const char *agent;	 /* NULL = the key's */
	const char *run_id;	 /* the idempotency key; NULL = made */
	struct oc_str message;
	const struct oc_ask_image *images;
	size_t n_images;
	const char *model;    /* for this run alone; strict. NULL = the session's choice */
	const char *thinking; /* level; NULL = the session's */
	const char *channel, *sender, *origin;
	const char *extra_system; /* appended to the system text: HTTP; NULL */
	enum oc_queue_mode queue;
	uint64_t timeout_ms; /* 0 = configured */
	enum oc_priority priority;
	/* HTTP (D25, D28): earlier messages of a stateless run, tools of the caller as in a chat
	 * request, tool_choice, sampling members to be put into the request as they are. NULL. */
	const struct oc_messages *history;
	json_t *caller_tools, *tool_choice, *params;
	/* Only this run's events, besides the watcher of all; may be NULL. */
	oc_run_watch_fn *watch;
	void *watch_arg;
	bool no_tools; /* none of ours */
	/* For a job of its own (spec 03 §8.1): names of the only tools, as a policy has them; NULL
	 * = those of the agent. light: a system text without the user's files. */
	const json_t *tools_allow;
	bool light;
	bool hidden;  /* the program's own words: the model reads them, people do not */
	bool tainted; /* it may repeat what strangers wrote (spec 03 §6.1) */
	/* While a run of the session is active: waits for its turn and runs under its own id,
	 * instead of becoming part of another run. Always so with watch. For who wants the answer
	 * to just this message: HTTP, the method agent, cron. queue is then read for interrupt
	 * alone. */
	bool own_turn;
	/* With own_turn: when it steers, it may become part of the run under way all the same. Then
	 * its own run ends "ok" without a text, and that run's answer is for both. */
	bool may_join;
};
enum oc_ask_result {
	OC_ASK_STARTED,	  /* or queued, steered in: the run id will see its end */
	OC_ASK_IN_FLIGHT, /* this run id is known and has not ended */
	OC_ASK_DONE,	  /* this run id is known and has ended */
};
struct oc_asked {
	enum oc_ask_result result;
	char run_id[OC_ID_CHARS * 2 + 1];
	bool interrupted; /* an active run was aborted for it */
};
/* The user's message is durable when this returns OC_OK. Runs are not bound to the caller's scope.
 * Asks of one session are taken in the order of the calls. */
OC_MUST_USE enum oc_rc oc_sessions_ask_wait(struct oc_sessions *s, const struct oc_ask *ask,
					    struct oc_asked *out, struct oc_err *e);

/* When a person last asked for something, in any session; wall clock, 0 = not since the start. */
int64_t oc_sessions_last_person_ms(const struct oc_sessions *s);

/* How a run ended; kept for some minutes after (then the store knows its status). */
struct oc_run_outcome {
	const char *status; /* "ok" "error" "aborted" "timeout" "pending" */
	char *text, *error;
	char *provider, *model, *session_id;
	struct oc_usage usage;
	enum oc_finish finish;
	enum oc_error_class error_class;
	int http_status;
	json_t *client_calls; /* tool calls that the caller is to run (D25), NULL */
	int64_t started_ms, ended_ms;
};
void oc_run_outcome_deinit(struct oc_run_outcome *o);
/* Parks until the run has ended or the deadline ("pending"). OC_E_NOT_FOUND: no such run. */
OC_MUST_USE enum oc_rc oc_sessions_outcome_wait(struct oc_sessions *s, const char *run_id,
						struct oc_deadline d, struct oc_run_outcome *out);
/* Aborts the run, or every run of the session (run_id NULL), queued ones too when asked; parks
 * until their ends were told. aborted gets the ids. reason: "rpc", "stop", "disconnect". */
void oc_sessions_abort_wait(struct oc_sessions *s, const char *session_key, const char *run_id,
			    bool queued_too, const char *reason, struct oc_strv *aborted);
/* Ids of runs under way in this session (NULL = all), the active one first. */
void oc_sessions_runs(const struct oc_sessions *s, const char *session_key, struct oc_strv *out);
/* Text so far of the active run of a session; empty when none. Borrowed until the next park. */
struct oc_str oc_sessions_partial(const struct oc_sessions *s, const char *session_key);

/* The record of a session that is in memory, as it is stored; NULL = ask the store. Borrowed until
 * the next park. */
const struct oc_session_record *oc_sessions_record(const struct oc_sessions *s, const char *key);

/* ---- changes of a session ---- */
/* Applies a merge patch to its settings and named members (label, pinned, archived, unread, model,
 * thinkingLevel …), makes it when missing. OC_E_INPUT: a value that is not allowed. */
OC_MUST_USE enum oc_rc oc_sessions_patch_wait(struct oc_sessions *s, const char *key,
					      const json_t *patch, struct oc_err *e);
/* A boundary: history and prompt begin anew, what was stays in the store (D61). Aborts its run. */
OC_MUST_USE enum oc_rc oc_sessions_reset_wait(struct oc_sessions *s, const char *key,
					      const char *reason, struct oc_err *e);
OC_MUST_USE enum oc_rc oc_sessions_delete_wait(struct oc_sessions *s, const char *key,
					       struct oc_err *e);
/* A message that the model never sees: command texts and replies, injected notes. */
OC_MUST_USE enum oc_rc oc_sessions_inject_wait(struct oc_sessions *s, const char *key, json_t *body,
					       struct oc_stored_message *out, struct oc_err *e);
/*
 * A new session that begins as this one did, up to a message: before it when it is a question,
 * whose text is appended to question, behind it when it is an answer. OC_E_NOT_FOUND: no such
 * session or message; OC_E_INPUT: another kind of message, or new_key exists.
 */
OC_MUST_USE enum oc_rc oc_sessions_fork_wait(struct oc_sessions *s, const char *key,
					     const char *message_id, const char *new_key,
					     struct oc_buf *question, struct oc_err *e);
struct oc_compacted {
	bool compacted;
	int64_t tokens_before, tokens_after;
	char *summary; /* NULL */
};
/* Shortens what the model is sent (spec 03 §5.4): first old tool results, then a summary that the
 * model writes. */
OC_MUST_USE enum oc_rc oc_sessions_compact_wait(struct oc_sessions *s, const char *key,
						const char *instructions, struct oc_compacted *out,
						struct oc_err *e);
#endif
