#ifndef OC_MODELS_JSON_H
#define OC_MODELS_JSON_H
#include "config/config.h"
/*
 * models.json of an agent: what the config says about models, joined with what servers told about
 * them (spec 01 §2.1). It never holds a key (D82): markers stand in its place.
 */

/* <agent_dir>/models.json; free with free(). */
char *oc_models_json_path(const char *agent_dir);
/* A missing file is empty. A malformed one is renamed to models.json.corrupt-<time> with a warning,
 * and counts as empty. *out is an object with an object "providers"; new reference. */
OC_MUST_USE enum oc_rc oc_models_json_load(const char *agent_dir, json_t **out, struct oc_err *e);

/*
 * What discovery brought: {"<provider id>": {"baseUrl":…, "api":…, "apiKey":
 * marker, "models":[records]}}. Rebuilds
 * the file from the config and this, under the file's lock. Equal bytes are not written again;
 * *written (may be NULL) tells.
 */
OC_MUST_USE enum oc_rc oc_models_json_update(const struct oc_config *c, json_t *discovered,
					     bool *written, struct oc_err *e);

/* ---- pure parts ---- */

/* Matches by exact id: explicit fields win, discovered ones fill gaps. Explicit order first, then
 * models that were only discovered when keep_discovered. Either list may be NULL. New reference, an
 * array. */
json_t *oc_models_list_merge(const json_t *explicit_list, const json_t *discovered,
			     bool keep_discovered);
/* One provider as it may be written: resolved is the effective entry, authored (may be NULL) the
 * one of the config file with ${VAR} as typed, from which key markers are made. NULL when it must
 * not be written. */
json_t *oc_models_json_provider(const json_t *resolved, const json_t *authored);
/* The new document, NULL when nothing is to be written (merge mode, nothing desired). desired: id
 * -> provider. */
json_t *oc_models_json_merge(const json_t *existing, const json_t *desired, bool replace);
#endif
