/* `openclaw pairing …`: lets people in who asked for it in a messenger. */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/visible.h"
#include "channel/channel.h"
#include "cli/cron/when.h"
#include "cli/gateway/gateway_commands.h"
#include "cli/gateway/rpc_command.h"
#include "cli/print.h"
#include "cli/table.h"
#include "config/edit.h"
#include "rt/task.h"

#define CHANNEL_OPTIONS                                                                            \
	{ .name = "--channel", .value = "<name>", .help = "Of this channel" },                     \
	{                                                                                          \
		.name = "--account", .value = "<id>", .help = "Of this account"                    \
	}
static const struct oc_option list_options[] = {
	CHANNEL_OPTIONS,
	OC_RPC_ADDRESS_OPTIONS,
	OC_RPC_TIMEOUT_OPTION,
	{ .name = "--json", .help = "Print one JSON document" },
	{ 0 },
};
static const struct oc_option approve_options[] = {
	CHANNEL_OPTIONS,
	{ .name = "--notify", .help = "Tell the person" },
	OC_RPC_ADDRESS_OPTIONS,
	OC_RPC_TIMEOUT_OPTION,
	{ .name = "--json", .help = "Print one JSON document" },
	{ 0 },
};

/* {channel?, accountId?}; NULL: an option is blank. */
static json_t *params_of(struct oc_args *a, const char *channel)
{
	const char *account = oc_args_get(a, "--account");
	json_t *params;

	if (account && !oc_str_trim(oc_str(account)).n) {
		oc_usage_error(a, "--account must not be blank");
		return NULL;
	}
	params = json_object();
	if (oc_args_get(a, "--channel")) channel = oc_args_get(a, "--channel");
	if (channel) oc_json_put(params, "channel", json_string(channel));
	if (account) oc_json_put(params, "accountId", json_string(account));
	return params;
}

/* ---- list ---- */

static void print_requests(const json_t *requests)
{
	static const char *const titles[] = { "CODE", "CHANNEL", "ACCOUNT", "ID",
					      "NAME", "EXPIRES", NULL };
	struct oc_table t;
	const json_t *r;
	size_t i;

	if (!json_array_size(requests)) {
		puts("Nobody asks to be let in.");
		return;
	}
	oc_table_init(&t, titles);
	json_array_foreach (requests, i, r) {
		char text[OC_WHEN_CHARS];

		oc_until_text(oc_json_int(r, "expiresAt", 0) - oc_wall_ms(), text, sizeof text);
		oc_table_add(&t, oc_json_cstr(r, "code"));
		oc_table_add(&t, oc_json_cstr(r, "channel"));
		oc_table_add(&t, oc_json_cstr(r, "accountId"));
		oc_table_add(&t, oc_json_cstr(r, "id"));
		oc_table_add(&t, oc_json_cstr(r, "name"));
		oc_table_add(&t, text);
	}
	oc_table_print(&t);
	oc_table_deinit(&t);
}

static int list(struct oc_args *a)
{
	json_t *params = params_of(a, oc_args_pos(a, 0)), *result;
	int exit_code;

	if (!params) return 1;
	result = oc_rpc_ask_wait(a, "channels.pairing.list", params, &exit_code);
	if (result && oc_args_has(a, "--json"))
		oc_print_json(result);
	else if (result)
		print_requests(json_object_get(result, "requests"));
	json_decref(result);
	return exit_code;
}

/* ---- approve ---- */

/* The first who is let in owns the commands, until the configuration says otherwise. */
static void make_owner(const char *channel, const char *sender, bool aloud)
{
	struct oc_strv problems = { 0 };
	enum oc_edit_result written;
	struct oc_config c;
	struct oc_err e = { 0 };
	json_t *raw = NULL, *commands;
	enum oc_rc rc = oc_config_load(&c, &e);

	if (!rc) {
		raw = json_deep_copy(c.raw);
		commands = json_object_get(raw, "commands");
		if (!commands) {
			commands = json_object();
			json_object_set_new(raw, "commands", commands);
		}
		json_object_set_new(commands, "ownerAllowFrom",
				    json_pack("[o]", json_sprintf("%s:%s", channel, sender)));
		rc = oc_config_write(&c, raw, &written, &problems, &e);
	}
	if (rc)
		oc_visible_printf(stderr,
				  "warning: %s\nTo let this person use every command: openclaw "
				  "config set commands.ownerAllowFrom '[\"%s:%s\"]'\n",
				  e.msg, channel, sender);
	else if (aloud)
		oc_visible_printf(stdout,
				  "%s:%s owns the commands now (commands.ownerAllowFrom).\n",
				  channel, sender);
	oc_strv_deinit(&problems);
	json_decref(raw);
	oc_config_deinit(&c);
}

static void report(const json_t *request, bool aloud)
{
	const char *channel = oc_json_cstr(request, "channel"), *id = oc_json_cstr(request, "id");
	const char *name = oc_json_cstr(request, "name");

	if (aloud)
		oc_visible_printf(stdout, "Let in: %s%s%s%s on %s.\n", name ? name : "",
				  name ? " (" : "", id ? id : "", name ? ")" : "",
				  channel ? channel : "");
	if (oc_json_bool(request, "owner", false) && channel && id) make_owner(channel, id, aloud);
}

static int approve(struct oc_args *a)
{
	size_t n = oc_args_n(a);
	json_t *params, *result;
	int exit_code;

	if (n < 1 || n > 2) return oc_usage_error(a, "expected a channel and a code");
	params = params_of(a, n == 2 ? oc_args_pos(a, 0) : NULL);
	if (!params) return 1;
	oc_json_put(params, "code", json_string(oc_args_pos(a, n - 1)));
	if (oc_args_has(a, "--notify")) oc_json_put(params, "notify", json_true());
	result = oc_rpc_ask_wait(a, "channels.pairing.approve", params, &exit_code);
	if (result && oc_args_has(a, "--json")) oc_print_json(result);
	if (result) report(json_object_get(result, "request"), !oc_args_has(a, "--json"));
	json_decref(result);
	return exit_code;
}

const struct oc_command oc_pairing_commands[] = {
	{ .name = "list",
	  .usage = "[channel]",
	  .help = "Who asks to be let in",
	  .run = list,
	  .options = list_options },
	{ .name = "approve",
	  .usage = "[channel] <code>",
	  .help = "Let somebody in",
	  .run = approve,
	  .options = approve_options },
	{ 0 },
};
