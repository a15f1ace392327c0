#ifndef OC_HTTP_BODY_H
#define OC_HTTP_BODY_H
#include "net/server/http_head.h"
/*
 * The body of a request, cut out of the bytes of its connection. Chunks are read strictly; their
 * extensions and the trailer are checked for size and thrown away. Pure. Private to net/.
 */
enum oc_http_chunk_state {
	OC_CHUNK_SIZE_LINE,
	OC_CHUNK_DATA,
	OC_CHUNK_DATA_END, /* the CR LF behind the data */
	OC_CHUNK_TRAILER,
};
struct oc_http_body {
	enum oc_http_body_kind kind;
	enum oc_http_chunk_state state;
	uint64_t left;	/* bytes of the body, or of the chunk, that are still to come */
	size_t trailer; /* bytes of it so far */
	bool done;
};
void oc_http_body_init(struct oc_http_body *b, const struct oc_http_head *h);
/* Takes what it can from in and appends the body's bytes to out (NULL: thrown away). *used: how
 * much was taken; bytes behind the body are never taken. OC_E_PROTO: broken chunks. OC_E_LIMIT:
 * more than out may hold. */
OC_MUST_USE enum oc_rc oc_http_body_feed(struct oc_http_body *b, struct oc_str in,
					 struct oc_buf *out, size_t *used);
#endif
