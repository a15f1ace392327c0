#ifndef OC_COMPLETION_TEXT_H
#define OC_COMPLETION_TEXT_H
#include "base/buf.h"
#include "cli/command.h"
/* Completion scripts from a command table. Pure. */
/* False: no such shell. */
bool oc_completion_text(const char *shell, const struct oc_command *commands,
			const struct oc_option *globals, struct oc_buf *out);
extern const char oc_completion_shells[]; /* "bash, zsh, fish, powershell" */
#endif
