#ifndef OC_CONTEXT_H
#define OC_CONTEXT_H
#include "model/provider/catalog.h"
#include "rt/task.h"
/*
 * What a turn has to know of its model before it is planned (spec 03 §5.3): the window of the
 * instance that is loaded now, and how text turns into tokens. What was found out is remembered
 * (learned.h).
 */
struct oc_context {
	int64_t tokens;		/* 0 = nobody tells */
	int64_t slots;		/* requests at once, 0 = nobody tells */
	double chars_per_token; /* measured before, 0 = never */
};
/*
 * Asks the server, by the calls of its kind; one that loads on request is made to load first. Where
 * nothing is told, what was learnt from a refusal within a day counts. Hosted services are not
 * asked. A server that is started on demand has to be started before
 * (oc_local_service_ensure_wait). Only OC_CANCELLED fails.
 */
OC_MUST_USE enum oc_rc oc_context_read_wait(const struct oc_catalog *c, struct oc_provider *p,
					    const char *model, struct oc_context *out);
/* The same, but no model is loaded for it. */
OC_MUST_USE enum oc_rc oc_context_look_wait(const struct oc_catalog *c, struct oc_provider *p,
					    const char *model, struct oc_context *out);

/* A refusal named the window. */
void oc_context_refused(const struct oc_catalog *c, const struct oc_provider *p, const char *model,
			int64_t tokens);
/* The server's own counts gave this ratio. */
void oc_context_measured(const struct oc_catalog *c, const struct oc_provider *p, const char *model,
			 double chars_per_token);

/* Tokens of a text by the server's own tokenizer; -1 when it offers none, or did not answer.
 * OC_CANCELLED, else OC_OK. */
OC_MUST_USE enum oc_rc oc_context_count_wait(const struct oc_catalog *c,
					     const struct oc_provider *p, const char *model,
					     struct oc_str text, int64_t *tokens);
#endif
