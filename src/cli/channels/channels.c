/* `openclaw channels …`: messengers of the gateway, and messages that were not sent. */
#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "base/visible.h"
#include "channel/channel.h"
#include "cli/cron/when.h"
#include "cli/gateway/gateway_commands.h"
#include "cli/gateway/rpc_command.h"
#include "cli/print.h"
#include "cli/table.h"
#include "config/config.h"
#include "rt/task.h"

enum { SHOWN_CHARS = 60 };

static const struct oc_option rpc_options[] = {
	OC_RPC_ADDRESS_OPTIONS,
	OC_RPC_TIMEOUT_OPTION,
	{ .name = "--json", .help = "Print one JSON document" },
	{ 0 },
};
static const struct oc_option status_options[] = {
	{ .name = "--channel", .value = "<name>", .help = "This one alone" },
	{ .name = "--probe", .help = "Ask the messengers as well" },
	OC_RPC_ADDRESS_OPTIONS,
	OC_RPC_TIMEOUT_OPTION,
	{ .name = "--json", .help = "Print one JSON document" },
	{ 0 },
};
static const struct oc_option list_options[] = {
	{ .name = "--all", .help = "Channels that are not configured, too" },
	{ .name = "--json", .help = "Print one JSON document" },
	{ 0 },
};

/* ---- status ---- */

static void add_age(struct oc_table *t, int64_t at_ms)
{
	char text[OC_WHEN_CHARS];

	if (!at_ms) {
		oc_table_add(t, NULL);
		return;
	}
	oc_age_text(oc_wall_ms() - at_ms, text, sizeof text);
	oc_table_add(t, text);
}

static void add_account(struct oc_table *t, const char *channel, const json_t *a)
{
	const json_t *probe = json_object_get(a, "probe");
	const char *trouble = oc_json_cstr(probe, "error");

	if (!trouble) trouble = oc_json_cstr(a, "lastError");
	oc_table_add(t, channel);
	oc_table_add(t, oc_json_cstr(a, "accountId"));
	oc_table_add(t, oc_json_cstr(a, "name"));
	oc_table_add(t, oc_json_cstr(a, "state"));
	add_age(t, oc_json_int(a, "lastInboundAt", 0));
	add_age(t, oc_json_int(a, "lastOutboundAt", 0));
	oc_table_add(t, trouble ? trouble : probe ? "works" : NULL);
}

static void print_status(const json_t *status)
{
	static const char *const titles[] = { "CHANNEL", "ACCOUNT", "NAME", "STATE",
					      "HEARD",	 "SPOKE",   "NOTE", NULL };
	const json_t *outbox = json_object_get(status, "outbox"), *account;
	struct oc_table t;
	const char *channel;
	json_t *list;
	size_t i;

	oc_table_init(&t, titles);
	json_object_foreach (json_object_get(status, "channelAccounts"), channel, list)
		json_array_foreach (list, i, account) add_account(&t, channel, account);
	if (json_object_size(json_object_get(status, "channelAccounts")))
		oc_table_print(&t);
	else
		puts("No channel is configured.");
	oc_table_deinit(&t);
	printf("Inbox: %lld waiting. Outbox: %lld queued, %lld failed, %lld unknown.\n",
	       (long long)oc_json_int(outbox, "waiting", 0),
	       (long long)oc_json_int(outbox, "queued", 0),
	       (long long)oc_json_int(outbox, "failed", 0),
	       (long long)oc_json_int(outbox, "unknown", 0));
}

static int status(struct oc_args *a)
{
	json_t *params = json_pack("{s:b}", "probe", oc_args_has(a, "--probe")), *result;
	const char *channel = oc_args_get(a, "--channel");
	int exit_code;

	if (channel) oc_json_put(params, "channel", json_string(channel));
	result = oc_rpc_ask_wait(a, "channels.status", params, &exit_code);
	if (result && oc_args_has(a, "--json"))
		oc_print_json(result);
	else if (result)
		print_status(result);
	json_decref(result);
	return exit_code;
}

/* ---- list: what the configuration says, without a gateway ---- */

static json_t *row_of(const struct oc_channel *channel, const json_t *section)
{
	json_t *accounts = json_array(), *own = json_object_get(section, "accounts"), *ignored;
	const char *id;

	json_object_foreach (own, id, ignored) json_array_append_new(accounts, json_string(id));
	if (section && !json_array_size(accounts))
		json_array_append_new(accounts, json_string("default"));
	return json_pack("{s:s,s:s,s:b,s:b,s:o}", "id", channel->id, "label", channel->label,
			 "configured", section != NULL, "enabled",
			 section && oc_json_bool(section, "enabled", true), "accounts", accounts);
}

