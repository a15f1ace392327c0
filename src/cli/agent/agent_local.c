/* openclaw agent --local: one message to an agent, in this process, and its answer. */
#include <stdlib.h>
#include <unistd.h>

#include "agent/run/agent.h"
#include "base/mem.h"
#include "cli/agent/agent_cli.h"
#include "cli/agent/agent_show.h"
#include "cli/print.h"
#include "model/provider/refresh.h"
#include "rt/tty.h"
#include "tool/mcp.h"
#include "tool/processes.h"

enum { IDLE_LIMIT_MS = 1800000, LOOK_MS = 1000 };

struct command {
	const struct oc_args *args;
	struct oc_config config;
	struct oc_catalog catalog;
	struct oc_agent_settings settings;
	struct oc_agent_show show;
	struct oc_agent_spec spec;
	struct oc_agent_result result;
	struct oc_str message;
	char *workspace;
	struct oc_scope *run_scope;
	uint64_t started_ms, moved_ms, limit_ms; /* limit 0 = none */
	bool asking;				 /* a person thinks: no clock runs */
	const char *stopped;			 /* why we ended the run; NULL = we did not */
	enum oc_rc rc;
	struct oc_err e;
};

static int read_limits(struct command *c)
{
	int64_t seconds = c->settings.timeout_seconds;

	if (oc_agent_timeout(c->args, &seconds)) return 1;
	c->limit_ms = seconds > 0 ? (uint64_t)seconds * 1000 : 0;
	return 0;
}

static int load(struct command *c)
{
	struct oc_err e = { 0 };

	if (oc_config_load(&c->config, &e) != OC_OK) return oc_error("%s", e.msg);
	if (oc_config_require(&c->config) != OC_OK) return 1;
	if (oc_catalog_load(&c->catalog, &c->config, &e) != OC_OK) return oc_error("%s", e.msg);
	if (oc_agent_settings_init(&c->settings, &c->config, oc_args_get(c->args, "--agent"), &e) !=
	    OC_OK)
		return oc_error("%s", e.msg);
	return read_limits(c);
}

static void find_workspace(struct command *c)
{
	const char *dir = oc_args_get(c->args, "--workspace");
	char *here = dir ? getcwd(NULL, 0) : NULL;

	if (dir) c->workspace = oc_agent_path(&c->config, here ? here : "/", dir);
	free(here);
}

/* ---- the run and its clock ---- */

static void moved(void *arg)
{
	struct command *c = arg;

	c->moved_ms = oc_now_ms();
}

static enum oc_rc ask_wait(void *arg, const struct oc_question *q, struct oc_err *e)
{
	struct command *c = arg;
	enum oc_rc rc;

	uint64_t asked_ms = oc_now_ms();
	c->asking = true;
	rc = oc_agent_show_ask_wait(&c->show, q, e);
	c->asking = false;
	c->started_ms += oc_now_ms() - asked_ms;
	moved(c);
	return rc;
}

static void run_agent(void *arg)
{
	struct command *c = arg;

	c->rc = oc_agent_run_wait(&c->spec, &c->result, &c->e);
}

static const char *reason_to_stop(const struct command *c)
{
	uint64_t now = oc_now_ms();

	if (c->show.broken) return "cannot write to standard output";
	if (c->asking) return NULL;
	if (c->limit_ms && now - c->started_ms >= c->limit_ms)
		return "the run took longer than its time limit (--timeout, agents.defaults.timeoutSeconds)";
	if (!c->limit_ms && now - c->moved_ms >= IDLE_LIMIT_MS)
		return "nothing has moved for 30 minutes, so the run was stopped";
	return NULL;
}

/* Looks once a second whether the run is to be stopped (D48). */
static void watch(void *arg)
{
	struct command *c = arg;

	while (oc_sleep_wait(LOOK_MS) == OC_OK) {
		c->stopped = reason_to_stop(c);
		if (!c->stopped) continue;
		oc_scope_cancel(c->run_scope);
		return;
	}
}

static void run_watched(struct command *c)
{
	struct oc_scope *watch_scope = oc_scope_new();

	c->run_scope = oc_scope_new();
	c->started_ms = c->moved_ms = oc_now_ms();
	oc_scope_spawn(c->run_scope, run_agent, c);
	oc_scope_spawn(watch_scope, watch, c);
	oc_scope_join_wait(c->run_scope);
	oc_scope_cancel(watch_scope);
	oc_scope_join_wait(watch_scope);
	oc_scope_free(c->run_scope);
	oc_scope_free(watch_scope);
	if (c->rc == OC_CANCELLED && c->stopped)
		c->rc = oc_fail(&c->e, OC_E_TIMEOUT, "%s", c->stopped);
}

/* ---- the outcome as a document (spec 02 §6) ---- */

