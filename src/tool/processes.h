#ifndef OC_TOOL_PROCESSES_H
#define OC_TOOL_PROCESSES_H
#include "rt/task.h"
/*
 * Commands that go on after the call that started them. They belong to a session and end with it,
 * or with the gateway.
 */
struct oc_processes;
/* In a task: the commands run below its scope. */
struct oc_processes *oc_processes_new(void);
/* Ends those of a session; NULL = all. Parks until they are gone. */
void oc_processes_end_wait(struct oc_processes *p, const char *session_key);
/* Ends all. Accepts NULL. */
void oc_processes_free_wait(struct oc_processes *p);
/* A command that went on in the background ended by itself, and nobody waited for it. Borrowed. */
struct oc_process_end {
	const char *id, *session_key; /* "" = of no session */
	const char *how;	      /* "exit 0", "signal 9", "time limit" */
	bool notify;		      /* who started it wants to hear of its end */
};
/* fn may not park. */
void oc_processes_watch(struct oc_processes *p,
			void (*fn)(void *arg, const struct oc_process_end *end), void *arg);
/* How many run. */
size_t oc_processes_running(const struct oc_processes *p, const char *session_key);
#endif
