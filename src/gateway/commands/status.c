/* What is going on: /status, /whoami, /context, /tools, /tasks. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "agent/run/plan.h"
#include "agent/run/settings.h"
#include "base/mem.h"
#include "base/version.h"
#include "gateway/commands/command.h"
#include "gateway/view/model_rows.h"
#include "model/provider/credential.h"
#include "rt/task.h"
#include "tool/tool.h"

static void add_age(struct oc_buf *out, int64_t ms)
{
	int64_t minutes = ms / 60000;

	if (minutes < 1)
		oc_buf_adds(out, "just now");
	else if (minutes < 60)
		oc_buf_addf(out, "%lldm ago", (long long)minutes);
	else if (minutes < 2880)
		oc_buf_addf(out, "%lldh ago", (long long)(minutes / 60));
	else
		oc_buf_addf(out, "%lldd ago", (long long)(minutes / 1440));
}

static void add_time(struct oc_buf *out, int64_t wall_ms)
{
	time_t seconds = (time_t)(wall_ms / 1000);
	struct tm tm;
	char text[40] = "";

	if (localtime_r(&seconds, &tm)) strftime(text, sizeof text, "%Y-%m-%d %H:%M", &tm);
	oc_buf_adds(out, text);
}

static void add_uptime(struct oc_buf *out, uint64_t ms)
{
	uint64_t minutes = ms / 60000;

	oc_buf_addf(out, "%llud %lluh %llum", (unsigned long long)(minutes / 1440),
		    (unsigned long long)(minutes / 60 % 24), (unsigned long long)(minutes % 60));
}

static int64_t window_of(const struct oc_selection *s)
{
	const struct oc_model *m = s->model;

	if (!m) return 0;
	return m->context_tokens > 0 ? m->context_tokens : m->context_window;
}

/* A fallback is not hidden (D16). */
static void say_other_model(struct oc_command_ask *a, const struct oc_selection *s)
{
	const struct oc_session_record *r = &a->session;
	char *used = r->provider && r->model ? oc_ref_key(r->provider, r->model) : NULL;

	if (used && strcmp(used, s->key) != 0)
		oc_command_say(a, "↪️ Last answer by: %s\n", used);
	free(used);
}

static void say_model(struct oc_command_ask *a, const struct oc_selection *s)
{
	struct oc_credential cred = { 0 };
	struct oc_err e = { 0 };
	bool known = oc_credential_resolve(&a->snapshot->catalog, s->provider, s->profile, &cred,
					   &e) == OC_OK;

	oc_command_say(a, "🧠 Model: %s · 🔑 %s\n", s->key,
		       known && cred.source ? cred.source : "no key");
	oc_credential_deinit(&cred);
	say_other_model(a, s);
}

/* What the finished runs of this session used. */
static enum oc_rc sum_runs_wait(struct oc_command_ask *a, struct oc_run_record *sum)
{
	struct oc_run_records runs = { 0 };
	struct oc_err e = { 0 };
	enum oc_rc rc;

	if (!a->session.id) return OC_OK;
	rc = oc_store_runs_between_wait(a->gw->store, a->session.created_ms, oc_wall_ms() + 1,
					&runs, &e);
	for (size_t i = 0; i < runs.n; i++) {
		if (!runs.v[i].session_id || strcmp(runs.v[i].session_id, a->session.id)) continue;
		sum->input += runs.v[i].input;
		sum->cached += runs.v[i].cached;
		sum->cost += runs.v[i].cost;
	}
	oc_run_records_deinit(&runs);
	return rc;
}

enum oc_rc oc_command_say_cost_wait(struct oc_command_ask *a)
{
	struct oc_run_record sum = { 0 };
	struct oc_buf *out = &a->answer->text;
	enum oc_rc rc = sum_runs_wait(a, &sum);

	if (rc) return rc;
	oc_buf_addf(out, "💵 Cost: $%.4f\n🗄️ Cache: %lld%% hit · ", sum.cost,
		    (long long)(sum.input > 0 ? sum.cached * 100 / sum.input : 0));
	oc_command_tokens(out, sum.cached);
	oc_buf_adds(out, " cached, ");
	oc_command_tokens(out, sum.input > sum.cached ? sum.input - sum.cached : 0);
	oc_buf_adds(out, " new\n");
	return OC_OK;
}

