#ifndef OC_STORE_H
#define OC_STORE_H
#include "base/buf.h"
#include "base/rand.h"
#include "rt/task.h"
#include "json/json.h"
/*
 * Everything that the gateway keeps: one database <state>/gateway.sqlite behind this interface,
 * which another back end can implement as well. A thread of its own does the work; the functions
 * that end in _wait hand it one step and park until it is done, whether or not the caller is
 * cancelled meanwhile. Steps are done in the order in which they were handed over, each in one
 * transaction: what was acknowledged survives a kill -9. Messages are only ever appended.
 *
 * Times are milliseconds since 1970. Results are owned by the caller.
 */
struct oc_store;
/* Opens, or creates with mode 0600, and migrates. path ":memory:" for tests. OC_E_SYS: cannot (e
 * says what to do about it); a file of a newer version is refused untouched. */
OC_MUST_USE enum oc_rc oc_store_open_wait(const char *path, struct oc_store **out,
					  struct oc_err *e);
void oc_store_close_wait(struct oc_store *s); /* accepts NULL; finishes what was handed over */

/* ---- sessions ---- */
struct oc_session_record {
	char *key;	  /* "agent:main:main" */
	char *id;	  /* UUID of the transcript */
	char *agent;	  /* "main" */
	char *label;	  /* NULL */
	char *title;	  /* derived from the first message; NULL */
	json_t *settings; /* object: model, thinkingLevel, reasoningLevel, verboseLevel,
			     responseUsage, queue …: what a person chose for this session */
	int64_t created_ms, updated_ms;	     /* updated: last message or change */
	int64_t boundary_seq;		     /* history begins after this message (D61) */
	int64_t last_seq;		     /* of the newest message, 0 = none */
	int64_t epoch;			     /* id of the current one, 0 = none yet */
	int64_t input_tokens, output_tokens; /* sums */
	int64_t prompt_tokens;		     /* of the last request: how full the context is */
	char *provider, *model;		     /* that answered last, NULL */
	char *last_run, *last_status; /* "running" "done" "failed" "killed" "timeout"; NULL */
	int64_t run_started_ms, run_ended_ms;
	int64_t pinned_ms, archived_ms; /* 0 = not */
	bool unread;
};
void oc_session_record_deinit(struct oc_session_record *r);
void oc_session_record_copy(const struct oc_session_record *r, struct oc_session_record *out);
/* OC_E_NOT_FOUND. */
OC_MUST_USE enum oc_rc oc_store_session_wait(struct oc_store *s, const char *key,
					     struct oc_session_record *out, struct oc_err *e);
OC_MUST_USE enum oc_rc oc_store_session_by_id_wait(struct oc_store *s, const char *id,
						   struct oc_session_record *out, struct oc_err *e);
/* Gives the session of that key, made when it is missing (*made, may be NULL). */
OC_MUST_USE enum oc_rc oc_store_session_open_wait(struct oc_store *s, const char *key,
						  const char *agent, struct oc_session_record *out,
						  bool *made, struct oc_err *e);
/* The same, and in one step what became of a run that may have been asked for before: its status,
 * NULL when it is not known. Free *run_status with free(). */
OC_MUST_USE enum oc_rc oc_store_arrival_wait(struct oc_store *s, const char *key, const char *agent,
					     const char *run_id, struct oc_session_record *out,
					     char **run_status, struct oc_err *e);
/* Writes every member but id (which says which session is meant), created and last_seq, which are
 * the store's; updated never goes back. OC_E_INPUT: another session has that key. */
OC_MUST_USE enum oc_rc
oc_store_session_save_wait(struct oc_store *s, const struct oc_session_record *r, struct oc_err *e);
/* The session with its messages, epochs and runs. OC_E_NOT_FOUND. */
OC_MUST_USE enum oc_rc oc_store_session_delete_wait(struct oc_store *s, const char *key,
						    struct oc_err *e);
struct oc_session_query {
	const char *agent;	 /* NULL = all */
	const char *search;	 /* in key, label and title, without case; NULL or "" = all */
	const char *label;	 /* exact; NULL */
	int64_t active_since_ms; /* updated at or after; 0 = any */
	int archived;		 /* 0 = not archived, 1 = archived only, -1 = both */
	size_t limit, offset;	 /* limit 0 = 100 */
};
struct oc_session_page {
	struct oc_session_record *v; /* pinned first, then newest first */
	size_t n, total;
};
OC_MUST_USE enum oc_rc oc_store_sessions_wait(struct oc_store *s, const struct oc_session_query *q,
					      struct oc_session_page *out, struct oc_err *e);
