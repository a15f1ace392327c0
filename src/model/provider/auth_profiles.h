#ifndef OC_AUTH_PROFILES_H
#define OC_AUTH_PROFILES_H
#include "json/json.h"
/*
 * auth-profiles.json of an agent (spec 01 §2.2, §9.3): the only file that holds keys. Mode 0600;
 * every change is a read-modify-write under a lock, so a profile added meanwhile is never lost;
 * what this program does not know is kept.
 */

/* <agent_dir>/auth-profiles.json; free with free(). */
char *oc_auth_profiles_path(const char *agent_dir);
/* A missing file is an empty document. *out is a new reference. OC_E_INPUT: the file is no JSON
 * object; it is left alone. */
OC_MUST_USE enum oc_rc oc_auth_profiles_load(const char *agent_dir, json_t **out, struct oc_err *e);

/* Changes doc in place. */
typedef void oc_auth_profiles_edit_fn(json_t *doc, void *arg);
OC_MUST_USE enum oc_rc oc_auth_profiles_update(const char *agent_dir, oc_auth_profiles_edit_fn *fn,
					       void *arg, struct oc_err *e);

/* Edits for the callback above. */
void oc_auth_profiles_put_key(json_t *doc, const char *id, const char *provider, const char *key);
void oc_auth_profiles_remove_provider(json_t *doc, const char *provider);

/* A profile of this provider and of a kind that can be used; NULL otherwise. Borrowed. */
const json_t *oc_auth_profile(const json_t *doc, const char *id, const char *provider);
/* Profile ids of a provider in the order they are tried (§9.3); those cooling down or disabled come
 * last, soonest first. config_auth is the config's "auth" section, may be NULL. */
void oc_auth_profiles_order(const json_t *doc, const json_t *config_auth, const char *provider,
			    int64_t now_ms, struct oc_strv *out);
#endif
