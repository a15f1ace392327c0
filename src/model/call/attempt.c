/*
 * One request of a model call: sends it, feeds the decoder, watches the clocks (spec 01 §5.7, 03
 * §1.9). On local endpoints the time to the first token has no limit while the server proves alive,
 * so a probe runs beside the request.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "model/call/endpoint.h"
#include "model/call/internal.h"
#include "model/call/transport_error.h"

enum {
	PROBE_EVERY_MS = 10000,
	PROBE_TIMEOUT_MS = 5000,
	PROBE_FAILURES = 2,
	INTER_TOKEN_MS = 120000,
	HOSTED_FIRST_BYTE_MS = 120000,
};

struct run {
	struct oc_attempt *a;
	struct oc_decoder *decoder;
	struct oc_scope *scope; /* of the request and its probe */
	struct oc_http *http;
	enum oc_rc rc;
	bool done, dead;	  /* dead: the probe gave the server up */
	enum oc_http_failure how; /* below HTTP */
	bool begun;		  /* the answer did: the clock between tokens runs */
};

/* ---- sink: notes what became visible ---- */

static void on_text(void *arg, struct oc_str delta)
{
	struct run *r = arg;
	const struct oc_reply_sink *sink = r->a->spec->sink;

	if (!sink || !sink->text) return;
	r->a->shown = true;
	sink->text(sink->arg, delta);
}

static void on_reasoning(void *arg, struct oc_str delta)
{
	struct run *r = arg;
	const struct oc_reply_sink *sink = r->a->spec->sink;

	if (sink && sink->reasoning) sink->reasoning(sink->arg, delta);
}

static void on_progress(void *arg, const struct oc_progress *p)
{
	struct run *r = arg;
	const struct oc_reply_sink *sink = r->a->spec->sink;

	if (sink && sink->progress) sink->progress(sink->arg, p);
}

static void on_begun(void *arg)
{
	struct run *r = arg;

	r->begun = true;
	oc_slot_produced(r->a->slot);
}

/* ---- liveness ---- */

static bool alive_wait(struct run *r)
{
	const struct oc_provider *p = r->a->spec->target->provider;
	char *url = oc_kind_url(p->base_url, p->kind->health);
	struct oc_http_request req = { .method = "GET",
				       .url = url,
				       .guard = r->a->guard,
				       .headers = r->a->headers,
				       .context = "liveness probe",
				       .no_redirects = true };
	struct oc_http *h = NULL;
	enum oc_http_failure why;
	struct oc_err e;
	enum oc_rc rc = oc_http_open_wait(&req, oc_deadline_in(PROBE_TIMEOUT_MS), &h, &why, &e);

	oc_http_close(h);
	free(url);
	if (rc == OC_OK || rc == OC_CANCELLED) return true;
	/* Others may be busy with one request at a time: only a refused connection proves them
	 * dead. */
	return why == OC_HTTP_TIMEOUT && !p->kind->answers_while_busy;
}

static void probe(void *arg)
{
	struct run *r = arg;
	unsigned failures = 0;

	while (!r->begun && !r->done) {
		if (oc_sleep_wait(PROBE_EVERY_MS) != OC_OK) return;
		if (r->begun || r->done) return;
		failures = alive_wait(r) ? 0 : failures + 1;
		if (!failures && r->a->spec->alive) r->a->spec->alive(r->a->spec->alive_arg);
		if (failures < PROBE_FAILURES) continue;
		r->dead = true;
		oc_scope_cancel(r->scope);
		return;
	}
}

/* ---- failures without an answer ---- */

static void set_error(struct oc_reply *reply, enum oc_error_class class, bool retryable,
		      const char *message)
{
	oc_call_error_deinit(&reply->error);
	oc_call_error_init(&reply->error);
	reply->outcome = OC_OUTCOME_ERROR;
	reply->finish = OC_FINISH_ERROR;
	reply->error.class = class;
	reply->error.retryable = retryable;
	reply->error.message = oc_strdup(message);
}

static void set_failure(struct oc_reply *reply, enum oc_http_failure why, const char *message)
{
	reply->outcome = OC_OUTCOME_ERROR;
	reply->finish = OC_FINISH_ERROR;
	oc_transport_error(&reply->error, why, message);
}

/* ---- the request ---- */

static const char *header_of(void *http, const char *name)
{
	return oc_http_header(http, name);
}

static uint64_t timeout_ms(const struct run *r)
{
	return (uint64_t)r->a->spec->target->provider->timeout_seconds * 1000;
}

/* With timeoutSeconds the client's idle clock does it all. Without, only the gap between tokens is
 * bounded here. */
static struct oc_deadline read_deadline(const struct run *r)
{
	if (timeout_ms(r)) return OC_NO_DEADLINE;
	if (r->begun) return oc_deadline_in(INTER_TOKEN_MS);
	return r->a->spec->target->provider->local ? OC_NO_DEADLINE
						   : oc_deadline_in(HOSTED_FIRST_BYTE_MS);
}

