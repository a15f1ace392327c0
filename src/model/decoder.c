/*
 * Entry of the decoder: the head, what kind of body follows (a look at its first bytes beats
 * Content-Type), the ways a body can end, and the outcome that all of it adds up to. Policy:
 * tests/wire/README.md, spec 04 §3.2.
 */
#include "model/decoder.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "model/body_kind.h"
#include "model/chat_decoder.h"
#include "model/errors.h"
#include "net/sse.h"

struct oc_decoder {
	struct oc_decode_context ctx;
	struct oc_reply_sink sink;
	struct oc_reply reply;
	struct oc_chat chat;
	struct oc_sse sse;
	struct oc_buf body; /* undecided, JSON, or what came with an error status */
	enum oc_body_kind kind;
	int status;
	char *content_type, *location, *server;
	int64_t retry_after_ms;
	bool bad_encoding;
	bool done;  /* the end marker was seen, or a whole JSON body */
	bool ended; /* later bytes do not count */
};

/* ---- errors ----------------------------------------------------------------------- */

/* The first error of a turn wins. */
static bool has_error(const struct oc_decoder *d)
{
	return d->reply.error.class != OC_ERR_NONE;
}

static void fail(struct oc_decoder *d, enum oc_error_class class, const char *message)
{
	if (!has_error(d)) oc_error_set(&d->reply.error, class, d->status, "%s", message);
}

static void refuse(struct oc_decoder *d, const json_t *doc, struct oc_str raw, bool html)
{
	struct oc_refusal in = { .status = d->status, .body = doc, .raw = raw, .html = html };

	if (has_error(d)) return;
	in.server = d->server;
	in.server_kind = d->ctx.server;
	oc_error_classify(&in, &d->reply.error);
	d->reply.error.retry_after_ms = d->retry_after_ms;
	if (d->reply.error.class == OC_ERR_REDIRECT && d->location)
		d->reply.error.location = oc_strdup(d->location);
}

/* ---- head --------------------------------------------------------------------------- */

static char *copied(const char *s)
{
	return s ? oc_strdup(s) : NULL;
}

static bool known_encoding(const char *value)
{
	static const char *const known[] = { "", "identity", "gzip", "x-gzip", "deflate" };
	struct oc_str rest = oc_str(value);

	for (bool more = true; more;) {
		size_t comma = oc_str_find(rest, OC_LIT(","), 0);
		struct oc_str token = oc_str_trim(oc_str_head(rest, comma));
		bool ok = false;

		for (size_t i = 0; i < sizeof known / sizeof *known; i++)
			ok = ok || oc_str_ieq(token, oc_str(known[i]));
		if (!ok) return false;
		more = comma != SIZE_MAX;
		rest = oc_str_from(rest, more ? comma + 1 : rest.n);
	}
	return true;
}

void oc_decoder_head(struct oc_decoder *d, int status, oc_header_fn *header, void *arg)
{
	d->status = status;
	d->content_type = copied(header(arg, "content-type"));
	d->location = copied(header(arg, "location"));
	d->server = copied(header(arg, "server"));
	d->bad_encoding = !known_encoding(header(arg, "content-encoding"));
	if (status >= 400)
		d->retry_after_ms = oc_retry_after_ms(
		    header(arg, "retry-after-ms"), header(arg, "retry-after"), header(arg, "date"));
	if (header(arg, "content-length") && header(arg, "transfer-encoding"))
		oc_reply_warn(&d->reply, "http_cl_and_te");
}

/* ---- kind of body --------------------------------------------------------------------- */

static void decide_kind(struct oc_decoder *d, bool final)
{
	enum oc_body_kind by_type = oc_body_kind_by_type(d->content_type);

	d->kind = oc_body_kind_sniff(d->content_type, oc_buf_view(&d->body), final);
	if ((d->kind == OC_BODY_EVENTS || d->kind == OC_BODY_JSON) && d->content_type &&
	    d->kind != by_type)
		oc_reply_warn(&d->reply, "content_type_mismatch");
}

/* ---- events ------------------------------------------------------------------------------ */

static void bad_event(struct oc_decoder *d)
{
	oc_reply_warn(&d->reply, "bad_json_event");
	fail(d, OC_ERR_BAD_PAYLOAD, "the stream holds a malformed server-sent event (bad JSON)");
}

static enum oc_rc server_error(struct oc_decoder *d, const json_t *doc, struct oc_str data)
{
	refuse(d, doc, data, false);
	d->ended = true;
	return OC_EOF;
}

static bool over_limit(const struct oc_decoder *d)
{
	return d->reply.text.bad || d->reply.reasoning.bad || d->chat.slots.over_limit;
}

