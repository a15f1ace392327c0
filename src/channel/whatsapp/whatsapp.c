/* The row of the WhatsApp Cloud API (spec 03 §7.3): what an account needs, how it starts. */
#include "channel/whatsapp/whatsapp.h"

#include <stdlib.h>

#include "base/mem.h"
#include "channel/whatsapp/account.h"
#include "channel/whatsapp/markup.h"
#include "channel/whatsapp/request.h"

enum { MIB = 1048576, WINDOW_MS = 24 * 3600 * 1000, TYPING_MS = 20000 };

/* ---- what the section has to say ---- */

static enum oc_rc check(const json_t *config, const char *account, struct oc_err *e)
{
	static const char *const needed[] = { "accessToken", "verifyToken", "appSecret" };
	bool unsigned_ok = oc_json_bool(config, "allowUnsigned", false);
	struct oc_str number = oc_json_str(config, "phoneNumberId");

	(void)account;
	if (!number.n || strspn(number.p, "0123456789") != number.n)
		return oc_fail(e, OC_E_INPUT,
			       "phoneNumberId must be the digits that the WhatsApp Manager shows "
			       "(not the telephone number)");
	for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
		bool secret = !strcmp(needed[i], "appSecret");

		if (oc_json_str(config, needed[i]).n || (secret && unsigned_ok)) continue;
		return oc_fail(e, OC_E_INPUT, "%s is missing%s", needed[i],
			       secret ? ": without it nobody can tell WhatsApp's calls from forged "
					"ones (allowUnsigned: true takes them all)"
				      : "");
	}
	return OC_OK;
}

/* ---- start and stop ---- */

static void free_account(struct oc_wa_account *w)
{
	oc_guard_deinit(&w->guard);
	oc_free_secret(w->token);
	free(w->number_id);
	free(w->root);
	free(w);
}

static enum oc_rc probe_wait(struct oc_channel_account *a, json_t *out, struct oc_err *e)
{
	const struct oc_wa_call call = {
		.method = "GET", .what = "?fields=display_phone_number,verified_name,quality_rating"
	};
	struct oc_wa_answer answer;
	enum oc_rc rc = oc_wa_call_wait(a, &call, &answer, e);
	json_t *o = rc ? NULL : oc_json_parse(oc_buf_view(&answer.body), NULL, NULL);

	if (!rc && answer.status >= 400) {
		(void)oc_wa_refused(a, &answer, e);
		rc = OC_E_UPSTREAM;
	}
	if (!rc) {
		const char *number = oc_json_cstr(o, "display_phone_number");

		if (number) oc_channel_account_name(a, number);
		oc_json_put(out, "name", json_incref(json_object_get(o, "verified_name")));
		oc_json_put(out, "number", json_incref(json_object_get(o, "display_phone_number")));
		oc_json_put(out, "quality", json_incref(json_object_get(o, "quality_rating")));
	}
	json_decref(o);
	oc_wa_answer_deinit(&answer);
	return rc;
}

/* Messages are heard whether or not the API can be reached now; only a token that is refused needs
 * a person. */
static void introduce(void *arg)
{
	struct oc_channel_account *a = arg;
	json_t *seen = json_object();
	struct oc_err e = { 0 };
	enum oc_rc rc = probe_wait(a, seen, &e);

	json_decref(seen);
	if (rc == OC_CANCELLED || a->state == OC_CHANNEL_FAILED) return;
	oc_channel_account_tell(a, OC_CHANNEL_RUNNING, "%s", rc ? e.msg : "");
}

static enum oc_rc start(struct oc_channel_account *a, struct oc_err *e)
{
	struct oc_str root = oc_json_str(a->config, "apiRoot");
	enum oc_rc rc = check(a->config, a->id, e);

	if (rc) return rc;
	struct oc_wa_account *w = oc_new(struct oc_wa_account);

	if (!root.n) root = OC_LIT(OC_WA_API_ROOT);
	while (root.n && root.p[root.n - 1] == '/') root.n--;
	rc = oc_guard_init(&w->guard, root, OC_UNSET, e);
	if (rc) {
		free(w);
		return oc_wrap(e, "apiRoot");
	}
	w->root = oc_strndup(root.p, root.n);
	w->number_id = oc_strdup(oc_json_cstr(a->config, "phoneNumberId"));
	w->token = oc_strdup(oc_json_cstr(a->config, "accessToken"));
	a->adapter = w;
	oc_scope_spawn(a->scope, introduce, a);
	return OC_OK;
}

static void stop(struct oc_channel_account *a)
{
	if (a->adapter) free_account(a->adapter);
	a->adapter = NULL;
}

/* ---- forms and names ---- */

static enum oc_rc render(const struct oc_channel_account *a, struct oc_str markdown,
			 struct oc_chunks *out, struct oc_err *e)
{
	(void)a;
	(void)e;
	oc_wa_markup(markdown, OC_WA_TEXT_CHARS, true, out);
	return OC_OK;
}

static enum oc_rc normalize_target(struct oc_str in, char **ret_chat, char **ret_thread,
				   struct oc_err *e)
{
	char digits[16];

	*ret_thread = NULL;
	if (oc_str_starts(in, OC_LIT("group:")) && in.n > 6) {
		*ret_chat = oc_strndup(in.p + 6, in.n - 6);
		return OC_OK;
	}
	if (!oc_wa_number(in, digits))
		return oc_fail(e, OC_E_INPUT,
			       "a target of WhatsApp is a telephone number with its country, "
			       "such as +49 170 1234567, or group:<id>");
	*ret_chat = oc_strdup(digits);
	return OC_OK;
}

const struct oc_channel oc_channel_whatsapp = {
	.id = "whatsapp-cloud",
	.label = "WhatsApp",
	.limits = { .text_units = OC_WA_TEXT_CHARS,
		    .caption_units = OC_WA_CAPTION_CHARS,
		    .media_in_bytes = 100 * MIB,
		    .media_out_bytes = 50 * MIB,
		    .buttons = OC_WA_BUTTONS,
		    .button_bytes = OC_WA_BUTTON_ID_CHARS,
		    .can_type = true,
		    .can_react = true,
		    .typing_ms = TYPING_MS,
		    .burst = 60,
		    .burst_ms = 1000,
		    .window_ms = WINDOW_MS },
	.check = check,
	.start = start,
	.stop = stop,
	.send_wait = oc_wa_send_wait,
	.render = render,
	.normalize_target = normalize_target,
	.fetch_wait = oc_wa_fetch_wait,
	.probe_wait = probe_wait,
	.webhook_wait = oc_wa_webhook_wait,
};
