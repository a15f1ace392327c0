/* `openclaw health`: waits for a gateway that is starting, then asks how it is. */
#include <stdio.h>

#include "base/visible.h"
#include "cli/cron/when.h"
#include "cli/gateway/gateway_commands.h"
#include "cli/gateway/rpc_command.h"
#include "cli/print.h"
#include "cli/table.h"

enum { START_MS = 60000 };

const struct oc_option oc_health_options[] = {
	OC_RPC_ADDRESS_OPTIONS,
	OC_RPC_TIMEOUT_OPTION,
	{ .name = "--verbose", .help = "Show recent sessions as well" },
	{ .name = "--json", .help = "Print one JSON document" },
	{ 0 },
};

static void print_recent(const json_t *sessions)
{
	static const char *const titles[] = { "Session", "Last activity", NULL };
	const json_t *row;
	struct oc_table t;
	size_t i;

	oc_table_init(&t, titles);
	json_array_foreach (json_object_get(sessions, "recent"), i, row) {
		char age[32];
		oc_table_add(&t, oc_json_cstr(row, "key"));
		oc_age_text(oc_wall_ms() - oc_json_int(row, "updatedAt", 0), age, sizeof age);
		oc_table_add(&t, age);
	}
	oc_table_print(&t);
	oc_table_deinit(&t);
}

static void print_health(const json_t *health, uint64_t took_ms, bool verbose)
{
	const json_t *sessions = json_object_get(health, "sessions"), *agent;
	size_t i;

	printf("Gateway: %s (%llu ms)\n", oc_json_bool(health, "ok", false) ? "OK" : "not OK",
	       (unsigned long long)took_ms);
	json_array_foreach (json_object_get(health, "agents"), i, agent) {
		const char *id = oc_json_cstr(agent, "agentId");
		oc_visible_printf(stdout, "Agent: %s%s\n", id ? id : "?",
				  oc_json_bool(agent, "isDefault", false) ? " (default)" : "");
	}
	printf("Sessions: %lld\n", (long long)oc_json_int(sessions, "count", 0));
	if (verbose && json_array_size(json_object_get(sessions, "recent"))) print_recent(sessions);
}

int oc_cmd_health(struct oc_args *a)
{
	struct oc_rpc_command c;
	struct oc_err e = { 0 };
	json_t *health = NULL;
	enum oc_rc rc = oc_rpc_command_init(&c, a, START_MS, &e);
	uint64_t asked_ms = 0;

	if (!rc) rc = oc_rpc_started_wait(&c.target, c.deadline, NULL, &e);
	if (!rc) rc = oc_rpc_command_connect_wait(&c, &e);
	asked_ms = oc_now_ms();
	if (!rc) rc = oc_rpc_command_call_wait(&c, "health", NULL, &health, &e);
	if (!rc && oc_args_has(a, "--json"))
		oc_print_json(health);
	else if (!rc)
		print_health(health, oc_now_ms() - asked_ms, oc_args_has(a, "--verbose"));
	json_decref(health);
	oc_rpc_command_deinit_wait(&c);
	return rc ? oc_rpc_failed(rc, &e) : 0;
}
