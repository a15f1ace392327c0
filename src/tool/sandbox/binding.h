#ifndef OC_TOOL_BINDING_H
#define OC_TOOL_BINDING_H
#include "tool/sandbox/programs.h"
/*
 * What a yes is about: the command's text, where it starts, and the very files it runs: each
 * program and the first script among its arguments, with inode and SHA-256 of its bytes. Made
 * before the question and again before the launch; when the two differ, somebody changed a file in
 * between and the yes is void. Free with free().
 */
char *oc_binding_wait(struct oc_str command, const struct oc_shell *s,
		      const struct oc_programs_place *place);
#endif
