/*
 * One answer of a provider. Its begin is held back until it shows what it is; from then on each
 * piece goes out as it comes, at the pace of the client: while that does not read, nothing is read
 * from the provider either. The decoder only looks on, after the bytes are on their way, so that
 * tokens are counted and a failure in the middle of a stream is known.
 */
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "gateway/http/relay.h"
#include "model/call/endpoint.h"
#include "model/call/transport_error.h"
#include "model/codec/body_kind.h"
#include "model/provider/secrets.h"

enum {
	HOSTED_SILENCE_MS = 600000,
	/* Events that say nothing yet are worth holding back for a failure right behind them, and
	 * no longer. */
	PREAMBLE_MS = 20,
	LOOKED_AT_BYTES = 1048576, /* of a document; its tokens are not counted beyond */
};

struct answer {
	struct oc_relay_source *s;
	struct oc_decoder *decoder;
	struct oc_buf held;
	bool ended;	  /* the provider's last byte is here */
	bool watched;	  /* the decoder gets bytes */
	bool complete;	  /* it has seen the end of the answer */
	bool is_document; /* no stream of events */
	struct oc_err e;
};

struct oc_deadline oc_relay_patience(const struct oc_provider *p)
{
	if (p->timeout_seconds || p->local) return OC_NO_DEADLINE; /* the client's idle clock */
	return oc_deadline_in(HOSTED_SILENCE_MS);
}

static const char *header_of(void *http, const char *name)
{
	return oc_http_header(http, name);
}

/* ---- the provider's side ---- */

/* The next piece. OC_EOF: the body has ended, well or not: s->how. */
static enum oc_rc read_wait(struct answer *a, struct oc_deadline d, struct oc_str *piece)
{
	struct oc_relay_source *s = a->s;
	enum oc_rc rc = oc_http_read_wait(s->http, d, piece, &a->e);

	if (rc == OC_OK) {
		if (!s->bytes) s->first_byte_ms = oc_now_ms();
		s->bytes += piece->n;
		oc_slot_produced(s->slot);
	}
	if (rc == OC_OK || rc == OC_CANCELLED || (rc == OC_E_TIMEOUT && d.at_ms)) return rc;
	a->ended = true;
	s->how = rc == OC_EOF ? OC_HTTP_OK : oc_http_failure(s->http);
	return OC_EOF;
}

static void look(struct answer *a, struct oc_str piece)
{
	if (!a->watched || (a->is_document && a->s->bytes > LOOKED_AT_BYTES)) return;
	a->watched = oc_decoder_feed(a->decoder, piece) == OC_OK;
	a->complete = !a->watched;
}

/* What it was worth. */
static void settle(struct answer *a)
{
	struct oc_relay_source *s = a->s;
	bool blind = s->relay->path->embeddings || (a->is_document && s->bytes > LOOKED_AT_BYTES);

	if (s->how == OC_HTTP_TIMEOUT || (blind && s->how != OC_HTTP_OK)) {
		oc_transport_error(&s->reply.error, s->how, a->e.msg);
		return;
	}
	if (blind && oc_http_status(s->http) < 400) return;
	oc_decoder_finish(a->decoder, oc_transport_end(s->how), false,
			  oc_http_unclean_end(s->http));
	oc_reply_deinit(&s->reply);
	oc_decoder_take(a->decoder, &s->reply);
}

/* ---- the client's side ---- */

static bool has_control(struct oc_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7F) return true;
	return false;
}

static void copy_headers(const struct oc_http *http, struct oc_strv *out)
{
	const struct oc_strv *lines = oc_http_headers(http);
	const char *connection = oc_http_header(http, "connection");

	for (size_t i = 0; i < lines->n; i++) {
		struct oc_str line = oc_str(lines->v[i]);
		size_t colon = oc_str_find(line, OC_LIT(":"), 0);

		if (colon != SIZE_MAX && !has_control(line) &&
		    oc_relay_header_passes(oc_str_head(line, colon), connection))
			oc_strv_add(out, line);
	}
}

