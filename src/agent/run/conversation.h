#ifndef OC_CONVERSATION_H
#define OC_CONVERSATION_H
#include "model/codec/reply.h"
#include "model/provider/select.h"
/*
 * The conversation that a run continues and writes into: in memory for a run of its own, in the
 * store for a session. A message that was appended is kept before the run takes its next step, and
 * is never changed, so that each request extends the one before.
 */

/* What belongs to a message beside itself. All may be zero. */
struct oc_said {
	const struct oc_reply
	    *reply; /* assistant: what it was made of; its text is without marks */
	const struct oc_selection *target; /* assistant: who said it */
	bool is_error;			   /* tool: it failed */
	unsigned flags;			   /* OC_MSG_… of store.h */
	const char *error;		   /* assistant: why the run failed */
};
/* The bytes that open every request of an epoch (spec 03 §3.3). Owned. */
struct oc_frozen {
	char *system, *tools; /* tools NULL = none */
};
void oc_frozen_deinit(struct oc_frozen *f);

/* Every function may park. Those marked * may be NULL. OC_CANCELLED is passed up; another failure
 * ends the run. */
struct oc_conversation {
	/* *The opening in force for this profile (whatever decides its bytes) and these tools;
	 * system NULL = a new one has to be made. */
	enum oc_rc (*thaw_wait)(void *arg, const json_t *profile, const char *tools,
				struct oc_frozen *out, struct oc_err *e);
	/* *From now on this one is. */
	enum oc_rc (*freeze_wait)(void *arg, const json_t *profile, const struct oc_frozen *f,
				  struct oc_err *e);
	/* Appends what the model is to see, without the system text; it ends with what is to be
	 * answered. */
	enum oc_rc (*view_wait)(void *arg, struct oc_messages *out, struct oc_err *e);
	enum oc_rc (*append_wait)(void *arg, const struct oc_message *m, const struct oc_said *said,
				  struct oc_err *e);
	/* *Messages that came meanwhile, to be answered by this run: kept, and appended. */
	enum oc_rc (*steer_wait)(void *arg, struct oc_messages *out, struct oc_err *e);
	/* *The conversation is too long: old tool results become one line each. *changed: there
	 * were some. A new opening is due then. */
	enum oc_rc (*trim_wait)(void *arg, bool *changed, struct oc_err *e);
	/* *From now on the summary stands for all but the last turns, of at most keep_chars. */
	enum oc_rc (*summarise_wait)(void *arg, struct oc_str summary, size_t keep_chars,
				     bool *changed, struct oc_err *e);
	/* *A summary for later, of all that is said by now; it stands ready for ready_wait. */
	enum oc_rc (*prepare_wait)(void *arg, struct oc_str summary, struct oc_err *e);
	/* *One that was prepared and that summarise_wait could use with the same keep_chars:
	 * appended to out, else nothing. */
	enum oc_rc (*ready_wait)(void *arg, size_t keep_chars, struct oc_buf *out,
				 struct oc_err *e);
	void *arg;
};

/* ---- in memory ---- */
/* A conversation that is gone afterwards. messages is the caller's and grows. */
struct oc_conversation oc_memory_conversation(struct oc_messages *messages);
#endif