static void say_tokens_wait(struct oc_command_ask *a, int64_t window)
{
	const struct oc_session_record *r = &a->session;
	struct oc_buf *out = &a->answer->text;

	oc_buf_adds(out, "🧮 Tokens: ");
	oc_command_tokens(out, r->input_tokens);
	oc_buf_adds(out, " in / ");
	oc_command_tokens(out, r->output_tokens);
	oc_buf_adds(out, " out\n");
	if (oc_command_say_cost_wait(a) == OC_CANCELLED) return;
	oc_buf_adds(out, "📚 Context: ");
	oc_command_tokens(out, r->prompt_tokens);
	if (window > 0) {
		oc_buf_addc(out, '/');
		oc_command_tokens(out, window);
		oc_buf_addf(out, " (%lld%%)", (long long)(r->prompt_tokens * 100 / window));
	}
	oc_buf_addc(out, '\n');
}

static void say_modes(struct oc_command_ask *a, const struct oc_selection *s)
{
	static const char *const shown[][2] = { { "reasoningLevel", "reasoning" },
						{ "verboseLevel", "verbose" },
						{ "responseUsage", "usage" } };
	const char *level = oc_command_setting(a, "thinkingLevel");
	const char *queue = oc_command_setting(a, "queueMode");

	if (!level) level = oc_thinking_default(&a->snapshot->config, s ? s->model : NULL);
	oc_command_say(a, "⚙️ Execution: direct · Runtime: OpenClaw · Think: %s", level);
	for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
		const char *value = oc_command_setting(a, shown[i][0]);

		if (value) oc_command_say(a, " · %s: %s", shown[i][1], value);
	}
	oc_command_say(a, "\n🪢 Queue: %s\n", queue ? queue : "automatic");
}

enum oc_rc oc_command_status(struct oc_command_ask *a)
{
	struct oc_buf *out = &a->answer->text;
	struct oc_selection s;
	struct oc_err e = { 0 };
	bool known = oc_command_model(a, &s, &e) == OC_OK;
	struct oc_strv runs = { 0 };

	oc_command_say(a, "🦞 OpenClaw %s\n🕒 ", oc_version_text());
	add_time(out, oc_wall_ms());
	oc_buf_adds(out, " · up ");
	add_uptime(out, oc_now_ms() - a->gw->started_ms);
	oc_buf_addc(out, '\n');
	if (known)
		say_model(a, &s);
	else
		oc_command_say(a, "🧠 Model: none (%s)\n", e.msg);
	say_tokens_wait(a, known ? window_of(&s) : 0);
	oc_command_say(a, "🧵 Session: %s · ", a->chat->session_key);
	if (a->session.id)
		add_age(out, oc_wall_ms() - a->session.updated_ms);
	else
		oc_buf_adds(out, "not begun");
	oc_sessions_runs(a->gw->sessions, a->chat->session_key, &runs);
	oc_command_say(a, "\n🏃 Runs: %zu in this session, %zu in all\n", runs.n,
		       oc_sessions_active(a->gw->sessions));
	oc_strv_deinit(&runs);
	say_modes(a, known ? &s : NULL);
	if (known) oc_selection_deinit(&s);
	return OC_OK;
}

enum oc_rc oc_command_whoami(struct oc_command_ask *a)
{
	oc_command_say(a, "Session: `%s`\nAgent: %s\nChannel: %s\nRights: %s", a->chat->session_key,
		       a->session.agent ? a->session.agent : "main",
		       a->chat->channel ? a->chat->channel : "webchat",
		       a->chat->admin ? "administrator" : "this session");
	return OC_OK;
}

/* ---- /context ---- */

struct parts {
	int64_t system, tools, messages;
	size_t n_messages;
};

static enum oc_rc measure_wait(struct oc_command_ask *a, struct parts *out, struct oc_err *e)
{
	struct oc_message_query q = { .session_id = a->session.id, .epoch = a->session.epoch };
	struct oc_stored_messages list = { 0 };
	struct oc_epoch epoch = { 0 };
	struct oc_plan plan;
	enum oc_rc rc;

	*out = (struct parts){ 0 };
	if (!a->session.id || !a->session.epoch) return OC_OK;
	oc_plan_init(&plan, 0, 0);
	rc = oc_store_epoch_wait(a->gw->store, a->session.epoch, &epoch, e);
	if (rc) return rc;
	out->system = oc_plan_tokens(&plan, oc_str(epoch.system));
	if (epoch.tools) out->tools = oc_plan_tokens(&plan, oc_str(epoch.tools));
	q.after_seq = epoch.first_seq > 0 ? epoch.first_seq - 1 : 0;
	q.epoch = 0;
	oc_epoch_deinit(&epoch);
	rc = oc_store_messages_wait(a->gw->store, &q, &list, e);
	if (rc) return rc;
	for (size_t i = 0; i < list.n; i++) {
		char *text = oc_json_compact(list.v[i].body);

		if (!(list.v[i].flags & OC_MSG_HIDDEN_FROM_MODEL)) {
			out->messages += oc_plan_tokens(&plan, oc_str(text));
			out->n_messages++;
		}
		free(text);
	}
	oc_stored_messages_deinit(&list);
	return OC_OK;
}

