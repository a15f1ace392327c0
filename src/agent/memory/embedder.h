#ifndef OC_MEMORY_EMBEDDER_H
#define OC_MEMORY_EMBEDDER_H
#include "agent/memory/memory.h"
#include "agent/memory/vectors.h"
#include "model/call/endpoint.h"
/*
 * An embedding model that is at hand: configured (memory.search.provider, .model), or one that a
 * local server of the configuration has. It is never the reason that a chat model is unloaded: what
 * is not in memory is only asked where the server can load it beside the others, with a small
 * context. Whatever goes wrong means searching by words, for a while without another try.
 */
struct oc_embedder;
/* Asks no server. *out NULL: there is none (then false), or it had trouble lately. */
bool oc_embedder_find(const struct oc_memory_scope *scope, const struct oc_memory_settings *s,
		      struct oc_embedder **out);
void oc_embedder_free(struct oc_embedder *e);		  /* accepts NULL */
const char *oc_embedder_key(const struct oc_embedder *e); /* "provider/model" */
/* Whether it is ready to be asked. may_load: it is loaded where that does no harm, which may take
 * minutes. */
bool oc_embedder_ready_wait(struct oc_embedder *e, bool may_load);
enum { OC_MEMORY_BATCH = 16 };
/* At most OC_MEMORY_BATCH texts. out: n of them, zeroed; deinitialise them in every case. d: of the
 * wait for the server and of its answer. */
OC_MUST_USE enum oc_rc oc_embedder_ask_wait(struct oc_embedder *e, const struct oc_str *texts,
					    size_t n, bool question, enum oc_priority priority,
					    uint64_t timeout_ms, struct oc_memory_embedding *out,
					    struct oc_err *err);
/* It is left alone for some minutes. */
void oc_embedder_rest(const struct oc_embedder *e);

/*
 * Gives chunks that have no vector theirs, until all have one or the deadline is there. go_on (may
 * be NULL) is asked between batches. *left (may be NULL): there are more, or the model could not be
 * asked now. OC_OK also when there is no model.
 */
OC_MUST_USE enum oc_rc oc_memory_embed_wait(struct oc_notebook *m, struct oc_deadline d,
					    bool (*go_on)(void *arg), void *arg, bool *left,
					    struct oc_err *e);
#endif
