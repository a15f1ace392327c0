#ifndef OC_VARS_H
#define OC_VARS_H
#include "config/env.h"
/* ${VAR} in string values (spec 01 §1.4). Keys are never looked at, replacements not again. */

/* s has at least one ${NAME} or $${NAME}. */
bool oc_vars_has(struct oc_str s);

/*
 * A copy of v with every variable replaced. Members and elements that use an unset or empty
 * variable are left out and named in warnings; with warnings NULL they keep their text instead. New
 * reference.
 */
json_t *oc_vars_expand(const json_t *v, const struct oc_env *env, struct oc_strv *warnings);
#endif
