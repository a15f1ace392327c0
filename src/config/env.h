#ifndef OC_ENV_H
#define OC_ENV_H
#include "config/paths.h"
#include "json/json.h"
/*
 * Variables from all sources of spec 01 §1.5, first setter wins: process, ./.env (without
 * credentials and endpoints), state-dir .env, config env.vars, login shell. Never written back into
 * the process environment, so no child sees them by accident.
 */
struct oc_env;
OC_MUST_USE enum oc_rc oc_env_load(const struct oc_paths *paths, struct oc_env **out,
				   struct oc_strv *warnings, struct oc_err *e);
/* Adds the config's env section (lowest rank). */
void oc_env_add_config(struct oc_env *env, const json_t *config);
/* A variable of the lowest rank so far; ignored when the name is set already. source is a literal.
 */
void oc_env_add(struct oc_env *env, struct oc_str name, struct oc_str value, const char *source);
/* NULL when unset or empty. Borrowed. */
const char *oc_env_get(const struct oc_env *env, const char *name);
void oc_env_free(struct oc_env *env);
#endif
