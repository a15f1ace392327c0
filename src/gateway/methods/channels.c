/* Channels: how they are, who asks to be let in, what is not sent (spec 02 §2.7). */
#include "channel/channels.h"
#include "gateway/methods/chat_send.h"
#include "gateway/methods/method.h"

static enum oc_rc need_channels(struct oc_rpc *r, struct oc_rpc_error *e)
{
	return r->gw->channels ? OC_OK : oc_rpc_unavailable(e, "channels are not available");
}

static enum oc_rc told(struct oc_rpc_error *e, enum oc_rc rc, const struct oc_err *why)
{
	return rc ? oc_rpc_fail(e, rc, why) : OC_OK;
}

static enum oc_rc status_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	(void)e;
	*result = oc_channels_status_wait(r->gw->channels, oc_json_cstr(r->params, "channel"),
					  oc_json_bool(r->params, "probe", false));
	return OC_OK;
}

/* ---- pairing ---- */

static enum oc_rc pairing_list_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	struct oc_err why = { 0 };
	json_t *list;
	enum oc_rc rc = need_channels(r, e);

	if (rc) return rc;
	rc = oc_channels_pairing_list_wait(r->gw->channels, oc_json_cstr(r->params, "channel"),
					   oc_json_cstr(r->params, "accountId"), &list, &why);
	if (!rc) *result = json_pack("{s:o}", "requests", list);
	return told(e, rc, &why);
}

static enum oc_rc approve_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	struct oc_err why = { 0 };
	json_t *request;
	enum oc_rc rc = need_channels(r, e);

	if (rc) return rc;
	rc = oc_channels_pairing_approve_wait(
	    r->gw->channels, oc_json_cstr(r->params, "channel"),
	    oc_json_cstr(r->params, "accountId"), oc_json_cstr(r->params, "code"),
	    oc_json_bool(r->params, "notify", false), &request, &why);
	if (!rc) *result = json_pack("{s:b,s:o}", "ok", 1, "request", request);
	return told(e, rc, &why);
}

static enum oc_rc dismiss_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	struct oc_err why = { 0 };
	enum oc_rc rc = need_channels(r, e);

	if (rc) return rc;
	rc = oc_channels_pairing_dismiss_wait(r->gw->channels, oc_json_cstr(r->params, "channel"),
					      oc_json_cstr(r->params, "accountId"),
					      oc_json_cstr(r->params, "code"), &why);
	if (!rc) *result = json_pack("{s:b}", "ok", 1);
	return told(e, rc, &why);
}

/* ---- outbox ---- */

enum { OUTBOX_ROWS = 200 };

static enum oc_rc outbox_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	int64_t limit = oc_json_positive(r->params, "limit");
	struct oc_err why = { 0 };
	enum oc_rc rc = need_channels(r, e);

	if (rc) return rc;
	rc = oc_channels_outbox_wait(r->gw->channels, oc_json_cstr(r->params, "state"),
				     limit && limit < OUTBOX_ROWS ? (size_t)limit : OUTBOX_ROWS,
				     result, &why);
	return told(e, rc, &why);
}

static enum oc_rc change_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e,
			      enum oc_rc (*change)(struct oc_channels *c, int64_t id, size_t *n,
						   struct oc_err *e))
{
	struct oc_err why = { 0 };
	size_t n = 0;
	enum oc_rc rc = need_channels(r, e);

	if (rc) return rc;
	rc = change(r->gw->channels, oc_json_int(r->params, "id", 0), &n, &why);
	if (!rc) *result = json_pack("{s:b,s:I}", "ok", 1, "count", (json_int_t)n);
	return told(e, rc, &why);
}

static enum oc_rc resend_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	return change_wait(r, result, e, oc_channels_resend_wait);
}

static enum oc_rc discard_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	return change_wait(r, result, e, oc_channels_discard_wait);
}

const struct oc_method oc_methods_channels[] = {
	{ "channels.status", OC_SCOPE_READ,
	  "probe?:bool, timeoutMs?:int>=0, channel?:str min1, ...", status_wait },
	{ "channels.pairing.list", OC_SCOPE_PAIRING, "channel?:str min1, accountId?:str min1",
	  pairing_list_wait },
	{ "channels.pairing.approve", OC_SCOPE_PAIRING,
	  "code:str min1, channel?:str min1, accountId?:str min1, notify?:bool", approve_wait },
	{ "channels.pairing.dismiss", OC_SCOPE_PAIRING,
	  "code:str min1, channel?:str min1, accountId?:str min1", dismiss_wait },
	{ "x.channels.outbox.list", OC_SCOPE_READ,
	  "limit?:int>=1, "
	  "state?:(\"queued\"|\"sending\"|\"sent\"|\"failed\"|\"unknown\"|\"discarded\")",
	  outbox_wait },
	{ "x.channels.outbox.resend", OC_SCOPE_WRITE, "id?:int>=1", resend_wait },
	{ "x.channels.outbox.discard", OC_SCOPE_WRITE, "id?:int>=1", discard_wait },
	{ 0 },
};
