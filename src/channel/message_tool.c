/*
 * The tool message (spec 03 §4.1, §6.1): words to a chat beside the reply, in three flat fields. To
 * who is talking it is free; to somebody else it is asked about once foreign text was read.
 */
#include <stdlib.h>

#include "agent/run/tool_host.h"
#include "base/mem.h"
#include "base/visible.h"
#include "channel/internal.h"
#include "tool/internal.h"

enum { SHOWN_BYTES = 400, WAIT_MS = 20000 };

struct call {
	struct oc_tool_context *ctx;
	struct oc_channels *channels;
	const struct oc_session_run *run;
	struct oc_str text;
	struct oc_channel_target target;
	char *file; /* absolute; NULL */
};

/* ---- where to ---- */

static bool is_target(const struct oc_channel_target *a, const struct oc_channel_target *b)
{
	const char *at = a->thread ? a->thread : "", *bt = b->thread ? b->thread : "";

	return !strcmp(a->channel, b->channel) && !strcmp(a->account, b->account) &&
	       !strcmp(a->chat, b->chat) && !strcmp(at, bt);
}

/* The chat that this conversation comes from. */
static bool is_own_chat_wait(const struct call *c)
{
	struct oc_channel_target own = { 0 };
	bool same;

	if (oc_channels_target_of_session_wait(c->channels, c->run->session->key, &own,
					       &(struct oc_err){ 0 }) != OC_OK)
		return false;
	same = is_target(&own, &c->target);
	oc_channel_target_deinit(&own);
	return same;
}

static enum oc_rc find_target_wait(struct call *c, const json_t *args, struct oc_err *e)
{
	const char *to = oc_json_cstr(args, "target");
	struct oc_err none = { 0 };

	if (!to || !*to || !strcmp(to, "here")) {
		if (oc_channels_target_of_session_wait(c->channels, c->run->session->key,
						       &c->target, &none) == OC_OK)
			return OC_OK;
		return oc_fail(e, OC_E_INPUT,
			       "target is missing: this conversation has no chat of its own. Name "
			       "one, such as telegram:123456, or \"last\"");
	}
	return oc_channels_resolve_wait(c->channels, oc_json_cstr(args, "channel"), NULL, to,
					&c->target, e);
}

/* ---- may it ---- */

static enum oc_rc ask_wait(const struct call *c, const char *why, struct oc_err *e)
{
	struct oc_buf what;
	enum oc_rc rc;

	if (!c->ctx->approve_wait)
		return oc_fail(e, OC_E_DENIED,
			       "not sent: it needs the person's approval (%s), and nobody is here "
			       "to give it",
			       why);
	oc_buf_init(&what, 16 * SHOWN_BYTES);
	oc_buf_addf(&what, "to %s:", c->target.channel);
	oc_visible_add(&what, oc_str(c->target.chat), SHOWN_BYTES / 4);
	oc_buf_adds(&what, ": ");
	oc_visible_add(&what, c->text, SHOWN_BYTES);
	if (c->file) oc_buf_adds(&what, " with the file ");
	oc_visible_add(&what, oc_str(c->file), SHOWN_BYTES);
	const struct oc_question q = { .tool = "message", .what = oc_buf_cstr(&what), .why = why };

	rc = c->ctx->approve_wait(c->ctx->approve_arg, &q, e);
	oc_buf_deinit(&what);
	return rc;
}

static enum oc_rc permit_wait(const struct call *c, struct oc_err *e)
{
	const struct oc_taint_facts facts = { .tainted = c->ctx->tainted, .trust = c->ctx->trust };
	bool own = is_own_chat_wait(c);
	const char *why = NULL;

	if (!own && c->ctx->permission == OC_PERMISSION_READ_ONLY)
		return oc_fail(e, OC_E_DENIED,
			       "this conversation is read-only: nothing is sent to other chats");
	if (!own && c->ctx->permission == OC_PERMISSION_GUARDED)
		why = "the conversation is guarded";
	if (!why && !oc_taint_asks(own ? OC_ACT_MESSAGE_BACK : OC_ACT_MESSAGE_OTHER, &facts, &why))
		return OC_OK;
	return ask_wait(c, why, e);
}

