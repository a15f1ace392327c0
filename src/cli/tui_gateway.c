/*
 * The conversation with a gateway. The connection is held by one task: it connects, catches up with
 * the history, sends what waits, listens, and begins again when the connection was lost. Text that
 * the person sent is kept until the gateway has acknowledged it; the idempotency key makes a second
 * sending harmless.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "base/rand.h"
#include "base/visible.h"
#include "cli/sessions_export.h"
#include "cli/tui.h"
#include "rt/task.h"

enum {
	CONNECT_MS = 15000,
	CALL_MS = 30000,
	HISTORY = 200,
	MAX_HISTORY = 1000,
	CATCH_UP = 50,
	FIRST_PAUSE_MS = 250,
	LONGEST_PAUSE_MS = 5000,
};

struct outgoing {
	char id[OC_ID_CHARS + 1];
	char *text;
	struct outgoing *next;
};
struct oc_tui_link {
	struct oc_tui *tui;
	struct oc_rpc_target target;
	struct oc_rpc_client *client;
	struct oc_scope *scope;
	char *key;	  /* canonical, as events name it; NULL until the gateway told */
	int64_t last_seq; /* of the messages that were shown */
	bool caught_up;	  /* the history was shown once */
	struct outgoing *outbox;
	bool sending, catching_up;
	struct oc_strv own;  /* run ids of what was sent from here */
	struct oc_strv runs; /* active ones of this session */
	int64_t history;
};

static bool same(const char *a, const char *b)
{
	return a && b && !strcmp(a, b);
}

static struct oc_deadline call_deadline(void)
{
	return oc_deadline_in(CALL_MS);
}

static void error_line(struct oc_tui *t, const struct oc_err *e)
{
	oc_tui_error(&t->view, e->msg);
	oc_tui_changed(t);
}

/* ---- runs ---- */

static void run_began(struct oc_tui_link *l, const char *run, const char *activity)
{
	if (run) oc_strv_add_once(&l->runs, oc_str(run));
	oc_tui_activity(l->tui, activity);
}

static void remove_run(struct oc_strv *runs, const char *run)
{
	for (size_t i = 0; i < runs->n; i++) {
		if (!same(runs->v[i], run)) continue;
		free(runs->v[i]);
		memmove(runs->v + i, runs->v + i + 1, (runs->n - i) * sizeof *runs->v);
		runs->n--;
		return;
	}
}

static void run_ended(struct oc_tui_link *l, const char *run)
{
	remove_run(&l->runs, run);
	if (!l->runs.n) oc_tui_activity(l->tui, NULL);
}

static void forget_runs(struct oc_tui_link *l)
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
		run_began(l, run, "answering");
		if (text.n)
			oc_tui_answer(&t->view, run, oc_buf_view(&text));
		else
			oc_tui_answer_more(&t->view, run, oc_json_str(p, "deltaText"));
	} else if (!strcmp(state, "status")) {
		run_began(l, run, "thinking");
	} else {
		if (text.n) oc_tui_answer_again(&t->view, run, oc_buf_view(&text));
		oc_tui_answer_end(&t->view);
		if (!strcmp(state, "error")) oc_tui_error(&t->view, why ? why : "the run failed");
		if (!strcmp(state, "aborted")) oc_tui_note(&t->view, "Stopped.");
		t->failed = strcmp(state, "final") != 0;
		run_ended(l, run);
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
	if (same(phase, "queued")) return "waiting for the server";
	if (same(phase, "loading")) return "loading the model";
	return "reading the prompt";
}

