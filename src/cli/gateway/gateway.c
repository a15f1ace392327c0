/* `openclaw gateway`: the table of its commands, and the one that runs it. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/version.h"
#include "cli/gateway/gateway_cli.h"
#include "cli/gateway/gateway_client.h"
#include "cli/gateway/gateway_service.h"
#include "gateway/process/run.h"

const struct oc_option oc_gateway_run_options[] = {
	{ .name = "--port", .value = "<number>", .help = "Port to listen on (default 18789)" },
	{ .name = "--bind", .value = "<where>", .help = "loopback (default), lan, auto or custom" },
	{ .name = "--auth", .value = "<mode>", .help = "token (default), password or none" },
	{ .name = "--token", .value = "<token>", .help = "Secret that clients must show" },
	{ .name = "--password", .value = "<password>", .help = "Password that clients must show" },
	{ .name = "--password-file", .value = "<file>", .help = "Read the password from a file" },
	{ .name = "--allow-unconfigured",
	  .help = "Start without gateway.mode=local in the config" },
	{ .name = "--force", .help = "End whatever listens on the port first" },
	{ .name = "--verbose", .help = "Log the traffic of the WebSocket connections" },
	{ .name = "--ws-log", .value = "<style>", .help = "auto, full or compact" },
	{ .name = "--compact", .help = "Same as --ws-log compact" },
	{ .name = "--tailscale",
	  .value = "<mode>",
	  .help = "off (serve and funnel: not supported)" },
	/* Of the reference product: accepted, without a meaning here. */
	{ .name = "--cli-backend-logs", .hidden = true },
	{ .name = "--reset", .hidden = true },
	{ .name = "--raw-stream", .hidden = true },
	{ .name = "--raw-stream-path", .value = "<file>", .hidden = true },
	{ .name = "--ambient-channels", .hidden = true },
	{ 0 },
};

static bool known_ws_log(const struct oc_args *a)
{
	static const char *const styles[] = { "auto", "full", "compact" };
	const char *style = oc_args_get(a, "--ws-log");

	for (size_t i = 0; style && i < sizeof styles / sizeof *styles; i++)
		if (!strcmp(style, styles[i])) return true;
	if (style) oc_usage_error(a, "--ws-log \"%.40s\": use auto, full or compact", style);
	return !style;
}

/* What the original's gateway does by an option and ours by something else. */
static bool say_where_else(const struct oc_args *a)
{
	if (oc_args_has(a, "--raw-stream") || oc_args_has(a, "--raw-stream-path"))
		fputs("--raw-stream is not there: --log-level debug tells of every model call\n",
		      stderr);
	if (!oc_args_has(a, "--reset")) return false;
	oc_usage_error(a, "the gateway removes nothing: openclaw --dev onboard --reset moves "
			  "configuration, keys and sessions aside");
	return true;
}

int oc_cmd_gateway_run(struct oc_args *a)
{
	if (!known_ws_log(a) || say_where_else(a)) return 1;
	const struct oc_gateway_options o = {
		.port = oc_args_get(a, "--port"),
		.bind = oc_args_get(a, "--bind"),
		.auth = oc_args_get(a, "--auth"),
		.token = oc_args_get(a, "--token"),
		.password = oc_args_get(a, "--password"),
		.password_file = oc_args_get(a, "--password-file"),
		.tailscale = oc_args_get(a, "--tailscale"),
		.ws_log = oc_args_has(a, "--compact") ? "compact" : oc_args_get(a, "--ws-log"),
		.allow_unconfigured = oc_args_has(a, "--allow-unconfigured"),
		.force = oc_args_has(a, "--force"),
		.verbose = oc_args_has(a, "--verbose"),
		.interactive = isatty(STDIN_FILENO),
		.log_level = oc_args_get(a, "--log-level"),
		.version = oc_version_number(),
	};

	return oc_gateway_run_wait(&o);
}

const struct oc_command oc_gateway_commands[] = {
	{ .name = "run",
	  .help = "Run the gateway in the foreground (the same as no command)",
	  .run = oc_cmd_gateway_run },
	OC_GATEWAY_SERVICE_ROWS,
	OC_GATEWAY_CLIENT_ROWS,
	{ 0 },
};