static void context_json(struct oc_command_ask *a, const struct parts *p, int64_t window)
{
	json_t *doc =
	    json_pack("{s:I,s:I,s:I,s:I,s:I,s:I}", "systemTokens", (json_int_t)p->system,
		      "toolTokens", (json_int_t)p->tools, "messageTokens", (json_int_t)p->messages,
		      "messages", (json_int_t)p->n_messages, "promptTokens",
		      (json_int_t)a->session.prompt_tokens, "contextTokens", (json_int_t)window);
	char *text = oc_json_pretty(doc);

	oc_command_say(a, "```json\n%s```", text);
	free(text);
	json_decref(doc);
}

/* How much the server can take over from the request before (spec 03 §3.3). */
static void say_prefixes(struct oc_command_ask *a)
{
	json_t *list = oc_sessions_prefixes(a->gw->sessions, a->chat->session_key), *row;
	size_t i;

	oc_command_say(a, json_array_size(list)
			      ? "\n\nRepeated from the request before, newest first:"
			      : "\n\nNo request has followed another yet.");
	json_array_foreach (list, i, row) {
		const char *reason = oc_json_cstr(row, "reason");

		oc_command_say(a, "\n- %lld %% of %lld bytes%s%s",
			       (long long)oc_json_int(row, "percent", 0),
			       (long long)oc_json_int(row, "previousBytes", 0), reason ? ": " : "",
			       reason ? reason : "");
	}
	json_decref(list);
}

static void context_list(struct oc_command_ask *a, const struct parts *p, int64_t window)
{
	struct oc_buf *out = &a->answer->text;
	const struct {
		const char *name;
		int64_t n;
	} rows[] = { { "system text", p->system },
		     { "tools", p->tools },
		     { "messages", p->messages } };

	oc_buf_adds(out, "What the model reads (estimated tokens):\n");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		oc_buf_addf(out, "- %s: ", rows[i].name);
		oc_command_tokens(out, rows[i].n);
		oc_buf_addc(out, '\n');
	}
	oc_buf_addf(out, "\n%zu messages. Last request: ", p->n_messages);
	oc_command_tokens(out, a->session.prompt_tokens);
	if (window > 0) {
		oc_buf_adds(out, " of ");
		oc_command_tokens(out, window);
	}
	oc_buf_adds(out, " tokens.");
}

enum oc_rc oc_command_context(struct oc_command_ask *a)
{
	struct oc_str form = oc_command_word(a);
	struct oc_selection s;
	struct oc_err e = { 0 };
	struct parts parts;
	int64_t window = 0;
	enum oc_rc rc = measure_wait(a, &parts, &e);

	if (rc) {
		if (rc != OC_CANCELLED) oc_command_say(a, "The session cannot be read: %s", e.msg);
		return rc;
	}
	if (oc_command_model(a, &s, &e) == OC_OK) {
		window = window_of(&s);
		oc_selection_deinit(&s);
	}
	if (oc_str_ieq(form, OC_LIT("json")))
		context_json(a, &parts, window);
	else
		context_list(a, &parts, window);
	if (oc_str_ieq(form, OC_LIT("detail"))) say_prefixes(a);
	return OC_OK;
}

/* ---- /tools, /tasks ---- */

enum oc_rc oc_command_tools(struct oc_command_ask *a)
{
	struct oc_strv names = { 0 };
	json_t *tools = oc_tools_json(NULL, &names);
	size_t i;
	json_t *tool;

	json_array_foreach (tools, i, tool) {
		const json_t *f = json_object_get(tool, "function");
		const char *name = oc_json_cstr(f, "name"), *about = oc_json_cstr(f, "description");

		oc_command_say(a, "- `%s` — %s\n", name ? name : "?", about ? about : "");
	}
	json_decref(tools);
	oc_strv_deinit(&names);
	return OC_OK;
}

enum oc_rc oc_command_tasks(struct oc_command_ask *a)
{
	struct oc_strv runs = { 0 };

	oc_sessions_runs(a->gw->sessions, NULL, &runs);
	if (!runs.n) oc_command_say(a, "Nothing is under way.");
	for (size_t i = 0; i < runs.n; i++) oc_command_say(a, "- run `%s`\n", runs.v[i]);
	oc_strv_deinit(&runs);
	return OC_OK;
}
