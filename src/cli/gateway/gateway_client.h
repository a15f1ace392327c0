#ifndef OC_GATEWAY_CLIENT_H
#define OC_GATEWAY_CLIENT_H
#include "cli/command.h"
/* The side of `openclaw gateway` that talks to a running one, as rows for its table. */
int oc_cmd_gateway_call(struct oc_args *a);
int oc_cmd_gateway_health(struct oc_args *a);
int oc_cmd_gateway_probe(struct oc_args *a);
int oc_cmd_gateway_status(struct oc_args *a);
int oc_cmd_gateway_auth_token(struct oc_args *a);
extern const struct oc_option oc_gateway_call_options[], oc_gateway_rpc_options[],
    oc_gateway_status_options[], oc_gateway_auth_token_options[];
/* clang-format off */
#define OC_GATEWAY_CLIENT_ROWS                                                                     \
	{ .name = "call", .usage = "<method>", .help = "Call a method and print its result",       \
	  .run = oc_cmd_gateway_call, .options = oc_gateway_call_options },                        \
	{ .name = "health", .help = "Ask the gateway how it is",                                   \
	  .run = oc_cmd_gateway_health, .options = oc_gateway_rpc_options },                       \
	{ .name = "probe", .help = "Connect and try what clients need",                            \
	  .run = oc_cmd_gateway_probe, .options = oc_gateway_rpc_options },                        \
	{ .name = "status", .help = "Service, configuration and whether the gateway answers",      \
	  .run = oc_cmd_gateway_status, .options = oc_gateway_status_options },                    \
	{ .name = "auth-token", .help = "Show the gateway's token",                                \
	  .run = oc_cmd_gateway_auth_token, .options = oc_gateway_auth_token_options }
/* clang-format on */
#endif