static void on_agent(struct oc_tui_link *l, const json_t *p)
{
	const char *stream = oc_json_cstr(p, "stream"), *run = oc_json_cstr(p, "runId");
	const json_t *data = json_object_get(p, "data");
	const char *phase = oc_json_cstr(data, "phase");

	if (same(stream, "tool"))
		on_tool(l, data);
	else if (same(stream, "thinking"))
		oc_tui_thinking(&l->tui->view, oc_json_str(data, "delta"));
	else if (same(stream, "progress"))
		oc_tui_activity(l->tui, progress_text(phase));
	else if (same(stream, "lifecycle") && same(phase, "start"))
		run_began(l, run, "thinking");
	else if (same(stream, "notice") && oc_json_cstr(data, "text"))
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
	if (same(oc_json_cstr(message, "role"), "user") && !is_own(l, message))
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

static void on_question(struct oc_tui_link *l, const json_t *p)
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
	return same(oc_json_cstr(p, "sessionKey"), l->key);
}

static void on_event(void *arg, const char *event, const json_t *p)
{
	struct oc_tui_link *l = arg;

	if (!strcmp(event, "gap"))
		catch_up(l);
	else if (!strcmp(event, "exec.approval.requested"))
		on_question(l, p);
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
	if (seq && seq == l->last_seq && !same(oc_json_cstr(message, "role"), "assistant")) return;
	if (l->caught_up && same(oc_json_cstr(message, "role"), "user") && is_own(l, message)) {
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
		forget_runs(l);
		if (!l->outbox) oc_tui_activity(l->tui, NULL);
	} else
		oc_tui_activity(l->tui, "answering");
	oc_tui_changed(l->tui);
}

static enum oc_rc history_wait(struct oc_tui_link *l, struct oc_err *e)
{
	json_t *h = NULL;
	int64_t limit = l->caught_up ? CATCH_UP : l->history;
	enum oc_rc rc = OC_OK;

	if (limit > 0 || !l->key)
		rc = oc_rpc_call_wait(l->client, "chat.history",
				      json_pack("{s:s,s:I}", "sessionKey", l->tui->session, "limit",
						(json_int_t)(limit > 0 ? limit : 1)),
				      false, call_deadline(), &h, NULL, e);
	if (!rc && h && limit <= 0) json_object_set_new(h, "messages", json_array());
	if (!rc && h) take_history(l, h);
	json_decref(h);
	return rc;
}

static void catch_up_task(void *arg)
{
	struct oc_tui_link *l = arg;
	struct oc_err e = { 0 };

	if (l->client) (void)!history_wait(l, &e);
	l->catching_up = false;
}

static void catch_up(struct oc_tui_link *l)
{
	if (l->catching_up) return;
	l->catching_up = true;
	oc_scope_spawn(l->scope, catch_up_task, l);
}

/* ---- sending ---- */

static void drop_first(struct oc_tui_link *l)
{
	struct outgoing *o = l->outbox;

	l->outbox = o->next;
	free(o->text);
	free(o);
}

static json_t *send_params(const struct oc_tui_link *l, const struct outgoing *o)
{
	const struct oc_args *a = l->tui->args;
	const char *thinking = oc_args_get(a, "--thinking");
	json_t *params = json_pack("{s:s,s:o,s:s}", "sessionKey", l->tui->session, "message",
				   oc_json_new_str(oc_str(o->text)), "idempotencyKey", o->id);

	if (thinking) oc_json_put(params, "thinking", json_string(thinking));
	if (oc_args_has(a, "--deliver")) oc_json_put(params, "deliver", json_true());
	return params;
}

static void take_ack(struct oc_tui_link *l, const struct outgoing *o, const json_t *ack)
{
	const char *status = oc_json_cstr(ack, "status");

	if (same(status, "started") || same(status, "in_flight")) return; /* its end will be told */
	run_ended(l, o->id);
	if (json_object_get(ack, "aborted"))
		oc_tui_note(&l->tui->view, oc_json_bool(ack, "aborted", false)
					       ? "Stopped."
					       : "Nothing is running.");
}

