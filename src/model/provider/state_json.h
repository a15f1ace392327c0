#ifndef OC_STATE_JSON_H
#define OC_STATE_JSON_H
#include "json/json.h"
/* A JSON document of the state directory that can be made again when it is lost: models.json,
 * learned.json. */

/*
 * *out is an object with an object under part; new reference. A missing file is such an empty
 * document. A malformed one is renamed to <path>.corrupt-<time> with a warning, and counts as
 * empty. OC_E_*: the file could not be read.
 */
OC_MUST_USE enum oc_rc oc_state_json_load(const char *path, const char *part, json_t **out,
					  struct oc_err *e);
#endif
