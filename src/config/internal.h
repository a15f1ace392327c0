#ifndef OC_CONFIG_INTERNAL_H
#define OC_CONFIG_INTERNAL_H
#include "config/config.h"
/* What loading and editing share. */

/*
 * Includes, variables and schema for an authored tree. *value (may be NULL) gets the values the
 * program reads; env is completed with the tree's own env section. warnings and
 * files (real paths of the includes) may be NULL.
 */
OC_MUST_USE enum oc_rc oc_config_resolve(json_t *raw, const struct oc_paths *paths,
					 struct oc_env *env, json_t **value,
					 struct oc_strv *warnings, struct oc_strv *problems,
					 struct oc_strv *foreign, struct oc_strv *files,
					 struct oc_err *e);
#endif
