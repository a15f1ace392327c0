/* `openclaw cron …`: scheduled jobs of the gateway. */
#include <stdio.h>
#include <stdlib.h>

#include "base/visible.h"
#include "cli/cron/cron_job.h"
#include "cli/cron/when.h"
#include "cli/gateway/gateway_commands.h"
#include "cli/gateway/rpc_command.h"
#include "cli/print.h"
#include "cli/table.h"
#include "rt/task.h"

enum { PAGE = 200, ID_CHARS = 36 };

/* Prints the result as JSON when that was asked for; false: print it for a person. */
static bool as_json(const struct oc_args *a, const json_t *result)
{
	if (!oc_args_has(a, "--json")) return false;
	oc_print_json(result);
	return true;
}

static int usage_id(const struct oc_args *a)
{
	return oc_usage_error(a,
			      "expected the id or name of one job (openclaw cron list shows them)");
}

/* The id of the job of this name, as JSON; the name itself when there is none. NULL: several have
 * it, or the gateway did not answer; *exit_code. */
static json_t *id_of_name_wait(const struct oc_args *a, const char *name, int *exit_code)
{
	json_t *query = json_pack("{s:o,s:b,s:i}", "query", oc_json_new_str(oc_str(name)),
				  "includeDisabled", 1, "limit", PAGE);
	json_t *page = oc_rpc_ask_wait(a, "cron.list", query, exit_code);
	json_t *id = NULL, *job;
	size_t i, n = 0;

	json_array_foreach (json_object_get(page, "jobs"), i, job) {
		if (!oc_str_eq(oc_json_str(job, "name"), oc_str(name))) continue;
		json_decref(id);
		id = json_incref(json_object_get(job, "id"));
		n++;
	}
	if (page && n == 0) id = oc_json_new_str(oc_str(name));
	json_decref(page);
	if (n < 2) return id;
	json_decref(id);
	*exit_code = oc_error("%zu jobs are called \"%.60s\": give the id of one", n, name);
	return NULL;
}

/* The id of the job that is meant by its id or its name. NULL: *exit_code. */
static json_t *id_wait(const struct oc_args *a, const char *which, int *exit_code)
{
	if (strlen(which) == ID_CHARS) return oc_json_new_str(oc_str(which));
	return id_of_name_wait(a, which, exit_code);
}

static json_t *id_params_wait(const struct oc_args *a, int *exit_code)
{
	json_t *id = id_wait(a, oc_args_pos(a, 0), exit_code);

	return id ? json_pack("{s:o}", "id", id) : NULL;
}

/* ---- list, status, runs ---- */

static const struct oc_option rpc_options[] = {
	OC_RPC_ADDRESS_OPTIONS,
	OC_RPC_TIMEOUT_OPTION,
	{ .name = "--json", .help = "Print one JSON document" },
	{ 0 },
};
static const struct oc_option list_options[] = {
	{ .name = "--all", .help = "Disabled jobs too" },
	{ .name = "--limit", .value = "<n>", .help = "At most so many (200)" },
	OC_RPC_ADDRESS_OPTIONS,
	OC_RPC_TIMEOUT_OPTION,
	{ .name = "--json", .help = "Print one JSON document" },
	{ 0 },
};

static void add_moment(struct oc_table *t, int64_t at_ms, bool future)
{
	char text[OC_WHEN_CHARS];

	if (at_ms <= 0) {
		oc_table_add(t, NULL);
		return;
	}
	if (future)
		oc_until_text(at_ms - oc_wall_ms(), text, sizeof text);
	else
		oc_age_text(oc_wall_ms() - at_ms, text, sizeof text);
	oc_table_add(t, text);
}

static const char *state_of(const json_t *job, const json_t *state)
{
	const char *last = oc_json_cstr(state, "lastStatus");

	if (!last) last = oc_json_cstr(state, "lastRunStatus");
	if (!oc_json_bool(job, "enabled", true)) return "disabled";
	if (oc_json_positive(state, "runningAtMs")) return "running";
	return last ? last : "idle";
}

