#ifndef OC_RPC_CLIENT_H
#define OC_RPC_CLIENT_H
#include "cli/command.h"
#include "config/config.h"
#include "rt/task.h"
#include "json/json.h"
/*
 * A client of the gateway's protocol for commands: finds out where the gateway is (--url, --port,
 * OPENCLAW_GATEWAY_PORT, gateway.port) and which secret it wants, connects, calls, hears events.
 */
struct oc_rpc_client;
struct oc_rpc_target {
	char *url;    /* ws:// */
	char *secret; /* NULL = none */
	bool local;   /* this machine's own gateway */
};
/* From the options --url, --port, --token, --password of the command, environment, config. */
OC_MUST_USE enum oc_rc oc_rpc_target_init(struct oc_rpc_target *t, const struct oc_args *a,
					  const struct oc_config *c, struct oc_err *e);
void oc_rpc_target_deinit(struct oc_rpc_target *t);
struct oc_rpc_hello {
	const char *client_id, *mode; /* "cli", "cli" */
	const char *scopes;	      /* comma separated */
	const char *caps;	      /* comma separated, NULL */
};
/* OC_E_UPSTREAM: nobody listens: e says how to start the gateway. OC_E_DENIED: refused. */
OC_MUST_USE enum oc_rc oc_rpc_connect_wait(const struct oc_rpc_target *t,
					   const struct oc_rpc_hello *hello, struct oc_deadline d,
					   struct oc_rpc_client **out, struct oc_err *e);
const json_t *oc_rpc_hello_ok(const struct oc_rpc_client *c); /* borrowed */
/* One request and its answer. params are stolen, NULL = none. early (may be NULL) gets answers
 * before the last one when expect_final. OC_E_UPSTREAM: ok false (e = the gateway's message, *error
 * (may be NULL) its object, new reference), or the connection broke. */
OC_MUST_USE enum oc_rc oc_rpc_call_wait(struct oc_rpc_client *c, const char *method, json_t *params,
					bool expect_final, struct oc_deadline d, json_t **result,
					json_t **error, struct oc_err *e);
/* Events that arrive while anything of c is waited for. May not park. */
void oc_rpc_on_event(struct oc_rpc_client *c,
		     void (*fn)(void *arg, const char *event, const json_t *payload), void *arg);
/* Parks until the connection ends or the deadline. */
OC_MUST_USE enum oc_rc oc_rpc_listen_wait(struct oc_rpc_client *c, struct oc_deadline d,
					  struct oc_err *e);
void oc_rpc_client_free(struct oc_rpc_client *c); /* accepts NULL */
#endif
