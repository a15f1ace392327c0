#ifndef OC_SERVICE_SUPERVISOR_H
#define OC_SERVICE_SUPERVISOR_H
#include "model/provider/catalog.h"
#include "rt/task.h"
/*
 * The life of one model server: start it as our child, see it answer, stop it when it was idle, and
 * write down how it ended. Runs until the server has ended, or until the scope is cancelled
 * (SIGTERM), which stops the server first. OC_OK also when another supervisor serves this provider
 * already.
 */
OC_MUST_USE enum oc_rc oc_service_supervise_wait(const struct oc_catalog *c,
						 const struct oc_provider *p, struct oc_err *e);
#endif
