#ifndef OC_PROC_H
#define OC_PROC_H
#include "base/buf.h"
#include "rt/task.h"
/*
 * Child processes. Each runs in a process group of its own, so that stopping it stops what it
 * started. Its environment is an explicit list: nothing of ours is inherited.
 */
struct oc_proc_spec {
	const char *file;  /* looked up in the PATH of env */
	char *const *args; /* NULL-terminated, args[0] included */
	char *const *env;  /* NULL-terminated "K=V" list */
	const char *cwd;   /* NULL = ours */
	size_t max_output; /* bytes kept; the rest is read and dropped, and counted */
	void (*on_output)(void *arg,
			  struct oc_str bytes); /* may be NULL; called as output arrives */
	void *arg;
};
struct oc_proc_result {
	struct oc_buf output; /* stdout and stderr as they came; owned by the caller */
	uint64_t dropped;     /* bytes beyond max_output */
	int exit_code;	      /* -1 when a signal ended it */
	int signal;
	bool timed_out;
};
/* Runs to the end. At the deadline, or when the scope is cancelled, the group gets SIGTERM and 2 s
 * later SIGKILL, and the call returns when the child is gone: OC_OK with timed_out, or
 * OC_CANCELLED. */
OC_MUST_USE enum oc_rc oc_proc_run_wait(const struct oc_proc_spec *spec, struct oc_deadline d,
					struct oc_proc_result *out, struct oc_err *e);
void oc_proc_result_deinit(struct oc_proc_result *r);

/* Closes our /proc entries (environment, memory) to other processes of the same user, so that a
 * command cannot read there what its own environment does not hold. Linux; root still can. */
void oc_proc_hide_self(void);

/* Starts a process that outlives us: new session, stdin from /dev/null, output appended to log_path
 * (mode 0600). *pid is set on success. */
OC_MUST_USE enum oc_rc oc_proc_spawn_detached(const struct oc_proc_spec *spec, const char *log_path,
					      int *pid, struct oc_err *e);
#endif
