#ifndef OC_RPC_SESSION_H
#define OC_RPC_SESSION_H
#include "gateway/methods/method.h"
/* Which session a client means. */

/* The canonical form of a key; agent NULL = the key's. INVALID_REQUEST for what is no key or names
 * an agent that is not configured. Free with free(). */
OC_MUST_USE enum oc_rc oc_rpc_session_key(struct oc_rpc *r, const char *key, const char *agent,
					  char **out, struct oc_rpc_error *e);
/* The same for the member of the parameters (their agentId counts), which must be there. */
OC_MUST_USE enum oc_rc oc_rpc_session_param(struct oc_rpc *r, const char *member, char **out,
					    struct oc_rpc_error *e);
#endif
