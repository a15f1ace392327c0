#ifndef OC_TOOL_SANDBOX_H
#define OC_TOOL_SANDBOX_H
#include "base/str.h"
#include "rt/task.h"
/*
 * What a command sees (D43): the workspace at its own path, system folders read-only, its own /tmp,
 * /proc and /dev; no home, no state, no other process, no network unless it was granted. Made by
 * bubblewrap, without privileges. Nothing here is a way to run something without it.
 */
struct oc_sandbox_spec {
	const char *workspace; /* absolute, links followed */
	const char *shown;     /* the same folder under the name that people use; NULL */
	const char *state_dir; /* absolute; NULL = none */
	const char *home;      /* absolute; NULL = none */
	const char *workdir;   /* within the workspace */
	bool read_only;	       /* the workspace too */
	bool network;
};
/* OC_OK: it works here, which was found out by running it. OC_E_DENIED: it does not, and e says
 * why; the answer is kept. Parks when it has to look. */
OC_MUST_USE enum oc_rc oc_sandbox_works_wait(struct oc_err *e);
/* Look again at the next question: the configuration changed, or a package was installed. */
void oc_sandbox_forget(void);
/* Not the root and no system folder: a workspace there would be the system itself. Pure. */
bool oc_sandbox_can_show(const char *workspace);
/* Appends bubblewrap and its arguments up to "--"; the command goes behind it. Only after
 * oc_sandbox_works_wait. */
void oc_sandbox_argv(const struct oc_sandbox_spec *spec, struct oc_strv *argv);
#endif
