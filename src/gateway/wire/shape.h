#ifndef OC_SHAPE_H
#define OC_SHAPE_H
#include "json/json.h"
/*
 * Shapes of parameter objects, written as in the protocol's tables:
 *
 *   "sessionKey:str min1, limit?:int>=1<=1000, archived?:(bool|\"all\"), keys:str[],
 *    label?:(str max512|null), attachments?:{type?:str, ...}[]"
 *
 * A name, "?" for optional, a type: str, int, num, bool, object, any, null, a number, a literal in
 * quotes, {members}, (A|B), T[]. After str "min N" and "max N" (characters), after numbers ">=N"
 * and "<=N". Objects are closed unless their last member is "...". A shape that begins with "(" or
 * "{" is a type of its own. White space means nothing.
 */
/* Appends a sentence for each problem, separated by "; ": "at /limit: must be >= 1", "at root:
 * unexpected property 'x'", "must have required property 'key'". True when there is none. A shape
 * that cannot be read is a programming error. */
bool oc_shape_check(const char *shape, const json_t *value, struct oc_buf *problems);
#endif
