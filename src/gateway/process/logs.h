#ifndef OC_LOGS_H
#define OC_LOGS_H
#include "config/config.h"
/*
 * Where the messages of the gateway go (spec 02 §1.6): lines on stderr, and one JSON object a line
 * in a file that rotates. For the whole process: oc_log reaches both.
 */
/* level: of the command line, NULL = configured. OC_E_SYS: the file cannot be opened; the console
 * is served all the same. */
OC_MUST_USE enum oc_rc oc_logs_start(const struct oc_config *c, const char *level,
				     struct oc_err *e);
/* Takes over logging.* of a changed configuration. */
void oc_logs_configure(const struct oc_config *c);
/* This text is replaced wherever a message holds it. Copied; NULL = nothing any more. */
void oc_logs_hide(const char *secret);
const char *oc_logs_file(void); /* path of the current file, NULL = none */
void oc_logs_stop(void);
#endif
