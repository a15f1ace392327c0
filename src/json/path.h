#ifndef OC_JSON_PATH_H
#define OC_JSON_PATH_H
#include "json/json.h"
/*
 * Dotted paths of `config get|set|unset` (spec 01 §12.2): a.b, a\.b, a[0], a["b.c"].
 */
struct oc_path_seg {
	char *key; /* owned; NULL for an index */
	size_t index;
};
struct oc_path {
	struct oc_path_seg *seg;
	size_t n;
};
OC_MUST_USE enum oc_rc oc_path_parse(struct oc_str text, struct oc_path *out, struct oc_err *e);
void oc_path_deinit(struct oc_path *p);
/* The first n segments as text ("a.b[0]"), for messages. */
void oc_path_format(const struct oc_path *p, size_t n, struct oc_buf *out);
/* Borrowed, NULL when absent. */
json_t *oc_path_get(json_t *root, const struct oc_path *p);
/*
 * Creates missing parents: an array where the next segment is an index, else an object. An index
 * equal to the length appends. value is not stolen. A scalar or a wrong container in the way is
 * OC_E_INPUT and nothing is changed.
 */
OC_MUST_USE enum oc_rc oc_path_set(json_t *root, const struct oc_path *p, json_t *value,
				   struct oc_err *e);
/* OC_E_NOT_FOUND when there is nothing. */
OC_MUST_USE enum oc_rc oc_path_unset(json_t *root, const struct oc_path *p, struct oc_err *e);
/* RFC 7396 merge patch, in place; both are objects. */
void oc_json_merge_patch(json_t *target, const json_t *patch);
#endif
