#ifndef OC_LEARNED_H
#define OC_LEARNED_H
#include "json/json.h"
/*
 * What was found out about servers by using them (D79): <agentDir>/learned.json, mode 0600, written
 * atomically under a lock. Facts are kept per endpoint (the origin of its base URL) and, below it,
 * per model. Nothing here is configured, so losing the file costs a few requests and no more.
 *
 * A fact is any JSON value under a name. Names in use:
 *   "kind"          endpoint: id of the row of provider_kinds.h that its answers fit
 *   "context"       model: {"tokens": window of the loaded instance, "source": "…"}
 *   "charsPerToken" model: measured ratio
 *   "compat"        model: flags of spec 01 §4.4 as in a config entry, learnt from refusals
 *   "probe"         endpoint or model: {"<feature>": {"value": …, "how": "…"}}
 */

/*
 * Facts of base_url and model (NULL = the endpoint itself), an object, maybe empty; new reference.
 * Never fails: a file that cannot be read is a warning and no facts. base_url may have any path.
 */
json_t *oc_learned_get(const char *agent_dir, const char *base_url, const char *model);

/* The whole of what is known, for many look-ups; new reference, maybe empty. */
json_t *oc_learned_all(const char *agent_dir);
/* Facts in it, as oc_learned_get gives them. Borrowed; NULL = none. */
json_t *oc_learned_find(const json_t *all, const char *base_url, const char *model);

/*
 * Joins facts (an object, borrowed) into what is known: members are replaced, objects inside are
 * joined the same way, null removes a member. Equal facts write nothing. Full tables drop what was
 * learnt longest ago. OC_E_INPUT: base_url is no URL.
 */
OC_MUST_USE enum oc_rc oc_learned_put(const char *agent_dir, const char *base_url,
				      const char *model, json_t *facts, struct oc_err *e);

/* One fact; value is stolen. A failure is logged and not told: for use beside a running turn. */
void oc_learned_note(const char *agent_dir, const char *base_url, const char *model,
		     const char *name, json_t *value);

/* Drops what is known of base_url and model (NULL = the endpoint with all its models). */
OC_MUST_USE enum oc_rc oc_learned_forget(const char *agent_dir, const char *base_url,
					 const char *model, struct oc_err *e);

/* ---- pure ---- */
/* Joins facts into target as oc_learned_put does; true when something changed. */
bool oc_learned_join(json_t *target, json_t *facts);
#endif
