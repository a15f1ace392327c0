#ifndef OC_GATEWAY_LOCK_H
#define OC_GATEWAY_LOCK_H
#include "rt/file.h"
#include "rt/task.h"
/*
 * One gateway for each state directory: <state>/gateway.lock is locked as long as it runs and says
 * {"pid","port","startedAt"} (spec 02 §1.3). The kernel lets go of it when the process ends.
 */
enum { OC_GATEWAY_LOCK_WAIT_MS = 5000 };
struct oc_gateway_owner {
	int64_t pid, port, started_ms;
};
/* Waits at most wait_ms for another one. OC_E_DENIED: it is still there; e names its process.
 * OC_CANCELLED. */
OC_MUST_USE enum oc_rc oc_gateway_lock_wait(struct oc_lock *l, const char *state_dir, unsigned port,
					    uint64_t wait_ms, struct oc_err *e);
void oc_gateway_unlock(struct oc_lock *l);
/* Whether a gateway runs on this state directory; *out says which. */
bool oc_gateway_owner(const char *state_dir, struct oc_gateway_owner *out);
#endif