static void add_job(struct oc_table *t, const json_t *job)
{
	const json_t *state = json_object_get(job, "state");
	struct oc_buf schedule;

	oc_buf_init(&schedule, 4096);
	oc_cron_schedule_text(json_object_get(job, "schedule"), &schedule);
	oc_table_add(t, oc_json_cstr(job, "id"));
	oc_table_add(t, oc_json_cstr(job, "name"));
	oc_table_add(t, oc_buf_cstr(&schedule));
	add_moment(t, oc_json_positive(state, "nextRunAtMs"), true);
	add_moment(t, oc_json_positive(state, "lastRunAtMs"), false);
	oc_table_add(t, state_of(job, state));
	oc_table_add(t, oc_json_cstr(job, "sessionTarget"));
	oc_buf_deinit(&schedule);
}

static void print_jobs(const json_t *page, bool all)
{
	static const char *const titles[] = { "Id",   "Name",	"Schedule", "Next",
					      "Last", "Status", "Session",  NULL };
	const json_t *jobs = json_object_get(page, "jobs"), *job;
	struct oc_table t;
	size_t i;

	if (json_array_size(jobs) == 0) {
		printf("No jobs%s. Make one with: openclaw cron add --when \"tomorrow 9:00\" "
		       "--text ...\n",
		       all ? "" : " are enabled (--all shows the others)");
		return;
	}
	oc_table_init(&t, titles);
	json_array_foreach (jobs, i, job) add_job(&t, job);
	oc_table_print(&t);
	oc_table_deinit(&t);
	if (oc_json_bool(page, "hasMore", false))
		printf("%lld jobs in all\n", (long long)oc_json_int(page, "total", 0));
}

static int list(struct oc_args *a)
{
	const char *limit_text = oc_args_get(a, "--limit");
	int64_t limit = PAGE;
	int exit_code;

	if (limit_text && !oc_parse_int(oc_str(limit_text), 1, PAGE, &limit))
		return oc_usage_error(a, "--limit takes a number from 1 to %d", PAGE);
	json_t *page =
	    oc_rpc_ask_wait(a, "cron.list",
			    json_pack("{s:b,s:I,s:i}", "includeDisabled", oc_args_has(a, "--all"),
				      "limit", (json_int_t)limit, "offset", 0),
			    &exit_code);
	if (page && !as_json(a, page)) print_jobs(page, oc_args_has(a, "--all"));
	json_decref(page);
	return exit_code;
}

static int status(struct oc_args *a)
{
	int exit_code;
	json_t *s = oc_rpc_ask_wait(a, "cron.status", NULL, &exit_code);

	if (s && !as_json(a, s)) {
		char next[OC_WHEN_CHARS];
		oc_when_text(oc_json_positive(s, "nextWakeAtMs"), next, sizeof next);
		printf("Scheduler  %s\nJobs       %lld\nNext run   %s\n",
		       oc_json_bool(s, "enabled", true) ? "on" : "off (cron.enabled)",
		       (long long)oc_json_int(s, "jobs", 0), next);
	}
	json_decref(s);
	return exit_code;
}

static const struct oc_option runs_options[] = {
	{ .name = "--id", .value = "<id or name>", .help = "Of this job" },
	{ .name = "--limit", .value = "<n>", .help = "At most so many (20)" },
	OC_RPC_ADDRESS_OPTIONS,
	OC_RPC_TIMEOUT_OPTION,
	{ .name = "--json", .help = "Print one JSON document" },
	{ 0 },
};

static void add_run(struct oc_table *t, const json_t *run)
{
	const char *summary = oc_json_cstr(run, "summary"), *error = oc_json_cstr(run, "error");
	char when[OC_WHEN_CHARS];
	int64_t at = oc_json_positive(run, "runAtMs");

	oc_when_text(at ? at : oc_json_positive(run, "ts"), when, sizeof when);
	oc_table_add(t, when);
	oc_table_add(t, oc_json_cstr(run, "jobId"));
	oc_table_add(t, oc_json_cstr(run, "status"));
	oc_table_addf(t, "%lld ms", (long long)oc_json_int(run, "durationMs", 0));
	oc_table_add(t, error ? error : summary ? summary : "");
}

static void print_runs(const json_t *page)
{
	static const char *const titles[] = { "When", "Job", "Status", "Took", "Result", NULL };
	const json_t *runs = json_object_get(page, "entries"), *run;
	struct oc_table t;
	size_t i;

	if (json_array_size(runs) == 0) {
		puts("No runs yet.");
		return;
	}
	oc_table_init(&t, titles);
	json_array_foreach (runs, i, run) add_run(&t, run);
	oc_table_print(&t);
	oc_table_deinit(&t);
}

