/* send (spec 02 §2.7): a message to a chat of a messenger, from a client. */
#include <stdlib.h>

#include "base/mem.h"
#include "channel/channels.h"
#include "gateway/methods/method.h"

enum { WAIT_MS = 30000 };

static json_t *result_of(const char *run_id, const struct oc_channel_target *t,
			 const struct oc_delivery_result *r)
{
	json_t *o = json_pack("{s:s,s:s,s:s,s:s,s:s,s:I}", "runId", run_id, "channel", t->channel,
			      "accountId", t->account, "to", t->chat, "status", r->status,
			      "outboxId", (json_int_t)r->outbox_id);

	if (t->thread) oc_json_put(o, "threadId", json_string(t->thread));
	if (r->native_id) oc_json_put(o, "messageId", oc_json_new_str(oc_str(r->native_id)));
	if (r->error) oc_json_put(o, "error", oc_json_new_str(oc_str(r->error)));
	return o;
}

static enum oc_rc deliver_wait(struct oc_rpc *r, const struct oc_channel_target *target,
			       json_t **result, struct oc_err *why)
{
	const char *id = oc_json_cstr(r->params, "idempotencyKey");
	char *key = oc_asprintf("send/%s", id);
	const struct oc_delivery_order order = {
		.target = target,
		.markdown = oc_json_str(r->params, "message"),
		.reply_to = oc_json_cstr(r->params, "replyToId"),
		.key = key,
		.session_key = oc_json_cstr(r->params, "sessionKey"),
		.wait_ms = WAIT_MS,
	};
	struct oc_delivery_result done = { 0 };
	enum oc_rc rc = oc_channels_deliver_wait(r->gw->channels, &order, &done, why);

	if (!rc) *result = result_of(id, target, &done);
	oc_delivery_result_deinit(&done);
	free(key);
	return rc;
}

static enum oc_rc send_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	struct oc_channel_target target = { 0 };
	const char *thread = oc_json_cstr(r->params, "threadId");
	struct oc_err why = { 0 };
	enum oc_rc rc;

	if (!oc_str_trim(oc_json_str(r->params, "message")).n)
		return oc_rpc_invalid(e, "message is empty");
	rc = oc_channels_resolve_wait(r->gw->channels, oc_json_cstr(r->params, "channel"),
				      oc_json_cstr(r->params, "accountId"),
				      oc_json_cstr(r->params, "to"), &target, &why);
	if (!rc && thread) {
		free(target.thread);
		target.thread = oc_strdup(thread);
	}
	if (!rc) rc = deliver_wait(r, &target, result, &why);
	oc_channel_target_deinit(&target);
	if (rc == OC_E_NOT_FOUND || rc == OC_E_INPUT) return oc_rpc_invalid(e, "%s", why.msg);
	return rc ? oc_rpc_unavailable(e, "%s", why.msg) : OC_OK;
}

const struct oc_method oc_methods_send[] = {
	{ "send", OC_SCOPE_WRITE,
	  "to:str min1, message:str min1, idempotencyKey:str min1 max256, channel?:str min1, "
	  "accountId?:str min1, threadId?:str min1, replyToId?:str min1, sessionKey?:str min1, "
	  "agentId?:str min1",
	  send_wait },
	{ 0 },
};
