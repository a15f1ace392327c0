#ifndef OC_TOOL_PROGRAMS_H
#define OC_TOOL_PROGRAMS_H
#include "tool/sandbox/shell.h"
/* Which programs a command runs, and what is known of them (spec 03 §4.8). */

/* The real path of what name runs, looked up in the folders of path; a name with a slash is
 * relative to workdir. NULL when there is no such program. Free with free(). */
char *oc_program_find(const char *name, const char *path, const char *workdir);

struct oc_programs_place {
	const char *path;      /* the command's PATH */
	const char *workdir;   /* absolute, links followed */
	const char *workspace; /* absolute, links followed */
};
/*
 * Whether every program of the command is on the list: bare names stand for programs found in PATH,
 * the rest are globs of real paths. Programs that run others (sh, env, xargs …), inline code
 * (python -c) and redirections to files outside the workspace are never covered.
 */
bool oc_programs_allowed(const struct oc_shell *s, const struct oc_strv *list,
			 const struct oc_programs_place *place);
/* The command only looks: ls, cat, head, grep, rg, find, git status … with no argument that does
 * more. For the rule of taint, no exemption from anything else. */
bool oc_programs_read_only(const struct oc_shell *s);
#endif
