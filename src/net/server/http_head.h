#ifndef OC_HTTP_HEAD_H
#define OC_HTTP_HEAD_H
#include "base/buf.h"
/*
 * The head of an HTTP/1.x request as RFC 9112 defines it, without what the RFC lets a server
 * tolerate: whatever two readers could understand differently is refused. Pure. Private to net/.
 */
struct oc_http_field {
	const char *name, *value; /* white space around the value is cut */
};
enum oc_http_body_kind { OC_HTTP_NO_BODY, OC_HTTP_SIZED, OC_HTTP_CHUNKED };

struct oc_http_head {
	char *text; /* owned; everything below points into it */
	const char *method, *path, *query;
	int minor; /* HTTP/1.minor: 0 or 1 */
	struct oc_http_field *fields;
	size_t n_fields;
	enum oc_http_body_kind body;
	uint64_t body_size; /* when OC_HTTP_SIZED */
	bool keep_alive, expects_continue;
};

/* Bytes of the head that in begins with, its final empty line included; 0 = more is needed. *status
 * is 0, or what to answer when no continuation can make it a head (400, 431). Empty lines before it
 * count as part of it. from: how many bytes an earlier call has seen. */
size_t oc_http_head_size(struct oc_str in, size_t from, int *status);
/* in: exactly one head. Returns 0, or the status to answer and why; out is zeroed then. */
int oc_http_head_parse(struct oc_str in, struct oc_http_head *out, const char **why);
void oc_http_head_deinit(struct oc_http_head *h); /* accepts a zeroed one */
const char *oc_http_head_get(const struct oc_http_head *h, const char *name); /* first, or NULL */
unsigned oc_http_head_count(const struct oc_http_head *h, const char *name);
/* Is token among the comma-separated values of every field of that name? Case folded. */
bool oc_http_head_has_token(const struct oc_http_head *h, const char *name, const char *token);
/* A character of a method or of a header's name (RFC 9110 section 5.6.2). */
bool oc_http_is_token_char(char c);
#endif
