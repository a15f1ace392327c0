#ifndef OC_STORE_MEMORY_INTERNAL_H
#define OC_STORE_MEMORY_INTERNAL_H
#include "store/internal.h"
#include "store/memory_index.h"
/* What the files of the memory index share. */

/* As oc_store_step_wait, on the thread of the index. A step that finds the file damaged is done
 * once more, on a new one. */
OC_MUST_USE enum oc_rc oc_memory_step_wait(struct oc_memory_index *m, enum oc_step_kind kind,
					   oc_step_fn *fn, void *arg, struct oc_err *e);
/* The SQL function covers(table): how many phrases of a match a row has (memory_search.c). */
OC_MUST_USE enum oc_rc oc_memory_search_set_up(struct oc_db *db, struct oc_err *e);
#endif
