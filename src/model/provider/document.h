#ifndef OC_DOCUMENT_H
#define OC_DOCUMENT_H
#include "model/provider/documents.h"
/* What the readers of documents share. Private to documents.c and model_list.c. */

/* New reference, or NULL with the error told. */
json_t *oc_document_read(int status, struct oc_str body, struct oc_call_error *error);
enum oc_tri oc_document_tri(const json_t *v);
bool oc_document_lists(const json_t *array, const char *word);
/* Unset when array is none. */
enum oc_tri oc_document_tri_of_list(const json_t *array, const char *word);
char *oc_document_text(struct oc_str s); /* NULL when empty */
#endif