static void send_all(void *arg)
{
	struct oc_tui_link *l = arg;

	while (l->outbox && l->client && oc_rpc_connected(l->client)) {
		struct outgoing *o = l->outbox;
		json_t *ack = NULL, *refused = NULL;
		struct oc_err e = { 0 };
		enum oc_rc rc = oc_rpc_call_wait(l->client, "chat.send", send_params(l, o), false,
						 call_deadline(), &ack, &refused, &e);

		if (rc && !refused) break; /* the connection broke: sent again after it */
		if (rc) {
			run_ended(l, o->id);
			l->tui->failed = true;
			error_line(l->tui, &e);
		} else
			take_ack(l, o, ack);
		json_decref(ack);
		json_decref(refused);
		drop_first(l);
		oc_tui_changed(l->tui);
	}
	l->sending = false;
}

static void flush(struct oc_tui_link *l)
{
	if (l->sending || !l->outbox || !l->client) return;
	l->sending = true;
	oc_scope_spawn(l->scope, send_all, l);
}

static void send_text(struct oc_tui *t, const char *text)
{
	struct oc_tui_link *l = t->link;
	struct outgoing *o = oc_new(struct outgoing), **at = &l->outbox;

	oc_uuid(o->id);
	o->text = oc_strdup(text);
	while (*at) at = &(*at)->next;
	*at = o;
	oc_strv_add(&l->own, oc_str(o->id));
	oc_tui_user(&t->view, oc_str(text));
	run_began(l, o->id, "thinking");
	if (!t->connected) oc_tui_note(&t->view, "Not connected: it is sent as soon as possible.");
	flush(l);
}

static void stop_run(struct oc_tui *t)
{
	struct oc_tui_link *l = t->link;

	if (l->client && l->key)
		oc_rpc_notify(l->client, "chat.abort", json_pack("{s:s}", "sessionKey", l->key));
}

static void decide(struct oc_tui *t, const char *id, const char *decision)
{
	if (t->link->client)
		oc_rpc_notify(t->link->client, "exec.approval.resolve",
			      json_pack("{s:s,s:s}", "id", id, "decision", decision));
}

/* ---- lists to pick from ---- */

struct list_task {
	struct oc_tui_link *link;
	char what;
};

static void add_item(json_t *items, const char *label, const char *detail, json_t *value)
{
	json_t *item = json_object();

	oc_json_put(item, "label", oc_json_new_str(oc_str(label)));
	if (detail) oc_json_put(item, "detail", oc_json_new_str(oc_str(detail)));
	oc_json_put(item, "value", json_incref(value));
	json_array_append_new(items, item);
}

static json_t *items_of(char what, const json_t *result)
{
	const char *member = what == 'm' ? "models" : what == 'a' ? "agents" : "sessions";
	json_t *items = json_array(), *row;
	size_t i;

	json_array_foreach (json_object_get(result, member), i, row) {
		const char *id = oc_json_cstr(row, what == 's' ? "key" : "id");
		const char *name = oc_json_cstr(row, what == 's' ? "derivedTitle" : "name");
		const char *provider = oc_json_cstr(row, "provider");
		char *ref = provider && id ? oc_asprintf("%s/%s", provider, id) : NULL;
		if (what == 's' && oc_json_cstr(row, "label")) name = oc_json_cstr(row, "label");
		if (id) add_item(items, ref ? ref : id, same(name, id) ? NULL : name, row);
		free(ref);
	}
	return items;
}

static void list_wait(void *arg)
{
	struct list_task *task = arg;
	struct oc_tui_link *l = task->link;
	const char *method = task->what == 'm'	 ? "models.list"
			     : task->what == 'a' ? "agents.list"
						 : "sessions.list";
	json_t *result = NULL;
	struct oc_err e = { 0 };
	json_t *params = task->what == 's'
			     ? json_pack("{s:i,s:b}", "limit", 50, "includeDerivedTitles", 1)
			     : json_object();
	enum oc_rc rc = OC_E_UPSTREAM;

	if (l->client)
		rc = oc_rpc_call_wait(l->client, method, params, false, call_deadline(), &result,
				      NULL, &e);
	else
		json_decref(params);
	if (rc && rc != OC_CANCELLED) {
		oc_tui_pick_close(l->tui);
		error_line(l->tui, &e);
	} else if (!rc)
		oc_tui_list(l->tui, task->what, items_of(task->what, result));
	json_decref(result);
	free(task);
}