void oc_session_page_deinit(struct oc_session_page *p);

/* ---- messages ---- */
enum {
	OC_MSG_HIDDEN_FROM_MODEL = 1,	/* commands, injected texts: excludeFromContext */
	OC_MSG_INTERRUPTED = 2,		/* a partial answer: aborted, cut, crashed */
	OC_MSG_NO_ANSWER = 4,		/* the fixed text of D46 */
	OC_MSG_SUMMARY = 8,		/* what a compaction left of the epochs before */
	OC_MSG_HIDDEN_FROM_PEOPLE = 16, /* the program's own words to the model; silence */
};
struct oc_stored_message {
	char *id;	       /* "m" and random characters; unique in its session */
	int64_t seq;	       /* in its session, from 1 (D58) */
	int64_t epoch;	       /* 0 = none */
	char *run;	       /* NULL */
	char *idempotency_key; /* unique in the session; NULL */
	json_t *
	    body;     /* as history shows it: role, content, timestamp, usage, stopReason,
			 toolCallId	  … without __openclaw (spec 02 §2.7, "Transcript message") */
	char *header; /* user: the "[ctx …]" lines that only the model sees (D50); NULL */
	unsigned flags;
	int64_t tokens; /* 0 = not known */
	int64_t created_ms;
};
void oc_stored_message_deinit(struct oc_stored_message *m);
struct oc_stored_messages {
	struct oc_stored_message *v;
	size_t n;
};
void oc_stored_messages_deinit(struct oc_stored_messages *l);
/* Appends all of them in one transaction; each gets seq, and id and created_ms unless it has them.
 * A message whose idempotency key the session has already is not stored again: *duplicate (may be
 * NULL), and then none of them is, and none is changed. body is not stolen, and nobody may change
 * it until this returns. OC_E_NOT_FOUND: no such session. */
OC_MUST_USE enum oc_rc oc_store_append_wait(struct oc_store *s, const char *session_id,
					    struct oc_stored_message *v, size_t n, bool *duplicate,
					    struct oc_err *e);
struct oc_run_record;
struct oc_store_view;
/* Writes that belong together: one step, one transaction, all or nothing. What is NULL is left
 * out. */
struct oc_store_writes {
	const char *session_id;		    /* of the messages; NULL = none */
	struct oc_stored_message *messages; /* as in oc_store_append_wait */
	size_t n;
	struct oc_session_record *session; /* borrowed */
	struct oc_run_record *run;	   /* borrowed */
	struct oc_store_view *view; /* borrowed; read when all is written. It needs session_id */
	bool duplicate;		    /* out: the messages were left out, the rest is written */
};
OC_MUST_USE enum oc_rc oc_store_write_wait(struct oc_store *s, struct oc_store_writes *w,
					   struct oc_err *e);
struct oc_message_query {
	const char *session_id;
	int64_t after_seq;  /* > */
	int64_t before_seq; /* <; 0 = no bound */
	int64_t epoch;	    /* 0 = any */
	size_t limit;	    /* 0 = all; the newest ones, in ascending order */
};
OC_MUST_USE enum oc_rc oc_store_messages_wait(struct oc_store *s, const struct oc_message_query *q,
					      struct oc_stored_messages *out, struct oc_err *e);
/* OC_E_NOT_FOUND. */
OC_MUST_USE enum oc_rc oc_store_message_wait(struct oc_store *s, const char *session_id,
					     const char *message_id, struct oc_stored_message *out,
					     struct oc_err *e);
OC_MUST_USE enum oc_rc oc_store_message_count_wait(struct oc_store *s, const char *session_id,
						   int64_t after_seq, int64_t *out,
						   struct oc_err *e);

