#ifndef OC_RUN_FOLLOW_H
#define OC_RUN_FOLLOW_H
#include "gateway/http/api_ask.h"
#include "gateway/http/internal.h"
/*
 * One agent run for an HTTP client: started, listened to, and aborted when the client leaves. The
 * run does not wait for the client: what it says is collected here.
 */
struct oc_follow;
struct oc_follow_ask {
	const struct oc_api_ask *ask;
	const char *agent;
	const char *session;		  /* canonical key; NULL = stateless (D28) */
	const struct oc_messages *before; /* of an earlier response; NULL */
};
/* NULL: the client left, or was told why not. */
OC_MUST_USE struct oc_follow *oc_follow_start_wait(struct oc_gateway *gw, struct oc_exchange *x,
						   const struct oc_follow_ask *ask);
/* Who writes the stream of an answer into out. */
struct oc_follow_sink {
	void (*begin)(void *arg);		     /* status and head, at most once */
	void (*say)(void *arg, struct oc_str delta); /* as the model gave it; begins by itself */
	void *arg;
	struct oc_buf *out; /* sent whenever there is something in it */
};
/* Until the run has ended: tells what it says, as it says it. A stream begins with the first words,
 * so that a failure before them can be a status (D26); when they take long, it begins all the same
 * and comments keep it alive. OC_OK, or OC_CANCELLED: the client left. */
OC_MUST_USE enum oc_rc oc_follow_tell_wait(struct oc_follow *f, struct oc_exchange *x,
					   const struct oc_follow_sink *sink);
/* Parks until the end. out is initialised in every case; deinit it. OC_CANCELLED. */
OC_MUST_USE enum oc_rc oc_follow_outcome_wait(struct oc_follow *f, struct oc_run_outcome *out);
/* Aborts a run that goes on. Accepts NULL. */
void oc_follow_end_wait(struct oc_follow *f);

/* What the body asks for. False: answered with 400; out is initialised in every case. */
typedef enum oc_rc oc_api_reader(const json_t *body, struct oc_api_ask *out, struct oc_err *e);
OC_MUST_USE bool oc_api_ask_take_wait(struct oc_exchange *x, const struct oc_body *body,
				      oc_api_reader *read, struct oc_api_ask *out);

/* Key of the session that header or user name (D28). False: answered with 400. *out NULL: none is
 * named. kind: "openai", "openresponses". */
OC_MUST_USE bool oc_http_session(struct oc_gateway *gw, struct oc_exchange *x, const char *agent,
				 const char *kind, const char *user, char **out);

/* Whether the run answered. */
bool oc_outcome_ok(const struct oc_run_outcome *o);
/* 502 with the provider's words (D26). */
void oc_outcome_refuse(struct oc_exchange *x, const struct oc_run_outcome *o);
/* {"message", "type", "code"}; new reference. */
json_t *oc_outcome_error(const struct oc_run_outcome *o);

/* ---- pure ---- */
/* An event of a stream: "event: name", "data: body". name NULL = none; body is stolen. */
void oc_sse_write(struct oc_buf *out, const char *name, json_t *body);
#endif
