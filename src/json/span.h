#ifndef OC_JSON_SPAN_H
#define OC_JSON_SPAN_H
#include "json/json.h"
/*
 * Where members stand in the text of an object, so that one can be replaced and every other byte
 * stays as it was written: large numbers, order, white space, members nobody knows. Pure.
 */
struct oc_span {
	size_t at, n; /* of the value; n == 0: there is no such member */
};
/*
 * Finds members of the root object by their names (escaped spellings are the same name). The whole
 * text is checked against RFC 8259 but for its UTF-8; nesting is bounded by OC_MAX_JSON_DEPTH.
 * OC_E_INPUT: no JSON, no object, or one of the names stands there twice; e says where. Works on
 * any thread.
 */
OC_MUST_USE enum oc_rc oc_json_find_members(struct oc_str text, const char *const *names, size_t n,
					    struct oc_span *out, struct oc_err *e);
/* text with the bytes of one span replaced. */
void oc_json_replace(struct oc_str text, struct oc_span where, struct oc_str by,
		     struct oc_buf *out);
#endif
