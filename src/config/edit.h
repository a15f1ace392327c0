#ifndef OC_CONFIG_EDIT_H
#define OC_CONFIG_EDIT_H
#include "config/config.h"
/*
 * Changes of the configuration file. An edit is a new raw tree; nothing is written unless the whole result is valid.
 * The write keeps authored text (spec 01 §1.7), rotates .bak files, is atomic, and holds the lock of the file. A file that
 * changed since it was loaded is refused (OC_E_DENIED: run the command again).
 */

/* Problems the new raw tree would have ("path: reason"), after includes and variables. */
void oc_config_check(const struct oc_config *c, json_t *new_raw, struct oc_strv *problems);

enum oc_edit_result { OC_EDIT_UNCHANGED, OC_EDIT_WRITTEN };
/* Validates and writes. OC_E_INPUT: invalid, every problem in problems. c keeps its old content. */
OC_MUST_USE enum oc_rc oc_config_write(const struct oc_config *c, json_t *new_raw, enum oc_edit_result *result,
				       struct oc_strv *problems, struct oc_err *e);

/* target[key...] = deep merge (spec 01 §12.4): objects recurse, arrays and scalars are replaced, models.providers.<id>.models merges by
 * id. at is the path of target in the config. OC_E_INPUT: cannot merge. */
OC_MUST_USE enum oc_rc oc_config_merge(json_t *root, const char *at, json_t *value, struct oc_err *e);
#endif
