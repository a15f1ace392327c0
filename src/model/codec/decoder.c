/*
 * Entry of the decoder: the head, what kind of body follows (a look at its first bytes beats
 * Content-Type), its framing into events, and the ways a body can end. What the events mean is told
 * by the codec of the API, what they add up to by turn.c. Policy: tests/wire/README.md, spec 04
 * §3.2.
 */
#include "model/codec/decoder.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "model/codec/body_kind.h"
#include "model/codec/codec.h"
#include "model/codec/errors.h"
#include "net/client/sse.h"

struct oc_decoder {
	const struct oc_codec *codec;
	void *state; /* of the codec */
	struct oc_turn turn;
	struct oc_sse sse;
	struct oc_buf body; /* undecided, JSON, or what came with an error status */
	enum oc_body_kind kind;
	char *content_type, *location, *server;
	int64_t retry_after_ms;
	size_t scanned; /* of body: holds no end of a line */
	bool bad_encoding;
	bool begun; /* the sink was told */
	bool ended; /* later bytes do not count */
};

/* ---- errors ----------------------------------------------------------------------- */

static void fail(struct oc_decoder *d, enum oc_error_class class, const char *message)
{
	oc_turn_fail(&d->turn, class, message);
}

static void refuse(struct oc_decoder *d, const json_t *doc, struct oc_str raw, bool html)
{
	struct oc_refusal in = { .status = d->turn.status, .body = doc, .raw = raw, .html = html };

	if (oc_turn_failed(&d->turn)) return;
	in.server = d->server;
	in.server_kind = d->turn.ctx.server;
	oc_error_classify(&in, &d->turn.reply.error);
	d->turn.reply.error.retry_after_ms = d->retry_after_ms;
	if (d->turn.reply.error.class == OC_ERR_REDIRECT && d->location)
		d->turn.reply.error.location = oc_strdup(d->location);
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
	d->turn.status = status;
	d->content_type = copied(header(arg, "content-type"));
	d->location = copied(header(arg, "location"));
	d->server = copied(header(arg, "server"));
	d->bad_encoding = !known_encoding(header(arg, "content-encoding"));
	if (status >= 400)
		d->retry_after_ms = oc_retry_after_ms(
		    header(arg, "retry-after-ms"), header(arg, "retry-after"), header(arg, "date"));
	if (header(arg, "content-length") && header(arg, "transfer-encoding"))
		oc_reply_warn(&d->turn.reply, "http_cl_and_te");
}

/* ---- kind of body --------------------------------------------------------------------- */

static void decide_kind(struct oc_decoder *d, bool final)
{
	enum oc_body_kind by_type = oc_body_kind_by_type(d->content_type);

	d->kind = oc_body_kind_sniff(d->content_type, oc_buf_view(&d->body), final);
	if ((d->kind == OC_BODY_EVENTS || d->kind == OC_BODY_JSON) && d->content_type &&
	    d->kind != by_type)
		oc_reply_warn(&d->turn.reply, "content_type_mismatch");
}

/* ---- events ------------------------------------------------------------------------------ */

static void bad_event(struct oc_decoder *d)
{
	oc_reply_warn(&d->turn.reply, "bad_json_event");
	fail(d, OC_ERR_BAD_PAYLOAD, "the stream holds a malformed server-sent event (bad JSON)");
}

static bool is_greeting(const struct oc_codec *codec, const struct oc_codec_event *ev)
{
	struct oc_str type = oc_json_str(ev->data, "type");

	if (!type.n) type = ev->type;
	for (size_t i = 0; codec->greetings && codec->greetings[i]; i++)
		if (oc_str_starts(type, oc_str(codec->greetings[i]))) return true;
	return false;
}

/* The clock between tokens runs from here on. */
static void note_beginning(struct oc_decoder *d, const struct oc_codec_event *ev)
{
	if (d->begun || is_greeting(d->codec, ev)) return;
	if (json_is_object(json_object_get(ev->data, "prompt_progress"))) return;
	d->begun = true;
	if (d->turn.sink.begun) d->turn.sink.begun(d->turn.sink.arg);
}

static void add(struct oc_decoder *d, const struct oc_codec_event *ev, struct oc_str raw)
{
	if (oc_error_in_document(ev->data)) {
		refuse(d, ev->data, raw, false);
		d->ended = true;
		return;
	}
	bool failed = oc_turn_failed(&d->turn);

	note_beginning(d, ev);
	d->codec->add(d->state, ev);
	if (d->turn.refusal) refuse(d, d->turn.refusal, raw, false);
	d->turn.refusal = NULL;
	if (oc_turn_over_limit(&d->turn))
		fail(d, OC_ERR_BAD_PAYLOAD, "the reply is longer than allowed");
	if (d->turn.done || oc_turn_over_limit(&d->turn) || failed != oc_turn_failed(&d->turn))
		d->ended = true;
}

