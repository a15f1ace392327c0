#ifndef OC_AGENT_SESSION_H
#define OC_AGENT_SESSION_H
#include "agent/run/agent.h"
#include "agent/run/user_files.h"
#include "agent/session/input.h"
#include "agent/session/prefix.h"
#include "agent/session/session_events.h"
#include "agent/session/session_queue.h"
#include "rt/bell.h"
#include "tool/processes.h"
/*
 * Between the files of the sessions: what is in memory of sessions that somebody works with, and of
 * runs. Everything else is in the store.
 */
enum { OC_RUN_KEPT_MS = 600000, OC_RUNS_KEPT = 1000 };

/* First come, first served: one task at a time. Zeroed is open. */
struct oc_gate {
	bool closed;
	struct oc_gate_wait *first;
};
void oc_gate_enter_wait(struct oc_gate *g); /* cancelled or not: it is soon open */
void oc_gate_leave(struct oc_gate *g);

struct oc_channels;
struct oc_cron;

/* A session that somebody works with. */
struct oc_session {
	struct oc_session *next;
	struct oc_sessions *owner;
	unsigned users; /* in memory as long as there are any, or there is something to remember */
	char *key, *id, *agent;
	struct oc_session_record known; /* the stored record: whoever changes one changes both */
	struct oc_session_run *active;
	struct oc_queue queue;
	bool draining;	       /* a task looks after the queue */
	struct oc_gate order;  /* of asks */
	struct oc_gate record; /* of changes of the stored record */
	struct oc_fallback_state fallback;
	struct oc_scope *idle; /* a note is prepared, or will be (session_idle.c); NULL */
};

enum oc_run_state { OC_RUN_WAITING, OC_RUN_WORKING, OC_RUN_ENDED };
struct oc_session_run {
	struct oc_session_run *next;
	struct oc_sessions *owner;
	struct oc_session *session;    /* NULL: stateless */
	struct oc_input *input;	       /* owned */
	struct oc_run_info info;       /* borrows from input and below */
	struct oc_stored_message said; /* the input as it was stored, until it was told */
	enum oc_run_state state;
	bool forgotten; /* it did not come to be: its id is free */
	struct oc_snapshot *snapshot;
	struct oc_agent_settings settings;
	oc_run_watch_fn *watch;
	void *watch_arg;
	unsigned users;		/* tasks that look at it across a wait */
	struct oc_scope *scope; /* of the work; NULL = not begun, or over */
	struct oc_wait *done;	/* the supervisor waits for the work */
	bool work_done;
	const char
	    *abort; /* why it was ended: "rpc" "stop" "disconnect" "timeout" "interrupt"; static */
	uint64_t began_ms, moved_ms; /* monotonic */
	bool joins;		     /* may become part of another: see oc_ask.may_join */
	bool asking;		     /* a person thinks: no clock runs */
	const bool *reading;	     /* see struct oc_agent_spec */
	struct oc_buf partial;	     /* text of the current segment */
	unsigned segment;
	size_t partial_kept; /* bytes of it in the store */
	unsigned kept_segment;
	bool segment_over;		 /* the next text begins a segment */
	const struct oc_tool_call *call; /* that is running, for its output; borrowed */
	uint64_t call_began_ms;
	struct oc_bell ended;
	uint64_t ended_at_ms; /* monotonic */
	char *provider, *model, *session_id;
	/* What came of it. */
	enum oc_rc rc;
	struct oc_err error;
	struct oc_agent_result result;
	struct oc_store_view opening; /* the conversation when its input was stored */
	const char *status;	      /* as in struct oc_run_outcome */
	const struct oc_session_compaction *compaction; /* a run that only shortens; NULL */
};
struct oc_session_compaction {
	const char *instructions;
	bool ahead; /* only a note for later */
};

struct oc_sessions {
	struct oc_sessions_spec spec;
	struct oc_scope *scope; /* of all runs */
	struct oc_processes *processes;
	struct oc_session *sessions;
	struct oc_session_run *runs; /* newest first; those that ended for some minutes */
	size_t n_working;	     /* runs that have a place (D68) */
	struct oc_bell place;	     /* one is free */
	struct oc_bell quiet;	     /* a run has ended */
	struct oc_prefix_log prefixes;
	struct oc_user_files files;
	struct oc_session_events events;
	int64_t last_person_ms;
	struct oc_cron *cron;	      /* for its tool; NULL = there is none */
	struct oc_channels *channels; /* for the tool message; the same */
	bool closing;
};

/* ---- sessions.c ---- */
/* Whatever was found, the person's input is at fault: e keeps its message. */
enum oc_rc oc_session_wrong_input(struct oc_err *e);
/* In memory from now on, until it is let go of. */
struct oc_session *oc_session_use(struct oc_sessions *s, const struct oc_session_record *r);
struct oc_session *oc_session_find(const struct oc_sessions *s, const char *key);
void oc_session_let_go(struct oc_session *s); /* accepts NULL */
struct oc_session_run *oc_session_run_find(const struct oc_sessions *s, const char *run_id);
/* Stores messages of the session, and what else is to be stored with them (w->session apart). */
OC_MUST_USE enum oc_rc oc_session_write_wait(struct oc_session *s, struct oc_store_writes *w,
					     struct oc_err *e);
/* Changes the stored record: change sees it as it is and may fail. with (may be NULL): what is
 * stored in the same step; its member session is set here. */
OC_MUST_USE enum oc_rc oc_session_change_wait(
    struct oc_session *s,
    enum oc_rc (*change)(void *arg, struct oc_session_record *r, struct oc_err *e), void *arg,
    struct oc_store_writes *with, struct oc_err *e);