static enum oc_rc add_chunk(struct oc_decoder *d, const json_t *chunk, struct oc_str data)
{
	if (oc_error_in_document(chunk)) return server_error(d, chunk, data);
	oc_chat_add(&d->chat, chunk, false);
	if (over_limit(d)) {
		fail(d, OC_ERR_BAD_PAYLOAD, "the reply is longer than allowed");
		d->ended = true;
	}
	if (oc_chat_failed(&d->chat)) {
		fail(d, OC_ERR_SERVER_ERROR, "the server ended the reply with an error");
		d->ended = true;
	}
	return d->ended ? OC_EOF : OC_OK;
}

static enum oc_rc on_event(void *arg, const struct oc_sse_event *ev, struct oc_err *e)
{
	struct oc_decoder *d = arg;
	struct oc_str data = oc_str_trim(ev->data);
	bool error = ev->error_field || oc_str_eq(ev->type, OC_LIT("error"));
	struct oc_json_notes notes = { 0 };
	enum oc_rc rc = OC_OK;

	(void)e;
	if (data.n == 0) return OC_OK;
	if (oc_str_eq(data, OC_LIT("[DONE]"))) {
		if (ev->at_eof) oc_reply_warn(&d->reply, "sse_eof_flush");
		d->done = d->ended = true;
		return OC_EOF;
	}
	struct oc_err parse = { 0 };
	json_t *v = oc_json_parse(data, &notes, &parse);

	if (!v && ev->at_eof) return OC_OK;
	if (ev->at_eof) oc_reply_warn(&d->reply, "sse_eof_flush");
	if (v && notes.utf8_replaced) oc_reply_warn(&d->reply, "utf8_replaced");
	if (error)
		rc = server_error(d, v, json_is_string(v) ? oc_json_text(v) : data);
	else if (!v)
		bad_event(d);
	else if (json_is_object(v))
		rc = add_chunk(d, v, data);
	json_decref(v);
	return rc;
}

static void feed_events(struct oc_decoder *d, struct oc_str bytes)
{
	struct oc_err e = { 0 };
	enum oc_rc rc = oc_sse_feed(&d->sse, bytes, on_event, d, &e);

	if (rc == OC_OK || rc == OC_EOF) return;
	fail(d, OC_ERR_BAD_PAYLOAD, e.msg);
	d->ended = true;
}

/* ---- bytes --------------------------------------------------------------------------------- */

/* Keeps what fits: of an error page the beginning is enough, and it may have no end. */
static enum oc_rc keep_error_body(struct oc_decoder *d, struct oc_str bytes)
{
	size_t room = OC_MAX_ERROR_BODY_BYTES - d->body.n;

	oc_buf_add(&d->body, oc_str_head(bytes, room));
	d->ended = bytes.n >= room;
	return d->ended ? OC_EOF : OC_OK;
}

static void feed_undecided(struct oc_decoder *d)
{
	decide_kind(d, false);
	if (d->kind != OC_BODY_EVENTS) return;
	feed_events(d, oc_buf_view(&d->body));
	oc_buf_deinit(&d->body);
}

enum oc_rc oc_decoder_feed(struct oc_decoder *d, struct oc_str bytes)
{
	if (d->ended) return OC_EOF;
	if (bytes.n == 0) return OC_OK;
	if (d->bad_encoding) return OC_EOF;
	if (d->status >= 300) return keep_error_body(d, bytes);
	switch (d->kind) {
	case OC_BODY_EVENTS: feed_events(d, bytes); break;
	case OC_BODY_UNDECIDED:
	case OC_BODY_JSON:
		oc_buf_add(&d->body, bytes);
		if (d->body.bad) {
			fail(d, OC_ERR_BAD_PAYLOAD, "the response is longer than allowed");
			d->ended = true;
		} else if (d->kind == OC_BODY_UNDECIDED) {
			feed_undecided(d);
		}
		break;
	default: return OC_EOF;
	}
	return d->ended ? OC_EOF : OC_OK;
}

/* ---- end of the body ------------------------------------------------------------------------ */

static enum oc_rc first_event(void *arg, const struct oc_sse_event *ev, struct oc_err *e)
{
	(void)e;
	struct oc_str data = oc_str_trim(ev->data);

	if (data.n == 0) return OC_OK;
	oc_buf_add(arg, data);
	return OC_EOF;
}

/* A refusal may be written as an event stream: its first event is the message. */
static void unwrap_events(struct oc_decoder *d, struct oc_buf *data)
{
	struct oc_err e = { 0 };
	struct oc_sse sse;

	oc_sse_init(&sse, OC_MAX_ERROR_BODY_BYTES);
	if (oc_sse_feed(&sse, oc_buf_view(&d->body), first_event, data, &e) == OC_OK &&
	    oc_sse_finish(&sse, first_event, data, &e) != OC_EOF)
		oc_buf_add(data, oc_str_trim(oc_buf_view(&d->body)));
	oc_sse_deinit(&sse);
}

