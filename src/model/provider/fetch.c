/* Fetches a bounded document through the guarded HTTP client. */
#include "model/provider/fetch.h"

#include <stdio.h>

#include "base/limits.h"

enum oc_rc oc_fetch_wait(const struct oc_http_request *req, uint64_t timeout_ms,
			 size_t max_error_bytes, struct oc_fetch *out, struct oc_err *e)
{
	struct oc_deadline d = oc_deadline_in(timeout_ms);
	struct oc_http *h = NULL;
	enum oc_rc rc;

	*out = (struct oc_fetch){ 0 };
	rc = oc_http_open_wait(req, d, &h, &out->failure, e);
	if (rc) return rc;
	out->status = oc_http_status(h);
	const char *server = oc_http_header(h, "server");
	snprintf(out->server, sizeof out->server, "%s", server ? server : "");
	bool refused = out->status >= 400;
	oc_buf_init(&out->body, refused ? max_error_bytes : OC_MAX_JSON_BODY_BYTES);
	rc = oc_http_read_all_wait(h, d, &out->body, e);
	if (rc) out->failure = oc_http_failure(h);
	oc_http_close(h);
	/* The status is the news; whether its text came whole is not. */
	if (rc && rc != OC_CANCELLED && refused) rc = OC_OK;
	if (rc) oc_buf_deinit(&out->body);
	return rc;
}

void oc_fetch_deinit(struct oc_fetch *f)
{
	oc_buf_deinit(&f->body);
	f->status = 0;
}
