#ifndef OC_ERRORS_H
#define OC_ERRORS_H
#include "model/codec/reply.h"
/*
 * What a server says when it refuses, judged: first match of a table wins (the table in errors.c).
 * Pure. Messages that leave this file hold no keys and no control characters and are cut to a sane
 * length.
 */
struct oc_refusal {
	int status; /* HTTP; 0 = none. In a 2xx an integer code 400..599 of the body takes its place
		     */
	const json_t *body; /* parsed, borrowed; NULL when it is no JSON */
	struct oc_str raw;  /* the body as text, for want of a message */
	bool html;
	const char *server;	 /* header Server, NULL */
	const char *server_kind; /* known kind of server: "mlx", NULL */
};
/* out is initialised and owns its strings afterwards. */
void oc_error_classify(const struct oc_refusal *in, struct oc_call_error *out);
/* A truthy "error", object:"error" or type:"error". */
bool oc_error_in_document(const json_t *doc);
/* Replaces what e holds by an error of our own making. */
void oc_error_set(struct oc_call_error *e, enum oc_error_class class, int status, const char *fmt,
		  ...) OC_PRINTF(4, 5);
/* Text without keys ("sk-…", what follows "Bearer "), without control characters, cut; free with
 * free(). */
char *oc_error_text(struct oc_str in);
/* Waiting time of the headers retry-after-ms, Retry-After and Date, any may be NULL; -1 when they
 * are of no use. */
int64_t oc_retry_after_ms(const char *ms, const char *after, const char *date);
#endif