static void timed_out(struct run *r)
{
	uint64_t limit = timeout_ms(r) ? timeout_ms(r)
			 : r->begun    ? INTER_TOKEN_MS
				       : HOSTED_FIRST_BYTE_MS;
	char *text = oc_asprintf("LLM idle timeout (%llus): no response from model",
				 (unsigned long long)limit / 1000);

	/* A local server that hangs would hang again (D69). */
	set_error(&r->a->reply, OC_ERR_TIMEOUT, !r->a->spec->target->provider->local, text);
	r->a->idled = true;
	free(text);
}

static enum oc_rc read_body_wait(struct run *r, enum oc_http_failure *why, struct oc_err *e)
{
	for (;;) {
		struct oc_str piece;
		enum oc_rc rc = oc_http_read_wait(r->http, read_deadline(r), &piece, e);

		*why = rc == OC_OK || rc == OC_EOF ? OC_HTTP_OK : oc_http_failure(r->http);
		if (rc == OC_EOF) return OC_OK;
		if (rc != OC_OK) return rc;
		oc_observe_bytes(&r->a->observed, piece.n);
		if (oc_decoder_feed(r->decoder, piece) == OC_EOF) return OC_OK;
	}
}

static void take_reply(struct run *r, enum oc_http_failure why)
{
	oc_decoder_finish(r->decoder, oc_transport_end(why), false,
			  r->http && oc_http_unclean_end(r->http));
	oc_reply_deinit(&r->a->reply);
	oc_decoder_take(r->decoder, &r->a->reply);
}

static void request_wait(struct run *r)
{
	struct oc_attempt *a = r->a;
	struct oc_http_request req = {
		.method = "POST",
		.url = a->url,
		.guard = a->guard,
		.headers = a->headers,
		.body = a->body,
		.context = "provider transport",
		.connect_timeout_ms = (uint32_t)timeout_ms(r),
		.idle_timeout_ms = timeout_ms(r),
	};
	enum oc_http_failure why;
	struct oc_err e = { 0 };

	r->rc = oc_http_open_wait(&req, read_deadline(r), &r->http, &why, &e);
	r->how = r->rc ? why : OC_HTTP_OK;
	if (r->rc == OC_CANCELLED) return;
	if (r->rc != OC_OK) {
		if (why == OC_HTTP_NO_RESPONSE || why == OC_HTTP_NOT_HTTP ||
		    why == OC_HTTP_TRUNCATED)
			take_reply(r, why);
		else if (why == OC_HTTP_TIMEOUT &&
			 (timeout_ms(r) || !a->spec->target->provider->local))
			timed_out(r);
		else
			set_failure(&a->reply, why, e.msg);
		r->rc = OC_OK;
		return;
	}
	oc_decoder_head(r->decoder, oc_http_status(r->http), header_of, r->http);
	oc_observe_head(&a->observed, header_of, r->http);
	r->rc = read_body_wait(r, &why, &e);
	r->how = why;
	take_reply(r, why);
	if (r->rc == OC_E_TIMEOUT) timed_out(r);
	if (r->rc != OC_CANCELLED) r->rc = OC_OK;
}

static void request_task(void *arg)
{
	struct run *r = arg;

	request_wait(r);
	r->done = true;
	oc_http_close(r->http);
	r->http = NULL;
	oc_scope_cancel(r->scope); /* ends the probe */
}

enum oc_rc oc_attempt_wait(struct oc_attempt *a)
{
	struct run r = { .a = a, .scope = oc_scope_new() };
	struct oc_reply_sink sink = { .text = on_text,
				      .reasoning = on_reasoning,
				      .progress = on_progress,
				      .begun = on_begun,
				      .arg = &r };
	bool probed = a->spec->target->provider->local && !timeout_ms(&r);

	oc_observe_start(&a->observed, a->spec, a->body);
	a->busy = r.scope;
	a->gave_way = a->idled = a->begun = false;
	r.decoder = oc_decoder_new(a->protocol, &a->context, &sink);
	oc_scope_spawn(r.scope, request_task, &r);
	if (probed) oc_scope_spawn(r.scope, probe, &r);
	oc_scope_join_wait(r.scope);
	a->busy = NULL;
	a->begun = r.begun;
	oc_scope_free(r.scope);
	oc_decoder_free(r.decoder);
	if (r.dead) {
		set_error(&a->reply, OC_ERR_UPSTREAM_UNREACHABLE, false,
			  "the server stopped answering while it worked");
		r.how = OC_HTTP_TIMEOUT;
		r.rc = OC_OK;
	}
	oc_observe_end(&a->observed, a->gave_way ? OC_CANCELLED : r.rc, r.how, &a->reply);
	return a->gave_way ? OC_OK : r.rc;
}

void oc_attempt_give_way(struct oc_attempt *a)
{
	if (!a->busy) return;
	a->gave_way = true;
	oc_scope_cancel(a->busy);
}
