#ifndef OC_SESSIONS_SOURCE_H
#define OC_SESSIONS_SOURCE_H
#include "cli/gateway/rpc_command.h"
#include "store/store.h"
/*
 * Where `openclaw sessions` reads: the gateway, and when none runs on this machine its store, which
 * is then only read. Rows and messages have the protocol's form (spec 02 §2.7).
 */
struct oc_sessions_source {
	struct oc_rpc_command rpc;
	struct oc_store *store; /* NULL: the gateway answers, or there is no store yet */
	bool direct;
};
/* OC_OK also when the gateway is down and this machine's store can be read instead. Deinit in every
 * case. */
OC_MUST_USE enum oc_rc oc_sessions_source_init_wait(struct oc_sessions_source *s,
						    const struct oc_args *a, struct oc_err *e);
/* The store itself, whether or not a gateway runs: what was before a reset is there alone. */
OC_MUST_USE enum oc_rc oc_sessions_source_direct_wait(struct oc_sessions_source *s,
						      struct oc_err *e);
void oc_sessions_source_deinit_wait(struct oc_sessions_source *s);

struct oc_sessions_wish {
	const char *agent, *search;
	int64_t active_minutes; /* 0 = any */
	int64_t limit;
};
/* The page of sessions.list; new reference. */
OC_MUST_USE enum oc_rc oc_sessions_page_wait(struct oc_sessions_source *s,
					     const struct oc_sessions_wish *w, json_t **out,
					     struct oc_err *e);
/* The row of a session by key (also its short form) or id. OC_E_NOT_FOUND. */
OC_MUST_USE enum oc_rc oc_sessions_row_wait(struct oc_sessions_source *s, const char *name,
					    json_t **out, struct oc_err *e);
/* Its messages, oldest first; limit 0 = all there are. */
OC_MUST_USE enum oc_rc oc_sessions_messages_wait(struct oc_sessions_source *s, const json_t *row,
						 int64_t limit, json_t **out, struct oc_err *e);
#endif
