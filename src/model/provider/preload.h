#ifndef OC_PRELOAD_H
#define OC_PRELOAD_H
#include "model/provider/catalog.h"
#include "model/provider/documents.h"
#include "rt/task.h"
/*
 * Makes LM Studio load the model of a turn with the context that the turn needs, before the chat
 * request (spec 01 §3.7). A failed preload is one warning and never fails the turn.
 */

/* Told when a load begins or is under way already; may not park. */
struct oc_preload_watch {
	void (*loading)(void *arg);
	void *arg;
};
/* *request_model gets what the chat request must name (free with free()), *loaded_ctx the window in
 * use, 0 when unknown. Concurrent turns that want the same share one attempt; a failed one is not
 * repeated before its back-off has passed; a list that showed an adequate instance holds for 60 s
 * (D54). watch may be NULL. Only OC_CANCELLED fails. */
OC_MUST_USE enum oc_rc oc_lmstudio_preload_wait(const struct oc_catalog *c,
						const struct oc_provider *p, const char *model_id,
						const struct oc_model *m,
						const struct oc_preload_watch *watch,
						char **request_model, int64_t *loaded_ctx);
/* A request failed, or the config changed: the next turn looks at the list again. */
void oc_lmstudio_preload_forget(const struct oc_provider *p);

/* ---- pure parts ---- */
/* provider params.preload is exactly false. */
bool oc_preload_disabled(const json_t *provider_entry);
/* Context to ask for: what the model is set to, capped by what the server can (0 = not told). */
int64_t oc_preload_context(const struct oc_model *m, int64_t advertised_max);
/* First loaded instance with at least this context; NULL when there is none. Borrowed from m. */
const char *oc_preload_instance(const struct oc_listed_model *m, int64_t want, int64_t *ctx);
/* 5 s, 10 s, 20 s … 300 s after the n-th failure in a row (n >= 1). */
uint64_t oc_preload_backoff_ms(unsigned failures);
#endif
