#ifndef OC_SCHEMA_H
#define OC_SCHEMA_H
#include "json/json.h"
/* What the configuration may hold, as a table; the JSON Schema of `config schema` and the checks
 * come from the same rows. */

/* Appends "path: reason" for everything wrong with the (resolved) configuration. foreign (may be
 * NULL) gets the root sections that are kept unread. */
void oc_schema_check(const json_t *config, struct oc_strv *problems, struct oc_strv *foreign);
/* JSON Schema draft 2020-12; new reference. */
json_t *oc_schema_json(void);

enum oc_schema_kind {
	OC_SCHEMA_UNKNOWN,
	OC_SCHEMA_OBJECT,
	OC_SCHEMA_ARRAY,
	OC_SCHEMA_SCALAR,
	OC_SCHEMA_ANY
};
struct oc_path;
enum oc_schema_kind oc_schema_kind(const struct oc_path *path);
/* The value at this path is a secret: redact on output. */
bool oc_schema_secret(const struct oc_path *path);
#endif
