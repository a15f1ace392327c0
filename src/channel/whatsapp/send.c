/*
 * Messages to WhatsApp. What came of a call decides whether it is ever sent again: only what surely
 * did not reach the person is.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "channel/whatsapp/account.h"
#include "channel/whatsapp/request.h"

enum { AGAIN_MS = 5000, PAIR_AGAIN_MS = 6000 };

static enum oc_rc post_wait(struct oc_channel_account *a, json_t *body, struct oc_wa_answer *answer,
			    struct oc_err *e)
{
	char *text = oc_json_compact(body);
	const struct oc_wa_call call = { .method = "POST",
					 .what = "/messages",
					 .content_type = "application/json",
					 .body = oc_str(text) };
	enum oc_rc rc = oc_wa_call_wait(a, &call, answer, e);

	free(text);
	return rc;
}

static char *id_of(const struct oc_wa_answer *answer)
{
	json_t *root = oc_json_parse(oc_buf_view(&answer->body), NULL, NULL);
	const char *id = oc_json_cstr(json_array_get(json_object_get(root, "messages"), 0), "id");
	char *out = id ? oc_strdup(id) : NULL;

	json_decref(root);
	return out;
}

/* *closed (may be NULL): the person did not write for a day. */
static enum oc_rc judge(struct oc_channel_account *a, const struct oc_wa_answer *answer,
			bool *closed, struct oc_msg_sent *out, struct oc_err *e)
{
	if (answer->status / 100 == 2) {
		out->native_id = id_of(answer);
		if (out->native_id) return OC_OK;
		out->maybe_sent = true;
		return oc_fail(e, OC_E_UPSTREAM,
			       "WhatsApp took the message and named no id for it");
	}
	enum oc_wa_refusal means = oc_wa_refused(a, answer, e);

	out->maybe_sent = means == OC_WA_SENT_UNKNOWN;
	if (closed) *closed = means == OC_WA_WINDOW;
	if (means == OC_WA_SLOW_DOWN)
		out->retry_ms = answer->retry_ms ? answer->retry_ms : PAIR_AGAIN_MS;
	return OC_E_UPSTREAM;
}

/* body is stolen. */
static enum oc_rc send_body_wait(struct oc_channel_account *a, json_t *body, bool *closed,
				 struct oc_msg_sent *out, struct oc_err *e)
{
	struct oc_wa_answer answer;
	enum oc_rc rc = post_wait(a, body, &answer, e);

	json_decref(body);
	if (!rc) {
		rc = judge(a, &answer, closed, out, e);
	} else if (answer.reached) {
		out->maybe_sent = true;
	} else if (rc != OC_E_DENIED) {
		out->retry_ms = AGAIN_MS;
	}
	oc_wa_answer_deinit(&answer);
	return rc;
}

static struct oc_wa_to to_of(const struct oc_msg_out *m)
{
	char digits[16];

	/* Ids of groups are no numbers. */
	return (struct oc_wa_to){ .chat = m->chat_id,
				  .group = !oc_wa_number(oc_str(m->chat_id), digits),
				  .reply_to = m->reply_to };
}

/* ---- texts ---- */

/* Buttons hang on a short text; a long one goes before it. */
static enum oc_rc send_buttons_wait(struct oc_channel_account *a, const struct oc_msg_out *m,
				    struct oc_msg_sent *out, struct oc_err *e)
{
	const struct oc_wa_to to = to_of(m);
	struct oc_str text = oc_str(m->chunk.text);
	struct oc_wa_button buttons[OC_WA_BUTTONS];
	size_t n = m->n_buttons < OC_WA_BUTTONS ? m->n_buttons : OC_WA_BUTTONS;

	for (size_t i = 0; i < n; i++)
		buttons[i] =
		    (struct oc_wa_button){ .id = m->buttons[i].data, .title = m->buttons[i].label };
	if (text.n > OC_WA_BUTTON_TEXT_CHARS) {
		enum oc_rc rc = send_body_wait(a, oc_wa_text_body(&to, text), NULL, out, e);

		if (rc) return rc;
		oc_msg_sent_deinit(out);
		text = OC_LIT("What do you say?");
	}
	return send_body_wait(a, oc_wa_buttons_body(&to, text, buttons, n), NULL, out, e);
}

