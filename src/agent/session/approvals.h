#ifndef OC_APPROVALS_H
#define OC_APPROVALS_H
#include "rt/task.h"
#include "json/json.h"
/*
 * Questions of tools to a person (spec 02 §2.7 exec.approval.*, D19): asked in a run's task,
 * answered by whoever has the scope, expired after 30 minutes as a denial.
 */
enum { OC_APPROVAL_EXPIRES_MS = 1800000 };
enum oc_decision { OC_DENY, OC_ALLOW_ONCE, OC_ALLOW_ALWAYS };
struct oc_approvals;
/* told: a question was asked (decision NULL) or answered; record as exec.approval.list shows it. */
struct oc_approvals *oc_approvals_new(void (*told)(void *arg, const json_t *record,
						   const char *decision, const char *by),
				      void *arg);
void oc_approvals_free(struct oc_approvals *a);
/* Parks until it is answered, expires or is cancelled. request: command, cwd, host, security, ask,
 * agentId, sessionKey … (not stolen). */
OC_MUST_USE enum oc_rc oc_approvals_ask_wait(struct oc_approvals *a, json_t *request,
					     enum oc_decision *out, struct oc_err *e);
json_t *oc_approvals_list(const struct oc_approvals *a);		/* new reference */
json_t *oc_approvals_get(const struct oc_approvals *a, const char *id); /* new, or NULL */
/* OC_E_NOT_FOUND: unknown, answered or expired. */
OC_MUST_USE enum oc_rc oc_approvals_resolve(struct oc_approvals *a, const char *id,
					    enum oc_decision decision, const char *by,
					    struct oc_err *e);
#endif