/* ---- sending ---- */

static enum oc_rc say_result(const struct call *c, const struct oc_delivery_result *r,
			     struct oc_tool_result *out, struct oc_err *e)
{
	const char *channel = c->target.channel, *chat = c->target.chat;

	if (!strcmp(r->status, "failed"))
		return oc_fail(e, OC_E_UPSTREAM, "not sent to %s:%s: %s", channel, chat,
			       r->error ? r->error : "no reason was given");
	if (!strcmp(r->status, "unknown"))
		return oc_fail(e, OC_E_UPSTREAM,
			       "it is not known whether %s:%s got it: %s. Do not send it again "
			       "without asking the user",
			       channel, chat, r->error ? r->error : "no answer came");
	oc_buf_addf(&out->text,
		    !strcmp(r->status, "sent")
			? "sent to %s:%s"
			: "it waits in the outbox for %s:%s and is sent as soon as possible",
		    channel, chat);
	return OC_OK;
}

static enum oc_rc send_wait(const struct call *c, struct oc_tool_result *out, struct oc_err *e)
{
	/* A run has an id of its own, and counts its results: no two calls have the same key. */
	char *key =
	    oc_asprintf("tool/%s/%u", c->ctx->run_id ? c->ctx->run_id : "", c->ctx->result_no);
	const struct oc_delivery_order order = { .target = &c->target,
						 .markdown = c->text,
						 .path = c->file,
						 .key = c->ctx->run_id ? key : NULL,
						 .session_key = c->run->session->key,
						 .wait_ms = WAIT_MS };
	struct oc_delivery_result result = { 0 };
	enum oc_rc rc = oc_channels_deliver_wait(c->channels, &order, &result, e);

	free(key);
	if (!rc) rc = say_result(c, &result, out, e);
	oc_delivery_result_deinit(&result);
	return rc;
}

static enum oc_rc tool_wait(struct oc_tool_context *ctx, const json_t *args,
			    struct oc_tool_result *out, struct oc_err *e)
{
	const struct oc_tool_host *host = ctx->host;
	const struct oc_session_run *run = host ? host->run : NULL;
	struct oc_str file = oc_json_str(args, "file");
	enum oc_rc rc;

	if (!run || !run->session || !host->sessions->channels)
		return oc_fail(e, OC_E_DENIED,
			       "messages can be sent only from conversations of the gateway");
	struct call c = { .ctx = ctx,
			  .channels = host->sessions->channels,
			  .run = run,
			  .text = oc_str_trim(oc_json_str(args, "message")) };

	if (!c.text.n && !file.n) return oc_fail(e, OC_E_INPUT, "message is missing");
	rc = find_target_wait(&c, args, e);
	if (!rc && file.n)
		rc = oc_workspace_resolve_wait(ctx, "message", file, OC_ACCESS_READ, &c.file, e);
	if (!rc) rc = permit_wait(&c, e);
	if (!rc) rc = send_wait(&c, out, e);
	oc_channel_target_deinit(&c.target);
	free(c.file);
	return rc;
}

static const struct oc_tool row = {
	.name = "message",
	.schema =
	    "{\"name\":\"message\",\"description\":\"Send a message to a chat beside this reply.\","
	    "\"parameters\":{\"type\":\"object\",\"properties\":{"
	    "\"target\":{\"type\":\"string\",\"description\":\"channel:chat, such as telegram:123456 or whatsapp-cloud:+491701234567; 'last' = where the user wrote last; 'here' = this chat\"},"
	    "\"message\":{\"type\":\"string\"},"
	    "\"file\":{\"type\":\"string\",\"description\":\"path of a file to attach\"}},"
	    "\"required\":[\"target\",\"message\"]}}",
	.unlisted = "\"channel\":{\"type\":\"string\"},\"action\":{\"type\":\"string\"}",
	.example = "{\"target\":\"last\",\"message\":\"The backup is done.\"}",
	.deferred = "send a message or a file to a chat of a messenger",
	.needs_setup = true,
	.writes = true,
	.run_wait = tool_wait
};

void oc_message_tool_offer(struct oc_sessions *s, struct oc_channels *c)
{
	oc_tool_register(&row);
	s->channels = c;
}
