#ifndef OC_SHAPE_H
#define OC_SHAPE_H
#include "json/json.h"
/*
 * Shapes of parameter objects, written as in the protocol's tables:
 *   "sessionKey:str, limit?:int>=1<=1000, archived?:(bool|\"all\"), keys:str[], label?:(str
 * max512|null)" name, "?" for optional, type: str, int, num, bool, object, any, null, a literal in
 * quotes, T[], (A|B); after str "max N", after numbers ">=N" and "<=N". Closed, unless the last
 * item is "...".
 */
/* Appends a sentence for each problem, "at /limit: must be >= 1"; "at root: unexpected property
 * 'x'". True when there is none. A shape that cannot be read is a programming error. */
bool oc_shape_check(const char *shape, const json_t *value, struct oc_buf *problems);
#endif
