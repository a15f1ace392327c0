#ifndef OC_PATHS_H
#define OC_PATHS_H
#include "base/str.h"
/* Where things are (spec 01 §1.1). All owned, absolute where the environment allows it. */
struct oc_paths {
	char *home;	   /* effective home */
	char *state_dir;   /* ~/.openclaw */
	char *config_path; /* ~/.openclaw/openclaw.json */
	char *agent_dir;   /* ~/.openclaw/agents/main/agent */
	bool default_state_dir;
};
/* Reads the process environment only (a .env cannot move these). */
OC_MUST_USE enum oc_rc oc_paths_init(struct oc_paths *p, struct oc_err *e);
void oc_paths_deinit(struct oc_paths *p);
/* path with the home folder written as ~; free with free(). */
char *oc_paths_short(const struct oc_paths *p, const char *path);
#endif