/* ---- session_change.c ---- */
/* History and prompt begin after what is stored now (D61). */
void oc_session_set_boundary(struct oc_session_record *r);

/* ---- session_run.c ---- */
/* Registers a run, not begun. Takes the input. session may be NULL. */
struct oc_session_run *oc_session_run_new(struct oc_sessions *s, struct oc_session *session,
					  struct oc_input *input);
void oc_session_run_free(struct oc_session_run *r);
/* Makes the input durable, the run the active one, and begins. With the order gate closed, or
 * without a session. */
OC_MUST_USE enum oc_rc oc_session_run_start_wait(struct oc_session_run *r, struct oc_err *e);
/* The run's record in the store, with what is known now. */
OC_MUST_USE enum oc_rc oc_session_run_save_wait(struct oc_session_run *r, const char *status,
						struct oc_err *e);
/* It ended without work of its own: what it asked for is part of another run, or it was aborted
 * while it waited. */
void oc_session_run_end_idle(struct oc_session_run *r, const char *status);
/* Its work is told to stop; one that waits in line ends here. */
void oc_session_run_abort_wait(struct oc_session_run *r, const char *reason);

/* The same outside of the list of runs, for what nobody asked for. */
struct oc_session_run *oc_session_run_unlisted(struct oc_sessions *s, struct oc_session *session,
					       struct oc_input *input);
/* Works beside the session's runs: takes no turn, tells nobody. Needs its compaction. */
OC_MUST_USE enum oc_rc oc_session_run_aside_wait(struct oc_session_run *r, struct oc_err *e);

/* ---- session_idle.c ---- */
/* A run has ended well: when the conversation will soon have to be shortened and nothing happens
 * for a while, the note is written ahead (spec 03 §5.4). */
void oc_session_idle_begin(const struct oc_session_run *ended);
/* Something happens: that is given up at once. */
void oc_session_idle_end(struct oc_session *s);

/* ---- session_report.c ---- */
/* Completes the event. */
void oc_session_run_tell(struct oc_session_run *r, struct oc_run_event *event);
void oc_session_run_tell_kind(struct oc_session_run *r, enum oc_run_event_kind kind);
void oc_session_tell_change(struct oc_sessions *s, const char *key, const char *reason);
void oc_session_run_moved(void *run); /* no clock runs out now */
/* Whatever happens in a run of this spec is told; questions go to a person. */
void oc_session_run_listen(struct oc_session_run *r, struct oc_run_sink *sink,
			   struct oc_agent_spec *spec);

/* ---- session_talk.c: the conversation of a session, in the store ---- */
struct oc_session_talk {
	struct oc_session_run *run;
	int64_t boundary_seq;
	int64_t last_seq;      /* when it began */
	struct oc_epoch epoch; /* in force; id 0 = none */
	json_t *profile;       /* of the epoch */
	bool idle;	       /* for so long that no server remembers the prompt */
	const char *due;       /* why a new epoch is due; NULL. Static */
	/* What the next epoch shows; taken over from the one before. */
	int64_t first_seq, trim_before;
	char *summary; /* id of the message */
	bool compacted;
	struct oc_stored_messages read; /* by the beginning; given to who asks first */
	bool is_read;
};
OC_MUST_USE enum oc_rc oc_session_talk_init_wait(struct oc_session_talk *t,
						 struct oc_session_run *run,
						 const struct oc_session_record *r,
						 struct oc_err *e);
void oc_session_talk_deinit(struct oc_session_talk *t);
struct oc_conversation oc_session_talk_port(struct oc_session_talk *t);
/* A request was made with this; sent: its body, NULL = no server was asked. How much of it repeats
 * the one before? */
void oc_session_talk_requested(void *talk, const struct oc_messages *m, json_t *tools,
			       json_t *sent);
/* The person's message as it is stored. Deinit out. */
void oc_session_input_message(const struct oc_session_run *run, const struct oc_input *input,
			      struct oc_stored_message *out);
/* The message is in the conversation already. When something else was said since, it is asked once
 * more, where it can be answered. */
OC_MUST_USE enum oc_rc oc_session_store_again_wait(struct oc_session_run *run,
						   struct oc_stored_message *m, struct oc_err *e);
/* Message is stored: told to whoever watches. */
void oc_session_told_message(struct oc_session_run *run, const struct oc_stored_message *m);

/* ---- session_waiting.c: the queue at work ---- */
/* The session is busy: the input waits, steers or is refused. Takes the input. */
OC_MUST_USE enum oc_rc oc_session_wait_in_line_wait(struct oc_session *s,
						    struct oc_session_run *run,
						    enum oc_queue_mode mode, bool own_turn,
						    struct oc_err *e);
/* The session is free: begins what waits, after the pause that collecting wants. */
void oc_session_go_on(struct oc_session *s);
OC_MUST_USE enum oc_rc oc_session_keep_waiting_wait(struct oc_session *s,
						    const struct oc_input *input, struct oc_err *e);
/* status: what the store is to say of that run; NULL = its run tells. */
OC_MUST_USE enum oc_rc oc_session_forget_waiting_wait(struct oc_session *s, const char *run_id,
						      const char *status, struct oc_err *e);

/* Nothing more begins: runs that wait for their turn end, and stay to be found after a start. */
void oc_sessions_end_line(struct oc_sessions *s);

/* ---- session_exec.c ---- */
void oc_session_command_ended(void *sessions, const struct oc_process_end *end);

/* ---- recover.c ---- */
OC_MUST_USE enum oc_rc oc_sessions_recover_wait(struct oc_sessions *s, struct oc_err *e);
#endif
