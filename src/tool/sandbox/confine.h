#ifndef OC_TOOL_CONFINE_H
#define OC_TOOL_CONFINE_H
#include "base/str.h"
#include "rt/task.h"
/*
 * How much of the machine one command may take (D44). A control group (v2, else v1) where one can
 * be made; it also knows every process of the command, whatever session it moved to. Elsewhere the
 * processes below the command are counted from time to time.
 */
enum { OC_CONFINE_PROCESSES = 512 };
struct oc_confine {
	struct oc_strv groups; /* folders of control groups; none = count */
	uint64_t max_bytes;    /* memory of all its processes together */
};
/* name: part of a file name, unique on this machine. max_bytes 0: half of the memory there is, at
 * most 8 GiB. */
void oc_confine_init(struct oc_confine *c, const char *name, uint64_t max_bytes);
/* For tests: as on a system where no group can be made. */
void oc_confine_avoid_groups(bool avoid);
bool oc_confine_has_group(const struct oc_confine *c);
/* Appends a launcher that enters the groups and then runs what follows. Nothing without groups. */
void oc_confine_argv(const struct oc_confine *c, struct oc_strv *argv);
/* Ends every process of the groups. */
void oc_confine_kill(const struct oc_confine *c);
/* Removes the groups, whose processes are gone; parks a moment while the kernel cleans up. */
void oc_confine_deinit_wait(struct oc_confine *c);

/* For commands without a group: what pid and everything below it take, on the thread pool. */
struct oc_confine_use {
	size_t processes;
	uint64_t bytes;
};
struct oc_confine_use oc_confine_use_wait(int pid);
/* Ends every process of this user whose environment holds "name=value", but for ourselves: those
 * that left the command's process group. On the thread pool; Linux. */
void oc_confine_kill_marked_wait(const char *mark);
#endif
