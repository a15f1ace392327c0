/* What a gateway tells of the conversation, and its history, shown once each. */
#include <stdlib.h>

#include "base/mem.h"
#include "cli/chat/tui_link.h"
#include "cli/sessions/sessions_export.h"

enum { CATCH_UP = 50 };

bool oc_tui_same(const char *a, const char *b)
{
	return a && b && !strcmp(a, b);
}

/* ---- runs ---- */

void oc_tui_run_began(struct oc_tui_link *l, const char *run, const char *activity)
{
	if (run) oc_strv_add_once(&l->runs, oc_str(run));
	oc_tui_activity(l->tui, activity);
}

static void remove_run(struct oc_strv *runs, const char *run)
{
	for (size_t i = 0; i < runs->n; i++) {
		if (!oc_tui_same(runs->v[i], run)) continue;
		free(runs->v[i]);
		memmove(runs->v + i, runs->v + i + 1, (runs->n - i) * sizeof *runs->v);
		runs->n--;
		return;
	}
}

void oc_tui_run_ended(struct oc_tui_link *l, const char *run)
{
	remove_run(&l->runs, run);
	if (!l->runs.n) oc_tui_activity(l->tui, NULL);
}

void oc_tui_forget_runs(struct oc_tui_link *l)
{
	oc_strv_deinit(&l->runs);
	l->runs = (struct oc_strv){ 0 };
}

/* ---- events ---- */

static void on_chat(struct oc_tui_link *l, const json_t *p)
{
	struct oc_tui *t = l->tui;
	const char *state = oc_json_cstr(p, "state"), *run = oc_json_cstr(p, "runId");
	const char *why = oc_json_cstr(p, "errorMessage");
	const json_t *message = json_object_get(p, "message");
	struct oc_buf text;

	if (!state || !run) return;
	oc_buf_init(&text, 1 << 26);
	if (message) oc_message_text(message, &text);
	if (!strcmp(state, "delta")) {
		oc_tui_run_began(l, run, "answering");
		if (text.n)
			oc_tui_answer(&t->view, run, oc_buf_view(&text));
		else
			oc_tui_answer_more(&t->view, run, oc_json_str(p, "deltaText"));
	} else if (!strcmp(state, "status")) {
		oc_tui_run_began(l, run, "thinking");
	} else {
		if (text.n) oc_tui_answer_again(&t->view, run, oc_buf_view(&text));
		oc_tui_answer_end(&t->view);
		if (!strcmp(state, "error")) oc_tui_error(&t->view, why ? why : "the run failed");
		if (!strcmp(state, "aborted")) oc_tui_note(&t->view, "Stopped.");
		t->failed = strcmp(state, "final") != 0;
		oc_tui_run_ended(l, run);
	}
	oc_buf_deinit(&text);
}

static void on_tool(struct oc_tui_link *l, const json_t *data)
{
	struct oc_tui_view *v = &l->tui->view;
	const char *phase = oc_json_cstr(data, "phase"), *id = oc_json_cstr(data, "toolCallId");
	const char *name = oc_json_cstr(data, "name");

	if (!phase || !id) return;
	if (!strcmp(phase, "start")) {
		oc_tui_tool_start(v, id, name, json_object_get(data, "args"));
		oc_tui_activity(l->tui, "working");
	} else if (!strcmp(phase, "result")) {
		oc_tui_tool_end(v, id, name, json_object_get(data, "args"),
				json_object_get(data, "result"),
				oc_json_bool(data, "isError", false));
		oc_tui_activity(l->tui, "thinking");
	}
}

static const char *progress_text(const char *phase)
{
	if (oc_tui_same(phase, "queued")) return "waiting for the server";
	if (oc_tui_same(phase, "loading")) return "loading the model";
	return "reading the prompt";
}

static void on_agent(struct oc_tui_link *l, const json_t *p)
{
	const char *stream = oc_json_cstr(p, "stream"), *run = oc_json_cstr(p, "runId");
	const json_t *data = json_object_get(p, "data");
	const char *phase = oc_json_cstr(data, "phase");

	if (oc_tui_same(stream, "tool"))
		on_tool(l, data);
	else if (oc_tui_same(stream, "thinking"))
		oc_tui_thinking(&l->tui->view, oc_json_str(data, "delta"));
	else if (oc_tui_same(stream, "progress"))
		oc_tui_activity(l->tui, progress_text(phase));
	else if (oc_tui_same(stream, "lifecycle") && oc_tui_same(phase, "start"))
		oc_tui_run_began(l, run, "thinking");
	else if (oc_tui_same(stream, "notice") && oc_json_cstr(data, "text"))
		oc_tui_note(&l->tui->view, oc_json_cstr(data, "text"));
}

/* What was sent from here: its key is "<run>:user". Several that waited are stored as one, under a
 * heading of the gateway. */
static bool is_own(const struct oc_tui_link *l, const json_t *message)
{
	struct oc_str key = oc_json_str(message, "idempotencyKey");
	struct oc_buf text;

	if (oc_str_ends(key, OC_LIT(":user"))) key.n -= 5;
	if (key.n && oc_strv_has(&l->own, key)) return true;
	oc_buf_init(&text, 1 << 26);
	oc_message_text(message, &text);
	bool queued =
	    l->own.n && oc_str_starts(oc_buf_view(&text), OC_LIT("[Queued messages while"));
	oc_buf_deinit(&text);
	return queued;
}

static int64_t seq_of(const json_t *message)
{
	return oc_json_int(json_object_get(message, "__openclaw"), "seq", 0);
}