static void finish_refusal(struct oc_decoder *d)
{
	struct oc_buf data;
	struct oc_err e = { 0 };
	struct oc_str raw = oc_buf_view(&d->body);
	enum oc_body_kind kind = oc_body_kind_sniff(d->content_type, raw, true);

	oc_buf_init(&data, OC_MAX_ERROR_BODY_BYTES + 1);
	if (kind == OC_BODY_EVENTS) {
		unwrap_events(d, &data);
		raw = oc_buf_view(&data);
	}
	json_t *doc = kind == OC_BODY_HTML ? NULL : oc_json_parse(raw, NULL, &e);

	refuse(d, json_is_object(doc) ? doc : NULL, raw, kind == OC_BODY_HTML);
	json_decref(doc);
	oc_buf_deinit(&data);
}

static void finish_events(struct oc_decoder *d)
{
	struct oc_err e = { 0 };

	if (d->ended) return;
	if (oc_sse_finish(&d->sse, on_event, d, &e) != OC_OK && !d->ended)
		fail(d, OC_ERR_BAD_PAYLOAD, e.msg);
}

static void finish_json(struct oc_decoder *d, enum oc_body_end end, bool unclean)
{
	struct oc_json_notes notes = { 0 };
	struct oc_err e = { 0 };
	json_t *v;

	if (d->ended || end == OC_END_BAD_PAYLOAD || (end == OC_END_TRUNCATED && !unclean)) return;
	v = oc_json_parse(oc_buf_view(&d->body), &notes, &e);
	if (notes.utf8_replaced) oc_reply_warn(&d->reply, "utf8_replaced");
	if (json_is_object(v)) {
		if (oc_error_in_document(v)) {
			refuse(d, v, oc_buf_view(&d->body), false);
		} else {
			oc_chat_add(&d->chat, v, true);
			d->done = true;
			if (oc_chat_failed(&d->chat))
				fail(d, OC_ERR_SERVER_ERROR,
				     "the server ended the reply with an error");
		}
	} else if (end == OC_END_CLEAN) {
		fail(d, OC_ERR_BAD_PAYLOAD, "the response is not the JSON that it should be");
	}
	json_decref(v);
}

static void not_an_api(struct oc_decoder *d)
{
	oc_error_set(
	    &d->reply.error, OC_ERR_NOT_AN_API, d->status,
	    "the server answered with %s where an API response was expected: check baseUrl "
	    "and whether it needs the suffix /v1",
	    d->content_type ? d->content_type : "an unknown content type");
}

static void finish_success(struct oc_decoder *d, enum oc_body_end end, bool unclean)
{
	if (d->kind == OC_BODY_UNDECIDED && d->body.n > 0) {
		decide_kind(d, true);
		if (d->kind == OC_BODY_EVENTS) feed_events(d, oc_buf_view(&d->body));
	}
	if (d->kind == OC_BODY_EVENTS) finish_events(d);
	if (d->kind == OC_BODY_JSON) finish_json(d, end, unclean);
	if (d->kind == OC_BODY_HTML || d->kind == OC_BODY_OTHER) not_an_api(d);
}

/* ---- outcome ------------------------------------------------------------------------------------
 */

static bool visible(const struct oc_reply *r)
{
	return oc_str_trim(oc_buf_view(&r->text)).n > 0;
}

static void end_with_error(struct oc_decoder *d, enum oc_outcome outcome)
{
	oc_text_blocks_resolve(&d->chat.splitter.blocks, &d->reply, d->ctx.tools, false);
	d->reply.outcome = outcome;
	d->reply.finish = OC_FINISH_ERROR;
}

static enum oc_finish settle_finish(struct oc_reply *r, enum oc_finish said)
{
	bool by_calls =
	    said == OC_FINISH_STOP || said == OC_FINISH_TOOL_CALLS || said == OC_FINISH_UNKNOWN;

	if (r->n_calls && by_calls) return OC_FINISH_TOOL_CALLS;
	if (said == OC_FINISH_TOOL_CALLS) {
		oc_reply_warn(r, "finish_without_call");
		return OC_FINISH_STOP;
	}
	if (said == OC_FINISH_UNKNOWN && (visible(r) || r->reasoning.n)) return OC_FINISH_STOP;
	return said;
}

