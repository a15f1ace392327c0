#ifndef OC_FETCH_H
#define OC_FETCH_H
#include "net/client/http_client.h"
/* One small document from a model server: request, whole body, done. For lists and control calls.
 */
struct oc_fetch {
	int status; /* 0 = no HTTP answer */
	struct oc_buf
	    body; /* complete, but for a status >= 400, where it may be cut at max_error_bytes */
	enum oc_http_failure failure;
	char server[64]; /* header Server, cut; "" = none */
};
/* OC_OK for every complete HTTP answer, whatever its status; then deinit out. Otherwise e says why
 * (OC_E_DENIED: the guard refused) and out->failure is set. timeout_ms is for all of it. */
OC_MUST_USE enum oc_rc oc_fetch_wait(const struct oc_http_request *req, uint64_t timeout_ms,
				     size_t max_error_bytes, struct oc_fetch *out,
				     struct oc_err *e);
void oc_fetch_deinit(struct oc_fetch *f);
#endif