/* What may be said to somebody who did not write for a day, when the operator had it approved.
 * true: out and e say what came of it. */
static bool send_template_wait(struct oc_channel_account *a, const struct oc_msg_out *m,
			       struct oc_msg_sent *out, enum oc_rc *rc, struct oc_err *e)
{
	const json_t *template = json_object_get(a->config, "template");
	const char *name = oc_json_cstr(template, "name");
	const char *language = oc_json_cstr(template, "language");
	const struct oc_wa_to to = to_of(m);

	if (!name || m->kind != OC_OUT_TEXT || m->n_buttons) return false;
	*rc = send_body_wait(
	    a, oc_wa_template_body(&to, name, language ? language : "en", oc_str(m->chunk.text)),
	    NULL, out, e);
	return true;
}

static enum oc_rc send_text_wait(struct oc_channel_account *a, const struct oc_msg_out *m,
				 struct oc_msg_sent *out, struct oc_err *e)
{
	const struct oc_wa_to to = to_of(m);

	bool closed = false;
	enum oc_rc rc;

	if (m->n_buttons) return send_buttons_wait(a, m, out, e);
	rc = send_body_wait(a, oc_wa_text_body(&to, oc_str(m->chunk.text)), &closed, out, e);
	if (closed) (void)send_template_wait(a, m, out, &rc, e);
	return rc;
}

/* ---- the rest ---- */

static enum oc_rc send_media_wait(struct oc_channel_account *a, const struct oc_msg_out *m,
				  struct oc_msg_sent *out, struct oc_err *e)
{
	const struct oc_wa_to to = to_of(m);
	const char *mime = m->mime ? m->mime : "application/octet-stream";
	bool retry = false;
	char *media_id = NULL;
	enum oc_rc rc = oc_wa_upload_wait(a, m->path, mime, &media_id, &retry, e);

	if (rc) {
		if (retry) out->retry_ms = AGAIN_MS;
		return rc;
	}
	rc = send_body_wait(
	    a,
	    oc_wa_media_body(&to, oc_wa_media_kind(mime), media_id, oc_str(m->chunk.text), m->name),
	    NULL, out, e);
	free(media_id);
	return rc;
}

/* Reading marks and typing hang on a message of the person, and nobody misses them. */
static enum oc_rc show_typing_wait(struct oc_channel_account *a, const struct oc_msg_out *m,
				   struct oc_err *e)
{
	const char *id = m->reply_to ? m->reply_to : oc_json_cstr(m->extra, "id");
	struct oc_wa_answer answer;

	if (!id) return OC_OK;
	json_t *body = oc_wa_read_body(id, true);
	enum oc_rc rc = post_wait(a, body, &answer, e);

	json_decref(body);
	oc_wa_answer_deinit(&answer);
	return rc;
}

enum oc_rc oc_wa_send_wait(struct oc_channel_account *a, const struct oc_msg_out *msg,
			   struct oc_msg_sent *out, struct oc_err *e)
{
	const struct oc_wa_to to = to_of(msg);

	switch (msg->kind) {
	case OC_OUT_TEXT: return send_text_wait(a, msg, out, e);
	case OC_OUT_MEDIA: return send_media_wait(a, msg, out, e);
	case OC_OUT_TYPING: return show_typing_wait(a, msg, e);
	case OC_OUT_REACT:
		return send_body_wait(a,
				      oc_wa_reaction_body(&to, msg->native_id,
							  msg->chunk.text ? msg->chunk.text : ""),
				      NULL, out, e);
	case OC_OUT_ANSWER_BUTTON: return OC_OK; /* the platform shows the press by itself */
	case OC_OUT_EDIT:
	case OC_OUT_DELETE: break;
	}
	return oc_fail(e, OC_E_INPUT, "WhatsApp cannot change a message that was sent");
}