void oc_relay_set_headers(const struct oc_relay *r, const struct oc_strv *lines)
{
	for (size_t i = 0; i < lines->n; i++) {
		struct oc_str line = oc_str(lines->v[i]);
		size_t colon = oc_str_find(line, OC_LIT(":"), 0);
		struct oc_str value = oc_str_trim(oc_str_from(line, colon + 1));
		char *name = oc_strndup(line.p, colon), *text = oc_strndup(value.p, value.n);

		oc_exchange_set_header(r->x, name, text);
		free(text);
		free(name);
	}
}

static void tell_model(const struct oc_relay *r, const struct oc_selection *target)
{
	struct oc_buf text;

	oc_buf_init(&text, OC_MAX_HEADER_BYTES);
	oc_header_text(target->key, &text);
	oc_exchange_set_header(r->x, "X-OpenClaw-Model", oc_buf_cstr(&text));
	oc_buf_clear(&text);
	oc_buf_addf(&text, "%u", r->position);
	if (r->position)
		oc_exchange_set_header(r->x, "X-OpenClaw-Queue-Position", oc_buf_cstr(&text));
	oc_buf_deinit(&text);
}

static const char *content_type(const struct oc_http *http)
{
	const char *type = oc_http_header(http, "content-type");

	return type && *type ? type : "application/octet-stream";
}

static enum oc_rc stream_wait(struct answer *a)
{
	struct oc_relay_source *s = a->s;
	struct oc_exchange *x = s->relay->x;
	struct oc_str piece = oc_buf_view(&a->held);
	enum oc_rc rc = OC_OK;

	oc_exchange_stream_begin(x, oc_http_status(s->http), content_type(s->http));
	do {
		rc = oc_exchange_stream_wait(x, piece);
		if (rc == OC_OK) look(a, piece);
		if (rc == OC_OK) rc = read_wait(a, oc_relay_patience(s->target->provider), &piece);
	} while (rc == OC_OK);
	if (rc == OC_E_TIMEOUT) s->how = OC_HTTP_TIMEOUT;
	/* Many clients leave as soon as they have seen "[DONE]". */
	if (rc == OC_CANCELLED) return a->complete ? OC_OK : rc;
	if (s->how != OC_HTTP_OK) {
		oc_exchange_abort(x);
		return OC_OK;
	}
	return oc_exchange_stream_end_wait(x);
}

static enum oc_rc pass_wait(struct answer *a)
{
	struct oc_relay_source *s = a->s;
	struct oc_strv headers = { 0 };
	enum oc_rc rc = OC_OK;

	s->relay->status = oc_http_status(s->http);
	copy_headers(s->http, &headers);
	oc_relay_set_headers(s->relay, &headers);
	tell_model(s->relay, s->target);
	oc_strv_deinit(&headers);
	if (a->ended) {
		oc_exchange_respond(s->relay->x, oc_http_status(s->http), content_type(s->http),
				    oc_buf_view(&a->held));
		look(a, oc_buf_view(&a->held));
	} else {
		rc = stream_wait(a);
	}
	if (rc != OC_CANCELLED) settle(a);
	return rc;
}

/* ---- failures ---- */

/* What was sent must not come back to somebody else. */
static void hide_secrets(struct oc_buf *body, const struct oc_strv *secrets)
{
	char *text = oc_strndup(body->p ? body->p : "", body->n);
	size_t before = strlen(text);

	oc_secrets_hide(&text, secrets);
	if (strlen(text) != before || memcmp(text, oc_buf_cstr(body), before) != 0) {
		oc_buf_clear(body);
		oc_buf_adds(body, text);
	}
	free(text);
}

/* The whole of an answer that is an error, for when nobody else does better. */
static enum oc_rc keep_wait(struct answer *a, struct oc_relay_answer *out)
{
	struct oc_relay_source *s = a->s;
	struct oc_deadline d = oc_deadline_in(5000);
	enum oc_rc rc = OC_OK;

