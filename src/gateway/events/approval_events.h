#ifndef OC_APPROVAL_EVENTS_H
#define OC_APPROVAL_EVENTS_H
#include "gateway/gateway.h"
/* Questions of tools, told to who may answer them and kept when they were answered. */

enum { OC_APPROVALS_KEPT = 500 };
/* For oc_approvals_new; arg is the gateway. Does not park. */
void oc_approval_tell(void *arg, const json_t *record, const char *decision, const char *by);
/* The newest first: records with decision, resolvedBy and ts. New reference. */
OC_MUST_USE enum oc_rc oc_approval_log_wait(struct oc_gateway *gw, size_t limit, json_t **out,
					    struct oc_err *e);
#endif
