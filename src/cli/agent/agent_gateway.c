/* openclaw agent: one message to an agent of the gateway. On a terminal its text streams; into a
 * pipe goes the answer alone. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/rand.h"
#include "cli/agent/agent_cli.h"
#include "cli/agent/agent_show.h"
#include "cli/gateway/rpc_command.h"
#include "cli/print.h"
#include "rt/tty.h"

enum { TIMEOUT_S = 600, GRACE_MS = 30000, CONNECT_MS = 20000 };

struct gateway_run {
	struct oc_rpc_command rpc;
	struct oc_agent_show show;
	char run_id[OC_ID_CHARS + 1];
	char *session_key; /* as the gateway calls it; NULL = not heard of yet */
	bool stream;	   /* text goes out as it comes */
	bool streamed;	   /* some did */
	struct oc_scope *questions;
};

/* ---- what happens meanwhile ---- */

static void on_tool(struct gateway_run *r, const json_t *data)
{
	const char *phase = oc_json_cstr(data, "phase"), *name = oc_json_cstr(data, "name");
	struct oc_tool_call call = { .args = json_object_get(data, "args"), .valid = true };

	if (!phase || strcmp(phase, "start") != 0 || !name) return;
	oc_agent_show_end(&r->show);
	call.name = oc_strdup(name);
	r->show.sink.tool_start(&r->show, &call);
	free(call.name);
}

static void on_progress(struct gateway_run *r, const json_t *data)
{
	const char *phase = oc_json_cstr(data, "phase");
	int64_t percent = oc_json_int(data, "percent", -1);

	if (!phase || !r->show.person || r->show.in_turn) return;
	if (!strcmp(phase, "queued"))
		fprintf(stderr, "\rwaiting for the server: place %lld\033[K",
			(long long)oc_json_int(data, "position", 0));
	else if (!strcmp(phase, "loading"))
		fputs("\rloading the model\033[K", stderr);
	else if (percent >= 0)
		fprintf(stderr, "\rreading the prompt: %lld %%\033[K", (long long)percent);
	r->show.progress_shown = true;
}

static void on_agent_event(struct gateway_run *r, const json_t *payload)
{
	const char *run_id = oc_json_cstr(payload, "runId");
	const char *stream = oc_json_cstr(payload, "stream");
	const char *key = oc_json_cstr(payload, "sessionKey");
	const json_t *data = json_object_get(payload, "data");

	if (!run_id || !stream || strcmp(run_id, r->run_id) != 0) return;
	if (key && !r->session_key) r->session_key = oc_strdup(key);
	if (!strcmp(stream, "assistant") && r->stream) {
		struct oc_str delta = oc_json_str(data, "delta");
		r->streamed = r->streamed || delta.n > 0;
		r->show.sink.text(&r->show, delta);
	} else if (!strcmp(stream, "tool"))
		on_tool(r, data);
	else if (!strcmp(stream, "progress"))
		on_progress(r, data);
	else if (!strcmp(stream, "notice") && oc_json_cstr(data, "text"))
		r->show.sink.notice(&r->show, oc_json_cstr(data, "text"));
}

/* ---- questions of tools ---- */

struct question {
	struct gateway_run *run;
	json_t *record;
};

static const char *or_empty(const char *s)
{
	return s ? s : "";
}

static void ask(void *arg)
{
	struct question *q = arg;
	const json_t *request = json_object_get(q->record, "request");
	const char *tool = oc_json_cstr(request, "tool");
	const struct oc_question question = { .tool = tool ? tool : "exec",
					      .what = or_empty(oc_json_cstr(request, "command")),
					      .workdir = or_empty(oc_json_cstr(request, "cwd")),
					      .why = oc_json_cstr(request, "reason") };
	struct oc_err e = { 0 };
	enum oc_rc rc = oc_agent_show_ask_wait(&q->run->show, &question, &e);

	if (rc != OC_CANCELLED)
		oc_rpc_notify(q->run->rpc.client, "exec.approval.resolve",
			      json_pack("{s:s,s:s}", "id", or_empty(oc_json_cstr(q->record, "id")),
					"decision", rc ? "deny" : "allow-once"));
	json_decref(q->record);
	free(q);
}

static void on_question(struct gateway_run *r, const json_t *record)
{
	const char *key = oc_json_cstr(json_object_get(record, "request"), "sessionKey");

	if (!key || !r->session_key || strcmp(key, r->session_key) != 0) return;
	struct question *q = oc_new(struct question);
	q->run = r;
	q->record = json_deep_copy(record);
	oc_scope_spawn(r->questions, ask, q);
}

static void on_event(void *arg, const char *event, const json_t *payload)
{
	struct gateway_run *r = arg;

	if (!strcmp(event, "agent"))
		on_agent_event(r, payload);
	else if (!strcmp(event, "exec.approval.requested") && oc_tty_interactive())
		on_question(r, payload);
}

/* ---- the run ---- */