	out->status = oc_http_status(s->http);
	copy_headers(s->http, &out->headers);
	oc_buf_init(&out->body, OC_MAX_RELAY_ERROR_BYTES);
	oc_buf_add(&out->body, oc_buf_view(&a->held));
	look(a, oc_buf_view(&a->held));
	while (rc == OC_OK && !a->ended && !out->body.bad) {
		struct oc_str piece;

		rc = read_wait(a, d, &piece);
		if (rc != OC_OK) break;
		oc_buf_add(&out->body, piece);
		look(a, piece);
	}
	if (rc == OC_CANCELLED) return rc;
	settle(a);
	hide_secrets(&out->body, s->secrets);
	return OC_E_UPSTREAM;
}

/* The connection broke before anything was passed on. */
static enum oc_rc broken(struct answer *a)
{
	oc_transport_error(&a->s->reply.error, a->s->how, a->e.msg);
	return OC_E_UPSTREAM;
}

/* ---- the judgement ---- */

static enum oc_rc hold_wait(struct answer *a, enum oc_peek *verdict)
{
	const char *type = oc_http_header(a->s->http, "content-type");
	struct oc_deadline hold = OC_NO_DEADLINE;

	for (;;) {
		bool preamble;
		struct oc_str piece;

		*verdict = oc_relay_peek(type, oc_buf_view(&a->held), a->ended, &preamble);
		if (*verdict != OC_PEEK_MORE || a->ended) return OC_OK;
		if (preamble && !hold.at_ms) hold = oc_deadline_in(PREAMBLE_MS);
		struct oc_deadline d =
		    hold.at_ms ? hold : oc_relay_patience(a->s->target->provider);
		enum oc_rc rc = read_wait(a, d, &piece);

		if (rc == OC_CANCELLED) return rc;
		if (rc == OC_OK) oc_buf_add(&a->held, piece);
		if (rc == OC_E_TIMEOUT && hold.at_ms) {
			*verdict = OC_PEEK_PASS;
			return OC_OK;
		}
		if (rc == OC_E_TIMEOUT) {
			a->s->how = OC_HTTP_TIMEOUT;
			a->ended = true;
		}
		if (a->ended && a->s->how != OC_HTTP_OK) {
			*verdict = OC_PEEK_FAILED;
			return OC_OK;
		}
	}
}

static enum oc_rc answer_wait(struct answer *a, struct oc_relay_answer *out)
{
	struct oc_relay_source *s = a->s;
	enum oc_peek verdict = OC_PEEK_FAILED;
	enum oc_rc rc = OC_OK;

	if (oc_http_status(s->http) < 300) rc = hold_wait(a, &verdict);
	if (rc != OC_OK) return rc;
	a->is_document = oc_body_kind_sniff(oc_http_header(s->http, "content-type"),
					    oc_buf_view(&a->held), true) != OC_BODY_EVENTS;
	if (verdict != OC_PEEK_FAILED) return pass_wait(a);
	if (s->how != OC_HTTP_OK) return broken(a);
	return keep_wait(a, out);
}

enum oc_rc oc_relay_answer_wait(struct oc_relay_source *s, struct oc_relay_answer *out)
{
	const struct oc_decode_context ctx = { .stream = true, .text_tools = OC_TEXT_TOOLS_OFF };
	struct answer a = { .s = s,
			    .decoder = oc_decoder_new(s->relay->path->protocol, &ctx,
						      &(struct oc_reply_sink){ 0 }),
			    .watched = true };

	oc_buf_init(&a.held, SIZE_MAX - 1); /* bounded by the judgement and one read */
	oc_decoder_head(a.decoder, oc_http_status(s->http), header_of, s->http);
	enum oc_rc rc = answer_wait(&a, out);

	oc_buf_deinit(&a.held);
	oc_decoder_free(a.decoder);
	return rc;
}