/* ---- epochs: what stays the same bytes from request to request (spec 03 §3.3) ---- */
struct oc_epoch {
	int64_t id;
	char *system, *tools; /* as sent; tools NULL = none */
	char *profile;	      /* JSON: model, provider, shaping … whatever decides the bytes */
	char *reason;	      /* "new" "compaction" "model" "policy" "idle" */
	int64_t first_seq;    /* messages before it are not sent */
	int64_t created_ms;
};
void oc_epoch_deinit(struct oc_epoch *e);
/* What a turn begins with. */
struct oc_store_view {
	int64_t epoch_id, boundary_seq; /* which: as in the session's record */
	struct oc_epoch epoch;		/* zeroed when epoch_id is 0 */
	/* Those after both the boundary and what the epoch leaves out. */
	struct oc_stored_messages messages;
};
/* Sets id and created_ms, and makes it the session's current one. */
OC_MUST_USE enum oc_rc oc_store_epoch_add_wait(struct oc_store *s, const char *session_id,
					       struct oc_epoch *epoch, struct oc_err *e);
OC_MUST_USE enum oc_rc oc_store_epoch_wait(struct oc_store *s, int64_t id, struct oc_epoch *out,
					   struct oc_err *e);

OC_MUST_USE enum oc_rc oc_store_view_wait(struct oc_store *s, const char *session_id,
					  struct oc_store_view *view, struct oc_err *e);
void oc_store_view_deinit(struct oc_store_view *v);

/* ---- runs and usage ---- */
struct oc_run_record {
	char *id, *session_id, *session_key;
	char *status; /* "queued" "running" "ok" "error" "aborted" "interrupted" */
	char *error;  /* NULL */
	char *provider, *model;
	int64_t started_ms, ended_ms;
	int64_t input, output, cached; /* tokens */
	double cost;
};
void oc_run_record_deinit(struct oc_run_record *r);
OC_MUST_USE enum oc_rc oc_store_run_save_wait(struct oc_store *s, const struct oc_run_record *r,
					      struct oc_err *e);
OC_MUST_USE enum oc_rc oc_store_run_wait(struct oc_store *s, const char *id,
					 struct oc_run_record *out, struct oc_err *e);
/* After a start: every run that was queued or running is "interrupted" now; the list of them. */
struct oc_run_records {
	struct oc_run_record *v;
	size_t n;
};
void oc_run_records_deinit(struct oc_run_records *l);
OC_MUST_USE enum oc_rc oc_store_runs_interrupt_wait(struct oc_store *s, struct oc_run_records *out,
						    struct oc_err *e);
/* Finished runs that started in [from, to); for usage reports. */
OC_MUST_USE enum oc_rc oc_store_runs_between_wait(struct oc_store *s, int64_t from_ms,
						  int64_t to_ms, struct oc_run_records *out,
						  struct oc_err *e);

/* ---- documents: devices, cron jobs and their runs, responses, approvals, what is kept by key ----
 */
/* A second put replaces value and order. kind: "device", "device-token", "cron", "cron-run",
 * "response", "approval" …; id is unique in its kind. order: for sorting and expiry, the caller's
 * meaning. */
struct oc_document {
	char *id;
	int64_t order;
	json_t *value;
};
struct oc_documents {
	struct oc_document *v;
	size_t n, total;
};
void oc_documents_deinit(struct oc_documents *l);
OC_MUST_USE enum oc_rc oc_store_put_wait(struct oc_store *s, const char *kind, const char *id,
					 int64_t order, json_t *value, struct oc_err *e);
OC_MUST_USE enum oc_rc oc_store_get_wait(struct oc_store *s, const char *kind, const char *id,
					 json_t **out, struct oc_err *e); /* OC_E_NOT_FOUND */
OC_MUST_USE enum oc_rc oc_store_remove_wait(struct oc_store *s, const char *kind, const char *id,
					    bool *was_there, struct oc_err *e);
/* By order, newest (largest) first; prefix of the id or NULL; limit 0 = all. */
OC_MUST_USE enum oc_rc oc_store_list_wait(struct oc_store *s, const char *kind,
					  const char *id_prefix, size_t limit, size_t offset,
					  struct oc_documents *out, struct oc_err *e);
/* Removes the documents of a kind that are neither among its newest `keep` nor of order >=
 * at_least. keep 0: by order alone; at_least INT64_MAX: by number alone. */
OC_MUST_USE enum oc_rc oc_store_prune_wait(struct oc_store *s, const char *kind, size_t keep,
					   int64_t at_least, struct oc_err *e);
#endif
