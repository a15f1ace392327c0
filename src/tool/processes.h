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
/* How many run. */
size_t oc_processes_running(const struct oc_processes *p, const char *session_key);
#endif
