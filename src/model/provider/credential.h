#ifndef OC_CREDENTIAL_H
#define OC_CREDENTIAL_H
#include "model/provider/catalog.h"
#include "model/provider/fail_reason.h"
/* Keys: auth profiles, config, environment, local markers (spec 01 §3.9, D38, §2.2). */
struct oc_credential {
	char *key; /* secret, NULL = none is sent */
	/* For `models status`: "profile lmstudio:default", "models.providers.local.apiKey",
	 * "LM_API_TOKEN", "… (synthetic local key)". */
	char *source;
	char *profile_id; /* NULL when not from a profile */
	/* Under which id its failures are recorded (cooldown.h): the profile, or
	 * "<provider>:config"; NULL when there is no key that could be left alone. */
	char *usage_id;
	uint32_t key_mark; /* of a key that is not a stored profile, else 0 */
};
/* OC_E_INPUT: a public host without a key; e names config path, variable and login command. profile
 * may be NULL. */
OC_MUST_USE enum oc_rc oc_credential_resolve(const struct oc_catalog *c,
					     const struct oc_provider *p, const char *profile,
					     struct oc_credential *out, struct oc_err *e);
/* Which key of a provider, when there is a choice. */
struct oc_key_wish {
	const char *profile;	     /* pinned; NULL = by the order of spec 01 §9.3 */
	const char *model;	     /* provider-local id: a cooldown may be for one model only */
	const struct oc_strv *tried; /* usage ids that failed in this call; NULL = none */
};
/* As oc_credential_resolve; a key that cools down is taken only when there is no other, and not at
 * all when something was tried: then OC_E_NOT_FOUND. */
OC_MUST_USE enum oc_rc oc_credential_choose(const struct oc_catalog *c, const struct oc_provider *p,
					    const struct oc_key_wish *wish,
					    struct oc_credential *out, struct oc_err *e);
/* Until when every key of the provider is to be left alone, for this model; wall clock, 0 = one can
 * be used now. *usage_id (free with free()) and *reason tell of the one that is free first. */
int64_t oc_credential_cooled_until(const struct oc_catalog *c, const struct oc_provider *p,
				   const char *profile, const char *model, char **usage_id,
				   enum oc_fail_reason *reason);
void oc_credential_deinit(struct oc_credential *c);
bool oc_credential_is_marker(struct oc_str key); /* never sent */
/* Name of the variable that holds the key of a bundled provider, NULL for others. */
const char *oc_credential_variable(const char *provider_id);

/* Request headers of a provider: Authorization (or none), configured headers, request.headers. */
void oc_provider_headers(const struct oc_catalog *c, const struct oc_provider *p,
			 const struct oc_credential *cred, const struct oc_model *model,
			 struct oc_strv *headers);
/* The same from a provider entry of the config (may be NULL) and a key (may be NULL). */
void oc_entry_headers(const struct oc_env *env, const json_t *entry, const char *api,
		      const char *key, const json_t *model_entry, struct oc_strv *headers);
#endif
