/* The gateway's own log. */
#include "base/limits.h"
#include "gateway/methods/chat_send.h"
#include "gateway/methods/method.h"
#include "gateway/view/log_page.h"

enum { DEFAULT_LINES = 500, DEFAULT_BYTES = 250000 };

static enum oc_rc tail_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	const struct oc_log_ask ask = {
		.file = r->gw->log_file ? r->gw->log_file : "",
		.cursor = oc_json_int(r->params, "cursor", -1),
		.limit = oc_json_int(r->params, "limit", DEFAULT_LINES),
		.max_bytes = oc_json_int(r->params, "maxBytes", DEFAULT_BYTES),
	};
	struct oc_err why = { 0 };
	enum oc_rc rc = oc_log_page_wait(&ask, result, &why);

	return rc ? oc_rpc_fail(e, rc, &why) : OC_OK;
}

const struct oc_method oc_methods_logs[] = {
	{ "logs.tail", OC_SCOPE_READ,
	  "cursor?:int>=0, limit?:int>=1<=5000, maxBytes?:int>=1<=1000000", tail_wait },
	{ 0 },
};