static void ask_list(struct oc_tui *t, char what)
{
	struct list_task *task = oc_new(struct list_task);

	*task = (struct list_task){ t->link, what };
	oc_scope_spawn(t->link->scope, list_wait, task);
}

static void open_session_task(void *arg);

static void open_session(struct oc_tui *t, const char *key)
{
	struct oc_tui_link *l = t->link;
	struct oc_buf note;

	oc_buf_init(&note, 1024);
	oc_buf_addf(&note, "── %s ──", key);
	oc_tui_note(&t->view, oc_buf_cstr(&note));
	oc_buf_deinit(&note);
	free(t->session);
	t->session = oc_strdup(key);
	free(l->key);
	l->key = NULL;
	l->last_seq = 0;
	l->caught_up = false;
	forget_runs(l);
	oc_tui_activity(t, NULL);
	oc_scope_spawn(l->scope, open_session_task, l);
}

static void picked(struct oc_tui *t, char what, const json_t *item)
{
	struct oc_tui_link *l = t->link;
	const char *label = oc_json_cstr(item, "label");

	if (!label) return;
	if (what == 's') {
		open_session(t, label);
	} else if (what == 'a') {
		char *key = oc_asprintf("agent:%s:main", label);
		open_session(t, key);
		free(key);
	} else if (l->client) {
		oc_rpc_notify(
		    l->client, "sessions.patch",
		    json_pack("{s:s,s:s}", "key", l->key ? l->key : t->session, "model", label));
		free(t->model);
		t->model = oc_strdup(label);
	}
}

/* ---- the connection ---- */

static enum oc_rc subscribe_wait(struct oc_tui_link *l, struct oc_err *e)
{
	json_t *result = NULL;
	enum oc_rc rc = oc_rpc_call_wait(l->client, "sessions.messages.subscribe",
					 json_pack("{s:s}", "key", l->tui->session), false,
					 call_deadline(), &result, NULL, e);
	const char *key = oc_json_cstr(result, "key");

	if (!rc && key) {
		free(l->key);
		l->key = oc_strdup(key);
	}
	json_decref(result);
	return rc;
}

static enum oc_rc enter_session_wait(struct oc_tui_link *l, struct oc_err *e)
{
	enum oc_rc rc = subscribe_wait(l, e);

	if (!rc) rc = history_wait(l, e);
	return rc;
}

static void open_session_task(void *arg)
{
	struct oc_tui_link *l = arg;
	struct oc_err e = { 0 };
	enum oc_rc rc = l->client ? enter_session_wait(l, &e) : OC_OK;

	if (rc && rc != OC_CANCELLED) error_line(l->tui, &e);
}

static void commands_task(void *arg)
{
	struct oc_tui_link *l = arg;
	struct oc_tui *t = l->tui;
	struct oc_err e = { 0 };
	json_t *result = NULL;

	if (t->commands || !l->client) return;
	if (oc_rpc_call_wait(l->client, "commands.list", json_pack("{s:s}", "scope", "text"), false,
			     call_deadline(), &result, NULL, &e) == OC_OK)
		t->commands = json_incref(json_object_get(result, "commands"));
	json_decref(result);
	oc_tui_changed(t);
}

static void pending_questions_task(void *arg)
{
	struct oc_tui_link *l = arg;
	json_t *list = NULL, *q;
	struct oc_err e = { 0 };
	size_t i;

	if (l->client && oc_rpc_call_wait(l->client, "exec.approval.list", json_object(), false,
					  call_deadline(), &list, NULL, &e) == OC_OK)
		json_array_foreach (list, i, q) on_question(l, q);
	json_decref(list);
}