static json_t *meta_json(const struct command *c)
{
	const struct oc_agent_result *r = &c->result;
	json_t *meta = json_object(), *agent = json_object();

	oc_json_put(agent, "sessionId", json_string(r->run_id));
	if (r->provider) oc_json_put(agent, "provider", oc_json_new_str(oc_str(r->provider)));
	if (r->model) oc_json_put(agent, "model", oc_json_new_str(oc_str(r->model)));
	if (r->usage.present) oc_json_put(agent, "usage", oc_usage_json(&r->usage));
	oc_json_put(meta, "durationMs", json_integer((json_int_t)(oc_now_ms() - c->started_ms)));
	oc_json_put(meta, "turns", json_integer(r->turns));
	oc_json_put(meta, "toolCalls", json_integer(r->calls));
	oc_json_put(meta, "agentMeta", agent);
	oc_json_put(meta, "stopReason", json_string(c->rc ? "error" : oc_finish_name(r->finish)));
	return meta;
}

static json_t *payloads_json(const struct oc_agent_result *r)
{
	json_t *payloads = json_array(), *one;
	struct oc_str text = oc_str_trim(oc_buf_view(&r->text));

	if (!text.n) return payloads;
	one = json_object();
	oc_json_put(one, "text", oc_json_new_str(text));
	json_object_set_new(one, "mediaUrl", json_null());
	json_array_append_new(payloads, one);
	return payloads;
}

static json_t *error_json(const struct command *c)
{
	json_t *error = json_object();

	oc_json_put(error, "message", oc_json_new_str(oc_str(c->e.msg)));
	if (c->result.error != OC_ERR_NONE)
		oc_json_put(error, "class", json_string(oc_error_class_name(c->result.error)));
	return error;
}

static void print_document(const struct command *c)
{
	json_t *doc = json_object(), *result = json_object();

	oc_json_put(doc, "ok", json_boolean(c->rc == OC_OK));
	oc_json_put(doc, "runId", json_string(c->result.run_id));
	oc_json_put(doc, "status", json_string(c->rc ? "error" : "ok"));
	oc_json_put(doc, "summary", json_string(c->rc ? "failed" : "completed"));
	if (c->rc) oc_json_put(doc, "error", error_json(c));
	oc_json_put(result, "payloads", payloads_json(&c->result));
	oc_json_put(result, "meta", meta_json(c));
	oc_json_put(doc, "result", result);
	oc_print_json(doc);
	json_decref(doc);
}

/* ---- the command ---- */

/* A model that the catalog does not know is looked for at its server once (spec 01 §3.6); what
 * comes of it is said when the run selects it. */
static void complete_catalog_wait(struct command *c)
{
	const char *wanted = oc_args_get(c->args, "--model");
	struct oc_selection s;
	struct oc_err e = { 0 };

	if (!wanted) wanted = c->settings.model;
	if (oc_select_wait(&c->catalog, oc_str(wanted), &s, NULL, &e) == OC_OK)
		oc_selection_deinit(&s);
}

static int run(struct command *c)
{
	bool json = oc_args_has(c->args, "--json");

	find_workspace(c);
	complete_catalog_wait(c);
	oc_agent_show_init(&c->show, json, oc_args_has(c->args, "--verbose"));
	c->show.alive = moved;
	c->show.alive_arg = c;
	c->spec = (struct oc_agent_spec){ .catalog = &c->catalog,
					  .settings = &c->settings,
					  .model = oc_args_get(c->args, "--model"),
					  .thinking = oc_args_get(c->args, "--thinking"),
					  .workspace = c->workspace,
					  .message = c->message,
					  .channel = "cli",
					  .sink = &c->show.sink,
					  .approve_wait = oc_tty_interactive() ? ask_wait : NULL,
					  .approve_arg = c,
					  .alive = moved,
					  .alive_arg = c };
	c->spec.processes = oc_processes_new();
	c->spec.mcp = oc_mcp_new(&c->config);
	run_watched(c);
	oc_processes_free_wait(c->spec.processes);
	oc_mcp_free_wait(c->spec.mcp);
	oc_agent_show_end(&c->show);
	oc_agent_show_deinit(&c->show);
	if (c->rc == OC_CANCELLED) return 130;
	if (json) print_document(c);
	if (c->rc) return oc_error("%s", c->e.msg);
	return 0;
}

int oc_agent_local_wait(const struct oc_args *a, struct oc_str message)
{
	struct command c = { .args = a, .message = message };
	int exit_code;

	if (oc_args_has(a, "--session-key") || oc_args_has(a, "--session-id"))
		oc_print_warning("--local keeps no conversation; this run starts from nothing");
	exit_code = load(&c);
	if (!exit_code) exit_code = run(&c);
	oc_agent_result_deinit(&c.result);
	free(c.workspace);
	oc_agent_settings_deinit(&c.settings);
	oc_catalog_deinit(&c.catalog);
	oc_config_deinit(&c.config);
	return exit_code;
}
