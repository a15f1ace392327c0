#ifndef OC_COOLDOWN_H
#define OC_COOLDOWN_H
#include "model/provider/fail_reason.h"
#include "json/json.h"
/*
 * How long a key is left alone after a failure (spec 01 §9.3, D70). The record is usageStats of
 * auth-profiles.json, so every process that uses the key knows. A key of the config or the
 * environment is the profile "<provider>:config".
 */

/* What happened to a key. */
struct oc_key_failure {
	const char *id;	   /* profile */
	const char *model; /* provider-local id */
	enum oc_fail_reason reason;
	int64_t retry_after_ms; /* -1 = none */
	bool local;		/* its endpoint is local: three reasons do not count */
	uint32_t key_mark;	/* of oc_key_mark; 0 = of a stored profile */
};
/* A record of a key that was replaced since means nothing: a mark tells. Not the key. */
uint32_t oc_key_mark(const char *key);

/* ---- pure: on the document ---- */
void oc_cooldown_fail(json_t *doc, const struct oc_key_failure *f, int64_t now_ms);
/* Clears what is over. False: there was nothing to change. */
bool oc_cooldown_succeed(json_t *doc, const char *id, int64_t now_ms);
/* When this key may be used again with this model, wall clock; 0 = now. *reason may be NULL.
 * key_mark as above; 0 = any. */
int64_t oc_cooldown_until(const json_t *doc, const char *id, const char *model, uint32_t key_mark,
			  int64_t now_ms, enum oc_fail_reason *reason);
/* Last time a cooled key failed or was tried all the same (§9.4); 0 = never. */
int64_t oc_cooldown_last_try(const json_t *doc, const char *id);
void oc_cooldown_note_try(json_t *doc, const char *id, int64_t now_ms);

/* ---- on the file: problems are logged, a run does not fail for them ---- */
void oc_cooldown_record_failure(const char *agent_dir, const struct oc_key_failure *f);
void oc_cooldown_record_success(const char *agent_dir, const char *id);
#endif
