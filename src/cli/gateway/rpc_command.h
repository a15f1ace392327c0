#ifndef OC_RPC_COMMAND_H
#define OC_RPC_COMMAND_H
#include "cli/gateway/rpc_client.h"
/* What every command over the gateway does the same way: options, connection, one call. */

#define OC_RPC_TIMEOUT_OPTION                                                                      \
	{                                                                                          \
		.name = "--timeout", .value = "<ms>", .help = "Give up after so many milliseconds" \
	}
#define OC_RPC_ADDRESS_OPTIONS                                                                     \
	{ .name = "--url", .value = "<url>", .help = "A gateway elsewhere: ws://host:port" },      \
	    { .name = "--port", .value = "<port>", .help = "Port of this machine's gateway" },     \
	    { .name = "--token", .value = "<token>", .help = "Token of the gateway" },             \
	{                                                                                          \
		.name = "--password", .value = "<password>", .help = "Password of the gateway"     \
	}

struct oc_rpc_command {
	const struct oc_args *args;
	struct oc_config config;
	struct oc_rpc_target target;
	struct oc_rpc_client *client; /* NULL: not connected */
	struct oc_deadline deadline;  /* of the whole command */
	uint64_t timeout_ms;
};
/* Configuration, address and --timeout. Deinit it in every case. */
OC_MUST_USE enum oc_rc oc_rpc_command_init(struct oc_rpc_command *c, const struct oc_args *a,
					   uint64_t timeout_ms, struct oc_err *e);
OC_MUST_USE enum oc_rc oc_rpc_command_connect_wait(struct oc_rpc_command *c, struct oc_err *e);
void oc_rpc_command_deinit_wait(struct oc_rpc_command *c);
/* One call of the connected client. */
OC_MUST_USE enum oc_rc oc_rpc_command_call_wait(struct oc_rpc_command *c, const char *method,
						json_t *params, json_t **result, struct oc_err *e);
/* All of it: connects, calls, prints what went wrong. params are stolen. NULL: *exit_code says it.
 * Otherwise the result, a new reference. */
json_t *oc_rpc_ask_wait(const struct oc_args *a, const char *method, json_t *params,
			int *exit_code);
/* "error: …" for rc; the exit code. */
int oc_rpc_failed(enum oc_rc rc, const struct oc_err *e);
enum { OC_RPC_TIMEOUT_MS = 10000 };
#endif
