#ifndef OC_SELECT_H
#define OC_SELECT_H
#include "model/provider/catalog.h"
/* Model references (spec 01 §8.1-8.4). */
struct oc_ref {
	char *provider; /* lower case; NULL when none was written */
	char *model;
	char *profile; /* "@profile", NULL */
};
/* OC_E_INPUT for an empty or broken reference. */
OC_MUST_USE enum oc_rc oc_ref_parse(struct oc_str text, struct oc_ref *out, struct oc_err *e);
void oc_ref_deinit(struct oc_ref *r);
/* "provider/model", not doubled when the model already begins with the provider. Free with free().
 */
char *oc_ref_key(const char *provider, const char *model);

struct oc_selection {
	struct oc_provider *provider; /* borrowed from the catalog */
	struct oc_model *model; /* NULL: the catalog does not know it, it is sent with defaults */
	char *model_id;
	char *key; /* "provider/model" */
	char *profile;
};
/* Input of a person, of config or --model, by the order of §8.2. Warnings (deprecated bare id,
 * unknown model) go to warnings. An unknown provider is OC_E_NOT_FOUND with the message `Unknown
 * model provider "x"`; everything else that cannot be resolved is OC_E_INPUT. */
OC_MUST_USE enum oc_rc oc_select(const struct oc_catalog *c, struct oc_str input,
				 struct oc_selection *out, struct oc_strv *warnings,
				 struct oc_err *e);
/* The default model: agent's, agents.defaults.model, else the first configured one that can chat.
 */
OC_MUST_USE enum oc_rc oc_select_default(const struct oc_catalog *c, struct oc_selection *out,
					 struct oc_strv *warnings, struct oc_err *e);
void oc_selection_deinit(struct oc_selection *s);

/* What the config names, as written there. field is "model" or "imageModel"; NULL when nothing is
 * named. Borrowed. */
const char *oc_primary_ref(const struct oc_config *c, const char *field);
void oc_fallback_refs(const struct oc_config *c, const char *field, struct oc_strv *out);

/* Letters, digits and . _ : - only (§8.3). */
bool oc_alias_valid(struct oc_str alias);

/* §8.4, D13: whether modelPolicy.allow lets a person choose this key. Primary and fallbacks always
 * pass. */
bool oc_model_allowed(const struct oc_catalog *c, const char *key);
#endif
