#ifndef OC_PARTIAL_H
#define OC_PARTIAL_H
#include "store/store.h"
/*
 * What people have read of an answer that is still being written. It is no message yet; after a
 * crash it becomes one (spec 03 §5.5). One for each run, replaced every second or so.
 */
OC_MUST_USE enum oc_rc oc_partial_keep_wait(struct oc_store *s, const char *run_id,
					    struct oc_str text, struct oc_err *e);
/* Appends what was kept, which may be nothing. */
OC_MUST_USE enum oc_rc oc_partial_find_wait(struct oc_store *s, const char *run_id,
					    struct oc_buf *out, struct oc_err *e);
OC_MUST_USE enum oc_rc oc_partial_forget_wait(struct oc_store *s, const char *run_id,
					      struct oc_err *e);
OC_MUST_USE enum oc_rc oc_partials_forget_wait(struct oc_store *s, struct oc_err *e); /* all */
#endif
