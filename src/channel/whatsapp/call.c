/* Calls to the Cloud API: guarded by the configured root, with the token, bounded. */
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "channel/whatsapp/account.h"

enum { CALL_MS = 60000, UPLOAD_MS = 300000, BIG_BODY = 262144 };

/* Below HTTP, and before a byte of the request left. */
static bool never_left(enum oc_http_failure why)
{
	return why == OC_HTTP_BLOCKED || why == OC_HTTP_RESOLVE || why == OC_HTTP_REFUSED ||
	       why == OC_HTTP_TLS;
}

static uint64_t retry_after(const struct oc_http *h)
{
	int64_t seconds = 0;

	if (!oc_parse_int(oc_str(oc_http_header(h, "retry-after")), 0, 86400, &seconds)) return 0;
	return (uint64_t)seconds * 1000;
}

static char *address_of(const struct oc_wa_account *w, const struct oc_wa_call *call)
{
	if (call->url) return oc_strdup(call->url);
	return oc_asprintf("%s/%s%s", w->root, w->number_id, call->what);
}

/* The configured server may be anywhere; a file's server must be public, and the token goes there
 * by https alone. */
static enum oc_rc guard_for(const struct oc_wa_account *w, const char *url,
			    const struct oc_guard **out, struct oc_err *e)
{
	static const struct oc_guard web = { .public_web = true };
	struct oc_url u;
	enum oc_rc rc = oc_url_parse(oc_str(url), &u, e);

	if (rc) return rc;
	bool own = oc_url_same_origin(&u, &w->guard.base);

	*out = own ? &w->guard : &web;
	if (!own && !u.https)
		rc = oc_fail(e, OC_E_DENIED, "the file is at an address without encryption");
	oc_url_deinit(&u);
	return rc;
}

static enum oc_rc exchange_wait(const struct oc_http_request *req, size_t max,
				struct oc_wa_answer *out, struct oc_err *e)
{
	enum oc_http_failure why = OC_HTTP_OK;
	struct oc_deadline d = oc_deadline_in(req->body.n > BIG_BODY ? UPLOAD_MS : CALL_MS);
	struct oc_http *h = NULL;
	enum oc_rc rc = oc_http_open_wait(req, d, &h, &why, e);

	out->reached = !rc || rc == OC_CANCELLED || !never_left(why);
	if (rc) return rc;
	const char *type = oc_http_header(h, "content-type");

	out->status = oc_http_status(h);
	out->content_type = type ? oc_strdup(type) : NULL;
	out->retry_ms = retry_after(h);
	oc_buf_init(&out->body, out->status >= 400 ? OC_MAX_ERROR_BODY_BYTES : max);
	rc = oc_http_read_all_wait(h, d, &out->body, e);
	oc_http_close(h);
	/* The status of a refusal is the news; whether its text came whole is not. */
	return rc && rc != OC_CANCELLED && out->status >= 400 ? OC_OK : rc;
}

enum oc_rc oc_wa_call_wait(struct oc_channel_account *a, const struct oc_wa_call *call,
			   struct oc_wa_answer *out, struct oc_err *e)
{
	const struct oc_wa_account *w = oc_wa_of(a);
	const struct oc_guard *guard = NULL;
	char *url = address_of(w, call);
	struct oc_strv headers = { 0 };
	enum oc_rc rc = guard_for(w, url, &guard, e);

	*out = (struct oc_wa_answer){ 0 };
	if (rc) {
		free(url);
		return rc;
	}
	oc_strv_addf(&headers, "Authorization: Bearer %s", w->token);
	if (call->content_type) oc_strv_addf(&headers, "Content-Type: %s", call->content_type);
	const struct oc_http_request req = { .method = call->method,
					     .url = url,
					     .guard = guard,
					     .headers = &headers,
					     .body = call->body,
					     .no_redirects = true,
					     .context = "whatsapp-cloud" };

	rc = exchange_wait(&req, call->max_answer ? call->max_answer : OC_MAX_JSON_BODY_BYTES, out,
			   e);
	for (size_t i = 0; i < headers.n; i++) oc_free_secret(headers.v[i]);
	free(headers.v);
	free(url);
	return rc;
}

void oc_wa_answer_deinit(struct oc_wa_answer *w)
{
	free(w->content_type);
	oc_buf_deinit(&w->body);
	*w = (struct oc_wa_answer){ 0 };
}

enum oc_wa_refusal oc_wa_refused(struct oc_channel_account *a, const struct oc_wa_answer *w,
				 struct oc_err *e)
{
	struct oc_buf why;

	oc_buf_init(&why, 2048);
	enum oc_wa_refusal means = oc_wa_refusal_read(w->status, oc_buf_view(&w->body), &why);

	if (means == OC_WA_AUTH)
		oc_channel_account_tell(a, OC_CHANNEL_FAILED, "%s", oc_buf_cstr(&why));
	(void)oc_fail(e, OC_E_UPSTREAM, "%s", oc_buf_cstr(&why));
	oc_buf_deinit(&why);
	return means;
}
