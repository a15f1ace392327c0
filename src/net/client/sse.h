#ifndef OC_SSE_H
#define OC_SSE_H
#include "base/buf.h"
/*
 * Server-sent events, reader side (WHATWG HTML 9.2.6 with the tolerances of spec 04 §3.2). Pure
 * codec: bytes in, events out, no I/O. Feeding the same bytes in any split gives the same events
 * (tests/unit/sse_test.c).
 *
 * Comments, blocks without data and unnamed events whose data is blank ("data:") keep a connection
 * alive and mean nothing else: they are not handed out. Bytes are passed on as they came,
 * well-formed UTF-8 or not.
 */
struct oc_sse {
	struct oc_buf line;  /* begin of a line that is not complete */
	struct oc_buf data;  /* of the open event, lines joined by LF */
	struct oc_buf event; /* its type */
	size_t max;
	bool has_data;	  /* there was a data line, empty or not */
	bool error_field; /* there was a field named "error" */
	bool cr;	  /* last byte was CR: swallow a following LF */
	unsigned bom;	  /* bytes of a leading BOM seen so far */
	bool began;	  /* what may be a BOM is behind us */
};
struct oc_sse_event {
	struct oc_str type; /* of "event:", empty when there was none */
	struct oc_str data; /* lines joined by LF. Blank only with a type or error_field: then it
			     * keeps the connection alive, unless it is an error */
	bool error_field;   /* data came from a field named "error" (some servers) */
	bool at_eof;	    /* no blank line ended it: it counts only if its payload parses */
};
/* The event is borrowed until the callback returns. Another result than OC_OK ends the feed and is
 * what the feed returns. */
typedef enum oc_rc oc_sse_fn(void *arg, const struct oc_sse_event *ev, struct oc_err *e);

/* max_event bounds the bytes kept of one open event (its type, its data and the line being read):
 * OC_E_LIMIT above it. */
void oc_sse_init(struct oc_sse *s, size_t max_event);
void oc_sse_deinit(struct oc_sse *s);
/* After a result other than OC_OK the rest of the stream is lost; only oc_sse_deinit is left. */
OC_MUST_USE enum oc_rc oc_sse_feed(struct oc_sse *s, struct oc_str in, oc_sse_fn *fn, void *arg,
				   struct oc_err *e);
/* End of input: hands out an event left open. */
OC_MUST_USE enum oc_rc oc_sse_finish(struct oc_sse *s, oc_sse_fn *fn, void *arg, struct oc_err *e);
#endif
