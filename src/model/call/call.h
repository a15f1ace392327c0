#ifndef OC_CALL_H
#define OC_CALL_H
#include "model/call/endpoint.h"
#include "model/codec/decoder.h"
#include "model/provider/context.h"
#include "model/provider/credential.h"
#include "model/provider/select.h"
#include "rt/task.h"
/*
 * One model call: credentials, guard, request, stream, decoder, and the retries that are safe on
 * the same model (D7, D69, spec 03 §1.6), other shapes of the request and other keys of the
 * provider included. The caller sees deltas through sink and one reply at the end.
 */
/* Of one run, over all its calls and candidates: a run that meets nothing but silence is stopped
 * (spec 01 §5.7). Zeroed at its start. */
struct oc_call_breaker {
	unsigned silent; /* requests in a row that ended by the idle clock and brought nothing */
};
enum { OC_CALL_MAX_SILENT = 5 };
static inline bool oc_call_breaker_open(const struct oc_call_breaker *b)
{
	return b->silent >= OC_CALL_MAX_SILENT;
}

struct oc_call_spec {
	const struct oc_catalog *catalog;
	const struct oc_selection *target;
	const struct oc_messages *messages;
	json_t *tools;			  /* borrowed, NULL = none */
	const struct oc_strv *tool_names; /* names that may be called, NULL = none */
	const char *agent_id;		  /* whose params apply; NULL = "main" */
	const char *thinking;		  /* level; NULL = field omitted */
	int64_t max_tokens;		  /* 0 = the model's, clamped to the rest of its context */
	json_t
	    *params; /* members of this request, over the configured ones; borrowed, NULL = none */
	const char *request_model;	  /* what a preload said; NULL = the model's id */
	const struct oc_reply_sink *sink; /* may be NULL: then nothing is visible before the end */
	void (*notice)(
	    void *arg,
	    const char *text); /* "the model is loading", "retrying in 2 s"; may be NULL */
	void *notice_arg;
	void (*alive)(void *arg); /* nothing came, but the server proved that it is there; NULL */
	void *alive_arg;
	/* The body that was sent last, whatever came of it; borrowed. May be NULL. */
	void (*sent)(void *arg, json_t *body);
	void *sent_arg;
	/* For diagnostics, any may be NULL; session_key also says whose prompt the server holds. */
	const char *run_id, *session_key, *session_id;
	bool tainted;	    /* the turn holds foreign content, whatever the messages show */
	bool may_be_silent; /* these two as in struct oc_decode_context */
	bool final_tags;
	enum oc_priority priority;	 /* in the queue of the server; zero = interactive */
	struct oc_call_breaker *breaker; /* of the run; NULL = of this call */
	bool side_effects; /* a tool ran or text was shown: only what came before the first byte is
			      retried (D7) */
};
/*
 * OC_OK: reply is set; it may be an error (outcome, error). OC_CANCELLED: reply is set to what had
 * arrived. Other codes: the call could not be made (no key, no base URL); e says why and reply is
 * initialised and empty. Deinit reply in every case.
 */
OC_MUST_USE enum oc_rc oc_call_wait(const struct oc_call_spec *spec, struct oc_reply *reply,
				    struct oc_err *e);

/* What a turn has to know of its model (context.h); a server that is started on demand is started
 * first. Where the request itself sets the window, what is loaded now does not count. Fails as
 * oc_local_service_ensure_wait does; out is initialised in every case. */
OC_MUST_USE enum oc_rc oc_call_context_wait(const struct oc_catalog *c,
					    const struct oc_selection *t, struct oc_context *out,
					    struct oc_err *e);

/* A person's sentences for a reply that is an error: what failed, where, and what to do. */
void oc_call_explain(const struct oc_call_spec *spec, const struct oc_reply *reply,
		     struct oc_buf *out);
#endif
