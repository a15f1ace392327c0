/* MCP over HTTP. */
#include "tool/mcp/http.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/visible.h"
#include "model/provider/secrets.h"
#include "net/client/http_client.h"
#include "net/client/sse.h"
#include "tool/mcp/parse.h"

enum { MAX_SESSION = 512, MAX_REASON = 300, BYE_MS = 2000, GONE = 404 };

void oc_mcp_http_init(struct oc_mcp_http *h, const struct oc_mcp_config *config)
{
	*h = (struct oc_mcp_http){ .config = config };
}

void oc_mcp_http_deinit(struct oc_mcp_http *h)
{
	oc_free_secret(h->session);
	free(h->protocol);
	*h = (struct oc_mcp_http){ 0 };
}

/* ---- the request ---- */

static void add_headers(const struct oc_mcp_http *h, struct oc_strv *out)
{
	oc_strv_add(out, OC_LIT("Content-Type: application/json"));
	oc_strv_add(out, OC_LIT("Accept: application/json, text/event-stream"));
	oc_strv_add(out, OC_LIT("User-Agent: openclaw/" OC_VERSION));
	if (h->session) oc_strv_addf(out, "Mcp-Session-Id: %s", h->session);
	if (h->protocol) oc_strv_addf(out, "MCP-Protocol-Version: %s", h->protocol);
	for (size_t i = 0; i < h->config->headers.n; i++)
		oc_strv_add(out, oc_str(h->config->headers.v[i]));
}

static enum oc_rc send_wait(const struct oc_mcp_http *h, const char *method, const char *text,
			    struct oc_deadline d, struct oc_http **out, struct oc_err *e)
{
	struct oc_strv headers = { 0 };
	struct oc_guard guard;
	enum oc_rc rc = oc_guard_init(&guard, oc_str(h->config->url), OC_UNSET, e);

	if (rc) return rc;
	add_headers(h, &headers);
	const struct oc_http_request req = { .method = method,
					     .url = h->config->url,
					     .guard = &guard,
					     .headers = &headers,
					     .body = oc_str(text),
					     .context = "mcp" };
	rc = oc_http_open_wait(&req, d, out, NULL, e);
	oc_strv_deinit(&headers);
	oc_guard_deinit(&guard);
	return rc;
}

/* ---- the answer ---- */

struct reading {
	const struct oc_mcp_post *post;
	struct oc_strv events; /* read, not yet handed on */
	size_t unasked;	       /* bytes of what nobody asked for */
};

static enum oc_rc take_event(void *arg, const struct oc_sse_event *ev, struct oc_err *e)
{
	struct reading *r = arg;

	(void)e;
	if (oc_str_trim(ev->data).n) oc_strv_add(&r->events, ev->data);
	return OC_OK;
}

static enum oc_rc hand_on_wait(struct reading *r, struct oc_err *e)
{
	for (size_t i = 0; i < r->events.n; i++) {
		json_t *value = oc_mcp_parse_wait(oc_str(r->events.v[i]));

		if (!value || !r->post->message(r->post->arg, value))
			r->unasked += strlen(r->events.v[i]);
		json_decref(value);
	}
	oc_strv_deinit(&r->events);
	if (r->unasked > OC_MAX_MCP_NOISE_BYTES)
		return oc_fail(e, OC_E_LIMIT, "it sends what is no answer without an end");
	return OC_OK;
}

static bool is_done(const struct oc_mcp_post *post)
{
	return post->done && post->done(post->arg);
}

static enum oc_rc read_events_wait(struct oc_http *h, struct reading *r, struct oc_err *e)
{
	struct oc_sse sse;
	struct oc_str piece;
	enum oc_rc rc = OC_OK;

	oc_sse_init(&sse, OC_MAX_MCP_MESSAGE_BYTES);
	while (!rc && !is_done(r->post)) {
		rc = oc_http_read_wait(h, r->post->until(r->post->arg), &piece, e);
		if (rc == OC_E_TIMEOUT && !oc_deadline_passed(r->post->until(r->post->arg))) {
			rc = OC_OK; /* it was told of progress meanwhile */
			continue;
		}
		if (!rc) rc = oc_sse_feed(&sse, piece, take_event, r, e);
		if (rc == OC_EOF) rc = oc_sse_finish(&sse, take_event, r, e) ? OC_E_PROTO : OC_EOF;
		if (!rc || rc == OC_EOF) {
			enum oc_rc handed = hand_on_wait(r, e);
			if (handed) rc = handed;
		}
	}
	oc_sse_deinit(&sse);
	if (rc == OC_EOF)
		rc = is_done(r->post)
			 ? OC_OK
			 : oc_fail(e, OC_E_UPSTREAM, "its stream ended without an answer");
	return rc;
}