static json_t *params_of(struct gateway_run *r, struct oc_str message, int64_t seconds)
{
	static const char *const options[][2] = { { "--session-key", "sessionKey" },
						  { "--session-id", "sessionId" },
						  { "--agent", "agentId" },
						  { "--to", "to" },
						  { "--model", "model" },
						  { "--thinking", "thinking" } };
	json_t *params = json_object();

	oc_json_put(params, "message", oc_json_new_str(message));
	oc_json_put(params, "idempotencyKey", json_string(r->run_id));
	for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
		const char *v = oc_args_get(r->rpc.args, options[i][0]);
		if (v) oc_json_put(params, options[i][1], oc_json_new_str(oc_str(v)));
	}
	if (oc_args_has(r->rpc.args, "--deliver")) oc_json_put(params, "deliver", json_true());
	oc_json_put(params, "timeout", json_integer(seconds));
	return params;
}

static enum oc_rc connect_wait(struct gateway_run *r, struct oc_err *e)
{
	static const struct oc_rpc_hello hello = { .caps = "tool-events" };
	enum oc_rc rc = oc_config_load(&r->rpc.config, e);

	if (!rc) rc = oc_rpc_target_init(&r->rpc.target, r->rpc.args, &r->rpc.config, e);
	if (!rc)
		rc = oc_rpc_connect_wait(&r->rpc.target, &hello, oc_deadline_in(CONNECT_MS),
					 &r->rpc.client, e);
	if (rc == OC_E_UPSTREAM && r->rpc.target.local) {
		struct oc_err why = *e;
		oc_fail(e, rc,
			"%s\nOr run the agent in this process, without its sessions: add "
			"--local",
			why.msg);
	}
	return rc;
}

/* The gateway goes on with a run whose client has left; Ctrl-C means to stop it. */
static void abort_run(struct gateway_run *r)
{
	const char *key =
	    r->session_key ? r->session_key : oc_args_get(r->rpc.args, "--session-key");

	oc_rpc_notify(r->rpc.client, "chat.abort",
		      json_pack("{s:s,s:s}", "sessionKey", key ? key : "main", "runId", r->run_id));
}

static enum oc_rc run_wait(struct gateway_run *r, struct oc_str message, int64_t seconds,
			   json_t **result, json_t **error, struct oc_err *e)
{
	struct oc_deadline d =
	    seconds > 0 ? oc_deadline_in((uint64_t)seconds * 1000 + GRACE_MS) : OC_NO_DEADLINE;
	enum oc_rc rc = connect_wait(r, e);

	*result = *error = NULL;
	if (rc) return rc;
	oc_rpc_on_event(r->rpc.client, on_event, r);
	rc = oc_rpc_call_wait(r->rpc.client, "agent", params_of(r, message, seconds), true, d,
			      result, error, e);
	if (rc == OC_CANCELLED) abort_run(r);
	return rc;
}

/* ---- the outcome ---- */

static void print_answer(struct gateway_run *r, const json_t *result)
{
	const json_t *payload, *payloads;
	size_t i;

	payloads = json_object_get(json_object_get(result, "result"), "payloads");
	oc_agent_show_end(&r->show);
	if (r->streamed) return;
	json_array_foreach (payloads, i, payload) {
		struct oc_str text = oc_json_str(payload, "text");
		if (text.n) oc_print_text(text);
	}
}

static json_t *failure_document(const struct gateway_run *r, const json_t *error,
				const struct oc_err *e)
{
	json_t *doc = json_pack("{s:b,s:s,s:s,s:s}", "ok", 0, "runId", r->run_id, "status", "error",
				"summary", "failed");
	json_t *why = error ? json_deep_copy(error) : json_object();

	if (!json_object_get(why, "message"))
		oc_json_put(why, "message", oc_json_new_str(oc_str(e->msg)));
	oc_json_put(doc, "error", why);
	return doc;
}

static int report(struct gateway_run *r, enum oc_rc rc, json_t *result, const json_t *error,
		  const struct oc_err *e)
{
	bool json = oc_args_has(r->rpc.args, "--json");

	if (json && rc != OC_CANCELLED) {
		json_t *doc = rc ? failure_document(r, error, e) : json_incref(result);
		oc_print_json(doc);
		json_decref(doc);
	} else if (!rc)
		print_answer(r, result);
	oc_agent_show_end(&r->show);
	return rc ? oc_rpc_failed(rc, e) : 0;
}

int oc_agent_gateway_wait(const struct oc_args *a, struct oc_str message)
{
	struct gateway_run r = { .rpc.args = a };
	struct oc_err e = { 0 };
	json_t *result = NULL, *error = NULL;
	int64_t seconds = TIMEOUT_S;
	bool json = oc_args_has(a, "--json");

	if (oc_agent_timeout(a, &seconds)) return 1;
	oc_uuid(r.run_id);
	oc_agent_show_init(&r.show, json, oc_args_has(a, "--verbose"));
	r.stream = !json && isatty(STDOUT_FILENO);
	r.questions = oc_scope_new();
	enum oc_rc rc = run_wait(&r, message, seconds, &result, &error, &e);
	if (r.rpc.client) oc_rpc_on_event(r.rpc.client, NULL, NULL);
	oc_scope_cancel(r.questions);
	oc_scope_join_wait(r.questions);
	oc_scope_free(r.questions);
	int exit_code = report(&r, rc, result, error, &e);
	json_decref(result);
	json_decref(error);
	oc_agent_show_deinit(&r.show);
	oc_rpc_command_deinit_wait(&r.rpc);
	free(r.session_key);
	return exit_code;
}