static void end_well(struct oc_decoder *d, enum oc_finish said)
{
	struct oc_reply *r = &d->reply;
	bool tools = d->ctx.tools && d->ctx.tools->n > 0;
	bool may_promote =
	    tools && !r->n_calls &&
	    (said == OC_FINISH_STOP || said == OC_FINISH_TOOL_CALLS || said == OC_FINISH_UNKNOWN);

	oc_text_blocks_resolve(&d->chat.splitter.blocks, r, d->ctx.tools, may_promote);
	r->finish = settle_finish(r, said);
	if (said == OC_FINISH_UNKNOWN) oc_reply_warn(r, "finish_inferred");
	if (!d->done) oc_reply_warn(r, "no_done");
	bool nothing = !visible(r) && !r->n_calls;

	if (nothing && r->reasoning.n && r->finish == OC_FINISH_LENGTH)
		oc_reply_warn(r, "reasoning_only");
	if (nothing && !r->reasoning.n &&
	    (r->finish == OC_FINISH_STOP || r->finish == OC_FINISH_UNKNOWN)) {
		r->outcome = OC_OUTCOME_EMPTY;
		fail(d, OC_ERR_EMPTY_RESPONSE, "the model's reply is empty");
	}
	if (d->ctx.text_tools != OC_TEXT_TOOLS_OFF && visible(r) && !r->n_calls &&
	    oc_text_tool_suspect(oc_buf_view(&r->text), NULL))
		oc_reply_warn(r, "text_tool_suspect");
}

static void conclude(struct oc_decoder *d, enum oc_body_end end)
{
	enum oc_finish said;

	oc_chat_seal(&d->chat, d->ctx.tools);
	if (over_limit(d)) fail(d, OC_ERR_BAD_PAYLOAD, "the reply is longer than allowed");
	said = oc_chat_finish(&d->chat);
	if (end == OC_END_BAD_PAYLOAD && !d->done)
		fail(d, OC_ERR_BAD_PAYLOAD,
		     "the response body is broken (chunk or content encoding)");
	if (has_error(d)) {
		end_with_error(d, OC_OUTCOME_ERROR);
	} else if (!d->done && said == OC_FINISH_UNKNOWN) {
		fail(d, OC_ERR_STREAM_TRUNCATED, "the stream ended before the reply was complete");
		end_with_error(d, OC_OUTCOME_INCOMPLETE);
	} else {
		end_well(d, said);
	}
}

static void no_head(struct oc_decoder *d, enum oc_body_end end)
{
	if (end == OC_END_NOT_HTTP)
		fail(d, OC_ERR_NOT_AN_API, "what answers there does not speak HTTP: check baseUrl");
	else if (end == OC_END_BAD_PAYLOAD)
		fail(d, OC_ERR_BAD_PAYLOAD, "the response is broken");
	else
		fail(d, OC_ERR_NO_RESPONSE, "the server closed the connection without a response");
}

void oc_decoder_finish(struct oc_decoder *d, enum oc_body_end end, bool extra_bytes,
		       bool unclean_end)
{
	bool broken_off = unclean_end || end == OC_END_TRUNCATED || end == OC_END_BAD_PAYLOAD;

	if (d->status == 0)
		no_head(d, end);
	else if (d->status >= 300)
		finish_refusal(d);
	else if (d->bad_encoding)
		fail(d, OC_ERR_BAD_PAYLOAD,
		     "the server used a content encoding that was not offered");
	else if (d->status == 204 || d->status == 205)
		fail(d, OC_ERR_EMPTY_RESPONSE, "the server answered without content");
	else
		finish_success(d, end, unclean_end);
	if (d->status == 204 || d->status == 205) d->reply.error.retryable = false;
	conclude(d, end);
	if (extra_bytes) oc_reply_warn(&d->reply, "http_extra_bytes");
	if (broken_off &&
	    (d->reply.outcome == OC_OUTCOME_OK || d->reply.outcome == OC_OUTCOME_EMPTY))
		oc_reply_warn(&d->reply, "http_unclean_end");
}

/* ---- lifecycle
 * ------------------------------------------------------------------------------------ */

struct oc_decoder *oc_decoder_new(enum oc_protocol p, const struct oc_decode_context *ctx,
				  const struct oc_reply_sink *sink)
{
	struct oc_decoder *d = oc_new(struct oc_decoder);

	(void)p; /* one protocol so far */
	d->ctx = *ctx;
	if (sink) d->sink = *sink;
	d->retry_after_ms = -1;
	oc_reply_init(&d->reply);
	oc_sse_init(&d->sse, OC_MAX_SSE_EVENT_BYTES);
	oc_buf_init(&d->body, OC_MAX_JSON_BODY_BYTES);
	oc_chat_init(&d->chat, &d->reply, &d->ctx, &d->sink);
	return d;
}

void oc_decoder_free(struct oc_decoder *d)
{
	if (!d) return;
	oc_chat_deinit(&d->chat);
	oc_sse_deinit(&d->sse);
	oc_buf_deinit(&d->body);
	oc_reply_deinit(&d->reply);
	free(d->content_type);
	free(d->location);
	free(d->server);
	free(d);
}

const struct oc_reply *oc_decoder_reply(const struct oc_decoder *d)
{
	return &d->reply;
}

void oc_decoder_take(struct oc_decoder *d, struct oc_reply *out)
{
	*out = d->reply;
	oc_reply_init(&d->reply);
}