static enum oc_rc read_document_wait(struct oc_http *h, struct reading *r, struct oc_err *e)
{
	struct oc_buf body;
	enum oc_rc rc;

	oc_buf_init(&body, OC_MAX_MCP_MESSAGE_BYTES);
	rc = oc_http_read_all_wait(h, r->post->until(r->post->arg), &body, e);
	if (!rc && body.n) oc_strv_add(&r->events, oc_buf_view(&body));
	oc_buf_deinit(&body);
	if (!rc) rc = hand_on_wait(r, e);
	if (!rc && r->post->done && !is_done(r->post))
		rc = oc_fail(e, OC_E_PROTO, "its answer is not one to what was asked");
	return rc;
}

/* What a server says when it refuses, without the key that it may repeat. */
static void add_reason(const struct oc_mcp_config *config, struct oc_str body, struct oc_buf *out)
{
	struct oc_buf line;
	char *text;

	oc_buf_init(&line, (size_t)8 * MAX_REASON);
	oc_visible_add(&line, oc_str_trim(body), MAX_REASON);
	text = oc_buf_take(&line);
	oc_secrets_hide(&text, &config->headers);
	oc_buf_adds(out, text);
	free(text);
}

/* Refusals are often JSON-RPC errors, or at least say something. */
static enum oc_rc read_refusal_wait(const struct oc_mcp_config *config, struct oc_http *h,
				    struct reading *r, struct oc_err *e)
{
	struct oc_buf body, reason;
	struct oc_err ignored = { 0 };
	int status = oc_http_status(h);

	oc_buf_init(&body, OC_MAX_ERROR_BODY_BYTES);
	oc_buf_init(&reason, (size_t)8 * MAX_REASON);
	enum oc_rc rc = oc_http_read_all_wait(h, r->post->until(r->post->arg), &body, &ignored);
	if (rc != OC_CANCELLED && body.n) {
		oc_strv_add(&r->events, oc_buf_view(&body));
		rc = hand_on_wait(r, &ignored);
		add_reason(config, oc_buf_view(&body), &reason);
	}
	if (rc != OC_CANCELLED)
		rc = is_done(r->post) ? OC_OK
				      : oc_fail(e, OC_E_UPSTREAM, "HTTP %d%s%s", status,
						reason.n ? ": " : "", oc_buf_cstr(&reason));
	oc_buf_deinit(&body);
	oc_buf_deinit(&reason);
	return rc;
}

static void take_session(struct oc_mcp_http *h, const struct oc_http *answer)
{
	const char *id = oc_http_header(answer, "mcp-session-id");

	/* Given with the first answer alone. */
	if (h->protocol || !id || !*id || strlen(id) > MAX_SESSION) return;
	for (const char *p = id; *p; p++)
		if (*p < 0x21 || *p > 0x7e) return;
	oc_free_secret(h->session);
	h->session = oc_strdup(id);
}

static bool is_events(const struct oc_http *h)
{
	const char *type = oc_http_header(h, "content-type");

	return type && oc_str_istarts(oc_str(type), OC_LIT("text/event-stream"));
}

enum oc_rc oc_mcp_http_post_wait(struct oc_mcp_http *h, const struct oc_mcp_post *post,
				 struct oc_err *e)
{
	struct reading r = { .post = post };
	struct oc_http *answer = NULL;
	enum oc_rc rc = send_wait(h, "POST", post->text, post->until(post->arg), &answer, e);

	if (rc) return rc;
	int status = oc_http_status(answer);
	if (status == GONE && h->session)
		rc = OC_EOF;
	else if (status >= 300)
		rc = read_refusal_wait(h->config, answer, &r, e);
	else {
		take_session(h, answer);
		if (is_events(answer))
			rc = post->done ? read_events_wait(answer, &r, e) : OC_OK;
		else if (post->done)
			rc = read_document_wait(answer, &r, e);
	}
	oc_http_close(answer);
	oc_strv_deinit(&r.events);
	return rc;
}

void oc_mcp_http_bye_wait(struct oc_mcp_http *h)
{
	struct oc_http *answer = NULL;
	struct oc_err ignored = { 0 };

	if (!h->session) return;
	if (send_wait(h, "DELETE", NULL, oc_deadline_in(BYE_MS), &answer, &ignored) == OC_OK)
		oc_http_close(answer);
	oc_free_secret(h->session);
	h->session = NULL;
}
