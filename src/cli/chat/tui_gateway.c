/*
 * The conversation with a gateway. The connection is held by one task: it connects, catches up with
 * the history, sends what waits, listens, and begins again when the connection was lost. Text that
 * the person sent is kept until the gateway has acknowledged it; the idempotency key makes a second
 * sending harmless.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "base/rand.h"
#include "cli/chat/tui_link.h"
#include "rt/task.h"

enum {
	CONNECT_MS = 15000,
	CALL_MS = 30000,
	HISTORY = 200,
	MAX_HISTORY = 1000,
	FIRST_PAUSE_MS = 250,
	LONGEST_PAUSE_MS = 5000,
};

struct oc_deadline oc_tui_call_deadline(void)
{
	return oc_deadline_in(CALL_MS);
}

void oc_tui_link_error(struct oc_tui *t, const struct oc_err *e)
{
	oc_tui_error(&t->view, e->msg);
	oc_tui_changed(t);
}

/* ---- sending ---- */

static void drop_first(struct oc_tui_link *l)
{
	struct oc_tui_outgoing *o = l->outbox;

	l->outbox = o->next;
	free(o->text);
	free(o);
}

static json_t *send_params(const struct oc_tui_link *l, const struct oc_tui_outgoing *o)
{
	const struct oc_args *a = l->tui->args;
	const char *thinking = oc_args_get(a, "--thinking");
	json_t *params = json_pack("{s:s,s:o,s:s}", "sessionKey", l->tui->session, "message",
				   oc_json_new_str(oc_str(o->text)), "idempotencyKey", o->id);

	if (thinking) oc_json_put(params, "thinking", json_string(thinking));
	if (oc_args_has(a, "--deliver")) oc_json_put(params, "deliver", json_true());
	return params;
}

static void take_ack(struct oc_tui_link *l, const struct oc_tui_outgoing *o, const json_t *ack)
{
	const char *status = oc_json_cstr(ack, "status");

	if (oc_tui_same(status, "started") || oc_tui_same(status, "in_flight"))
		return; /* its end will be told */
	oc_tui_run_ended(l, o->id);
	if (json_object_get(ack, "aborted"))
		oc_tui_note(&l->tui->view, oc_json_bool(ack, "aborted", false)
					       ? "Stopped."
					       : "Nothing is running.");
}

static void send_all(void *arg)
{
	struct oc_tui_link *l = arg;

	while (l->outbox && l->client && oc_rpc_connected(l->client)) {
		struct oc_tui_outgoing *o = l->outbox;
		json_t *ack = NULL, *refused = NULL;
		struct oc_err e = { 0 };
		enum oc_rc rc = oc_rpc_call_wait(l->client, "chat.send", send_params(l, o), false,
						 oc_tui_call_deadline(), &ack, &refused, &e);

		if (rc && !refused) break; /* the connection broke: sent again after it */
		if (rc) {
			oc_tui_run_ended(l, o->id);
			l->tui->failed = true;
			oc_tui_link_error(l->tui, &e);
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
	struct oc_tui_outgoing *o = oc_new(struct oc_tui_outgoing), **at = &l->outbox;

	oc_uuid(o->id);
	o->text = oc_strdup(text);
	while (*at) at = &(*at)->next;
	*at = o;
	oc_strv_add(&l->own, oc_str(o->id));
	oc_tui_user(&t->view, oc_str(text));
	oc_tui_run_began(l, o->id, "thinking");
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
		if (id) add_item(items, ref ? ref : id, oc_tui_same(name, id) ? NULL : name, row);
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
		rc = oc_rpc_call_wait(l->client, method, params, false, oc_tui_call_deadline(),
				      &result, NULL, &e);
	else
		json_decref(params);
	if (rc && rc != OC_CANCELLED) {
		oc_tui_pick_close(l->tui);
		oc_tui_link_error(l->tui, &e);
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
	oc_tui_forget_runs(l);
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
					 oc_tui_call_deadline(), &result, NULL, e);
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

	if (!rc) rc = oc_tui_history_wait(l, e);
	return rc;
}

static void open_session_task(void *arg)
{
	struct oc_tui_link *l = arg;
	struct oc_err e = { 0 };
	enum oc_rc rc = l->client ? enter_session_wait(l, &e) : OC_OK;

	if (rc && rc != OC_CANCELLED) oc_tui_link_error(l->tui, &e);
}

static void commands_task(void *arg)
{
	struct oc_tui_link *l = arg;
	struct oc_tui *t = l->tui;
	struct oc_err e = { 0 };
	json_t *result = NULL;

	if (t->commands || !l->client) return;
	if (oc_rpc_call_wait(l->client, "commands.list", json_pack("{s:s}", "scope", "text"), false,
			     oc_tui_call_deadline(), &result, NULL, &e) == OC_OK)
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
					  oc_tui_call_deadline(), &list, NULL, &e) == OC_OK)
		json_array_foreach (list, i, q) oc_tui_link_question(l, q);
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
	oc_rpc_on_event(l->client, oc_tui_link_event, l);
	rc = oc_rpc_call_wait(l->client, "sessions.subscribe", json_object(), false,
			      oc_tui_call_deadline(), NULL, NULL, e);
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
				oc_tui_link_error(l->tui, &e);
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
