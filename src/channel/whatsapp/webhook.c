/*
 * The webhook of the Cloud API. A call is taken when it is signed with the app's secret, and
 * acknowledged when everything in it is on disk: the platform repeats what was not.
 */
#include <stdlib.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "channel/whatsapp/account.h"
#include "channel/whatsapp/payload.h"
#include "channel/whatsapp/signature.h"
#include "net/ed25519.h"
#include "net/percent.h"

enum { BODY_MS = 30000, SETTLE_MS = 1000, CHALLENGE_BYTES = 256 };

static void answer(struct oc_exchange *x, int status, struct oc_str text)
{
	oc_exchange_set_header(x, "X-Content-Type-Options", "nosniff");
	oc_exchange_respond(x, status, "text/plain; charset=utf-8", text);
}

/* ---- GET: does this address belong to who claims it? ---- */

static void verify(struct oc_channel_account *a, struct oc_exchange *x)
{
	struct oc_str query = oc_str(oc_exchange_query(x)), want;
	struct oc_buf mode, token, challenge;

	want = oc_json_str(a->config, "verifyToken");
	oc_buf_init(&mode, CHALLENGE_BYTES);
	oc_buf_init(&token, OC_MAX_SERVER_HEAD_BYTES);
	oc_buf_init(&challenge, CHALLENGE_BYTES);
	bool ok = oc_query_value(query, OC_LIT("hub.mode"), &mode) &&
		  oc_query_value(query, OC_LIT("hub.verify_token"), &token) &&
		  oc_query_value(query, OC_LIT("hub.challenge"), &challenge) &&
		  oc_str_eq(oc_buf_view(&mode), OC_LIT("subscribe")) && want.n &&
		  oc_secret_equal(oc_buf_view(&token), want);

	if (ok)
		answer(x, 200, oc_buf_view(&challenge));
	else
		answer(x, 403, OC_LIT("verifyToken differs\n"));
	oc_log(OC_LOG_INFO, "whatsapp", "the webhook was %s",
	       ok ? "verified"
		  : "not verified: "
		    "the verify token "
		    "differs");
	oc_buf_deinit(&mode);
	oc_buf_deinit(&token);
	oc_buf_deinit(&challenge);
}

/* ---- POST: what happened ---- */

static bool is_good(struct oc_channel_account *a, const struct oc_exchange *x, struct oc_str body)
{
	struct oc_str secret = oc_json_str(a->config, "appSecret");

	if (!secret.n) return oc_json_bool(a->config, "allowUnsigned", false);
	return oc_exchange_header_count(x, "x-hub-signature-256") == 1 &&
	       oc_wa_signed(body, oc_exchange_header(x, "x-hub-signature-256"), secret);
}

static enum oc_msg_in_kind kind_of(const struct oc_wa_message *m)
{
	if (!strcmp(m->type, "reaction")) return OC_IN_REACTION;
	return m->button && !strcmp(m->type, "interactive") ? OC_IN_BUTTON : OC_IN_MESSAGE;
}

static const char *media_kind(const struct oc_wa_message *m)
{
	return !strcmp(m->type, "sticker") ? "image" : m->type;
}

/* media and *extra belong to the caller. */
static struct oc_msg_in message_in(const struct oc_wa_message *m, struct oc_channel_media *media,
				   json_t **extra)
{
	enum oc_msg_in_kind kind = kind_of(m);

	*extra = json_pack("{s:s}", "id", m->id);
	*media = (struct oc_channel_media){
		.kind = media_kind(m), .ref = m->media_id, .name = m->file_name, .mime = m->mime
	};
	return (struct oc_msg_in){
		.kind = kind,
		.event_id = m->id,
		.chat_id = m->group ? m->group : m->from,
		.chat_type = m->group ? OC_CHAT_GROUP : OC_CHAT_DIRECT,
		.sender_id = m->from,
		.sender_name = m->name,
		.native_id = kind == OC_IN_MESSAGE ? m->id : m->reply_to,
		.text = kind == OC_IN_BUTTON ? oc_str(m->button) : oc_str(m->text),
		.is_reply_to_bot = m->reply_from && m->to && !strcmp(m->reply_from, m->to),
		.media = media,
		.n_media = m->media_id ? 1 : 0,
		.sent_ms = m->at_ms,
		.extra = *extra,
	};
}

static bool is_ours(const struct oc_channel_account *a, const char *number_id)
{
	return !strcmp(number_id, oc_wa_of(a)->number_id);
}

