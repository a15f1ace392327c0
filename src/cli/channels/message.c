/* `openclaw message send`: a message to a chat of a messenger, over the gateway. */
#include <stdio.h>

#include "base/rand.h"
#include "base/visible.h"
#include "cli/gateway/gateway_commands.h"
#include "cli/gateway/rpc_command.h"
#include "cli/print.h"

static const struct oc_option send_options[] = {
	{ .name = "--channel",
	  .value = "<name>",
	  .help = "The messenger; may stand in the target" },
	{ .name = "--target",
	  .short_name = 't',
	  .value = "<chat>",
	  .help = "Chat, \"channel:chat\", or \"last\"" },
	{ .name = "--message",
	  .short_name = 'm',
	  .value = "<text>",
	  .help = "What to say, Markdown" },
	{ .name = "--account", .value = "<id>", .help = "Which account speaks" },
	{ .name = "--thread-id", .value = "<id>", .help = "A topic of the chat" },
	{ .name = "--reply-to", .value = "<id>", .help = "The message that is answered" },
	{ .name = "--idempotency-key",
	  .value = "<key>",
	  .help = "A second call with it sends nothing" },
	OC_RPC_ADDRESS_OPTIONS,
	OC_RPC_TIMEOUT_OPTION,
	{ .name = "--json", .help = "Print one JSON document" },
	{ 0 },
};

/* NULL: a usage error was told. */
static json_t *params_of(struct oc_args *a)
{
	static const struct {
		const char *option, *member;
		bool needed;
	} rows[] = {
		{ "--target", "to", true },	      { "--message", "message", true },
		{ "--channel", "channel", false },    { "--account", "accountId", false },
		{ "--thread-id", "threadId", false }, { "--reply-to", "replyToId", false },
	};
	const char *key = oc_args_get(a, "--idempotency-key");
	json_t *params = json_object();
	char made[OC_ID_CHARS + 1];

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *value = oc_args_get(a, rows[i].option);

		if (value && *value)
			oc_json_put(params, rows[i].member, oc_json_new_str(oc_str(value)));
		if (!rows[i].needed || (value && *value)) continue;
		oc_usage_error(a, "%s is missing", rows[i].option);
		json_decref(params);
		return NULL;
	}
	oc_uuid(made);
	oc_json_put(params, "idempotencyKey", json_string(key && *key ? key : made));
	return params;
}

static int told(const json_t *r)
{
	const char *status = oc_json_cstr(r, "status"), *error = oc_json_cstr(r, "error");
	const char *channel = oc_json_cstr(r, "channel"), *to = oc_json_cstr(r, "to");
	long long id = (long long)oc_json_int(r, "outboxId", 0);

	if (status && !strcmp(status, "sent")) {
		oc_visible_printf(stdout, "Sent to %s:%s.\n", channel, to);
		return 0;
	}
	if (status && !strcmp(status, "queued")) {
		oc_visible_printf(stdout,
				  "It waits in the outbox for %s:%s and is sent when it can be.\n",
				  channel, to);
		return 0;
	}
	oc_visible_printf(
	    stderr, "error: %s:%s: %s%s (outbox %lld)\n", channel, to,
	    status && !strcmp(status, "unknown") ? "whether it was sent is not known: " : "",
	    error ? error : "it was not sent", id);
	return 1;
}

static int message_send(struct oc_args *a)
{
	json_t *params = params_of(a), *result;
	int exit_code;

	if (!params) return 2;
	result = oc_rpc_ask_wait(a, "send", params, &exit_code);
	if (!result) return exit_code;
	const char *status = oc_json_cstr(result, "status");

	if (oc_args_has(a, "--json")) {
		oc_print_json(result);
		exit_code = status && (!strcmp(status, "failed") || !strcmp(status, "unknown"));
	} else {
		exit_code = told(result);
	}
	json_decref(result);
	return exit_code;
}

const struct oc_command oc_message_commands[] = {
	{ .name = "send",
	  .help = "Send a message to a chat",
	  .run = message_send,
	  .options = send_options },
	{ 0 },
};
