#ifndef OC_REFRESH_RECORDS_H
#define OC_REFRESH_RECORDS_H
#include "model/provider/documents.h"
/* Catalog records from a refresh, and sets of ids to compare. Pure (spec 01 §13.2, §13.3). A set is
 * a JSON object whose keys are the ids. */

/* Set of the ids of a list; new reference. */
json_t *oc_id_set_of_list(const struct oc_model_list *l);
/* Set of the ids of an array of records, those left out that the server did not list when they were
 * written; new reference. */
json_t *oc_id_set_of_records(const json_t *records);
bool oc_id_set_equal(const json_t *a, const json_t *b);

/* Records of l, in its order. Where the native list (may be NULL) knows an id, its values stand.
 * Then for every configured entry (array, may be NULL) that the server does not list a mark that it
 * is not available. New reference, an array. */
json_t *oc_refresh_records(const struct oc_model_list *l, const struct oc_model_list *native,
			   const json_t *configured);
#endif
