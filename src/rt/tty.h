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

/* The terminal of stdin byte by byte: no echo, no line editing, Ctrl-C is a byte too. OC_E_SYS: it
 * is no terminal. */
struct oc_tty_mode; /* as it was before */
OC_MUST_USE enum oc_rc oc_tty_raw(struct oc_tty_mode **before, struct oc_err *e);
void oc_tty_restore(struct oc_tty_mode *before); /* accepts NULL; frees it */

/* Tells, on the loop, that the terminal has another size. */
struct oc_tty_resize;
struct oc_tty_resize *oc_tty_resize_new(void (*fn)(void *arg), void *arg);
void oc_tty_resize_free(struct oc_tty_resize *r); /* accepts NULL */
#endif