static int runs(struct oc_args *a)
{
	const char *which = oc_args_n(a) ? oc_args_pos(a, 0) : oc_args_get(a, "--id");
	const char *limit_text = oc_args_get(a, "--limit");
	int64_t limit = 20;
	json_t *id = NULL;
	int exit_code;

	if (limit_text && !oc_parse_int(oc_str(limit_text), 1, PAGE, &limit))
		return oc_usage_error(a, "--limit takes a number from 1 to %d", PAGE);
	if (which && !(id = id_wait(a, which, &exit_code))) return exit_code;
	json_t *params = json_pack("{s:s,s:I,s:i}", "scope", id ? "job" : "all", "limit",
				   (json_int_t)limit, "offset", 0);
	oc_json_put(params, "id", id);
	json_t *page = oc_rpc_ask_wait(a, "cron.runs", params, &exit_code);
	if (page && !as_json(a, page)) print_runs(page);
	json_decref(page);
	return exit_code;
}

/* ---- one job ---- */

static void print_job(const char *done, const json_t *job)
{
	const char *id = oc_json_cstr(job, "id"), *name = oc_json_cstr(job, "name");
	char next[OC_WHEN_CHARS];
	struct oc_buf schedule;

	oc_buf_init(&schedule, 4096);
	oc_cron_schedule_text(json_object_get(job, "schedule"), &schedule);
	oc_when_text(oc_json_positive(json_object_get(job, "state"), "nextRunAtMs"), next,
		     sizeof next);
	oc_visible_printf(stdout, "%s: %s (%s)\nSchedule: %s\nNext run: %s\n", done,
			  name ? name : "?", id ? id : "?", oc_buf_cstr(&schedule), next);
	oc_buf_deinit(&schedule);
	if (oc_json_cstr(job, "nextRuns"))
		oc_visible_printf(stdout, "Next runs: %s\n", oc_json_cstr(job, "nextRuns"));
}

static int add(struct oc_args *a)
{
	struct oc_err e = { 0 };
	json_t *job = NULL;
	int exit_code;

	if (oc_cron_job_read(a, true, oc_wall_ms(), &job, &e) != OC_OK)
		return oc_usage_error(a, "%s", e.msg);
	json_t *made = oc_rpc_ask_wait(a, "cron.add", job, &exit_code);
	if (made && !as_json(a, made)) print_job("Added", made);
	json_decref(made);
	return exit_code;
}

static int update(struct oc_args *a, json_t *patch, const char *done)
{
	int exit_code;
	json_t *params = id_params_wait(a, &exit_code);

	if (!params) {
		json_decref(patch);
		return exit_code;
	}
	oc_json_put(params, "patch", patch);
	json_t *job = oc_rpc_ask_wait(a, "cron.update", params, &exit_code);
	if (job && !as_json(a, job)) print_job(done, job);
	json_decref(job);
	return exit_code;
}

static int edit(struct oc_args *a)
{
	struct oc_err e = { 0 };
	json_t *patch = NULL;

	if (oc_args_n(a) != 1) return usage_id(a);
	if (oc_cron_job_read(a, false, oc_wall_ms(), &patch, &e) != OC_OK)
		return oc_usage_error(a, "%s", e.msg);
	if (json_object_size(patch) == 0) {
		json_decref(patch);
		return oc_usage_error(a, "say what is to change");
	}
	return update(a, patch, "Changed");
}

static int enable(struct oc_args *a)
{
	if (oc_args_n(a) != 1) return usage_id(a);
	return update(a, json_pack("{s:b}", "enabled", 1), "Enabled");
}

static int disable(struct oc_args *a)
{
	if (oc_args_n(a) != 1) return usage_id(a);
	return update(a, json_pack("{s:b}", "enabled", 0), "Disabled");
}

