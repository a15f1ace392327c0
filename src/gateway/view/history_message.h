#ifndef OC_HISTORY_MESSAGE_H
#define OC_HISTORY_MESSAGE_H
#include "store/store.h"
/* Stored messages as clients see them (spec 02 §2.7, "Transcript message"). Pure. */

/* The body with its bookkeeping: idempotencyKey, __openclaw {id, seq, runId, recordTimestampMs}.
 * New reference. */
json_t *oc_history_message(const struct oc_stored_message *m);
/* Appends what history shows of it: texts are cut after max_chars characters (0 = not), text of an
 * assistant before its tool calls is an item of its own. */
void oc_history_append(json_t *list, const struct oc_stored_message *m, size_t max_chars);
/* Its text alone, on one line where `flat`, cut after max_chars characters; free with free(). */
char *oc_history_text(const json_t *body, size_t max_chars, bool flat);
/* Drops items from the front until the rest has at most max_bytes as JSON, but keeps the last.
 * Returns how many were dropped. */
size_t oc_history_fit(json_t *list, size_t max_bytes);
#endif
