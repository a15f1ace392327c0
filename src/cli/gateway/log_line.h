#ifndef OC_LOG_LINE_H
#define OC_LOG_LINE_H
#include "json/json.h"
/*
 * One line of the gateway's log file (spec 02 §1.6) for a person: "<time> <level> <subsystem>
 * <message>". Pure. A line that is no JSON is shown as it is.
 */
struct oc_log_style {
	bool utc, colour;
};
void oc_log_line_text(struct oc_str line, const struct oc_log_style *style, struct oc_buf *out);
/* The same as {type: "log", time, level, subsystem, message, raw}; new reference. */
json_t *oc_log_line_json(struct oc_str line);
#endif