static enum oc_rc done_marker(struct oc_decoder *d, const struct oc_sse_event *ev)
{
	if (!d->codec->done_marker) return OC_OK;
	if (ev->at_eof) oc_reply_warn(&d->turn.reply, "sse_eof_flush");
	d->turn.done = d->ended = true;
	return OC_EOF;
}

/* One event of a stream as text; error: it was marked as one. */
static void take_event(struct oc_decoder *d, struct oc_str type, struct oc_str data, bool error)
{
	struct oc_json_notes notes = { 0 };
	struct oc_err parse = { 0 };
	json_t *v = oc_json_parse(data, &notes, &parse);

	if (v && notes.utf8_replaced) oc_reply_warn(&d->turn.reply, "utf8_replaced");
	if (error) {
		refuse(d, v, json_is_string(v) ? oc_json_text(v) : data, false);
		d->ended = true;
	} else if (!v) {
		bad_event(d);
	} else if (json_is_object(v)) {
		add(d, &(struct oc_codec_event){ .type = type, .data = v }, data);
	}
	json_decref(v);
}

static bool parses(struct oc_str data)
{
	struct oc_err e = { 0 };
	json_t *v = oc_json_parse(data, NULL, &e);

	json_decref(v);
	return v != NULL;
}

static enum oc_rc on_event(void *arg, const struct oc_sse_event *ev, struct oc_err *e)
{
	struct oc_decoder *d = arg;
	struct oc_str data = oc_str_trim(ev->data);
	bool error = ev->error_field || oc_str_eq(ev->type, OC_LIT("error"));

	(void)e;
	if (data.n == 0) return OC_OK;
	if (oc_str_eq(data, OC_LIT("[DONE]"))) return done_marker(d, ev);
	if (ev->at_eof && !parses(data)) return OC_OK;
	if (ev->at_eof) oc_reply_warn(&d->turn.reply, "sse_eof_flush");
	take_event(d, ev->type, data, error);
	return d->ended ? OC_EOF : OC_OK;
}

static void feed_events(struct oc_decoder *d, struct oc_str bytes)
{
	struct oc_err e = { 0 };
	enum oc_rc rc = oc_sse_feed(&d->sse, bytes, on_event, d, &e);

	if (rc == OC_OK || rc == OC_EOF) return;
	fail(d, OC_ERR_BAD_PAYLOAD, e.msg);
	d->ended = true;
}

/* ---- lines ------------------------------------------------------------------------------- */

static void feed_lines(struct oc_decoder *d)
{
	struct oc_str body = oc_buf_view(&d->body);
	size_t from = 0, end;

	while (!d->ended && (end = oc_str_find(body, OC_LIT("\n"), d->scanned)) != SIZE_MAX) {
		struct oc_str line = oc_str_head(oc_str_from(body, from), end - from);

		from = d->scanned = end + 1;
		line = oc_str_trim(line);
		if (line.n) take_event(d, OC_LIT(""), line, false);
	}
	oc_buf_drop(&d->body, from);
	d->scanned = d->body.n;
}