static enum oc_rc take_messages_wait(struct oc_channel_account *a, const struct oc_wa_payload *p,
				     struct oc_err *e)
{
	struct oc_msg_in *in = oc_realloc_array(NULL, p->n_messages, sizeof *in);
	struct oc_channel_media *media = oc_realloc_array(NULL, p->n_messages, sizeof *media);
	json_t **extra = oc_realloc_array(NULL, p->n_messages, sizeof(json_t *));
	size_t n = 0;

	for (size_t i = 0; i < p->n_messages; i++) {
		const struct oc_wa_message *m = &p->messages[i];

		if (!is_ours(a, m->number_id) || (m->silent && kind_of(m) != OC_IN_REACTION))
			continue;
		in[n] = message_in(m, &media[n], &extra[n]);
		n++;
	}
	enum oc_rc rc = n ? oc_channel_inbound_many_wait(a, in, n, e) : OC_OK;

	for (size_t i = 0; i < n; i++) json_decref(extra[i]);
	free(extra);
	free(media);
	free(in);
	return rc;
}

static bool is_failure(const struct oc_wa_status *s)
{
	return !strcmp(s->status, "failed");
}

/* A failure may be told before the answer to the message was written down. */
static void let_it_settle_wait(const struct oc_wa_payload *p)
{
	for (size_t i = 0; i < p->n_statuses; i++) {
		if (!is_failure(&p->statuses[i])) continue;
		(void)!oc_sleep_wait(SETTLE_MS);
		return;
	}
}

static void take_statuses_wait(struct oc_channel_account *a, const struct oc_wa_payload *p)
{
	let_it_settle_wait(p);
	for (size_t i = 0; i < p->n_statuses; i++) {
		const struct oc_wa_status *s = &p->statuses[i];
		bool failed = is_failure(s);
		struct oc_buf why;

		if (!is_ours(a, s->number_id)) continue;
		oc_buf_init(&why, 2048);
		if (failed) (void)oc_wa_refusal_of_code(s->code, s->reason, &why);
		oc_channel_receipt_wait(a, s->id, s->status, failed ? oc_buf_cstr(&why) : NULL);
		oc_buf_deinit(&why);
	}
}

static void take_wait(struct oc_channel_account *a, struct oc_exchange *x, struct oc_str body)
{
	struct oc_wa_payload p;
	struct oc_err e = { 0 };

	if (oc_wa_payload_parse(body, &p, &e)) {
		oc_log(OC_LOG_WARN, "whatsapp", "a call of the webhook was refused: %s", e.msg);
		answer(x, 400, OC_LIT("not understood\n"));
		return;
	}
	enum oc_rc rc = take_messages_wait(a, &p, &e);

	if (!rc) take_statuses_wait(a, &p);
	oc_wa_payload_deinit(&p);
	if (rc && rc != OC_CANCELLED)
		oc_log(OC_LOG_ERROR, "whatsapp", "messages were not taken and will come again: %s",
		       e.msg);
	answer(x, rc ? 503 : 200, rc ? OC_LIT("try again\n") : OC_LIT("ok\n"));
}

static void post_wait(struct oc_channel_account *a, struct oc_exchange *x)
{
	struct oc_buf body;

	oc_buf_init(&body, OC_MAX_CHANNEL_HOOK_BYTES);
	enum oc_rc rc = oc_exchange_body_wait(x, oc_deadline_in(BODY_MS), &body);

	if (rc == OC_E_LIMIT)
		answer(x, 413, OC_LIT("too large\n"));
	else if (rc && rc != OC_CANCELLED)
		answer(x, rc == OC_E_TIMEOUT ? 408 : 400, OC_LIT("the body did not come\n"));
	else if (!rc && !is_good(a, x, oc_buf_view(&body))) {
		oc_log(OC_LOG_WARN, "whatsapp",
		       "a call of the webhook from %s was refused: its signature is wrong",
		       oc_exchange_peer(x));
		answer(x, 401, OC_LIT("wrong signature\n"));
	} else if (!rc) {
		take_wait(a, x, oc_buf_view(&body));
	}
	oc_buf_deinit(&body);
}

void oc_wa_webhook_wait(struct oc_channel_account *a, const char *path, struct oc_exchange *x)
{
	const char *method = oc_exchange_method(x);

	if (!oc_str_starts(oc_str(path), OC_LIT("webhook"))) {
		answer(x, 404, OC_LIT("not found\n"));
	} else if (!strcmp(method, "GET")) {
		verify(a, x);
	} else if (!strcmp(method, "POST")) {
		post_wait(a, x);
	} else {
		oc_exchange_set_header(x, "Allow", "GET, POST");
		answer(x, 405, OC_LIT("GET or POST\n"));
	}
}
