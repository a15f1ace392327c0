/* openclaw agent: the message and the options, then a run: by the gateway, or with --local in this
 * process. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "cli/agent/agent_cli.h"
#include "cli/gateway/rpc_command.h"
#include "model/codec/reasoning.h"

enum { MAX_MESSAGE_BYTES = 4194304, MAX_TIMEOUT_S = 604800 };

const struct oc_option oc_agent_options[] = {
	{ .name = "--message",
	  .short_name = 'm',
	  .value = "<text>",
	  .help = "What the agent is to do" },
	{ .name = "--message-file",
	  .value = "<path>",
	  .help = "Read the message from a file; - is stdin" },
	{ .name = "--local", .help = "Run in this process, without a gateway" },
	{ .name = "--model", .value = "<ref>", .help = "provider/model or an alias, and no other" },
	{ .name = "--thinking",
	  .value = "<level>",
	  .help = "off, minimal, low, medium, high, xhigh, max" },
	{ .name = "--agent",
	  .value = "<id>",
	  .help = "Which agent of the configuration (default: main)" },
	{ .name = "--workspace", .value = "<dir>", .help = "Work in this folder instead" },
	{ .name = "--session-key", .value = "<key>", .help = "Continue this conversation" },
	{ .name = "--session-id", .value = "<id>", .help = "The same, by its id" },
	{ .name = "--to", .value = "<target>", .help = "The conversation with this person" },
	{ .name = "--deliver", .help = "Send the answer to the conversation's channel as well" },
	{ .name = "--timeout", .value = "<seconds>", .help = "Bound of the whole run; 0 = none" },
	{ .name = "--json", .help = "One JSON document on stdout" },
	OC_RPC_ADDRESS_OPTIONS,
	{ .name = "--verbose", .help = "Show tool calls also when stderr is no terminal" },
	{ 0 },
};

struct ask {
	const struct oc_args *args;
	struct oc_buf message;
};

/* ---- input ---- */

static bool read_stream(FILE *f, struct oc_buf *out)
{
	char piece[8192];
	size_t n;

	while (!out->bad && (n = fread(piece, 1, sizeof piece, f)) > 0)
		oc_buf_add(out, (struct oc_str){ piece, n });
	return !ferror(f);
}

static int read_message_file(struct ask *c, const char *path)
{
	FILE *f = strcmp(path, "-") ? fopen(path, "rb") : stdin;
	bool ok = f && read_stream(f, &c->message);

	if (!ok) oc_error("--message-file: cannot read %s: %s", path, strerror(errno));
	if (f && f != stdin) fclose(f);
	if (ok && c->message.bad)
		return oc_error("--message-file: %s is larger than %d bytes", path,
				MAX_MESSAGE_BYTES);
	return ok ? 0 : 1;
}

static int read_message(struct ask *c)
{
	const char *text = oc_args_get(c->args, "--message");
	const char *path = oc_args_get(c->args, "--message-file");

	oc_buf_init(&c->message, MAX_MESSAGE_BYTES);
	if (text && path) return oc_usage_error(c->args, "give either --message or --message-file");
	if (path && read_message_file(c, path)) return 1;
	if (text) oc_buf_adds(&c->message, text);
	if (c->message.bad)
		return oc_error("the message is larger than %d bytes", MAX_MESSAGE_BYTES);
	if (!oc_str_trim(oc_buf_view(&c->message)).n)
		return oc_usage_error(c->args, "say what the agent is to do: -m \"...\"");
	return 0;
}

int oc_agent_timeout(const struct oc_args *a, int64_t *seconds)
{
	const char *text = oc_args_get(a, "--timeout");

	if (!text || oc_parse_int(oc_str(text), 0, MAX_TIMEOUT_S, seconds)) return 0;
	return oc_usage_error(a, "--timeout takes seconds, 0 to %d", MAX_TIMEOUT_S);
}

static int check_options(struct ask *c)
{
	const char *thinking = oc_args_get(c->args, "--thinking");
	const char *dir = oc_args_get(c->args, "--workspace");

	if (thinking && !oc_thinking_level_valid(oc_str(thinking)))
		return oc_usage_error(c->args, "unknown thinking level \"%s\" (%s)", thinking,
				      oc_thinking_levels);
	if (dir && !*dir) return oc_usage_error(c->args, "--workspace is empty");
	if (dir && !oc_args_has(c->args, "--local"))
		return oc_usage_error(c->args, "--workspace is for --local: the gateway works in "
					       "the agent's own workspace");
	return read_message(c);
}

int oc_cmd_agent(struct oc_args *a)
{
	struct ask c = { .args = a };
	int exit_code = check_options(&c);

	if (!exit_code)
		exit_code = oc_args_has(a, "--local")
				? oc_agent_local_wait(a, oc_buf_view(&c.message))
				: oc_agent_gateway_wait(a, oc_buf_view(&c.message));
	oc_buf_deinit(&c.message);
	return exit_code;
}
