#ifndef OC_METHOD_H
#define OC_METHOD_H
#include "gateway/gateway.h"
#include "gateway/wire/broker.h"
/*
 * Methods of the WebSocket protocol (spec 02 §2.7) as rows: one table a file in methods/, the list
 * of tables in method.c. A method runs in a task of its own, in the scope of its connection.
 */
struct oc_rpc {
	struct oc_gateway *gw;
	struct oc_connection *connection; /* NULL: the gateway itself asks (health) */
	const char *id;			  /* of the request */
	const struct oc_method *method;
	json_t *params; /* an object, empty when there were none; checked against the row's shape */
	uint64_t received_ms;
};
/* A refusal. Zeroed code = from oc_rc and message alone. */
struct oc_rpc_error {
	const char *code; /* "INVALID_REQUEST" "UNAVAILABLE" "NOT_PAIRED" "FORBIDDEN", static */
	struct oc_err why;
	json_t *details; /* owned; NULL */
	bool retryable;
	int64_t retry_after_ms;
};
struct oc_method {
	const char *name;
	enum oc_client_scope scope;
	/* Shape of the parameters in the notation of shape.h; closed unless it ends with ", ...".
	 * NULL = anything. */
	const char *params;
	/* OC_OK: *result (owned, may stay NULL = {}) is the payload. Otherwise e says why. */
	enum oc_rc (*run_wait)(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e);
};
const struct oc_method *oc_method_find(const char *name);
void oc_method_names(struct oc_strv *out);
/* The protocol's error object {code, message, details?, retryable?, retryAfterMs?} for a refusal;
 * new reference, what e owns is freed. */
json_t *oc_rpc_error_take(struct oc_rpc_error *e, enum oc_rc rc);
/* Fails with INVALID_REQUEST / UNAVAILABLE and this message. */
enum oc_rc oc_rpc_invalid(struct oc_rpc_error *e, const char *fmt, ...) OC_PRINTF(2, 3);
enum oc_rc oc_rpc_unavailable(struct oc_rpc_error *e, const char *fmt, ...) OC_PRINTF(2, 3);
/* An answer before the last one, with the same id (the method agent). payload is stolen. */
void oc_rpc_respond_early(struct oc_rpc *r, json_t *payload);

/* The families. Each ends with name NULL. */
extern const struct oc_method oc_methods_agent[], oc_methods_agents[], oc_methods_approvals[],
    oc_methods_channels[], oc_methods_chat[], oc_methods_config[], oc_methods_cron[],
    oc_methods_devices[], oc_methods_files[], oc_methods_logs[], oc_methods_models[],
    oc_methods_send[], oc_methods_servers[], oc_methods_sessions[], oc_methods_status[],
    oc_methods_stubs[], oc_methods_tools[], oc_methods_usage[];
#endif