static enum oc_rc connect_wait(struct oc_tui_link *l, struct oc_err *e)
{
	static const struct oc_rpc_hello hello = {
		.client_id = "openclaw-tui",
		.mode = "ui",
		.scopes = "operator.admin,operator.read,operator.write,operator.approvals",
		.caps = "tool-events",
		.device = true,
	};
	enum oc_rc rc =
	    oc_rpc_connect_wait(&l->target, &hello, oc_deadline_in(CONNECT_MS), &l->client, e);

	if (rc) return rc;
	oc_rpc_on_event(l->client, on_event, l);
	rc = oc_rpc_call_wait(l->client, "sessions.subscribe", json_object(), false,
			      call_deadline(), NULL, NULL, e);
	if (!rc) rc = enter_session_wait(l, e);
	if (rc) {
		oc_rpc_close_wait(l->client);
		l->client = NULL;
		return rc;
	}
	l->tui->connected = true;
	oc_scope_spawn(l->scope, commands_task, l);
	oc_scope_spawn(l->scope, pending_questions_task, l);
	flush(l);
	oc_tui_changed(l->tui);
	return OC_OK;
}

static void lost(struct oc_tui_link *l)
{
	l->tui->connected = false;
	struct oc_rpc_client *c = l->client;
	l->client = NULL;
	oc_rpc_close_wait(c);
	oc_tui_changed(l->tui);
}

static void hold(void *arg)
{
	struct oc_tui_link *l = arg;
	struct oc_err e = { 0 };
	uint64_t pause = FIRST_PAUSE_MS;

	for (;;) {
		enum oc_rc rc = oc_rpc_listen_wait(l->client, OC_NO_DEADLINE, &e);
		if (rc == OC_CANCELLED) return;
		lost(l);
		do {
			if (oc_sleep_wait(pause)) return;
			pause = pause * 2 < LONGEST_PAUSE_MS ? pause * 2 : LONGEST_PAUSE_MS;
			rc = connect_wait(l, &e);
			if (rc == OC_E_DENIED) { /* trying again would not help */
				error_line(l->tui, &e);
				oc_tui_quit(l->tui, 1);
				return;
			}
		} while (rc && rc != OC_CANCELLED);
		if (rc) return;
		pause = FIRST_PAUSE_MS;
	}
}

/* ---- begin and end ---- */

static enum oc_rc read_history_limit(struct oc_tui_link *l, struct oc_err *e)
{
	const char *text = oc_args_get(l->tui->args, "--history-limit");

	l->history = l->tui->interactive ? HISTORY : 0;
	if (!text || oc_parse_int(oc_str(text), 0, MAX_HISTORY, &l->history)) return OC_OK;
	return oc_fail(e, OC_E_INPUT, "--history-limit \"%.40s\": use a number from 0 to %d", text,
		       MAX_HISTORY);
}

enum oc_rc oc_tui_gateway_start_wait(struct oc_tui *t, struct oc_err *e)
{
	struct oc_tui_link *l = oc_new(struct oc_tui_link);
	enum oc_rc rc;

	t->link = l;
	l->tui = t;
	l->scope = oc_scope_new();
	rc = read_history_limit(l, e);
	if (!rc) rc = oc_rpc_target_init(&l->target, t->args, t->config, e);
	if (!rc) rc = connect_wait(l, e);
	if (!rc) oc_scope_spawn(l->scope, hold, l);
	return rc;
}

void oc_tui_gateway_stop_wait(struct oc_tui *t)
{
	struct oc_tui_link *l = t->link;

	if (!l) return;
	oc_scope_cancel(l->scope);
	oc_scope_join_wait(l->scope);
	oc_rpc_close_wait(l->client); /* its task may live in a scope below ours */
	oc_scope_free(l->scope);
	oc_rpc_target_deinit(&l->target);
	while (l->outbox) drop_first(l);
	oc_strv_deinit(&l->own);
	oc_strv_deinit(&l->runs);
	free(l->key);
	free(l);
	t->link = NULL;
}

const struct oc_tui_partner oc_tui_gateway = { .send = send_text,
					       .stop = stop_run,
					       .ask_list = ask_list,
					       .picked = picked,
					       .decide = decide };