static int rm(struct oc_args *a)
{
	int exit_code;

	if (oc_args_n(a) != 1) return usage_id(a);
	json_t *params = id_params_wait(a, &exit_code);
	if (!params) return exit_code;
	json_t *result = oc_rpc_ask_wait(a, "cron.remove", params, &exit_code);
	bool removed = oc_json_bool(result, "removed", true);
	if (result && !removed) exit_code = oc_error("there is no job %s", oc_args_pos(a, 0));
	if (result && !as_json(a, result) && removed)
		oc_visible_printf(stdout, "Removed: %s\n", oc_args_pos(a, 0));
	json_decref(result);
	return exit_code;
}

static const struct oc_option run_options[] = {
	{ .name = "--due", .help = "Only if it is due" },
	{ .name = "--force", .help = "Now, due or not (the default)" },
	OC_RPC_ADDRESS_OPTIONS,
	OC_RPC_TIMEOUT_OPTION,
	{ .name = "--json", .help = "Print one JSON document" },
	{ 0 },
};

static int run(struct oc_args *a)
{
	int exit_code;

	if (oc_args_n(a) != 1) return usage_id(a);
	json_t *params = id_params_wait(a, &exit_code);
	if (!params) return exit_code;
	oc_json_put(params, "mode", json_string(oc_args_has(a, "--due") ? "due" : "force"));
	json_t *result = oc_rpc_ask_wait(a, "cron.run", params, &exit_code);
	if (result && !as_json(a, result)) {
		const char *id = oc_json_cstr(result, "runId");
		if (id)
			oc_visible_printf(stdout, "Started: run %s\n", id);
		else
			puts("Not started: it is not due.");
	}
	json_decref(result);
	return exit_code;
}

static int get(struct oc_args *a)
{
	int exit_code;

	if (oc_args_n(a) != 1) return usage_id(a);
	json_t *params = id_params_wait(a, &exit_code);
	if (!params) return exit_code;
	json_t *job = oc_rpc_ask_wait(a, "cron.get", params, &exit_code);
	if (job) oc_print_json(job);
	json_decref(job);
	return exit_code;
}

static int show(struct oc_args *a)
{
	int exit_code;

	if (oc_args_n(a) != 1) return usage_id(a);
	json_t *params = id_params_wait(a, &exit_code);
	if (!params) return exit_code;
	json_t *job = oc_rpc_ask_wait(a, "cron.get", params, &exit_code);
	if (job && !as_json(a, job)) {
		const json_t *payload = json_object_get(job, "payload");
		const char *text = oc_json_cstr(payload, "message");
		print_job("Job", job);
		if (!text) text = oc_json_cstr(payload, "command");
		if (!text) text = oc_json_cstr(payload, "text");
		oc_visible_printf(stdout, "Status:   %s\nDoes:     %s\n",
				  state_of(job, json_object_get(job, "state")), text ? text : "-");
	}
	json_decref(job);
	return exit_code;
}

const struct oc_command oc_cron_commands[] = {
	{ .name = "add", .help = "Make a job", .run = add, .options = oc_cron_job_options },
	{ .name = "list", .help = "List the jobs", .run = list, .options = list_options },
	{ .name = "status", .help = "Is the scheduler on", .run = status, .options = rpc_options },
	{ .name = "edit",
	  .usage = "<id or name>",
	  .help = "Change a job",
	  .run = edit,
	  .options = oc_cron_job_options },
	{ .name = "enable",
	  .usage = "<id or name>",
	  .help = "Switch a job on",
	  .run = enable,
	  .options = rpc_options },
	{ .name = "disable",
	  .usage = "<id or name>",
	  .help = "Switch a job off",
	  .run = disable,
	  .options = rpc_options },
	{ .name = "rm",
	  .usage = "<id or name>",
	  .help = "Remove a job",
	  .run = rm,
	  .options = rpc_options },
	{ .name = "run",
	  .usage = "<id or name>",
	  .help = "Run a job now",
	  .run = run,
	  .options = run_options },
	{ .name = "runs",
	  .usage = "[id or name]",
	  .help = "What ran and how it ended",
	  .run = runs,
	  .options = runs_options },
	{ .name = "get",
	  .usage = "<id or name>",
	  .help = "Print a job as JSON",
	  .run = get,
	  .options = rpc_options },
	{ .name = "show",
	  .usage = "<id or name>",
	  .help = "Show a job",
	  .run = show,
	  .options = rpc_options },
	{ 0 },
};