/* The last line may lack its end; half a line counts for nothing. */
static void finish_lines(struct oc_decoder *d)
{
	struct oc_str rest = oc_str_trim(oc_buf_view(&d->body));

	if (!d->ended && rest.n && parses(rest)) take_event(d, OC_LIT(""), rest, false);
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
	if (d->turn.status >= 300) return keep_error_body(d, bytes);
	switch (d->kind) {
	case OC_BODY_EVENTS: feed_events(d, bytes); break;
	case OC_BODY_UNDECIDED:
	case OC_BODY_JSON:
		oc_buf_add(&d->body, bytes);
		if (d->body.bad) {
			fail(d, OC_ERR_BAD_PAYLOAD, "the response is longer than allowed");
			d->ended = true;
			break;
		}
		if (d->kind == OC_BODY_UNDECIDED) feed_undecided(d);
		if (d->kind == OC_BODY_JSON && d->codec->lines) feed_lines(d);
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
	struct oc_json_notes notes = { 0 };
	struct oc_err e = { 0 };
	struct oc_str raw = oc_buf_view(&d->body);
	enum oc_body_kind kind = oc_body_kind_sniff(d->content_type, raw, true);

	oc_buf_init(&data, OC_MAX_ERROR_BODY_BYTES + 1);
	if (kind == OC_BODY_EVENTS) {
		unwrap_events(d, &data);
		raw = oc_buf_view(&data);
	}
	json_t *doc = kind == OC_BODY_HTML ? NULL : oc_json_parse(raw, &notes, &e);

	if (doc && notes.utf8_replaced) oc_reply_warn(&d->turn.reply, "utf8_replaced");
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
	if (notes.utf8_replaced) oc_reply_warn(&d->turn.reply, "utf8_replaced");
	if (json_is_object(v)) {
		add(d, &(struct oc_codec_event){ .data = v, .whole = true }, oc_buf_view(&d->body));
		d->turn.done = true;
	} else if (end == OC_END_CLEAN) {
		fail(d, OC_ERR_BAD_PAYLOAD, "the response is not the JSON that it should be");
	}
	json_decref(v);
}

static void not_an_api(struct oc_decoder *d)
{
	oc_error_set(
	    &d->turn.reply.error, OC_ERR_NOT_AN_API, d->turn.status,
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
	if (d->kind == OC_BODY_JSON && d->codec->lines)
		finish_lines(d);
	else if (d->kind == OC_BODY_JSON)
		finish_json(d, end, unclean);
	if (d->kind == OC_BODY_HTML || d->kind == OC_BODY_OTHER) not_an_api(d);
}

static void no_head(struct oc_decoder *d, enum oc_body_end end)
{
	if (end == OC_END_NOT_HTTP)
		fail(d, OC_ERR_NOT_AN_API, "what answers there does not speak HTTP: check baseUrl");
	else if (end == OC_END_BAD_PAYLOAD)
		fail(d, OC_ERR_BAD_PAYLOAD, "the response is broken");
	else if (end != OC_END_TRUNCATED) /* a cut head counts as a cut reply */
		fail(d, OC_ERR_NO_RESPONSE, "the server closed the connection without a response");
}

void oc_decoder_finish(struct oc_decoder *d, enum oc_body_end end, bool extra_bytes,
		       bool unclean_end)
{
	bool broken_off = unclean_end || end == OC_END_TRUNCATED || end == OC_END_BAD_PAYLOAD;

	if (d->turn.status == 0)
		no_head(d, end);
	else if (d->turn.status >= 300)
		finish_refusal(d);
	else if (d->bad_encoding)
		fail(d, OC_ERR_BAD_PAYLOAD,
		     "the server used a content encoding that was not offered");
	else if (d->turn.status == 204 || d->turn.status == 205)
		fail(d, OC_ERR_EMPTY_RESPONSE, "the server answered without content");
	else
		finish_success(d, end, unclean_end);
	if (d->turn.status == 204 || d->turn.status == 205) d->turn.reply.error.retryable = false;
	d->codec->seal(d->state);
	oc_turn_conclude(&d->turn, end == OC_END_BAD_PAYLOAD);
	if (extra_bytes) oc_reply_warn(&d->turn.reply, "http_extra_bytes");
	if (broken_off &&
	    (d->turn.reply.outcome == OC_OUTCOME_OK || d->turn.reply.outcome == OC_OUTCOME_EMPTY))
		oc_reply_warn(&d->turn.reply, "http_unclean_end");
}

/* ---- lifecycle ---- */

static const struct oc_codec *const codecs[OC_PROTOCOLS] = {
	[OC_PROTO_OPENAI_CHAT] = &oc_chat_codec,
	[OC_PROTO_OPENAI_RESPONSES] = &oc_responses_codec,
	[OC_PROTO_ANTHROPIC_MESSAGES] = &oc_anthropic_codec,
	[OC_PROTO_LMSTUDIO_CHAT] = &oc_lms_codec,
	[OC_PROTO_OLLAMA_CHAT] = &oc_ollama_codec,
};

struct oc_decoder *oc_decoder_new(enum oc_protocol p, const struct oc_decode_context *ctx,
				  const struct oc_reply_sink *sink)
{
	struct oc_decoder *d = oc_new(struct oc_decoder);

	d->codec = codecs[p];
	d->retry_after_ms = -1;
	oc_turn_init(&d->turn, ctx, sink);
	d->state = d->codec->new (&d->turn);
	oc_sse_init(&d->sse, OC_MAX_SSE_EVENT_BYTES);
	oc_buf_init(&d->body, OC_MAX_JSON_BODY_BYTES);
	return d;
}

void oc_decoder_free(struct oc_decoder *d)
{
	if (!d) return;
	d->codec->free(d->state);
	oc_turn_deinit(&d->turn);
	oc_sse_deinit(&d->sse);
	oc_buf_deinit(&d->body);
	free(d->content_type);
	free(d->location);
	free(d->server);
	free(d);
}

const struct oc_reply *oc_decoder_reply(const struct oc_decoder *d)
{
	return &d->turn.reply;
}

void oc_decoder_take(struct oc_decoder *d, struct oc_reply *out)
{
	*out = d->turn.reply;
	oc_reply_init(&d->turn.reply);
}
