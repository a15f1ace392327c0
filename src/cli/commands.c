/* The root of the command table. */
#include "cli/command.h"
#include "cli/gateway_cli.h"

const struct oc_command oc_commands[] = {
	{ .name = "onboard",
	  .help = "Set up a model provider and the default model",
	  .run = oc_cmd_onboard,
	  .options = oc_onboard_options },
	{ .name = "gateway",
	  .help = "Run the gateway, or ask and manage one",
	  .run = oc_cmd_gateway_run,
	  .options = oc_gateway_run_options,
	  .sub = oc_gateway_commands },
	{ .name = "agent",
	  .help = "Run one agent turn with tools",
	  .run = oc_cmd_agent,
	  .options = oc_agent_options },
	{ .name = "models",
	  .help = "List, choose and inspect models",
	  .run = oc_cmd_models_status,
	  .options = oc_models_status_options,
	  .sub = oc_models_commands },
	{ .name = "infer",
	  .help = "Call a model directly, without agent and tools",
	  .sub = oc_infer_commands },
	{ .name = "capability", .help = "Same as infer", .sub = oc_infer_commands },
	{ .name = "config",
	  .help = "Read, change and check the configuration",
	  .sub = oc_config_commands },
	{ .name = "__supervise", .usage = "<provider>", .run = oc_cmd_supervise },
	{ 0 },
};
