#ifndef OC_CHILD_H
#define OC_CHILD_H
#include "base/str.h"
#include "rt/task.h"
/*
 * A child process that its starter holds on to: it can be written to, waited for more than once and
 * ended. It leads a process group of its own, so that ending it ends what it started. One task at a
 * time waits. oc_proc_run_wait (proc.h) is this from start to end.
 */
struct oc_child_spec {
	const char *file;  /* looked up in the PATH of env */
	char *const *args; /* NULL-terminated, args[0] included */
	char *const *env;  /* NULL-terminated "K=V" list: nothing of ours is inherited */
	const char *cwd;   /* NULL = ours */
	bool input;	   /* a pipe to its stdin; else that is empty */
	/* stdout and stderr as they come; may not park. */
	void (*on_output)(void *arg, struct oc_str bytes);
	/* Then stderr comes here; NULL = with the rest. */
	void (*on_errors)(void *arg, struct oc_str bytes);
	void *arg;
};
struct oc_child;
/* spec is read during the call only. */
OC_MUST_USE enum oc_rc oc_child_start(const struct oc_child_spec *spec, struct oc_child **out,
				      struct oc_err *e);
int oc_child_pid(const struct oc_child *c);
/* Until it has ended: OC_OK; OC_E_TIMEOUT, OC_CANCELLED: it still runs. */
OC_MUST_USE enum oc_rc oc_child_wait(struct oc_child *c, struct oc_deadline d);
/* The bytes are copied and written as it takes them. OC_E_LIMIT: too much waits already;
 * OC_E_NOT_FOUND: it reads nothing (any more). */
OC_MUST_USE enum oc_rc oc_child_write(struct oc_child *c, struct oc_str bytes, struct oc_err *e);
/* Nothing more is read of its output, so that it has to wait, or again. */
void oc_child_pause(struct oc_child *c, bool pause);
void oc_child_close_input(struct oc_child *c);		    /* behind what is on its way */
void oc_child_signal(const struct oc_child *c, int signum); /* to its group */
/* Until it has ended, at most ms; deaf to cancellation. */
void oc_child_leave_wait(struct oc_child *c, uint64_t ms);
/* SIGTERM to the group, 2 s later SIGKILL; parks until it is gone, deaf to cancellation. */
void oc_child_end_wait(struct oc_child *c);
/* After it has ended: takes in what is left of its output, ends what it left behind in its group,
 * and frees it. exit_code is -1 when a signal ended it. Both may be NULL. */
void oc_child_finish_wait(struct oc_child *c, int *exit_code, int *signum);
#endif
