#ifndef OC_NATIVE_PYTHON_H
#define OC_NATIVE_PYTHON_H
#include "json/json.h"
/*
 * Arguments of a call written as Python: key=value, …, and before these such as stand alone. What a
 * lone one is for is told by the tool's schema, where its properties can only be read in one order
 * (those that are required first), or where it alone is required. Pure.
 */
/* args: between the brackets. schema: of the tool's parameters, NULL = unknown. New reference to an
 * object; NULL when it cannot be read, or would be a guess. */
OC_MUST_USE json_t *oc_native_python_args(struct oc_str args, const json_t *schema);
#endif