/* Answers and tools have come as events; what others typed has not. */
static void on_message(struct oc_tui_link *l, const json_t *p)
{
	const json_t *message = json_object_get(p, "message");
	int64_t seq = oc_json_int(p, "messageSeq", seq_of(message));

	if (seq <= l->last_seq) return;
	l->last_seq = seq;
	if (oc_tui_same(oc_json_cstr(message, "role"), "user") && !is_own(l, message))
		oc_tui_message(&l->tui->view, message);
}

static void take_row(struct oc_tui *t, const json_t *row)
{
	const char *model = oc_json_cstr(row, "model");

	if (model) {
		free(t->model);
		t->model = oc_strdup(model);
	}
	t->used_tokens = oc_json_int(row, "totalTokens", t->used_tokens);
	t->context_tokens = oc_json_int(row, "contextTokens", t->context_tokens);
}

void oc_tui_link_question(struct oc_tui_link *l, const json_t *p)
{
	const json_t *request = json_object_get(p, "request");
	const char *id = oc_json_cstr(p, "id"), *key = oc_json_cstr(request, "sessionKey");
	const char *command = oc_json_cstr(request, "command"), *cwd = oc_json_cstr(request, "cwd");
	struct oc_buf text;

	if (!id || (key && l->key && strcmp(key, l->key) != 0)) return;
	oc_buf_init(&text, 1 << 16);
	oc_buf_adds(&text, "The model wants to run: ");
	oc_buf_adds(&text, command ? command : "a command");
	if (cwd) oc_buf_addf(&text, "   (in %s)", cwd);
	oc_tui_ask(l->tui, id, oc_buf_cstr(&text));
	oc_buf_deinit(&text);
}

static void catch_up(struct oc_tui_link *l);

static bool is_here(const struct oc_tui_link *l, const json_t *p)
{
	return oc_tui_same(oc_json_cstr(p, "sessionKey"), l->key);
}

void oc_tui_link_event(void *arg, const char *event, const json_t *p)
{
	struct oc_tui_link *l = arg;

	if (!strcmp(event, "gap"))
		catch_up(l);
	else if (!strcmp(event, "exec.approval.requested"))
		oc_tui_link_question(l, p);
	else if (!strcmp(event, "exec.approval.resolved") && oc_json_cstr(p, "id"))
		oc_tui_asked(l->tui, oc_json_cstr(p, "id"));
	else if (!strcmp(event, "shutdown"))
		oc_tui_note(&l->tui->view, "The gateway is stopping.");
	else if (!is_here(l, p))
		return;
	else if (!strcmp(event, "chat"))
		on_chat(l, p);
	else if (!strcmp(event, "agent") || !strcmp(event, "session.tool"))
		on_agent(l, p);
	else if (!strcmp(event, "session.message"))
		on_message(l, p);
	else if (!strcmp(event, "sessions.changed"))
		take_row(l->tui, json_object_get(p, "session"));
	oc_tui_changed(l->tui);
}

/* ---- history ---- */

static void show_message(struct oc_tui_link *l, const json_t *message)
{
	int64_t seq = seq_of(message);

	if (seq && seq < l->last_seq) return;
	if (seq && seq == l->last_seq && !oc_tui_same(oc_json_cstr(message, "role"), "assistant"))
		return;
	if (l->caught_up && oc_tui_same(oc_json_cstr(message, "role"), "user") &&
	    is_own(l, message)) {
		l->last_seq = seq;
		return; /* stands there since it was typed */
	}
	oc_tui_message(&l->tui->view, message);
	if (seq > l->last_seq) l->last_seq = seq;
}

static void take_history(struct oc_tui_link *l, const json_t *h)
{
	const char *key = oc_json_cstr(h, "sessionKey");
	const json_t *info = json_object_get(h, "sessionInfo"), *message;
	bool active = oc_json_bool(info, "hasActiveRun", false);
	size_t i;

	if (key) {
		free(l->key);
		l->key = oc_strdup(key);
	}
	json_array_foreach (json_object_get(h, "messages"), i, message) show_message(l, message);
	l->caught_up = true;
	take_row(l->tui, info);
	if (!active) {
		oc_tui_forget_runs(l);
		if (!l->outbox) oc_tui_activity(l->tui, NULL);
	} else
		oc_tui_activity(l->tui, "answering");
	oc_tui_changed(l->tui);
}

enum oc_rc oc_tui_history_wait(struct oc_tui_link *l, struct oc_err *e)
{
	json_t *h = NULL;
	int64_t limit = l->caught_up ? CATCH_UP : l->history;
	enum oc_rc rc = OC_OK;

	if (limit > 0 || !l->key)
		rc = oc_rpc_call_wait(l->client, "chat.history",
				      json_pack("{s:s,s:I}", "sessionKey", l->tui->session, "limit",
						(json_int_t)(limit > 0 ? limit : 1)),
				      false, oc_tui_call_deadline(), &h, NULL, e);
	if (!rc && h && limit <= 0) json_object_set_new(h, "messages", json_array());
	if (!rc && h) take_history(l, h);
	json_decref(h);
	return rc;
}

static void catch_up_task(void *arg)
{
	struct oc_tui_link *l = arg;
	struct oc_err e = { 0 };

	if (l->client) (void)!oc_tui_history_wait(l, &e);
	l->catching_up = false;
}

static void catch_up(struct oc_tui_link *l)
{
	if (l->catching_up) return;
	l->catching_up = true;
	oc_scope_spawn(l->scope, catch_up_task, l);
}
