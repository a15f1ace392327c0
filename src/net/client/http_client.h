#ifndef OC_HTTP_CLIENT_H
#define OC_HTTP_CLIENT_H
#include "net/client/guard.h"
#include "rt/task.h"
/*
 * HTTP/1.1 calls of the model half: guarded, pinned, cancellable, streamed. One connection a call.
 * The caller pulls the body, so a slow reader slows the server and nothing piles up.
 *
 * Cancelling the scope of a waiting task closes the connection at once; so does oc_http_close.
 */
struct oc_http_request {
	const char *method; /* "GET", "POST" */
	const char *url;
	const struct oc_guard *guard;
	const struct oc_strv
	    *headers;		     /* "Name: value"; later ones win over ours of the same name */
	struct oc_str body;	     /* borrowed until oc_http_open_wait returns */
	const char *context;	     /* for log lines: "provider transport", "lmstudio discovery" */
	uint32_t connect_timeout_ms; /* 0 = 5 000 */
	bool no_redirects;	     /* a 3xx is handed out as it is */
	uint64_t idle_timeout_ms;    /* no byte in either direction for this long ends the call; 0 =
					none. Head included */
};
struct oc_http; /* an open call */

/* What went wrong below HTTP. */
enum oc_http_failure {
	OC_HTTP_OK,
	OC_HTTP_BLOCKED, /* SSRF guard, redirect refused */
	OC_HTTP_RESOLVE,
	OC_HTTP_REFUSED, /* could not connect */
	OC_HTTP_RESET,	 /* connection reset */
	OC_HTTP_TIMEOUT, /* connect or idle time-out, the deadline of the caller */
	OC_HTTP_TLS,
	OC_HTTP_NO_RESPONSE, /* closed without one byte */
	OC_HTTP_NOT_HTTP,    /* what came is not HTTP */
	OC_HTTP_TRUNCATED,   /* ended inside its head, or before its announced end */
	OC_HTTP_BAD_PAYLOAD, /* bad chunk, broken or unknown content encoding */
	OC_HTTP_REDIRECT,    /* too many, loop, no Location */
	OC_HTTP_OTHER,
};

/* Parks until the response head is there. *out is set when a head came; close it. d bounds this
 * call only. *why (may be NULL) is set when the call fails. */
OC_MUST_USE enum oc_rc oc_http_open_wait(const struct oc_http_request *req, struct oc_deadline d,
					 struct oc_http **out, enum oc_http_failure *why,
					 struct oc_err *e);
/* Next piece of the decoded body; the view lives until the next call on h. OC_EOF at its clean end.
 */
OC_MUST_USE enum oc_rc oc_http_read_wait(struct oc_http *h, struct oc_deadline d,
					 struct oc_str *out, struct oc_err *e);
/* The whole rest of the body into out (initialised by the caller; its ceiling holds: OC_E_LIMIT).
 */
OC_MUST_USE enum oc_rc oc_http_read_all_wait(struct oc_http *h, struct oc_deadline d,
					     struct oc_buf *out, struct oc_err *e);
void oc_http_close(struct oc_http *h); /* accepts NULL; ends the connection */

int oc_http_status(const struct oc_http *h);
/* Value of the first header of that name (case folded), or NULL. Borrowed from h. */
const char *oc_http_header(const struct oc_http *h, const char *name);
/* Where the answer came from, redirects followed. Borrowed from h. */
const char *oc_http_url(const struct oc_http *h);
/* All of them, "Name: value" as they came. Borrowed from h. */
const struct oc_strv *oc_http_headers(const struct oc_http *h);
bool oc_http_unclean_end(const struct oc_http *h); /* closed without its final chunk */
/* Why the last read of h failed. */
enum oc_http_failure oc_http_failure(const struct oc_http *h);
#endif
