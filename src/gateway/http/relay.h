#ifndef OC_RELAY_H
#define OC_RELAY_H
#include "gateway/http/internal.h"
#include "model/call/failover.h"
#include "model/codec/decoder.h"
#include "net/client/http_client.h"
#include "json/span.h"
/*
 * Requests that go to a model itself (D29, D64): the client's bytes with another name of the model,
 * the provider's key in the place of ours, and the answer as it comes. Nothing is translated.
 *
 *	relay.c           which models are asked, one after the other, and what the client is told
 *	relay_attempt.c   one of them: key, place in its queue, preload, request
 *	relay_slots.c     how many requests its server takes at once
 *	relay_answer.c    its answer: judged before the first byte is passed on, then streamed
 *	relay_peek.c      the judgement (pure)
 *	relay_headers.c   which headers go through (pure)
 */
struct oc_relay_path {
	const char *path; /* of ours, and of the provider below its base */
	const char *tail;
	enum oc_protocol protocol; /* of its answers */
	bool embeddings;
	bool v1;	    /* the base may lack its /v1 */
	const char *header; /* sent unless the client does, NULL */
};

/* One request of a client. */
struct oc_relay {
	struct oc_exchange *x;
	const struct oc_relay_path *path;
	const struct oc_catalog *catalog;
	struct oc_str body;
	struct oc_span model; /* where body names it */
	unsigned position;    /* its first place in a queue; 0 = it had not to wait */
	int status;	      /* that was passed on; 0 = nothing was */
};

/* What came of one model when nothing was passed on. */
struct oc_relay_answer {
	int status;		/* that the provider gave; 0 = no answer of its own */
	struct oc_strv headers; /* "Name: value", those that go through */
	struct oc_buf body;
	struct oc_call_error error;
};
void oc_relay_answer_init(struct oc_relay_answer *a);
void oc_relay_answer_deinit(struct oc_relay_answer *a); /* and init */

/* OC_OK: the client was answered, well or with a cut. OC_CANCELLED: it left. OC_E_UPSTREAM: it saw
 * nothing, another model may be asked; out tells why. */
OC_MUST_USE enum oc_rc oc_relay_attempt_wait(struct oc_relay *r, const struct oc_selection *target,
					     struct oc_relay_answer *out);

/* Requests that the model's server takes at once as it told, 0 = it did not (relay_slots.c). A
 * server that may tell is asked before the first request. Only OC_CANCELLED fails. */
OC_MUST_USE enum oc_rc oc_relay_slots_wait(const struct oc_catalog *c,
					   const struct oc_selection *target, int64_t *told);

/* ---- one answer (relay_answer.c) ---- */
struct oc_relay_source {
	struct oc_relay *relay;
	const struct oc_selection *target;
	struct oc_http *http;
	const struct oc_strv *secrets; /* headers that were sent */
	struct oc_slot *slot;
	/* Out, also after a stream that was passed on: what the answer was worth. */
	struct oc_reply reply;
	enum oc_http_failure how; /* below HTTP */
	size_t bytes;
	uint64_t first_byte_ms;
};
/* As oc_relay_attempt_wait. */
OC_MUST_USE enum oc_rc oc_relay_answer_wait(struct oc_relay_source *s, struct oc_relay_answer *out);
/* "Name: value" lines, on the answer to the client. */
void oc_relay_set_headers(const struct oc_relay *r, const struct oc_strv *lines);
/* Time an answer may be silent. */
struct oc_deadline oc_relay_patience(const struct oc_provider *p);

/* ---- pure ---- */
enum oc_peek {
	OC_PEEK_MORE,	/* it may be either: read on */
	OC_PEEK_PASS,	/* an answer */
	OC_PEEK_FAILED, /* status 200, and yet an error */
};
/* Judges the begin of a body. ended: there is no more. *preamble: whole events came that say
 * nothing yet, so the client may want to see them. */
enum oc_peek oc_relay_peek(const char *content_type, struct oc_str held, bool ended,
			   bool *preamble);
/* Whether a header of an answer goes to the client. connection: value of its header Connection,
 * which may name further ones; NULL. */
bool oc_relay_header_passes(struct oc_str name, const char *connection);
/* Names of the headers of a request that go to the provider; ends with NULL. */
extern const char *const oc_relay_request_headers[];

/* Serves a request that names a model. body holds the member model at the span. */
void oc_relay_run_wait(struct oc_gateway *gw, struct oc_exchange *x,
		       const struct oc_relay_path *path, struct oc_str body, struct oc_span model,
		       const char *name);
/* Relayed requests under way, those that wait in a queue included. */
size_t oc_relay_active(void);
/* The row of a path, NULL when it is not relayed. */
const struct oc_relay_path *oc_relay_path(const char *path);
#endif
