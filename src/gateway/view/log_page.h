#ifndef OC_LOG_PAGE_H
#define OC_LOG_PAGE_H
#include "json/json.h"
/*
 * Part of a log file by byte offset (spec 02 §2.7 logs.tail). The reader is told where to go on;
 * what was cut in the middle of a line is left for the next page.
 */
struct oc_log_ask {
	const char *file;
	int64_t cursor; /* byte to begin at; -1 = the end of the file less max_bytes */
	int64_t limit;	/* lines, the newest ones */
	int64_t max_bytes;
};
/* {file, cursor, size, lines, truncated, reset, skippedBytes?}; a file that is not there is empty.
 * Parks: the file is read on another thread. New reference. */
OC_MUST_USE enum oc_rc oc_log_page_wait(const struct oc_log_ask *ask, json_t **out,
					struct oc_err *e);
#endif
