/* `openclaw approvals`: what was allowed for good, and what waits for an answer. */
#include <stdio.h>
#include <stdlib.h>

#include "agent/session/grants.h"
#include "base/visible.h"
#include "cli/cron/when.h"
#include "cli/gateway/gateway_commands.h"
#include "cli/gateway/rpc_command.h"
#include "cli/print.h"
#include "cli/table.h"
#include "rt/task.h"

/* ---- grants: a file, no gateway is needed ---- */

static bool load(json_t **grants)
{
	struct oc_paths paths;
	struct oc_err e = { 0 };
	enum oc_rc rc = oc_paths_init(&paths, &e);

	if (!rc) rc = oc_grants_list(paths.state_dir, grants, &e);
	oc_paths_deinit(&paths);
	if (rc) oc_error("%s", e.msg);
	return !rc;
}

static void print_grants(const json_t *grants)
{
	static const char *const titles[] = { "Id",	 "Agent", "Command", "In",
					      "Program", "Since", NULL };
	const json_t *grant;
	struct oc_table t;
	char age[OC_WHEN_CHARS];
	size_t i;

	if (!json_array_size(grants)) {
		puts("Nothing was allowed for good.");
		return;
	}
	oc_table_init(&t, titles);
	json_array_foreach (grants, i, grant) {
		oc_age_text(oc_wall_ms() - oc_json_int(grant, "createdAt", 0), age, sizeof age);
		oc_table_add(&t, oc_json_cstr(grant, "id"));
		oc_table_add(&t, oc_json_cstr(grant, "agent"));
		oc_table_add(&t, oc_json_cstr(grant, "command"));
		oc_table_add(&t, oc_json_cstr(grant, "workdir"));
		oc_table_add(&t, oc_json_cstr(grant, "program"));
		oc_table_add(&t, age);
	}
	oc_table_print(&t);
	oc_table_deinit(&t);
}

static int list(struct oc_args *a)
{
	json_t *grants = NULL;

	if (!load(&grants)) return 1;
	if (oc_args_has(a, "--json")) {
		json_t *doc = json_pack("{s:O}", "grants", grants);

		oc_print_json(doc);
		json_decref(doc);
	} else {
		print_grants(grants);
	}
	json_decref(grants);
	return 0;
}

static int revoke(struct oc_args *a)
{
	const char *id = oc_args_pos(a, 0);
	bool all = oc_args_has(a, "--all");
	struct oc_paths paths;
	struct oc_err e = { 0 };
	size_t n = 0;

	if (oc_args_n(a) != !all)
		return oc_usage_error(a, "expected one id (openclaw approvals list shows them), or "
					 "--all");
	enum oc_rc rc = oc_paths_init(&paths, &e);
	if (!rc) rc = oc_grants_revoke(paths.state_dir, id, &n, &e);
	oc_paths_deinit(&paths);
	if (rc) return oc_error("%s", e.msg);
	if (!all && !n)
		return oc_error("there is no grant %s (openclaw approvals list shows them)", id);
	printf("%zu taken back: the next time it is asked.\n", n);
	return 0;
}

/* ---- questions: of the gateway ---- */

static void print_questions(const json_t *questions)
{
	static const char *const titles[] = { "Id", "Command", "In", "Why", "Session", NULL };
	const json_t *q;
	struct oc_table t;
	size_t i;

	if (!json_array_size(questions)) {
		puts("No question waits.");
		return;
	}
	oc_table_init(&t, titles);
	json_array_foreach (questions, i, q) {
		const json_t *request = json_object_get(q, "request");

		oc_table_add(&t, oc_json_cstr(q, "id"));
		oc_table_add(&t, oc_json_cstr(request, "command"));
		oc_table_add(&t, oc_json_cstr(request, "cwd"));
		oc_table_add(&t, oc_json_cstr(request, "reason"));
		oc_table_add(&t, oc_json_cstr(request, "sessionKey"));
	}
	oc_table_print(&t);
	oc_table_deinit(&t);
}

static int pending_wait(struct oc_args *a)
{
	int exit_code = 0;
	json_t *questions = oc_rpc_ask_wait(a, "exec.approval.list", json_object(), &exit_code);

	if (!questions) return exit_code;
	if (oc_args_has(a, "--json"))
		oc_print_json(questions);
	else
		print_questions(questions);
	json_decref(questions);
	return 0;
}

static int resolve_wait(struct oc_args *a)
{
	const char *id = oc_args_pos(a, 0), *decision = oc_args_pos(a, 1);
	int exit_code = 0;

	if (oc_args_n(a) != 2 || (strcmp(decision, "allow-once") && strcmp(decision, "deny") &&
				  strcmp(decision, "allow-always")))
		return oc_usage_error(a, "expected an id and allow-once, allow-always or deny");
	json_t *result =
	    oc_rpc_ask_wait(a, "exec.approval.resolve",
			    json_pack("{s:s,s:s}", "id", id, "decision", decision), &exit_code);

	if (!result) return exit_code;
	if (oc_args_has(a, "--json"))
		oc_print_json(result);
	else
		oc_visible_printf(stdout, "Answered %s: %s\n", id, decision);
	json_decref(result);
	return 0;
}

/* ---- the table ---- */

const struct oc_option oc_approvals_list_options[] = {
	{ .name = "--json", .help = "Print one JSON document" },
	{ 0 },
};
static const struct oc_option revoke_options[] = {
	{ .name = "--all", .help = "All of them" },
	{ 0 },
};
static const struct oc_option rpc_options[] = {
	OC_RPC_ADDRESS_OPTIONS,
	OC_RPC_TIMEOUT_OPTION,
	{ .name = "--json", .help = "Print one JSON document" },
	{ 0 },
};

#define GRANTS                                                                                     \
	{ .name = "list",                                                                          \
	  .help = "What was allowed for good",                                                     \
	  .run = list,                                                                             \
	  .options = oc_approvals_list_options },                                                  \
	{                                                                                          \
		.name = "revoke", .usage = "<id>", .help = "Take a lasting yes back",              \
		.run = revoke, .options = revoke_options                                           \
	}

static const struct oc_command grants_commands[] = { GRANTS, { 0 } };

int oc_cmd_approvals_list(struct oc_args *a)
{
	return list(a);
}

const struct oc_command oc_approvals_commands[] = {
	GRANTS,
	{ .name = "grants",
	  .run = list,
	  .options = oc_approvals_list_options,
	  .sub = grants_commands },
	{ .name = "pending",
	  .help = "Questions that wait for an answer",
	  .run = pending_wait,
	  .options = rpc_options },
	{ .name = "resolve",
	  .usage = "<id> <decision>",
	  .help = "Answer one: allow-once, allow-always or deny",
	  .run = resolve_wait,
	  .options = rpc_options },
	{ 0 },
};