static int list(struct oc_args *a)
{
	json_t *rows = json_array(), *row;
	struct oc_config c;
	struct oc_err e = { 0 };
	size_t i;

	if (oc_config_load(&c, &e)) {
		oc_config_deinit(&c);
		json_decref(rows);
		return oc_error("%s", e.msg);
	}
	for (i = 0; oc_channel_adapters[i]; i++) {
		const struct oc_channel *channel = oc_channel_adapters[i];
		const json_t *section = json_object_get(oc_config_get(&c, "channels"), channel->id);

		if (section || oc_args_has(a, "--all"))
			json_array_append_new(rows, row_of(channel, section));
	}
	if (oc_args_has(a, "--json"))
		oc_print_json(rows);
	else if (!json_array_size(rows))
		puts("No channel is configured; --all shows those there are.");
	else
		json_array_foreach (rows, i, row)
			oc_visible_printf(stdout, "%s  %s\n", oc_json_cstr(row, "id"),
					  !oc_json_bool(row, "configured", false) ? "not configured"
					  : oc_json_bool(row, "enabled", false)	  ? "configured"
										  : "switched off");
	json_decref(rows);
	oc_config_deinit(&c);
	return 0;
}

/* ---- outbox ---- */

static void print_outbox(const json_t *result)
{
	static const char *const titles[] = { "ID", "CHANNEL", "TO", "STATE", "AGE", "TEXT", NULL };
	const json_t *rows = json_object_get(result, "messages"), *row;
	struct oc_table t;
	size_t i;

	if (!json_array_size(rows)) {
		puts("Nothing waits, and everything that was sent has arrived.");
		return;
	}
	oc_table_init(&t, titles);
	json_array_foreach (rows, i, row) {
		struct oc_str text = oc_json_str(row, "text");
		size_t n = text.n < SHOWN_CHARS ? text.n : oc_utf8_floor(text.p, SHOWN_CHARS);

		oc_table_addf(&t, "%lld", (long long)oc_json_int(row, "id", 0));
		oc_table_add(&t, oc_json_cstr(row, "channel"));
		oc_table_add(&t, oc_json_cstr(row, "to"));
		oc_table_add(&t, oc_json_cstr(row, "state"));
		add_age(&t, oc_json_int(row, "createdAt", 0));
		oc_table_addf(&t, "%.*s%s", (int)n, text.p ? text.p : "", n < text.n ? "…" : "");
	}
	oc_table_print(&t);
	oc_table_deinit(&t);
	json_array_foreach (rows, i, row)
		if (oc_json_cstr(row, "error"))
			oc_visible_printf(stdout, "%lld: %s\n",
					  (long long)oc_json_int(row, "id", 0),
					  oc_json_cstr(row, "error"));
}

static int outbox_list(struct oc_args *a)
{
	int exit_code;
	json_t *result = oc_rpc_ask_wait(a, "x.channels.outbox.list", json_object(), &exit_code);

	if (result && oc_args_has(a, "--json"))
		oc_print_json(result);
	else if (result)
		print_outbox(result);
	json_decref(result);
	return exit_code;
}

static int outbox_change(struct oc_args *a, const char *method, const char *done)
{
	const char *which = oc_args_pos(a, 0);
	json_t *params = json_object(), *result;
	int exit_code;
	int64_t id = 0;

	if (oc_args_n(a) != 1 ||
	    (strcmp(which, "all") != 0 && !oc_parse_int(oc_str(which), 1, INT64_MAX, &id))) {
		json_decref(params);
		return oc_usage_error(a, "expected the number of a message (openclaw channels "
					 "outbox shows them), or all");
	}
	if (id) oc_json_put(params, "id", json_integer(id));
	result = oc_rpc_ask_wait(a, method, params, &exit_code);
	if (result && oc_args_has(a, "--json"))
		oc_print_json(result);
	else if (result)
		printf("%lld %s.\n", (long long)oc_json_int(result, "count", 0), done);
	json_decref(result);
	return exit_code;
}

static int outbox_resend(struct oc_args *a)
{
	return outbox_change(a, "x.channels.outbox.resend", "sent again");
}

static int outbox_discard(struct oc_args *a)
{
	return outbox_change(a, "x.channels.outbox.discard", "discarded");
}

static const struct oc_command outbox_commands[] = {
	{ .name = "list",
	  .help = "List what is not sent",
	  .run = outbox_list,
	  .options = rpc_options },
	{ .name = "resend",
	  .usage = "<id>|all",
	  .help = "Send a failed or unknown message again",
	  .run = outbox_resend,
	  .options = rpc_options },
	{ .name = "discard",
	  .usage = "<id>|all",
	  .help = "Give a failed or unknown message up",
	  .run = outbox_discard,
	  .options = rpc_options },
	{ 0 },
};

const struct oc_command oc_channels_commands[] = {
	{ .name = "list",
	  .help = "List the configured channels",
	  .run = list,
	  .options = list_options },
	{ .name = "status",
	  .help = "Are they connected, and what waits",
	  .run = status,
	  .options = status_options },
	{ .name = "outbox",
	  .help = "Messages that are not sent",
	  .run = outbox_list,
	  .options = rpc_options,
	  .sub = outbox_commands },
	{ 0 },
};
