#ifndef OC_CONFIG_EDIT_H
#define OC_CONFIG_EDIT_H
#include "config/config.h"
/*
 * Changes of the configuration file. An edit is a new raw tree; nothing is written unless the whole
 * result is valid. The write keeps authored text (spec 01 §1.7), rotates .bak files, is atomic, and
 * holds the lock of the file. A file that changed since it was loaded is refused (OC_E_DENIED: run
 * the command again).
 */

/* Problems the new raw tree would have ("path: reason"), after includes and variables. */
void oc_config_check(const struct oc_config *c, json_t *new_raw, struct oc_strv *problems);

enum oc_edit_result {
	OC_EDIT_UNCHANGED,
	OC_EDIT_WRITTEN,
	OC_EDIT_STALE, /* the file changed since it was loaded: load again and repeat the edit */
};
/*
 * Validates and writes. c keeps its old content; *result is set in every case.
 * OC_E_INPUT: invalid, every problem in problems. OC_E_DENIED: read-only, stale, or a write that
 * loses too much (gateway.mode, or more than half of the text): the latter is saved beside the file
 * as .rejected.<time>.
 */
OC_MUST_USE enum oc_rc oc_config_write(const struct oc_config *c, json_t *new_raw,
				       enum oc_edit_result *result, struct oc_strv *problems,
				       struct oc_err *e);
/* The same without the guard against losses: for what a person asked for by name (`config unset`,
 * --replace). */
OC_MUST_USE enum oc_rc oc_config_write_as_asked(const struct oc_config *c, json_t *new_raw,
						enum oc_edit_result *result,
						struct oc_strv *problems, struct oc_err *e);

/*
 * target[key...] = deep merge (spec 01 §12.4): objects recurse, arrays and scalars are replaced,
 * models.providers.<id>.models merges by id. at is the dotted path of target in the config. value
 * is not stolen. OC_E_INPUT: cannot merge; root is then unchanged.
 */
OC_MUST_USE enum oc_rc oc_config_merge(json_t *root, const char *at, json_t *value,
				       struct oc_err *e);

/*
 * Entries (names or model ids) that a plain assignment of value at this path would remove from one
 * of the maps that people fill over time (providers, models, agents, profiles …). None for other
 * paths.
 */
struct oc_path;
void oc_config_lost_entries(json_t *root, const struct oc_path *path, const json_t *value,
			    struct oc_strv *lost);
#endif
