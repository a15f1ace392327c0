#ifndef OC_LOCAL_SERVICE_H
#define OC_LOCAL_SERVICE_H
#include "model/provider/catalog.h"
#include "rt/task.h"
/*
 * A model server that is started on demand: models.providers.<id>.localService (spec 01 §1.6, D78).
 *
 * The server is a child of a supervisor, a process of its own that outlives one-shot commands,
 * starts the server, watches it and stops it when it was idle for long enough. Only what a
 * supervisor started is ever stopped.
 */

/*
 * Before a request: returns when the server answers its healthUrl, starting it where needed
 * (progress on stderr), and marks it as in use. OC_OK at once for a provider without localService.
 * OC_E_INPUT: the block is unusable; OC_E_TIMEOUT: no answer within readyTimeoutMs; OC_E_UPSTREAM:
 * the server could not be started or ended (e names the log file); OC_E_DENIED: the guard refuses
 * healthUrl; OC_CANCELLED.
 */
OC_MUST_USE enum oc_rc oc_local_service_ensure_wait(const struct oc_catalog *c,
						    const struct oc_provider *p, struct oc_err *e);
/* After a request, once for each ensure that returned OC_OK: the idle time counts from here. A
 * process that ends without it is no longer a user either. */
void oc_local_service_touch(const struct oc_catalog *c, const struct oc_provider *p);
#endif
