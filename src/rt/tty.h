#ifndef OC_TTY_H
#define OC_TTY_H
#include "base/buf.h"
#include "rt/task.h"
/* Questions to a person on a terminal. */
bool oc_tty_interactive(void); /* stdin and stderr are terminals */
/* Prints prompt to stderr and reads one line from stdin without its line end, echo off when secret.
 * OC_EOF at end of input, OC_CANCELLED on Ctrl-C. The terminal is as before afterwards, whatever
 * happens. */
OC_MUST_USE enum oc_rc oc_tty_ask_wait(const char *prompt, bool secret, struct oc_buf *answer);
#endif
