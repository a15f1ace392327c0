#ifndef OC_LOG_H
#define OC_LOG_H
#include "err.h"
/*
 * One line a message on stderr: "warn  models: text". Secrets never get here: callers log names and
 * origins, not values.
 * A program that runs on takes the messages itself: oc_log_set_sink.
 */
enum oc_log_level { OC_LOG_ERROR, OC_LOG_WARN, OC_LOG_INFO, OC_LOG_DEBUG };

void oc_log_set_level(enum oc_log_level level); /* default OC_LOG_WARN */
bool oc_log_on(enum oc_log_level level);	/* a message of this level is shown */
bool oc_log_parse_level(const char *name, enum oc_log_level *out);
/* Every message that is on goes to fn, as one line without control characters, instead of stderr.
 * subsystem and text are borrowed. fn may not log. NULL: stderr again. */
typedef void oc_log_sink_fn(void *arg, enum oc_log_level level, const char *subsystem,
			    const char *text);
void oc_log_set_sink(oc_log_sink_fn *fn, void *arg);
void oc_log(enum oc_log_level level, const char *subsystem, const char *fmt, ...) OC_PRINTF(3, 4);
/* What whoever waits must know, whatever the level: the text alone on stderr, or an info for the
 * sink. */
void oc_log_tell(const char *subsystem, const char *fmt, ...) OC_PRINTF(2, 3);
#endif
