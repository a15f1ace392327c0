#ifndef OC_LOG_H
#define OC_LOG_H
#include "err.h"
/*
 * One line a message on stderr: "warn  models: text". Secrets never get here: callers log names and
 * origins, not values.
 */
enum oc_log_level { OC_LOG_ERROR, OC_LOG_WARN, OC_LOG_INFO, OC_LOG_DEBUG };

void oc_log_set_level(enum oc_log_level level); /* default OC_LOG_WARN */
bool oc_log_on(enum oc_log_level level);	/* a message of this level is shown */
bool oc_log_parse_level(const char *name, enum oc_log_level *out);
void oc_log(enum oc_log_level level, const char *subsystem, const char *fmt, ...) OC_PRINTF(3, 4);
#endif
