#ifndef OC_TOOL_COMMAND_H
#define OC_TOOL_COMMAND_H
#include "base/buf.h"
#include "tool/processes.h"
#include "tool/sandbox/confine.h"
/* One command that runs or has run, for the tools exec and process. Of this folder only. */
struct oc_command_spec {
	const char *command, *session_key; /* copied; session_key NULL = of no session */
	char *const *argv, *const *env;	   /* read during the start only */
	const char *cwd;
	const char
	    *mark; /* a variable of env that only this command has; NULL: in a PID namespace */
	struct oc_confine confine; /* moved into the command */
	unsigned timeout_s;
	bool notify; /* its end wakes who started it */
	bool input;  /* process may write to it; else its input is empty */
	/* Output as it comes, until oc_command_detach. May be NULL; may not park. */
	void (*output)(void *arg, struct oc_str bytes);
	void *output_arg;
};
struct oc_command {
	/* For reading. */
	char id[16]; /* "p1" */
	char *command, *session_key;
	struct oc_buf output; /* the last of it */
	uint64_t dropped;     /* bytes before it */
	uint64_t told;	      /* how many bytes of all of it poll has shown */
	int exit_code, signum;
	unsigned timeout_s;
	bool ended, timed_out, stopped, notify;
	const char *excess; /* static: the limit that it broke, NULL */
	uint64_t began_ms, ended_ms;
	struct oc_command_state *state; /* of processes.c */
};
/* The command belongs to p, and to the caller until oc_command_unref. */
OC_MUST_USE enum oc_rc oc_command_start_wait(struct oc_processes *p, struct oc_command_spec *spec,
					     struct oc_command **out, struct oc_err *e);
/* Nobody watches its output any more: it goes on in the background under its id. */
void oc_command_detach(struct oc_command *c);
/* Until it has ended: OC_OK, OC_E_TIMEOUT or OC_CANCELLED (it still runs). */
OC_MUST_USE enum oc_rc oc_command_wait(struct oc_command *c, struct oc_deadline d);
/* Ends it with everything it started; parks until it is gone. */
void oc_command_stop_wait(struct oc_command *c);
OC_MUST_USE enum oc_rc oc_command_write(struct oc_command *c, struct oc_str bytes, bool eof,
					struct oc_err *e);
/* p forgets it: a command that ran in the foreground. */
void oc_command_forget(struct oc_processes *p, struct oc_command *c);
void oc_command_unref(struct oc_command *c);
/* By id, of this session; NULL. Borrowed: ref it before a wait. */
struct oc_command *oc_command_find(struct oc_processes *p, const char *session_key,
				   struct oc_str id);
void oc_command_ref(struct oc_command *c);
/* The n-th one of this session in the order of their start; NULL behind the last. */
struct oc_command *oc_command_at(struct oc_processes *p, const char *session_key, size_t n);
#endif
