#ifndef OC_TOOL_SHELL_H
#define OC_TOOL_SHELL_H
#include "base/str.h"
/*
 * A small reader of shell commands (POSIX shell grammar as far as lists and pipelines of simple
 * commands go). It exists to say "every program of this command is known"; so whatever could mean
 * more than it reads, such as a substitution, a variable, a subshell or a here-document, makes the
 * command opaque, and then nothing may be concluded from it. Pure, no expansion, no I/O.
 */
struct oc_shell_command {
	struct oc_strv words; /* quotes removed; the first is a literal name or path */
	struct oc_strv files; /* targets of redirections, /dev/null left out */
	bool globs;	      /* a word stands for names of files */
};
struct oc_shell {
	struct oc_shell_command *v;
	size_t n;
	const char *opaque; /* static: what was not understood; NULL = v is all of it */
};
/* Always succeeds; deinit out. A command without any word is opaque. */
void oc_shell_parse(struct oc_str command, struct oc_shell *out);
void oc_shell_deinit(struct oc_shell *s);
#endif
