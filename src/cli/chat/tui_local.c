/* The conversation in this process: the sessions of a gateway on a store in memory, which ends with
 * the chat. */
#include <stdlib.h>

#include "agent/session/sessions.h"
#include "base/mem.h"
#include "cli/chat/tui.h"
#include "tool/mcp.h"

enum { DRAIN_MS = 0 };

struct oc_tui_local {
	struct oc_tui *tui;
	struct oc_scope *scope;
	struct oc_store *store;
	struct oc_snapshot *snapshot;
	struct oc_sessions *sessions;
	struct oc_approvals *approvals;
	struct oc_mcp *mcp;
	char *key;
};

/* ---- what happens ---- */

static void on_tool_end(struct oc_tui *t, const struct oc_run_event *ev)
{
	json_t *result = json_pack("{s:o,s:{s:I}}", "content",
				   oc_json_new_str(oc_buf_view(&ev->tool_result->text)), "details",
				   "durationMs", (json_int_t)ev->tool_ms);

	oc_tui_tool_end(&t->view, ev->call->id ? ev->call->id : "", ev->call->name, ev->call->args,
			result, ev->tool_result->is_error);
	json_decref(result);
	oc_tui_activity(t, "thinking");
}

static void on_end(struct oc_tui *t, const struct oc_run_event *ev)
{
	struct oc_tui_local *l = t->local;

	if (ev->text.n) oc_tui_answer_again(&t->view, ev->run->run_id, ev->text);
	oc_tui_answer_end(&t->view);
	if (ev->kind == OC_RUN_FAILED)
		oc_tui_error(&t->view, ev->error ? ev->error->msg : "the run failed");
	if (ev->kind == OC_RUN_ABORTED) oc_tui_note(&t->view, "Stopped.");
	t->failed = ev->kind != OC_RUN_DONE;
	if (oc_sessions_active(l->sessions) <= 1) oc_tui_activity(t, NULL);
}

static const char *progress_text(const struct oc_progress *p)
{
	return p->phase == OC_PHASE_QUEUED    ? "waiting for the server"
	       : p->phase == OC_PHASE_LOADING ? "loading the model"
					      : "reading the prompt";
}

static void take_model(struct oc_tui *t, const struct oc_run_info *run)
{
	if (!run->model) return;
	free(t->model);
	t->model = oc_strdup(run->model);
}

static void on_event(void *arg, const struct oc_run_event *ev)
{
	struct oc_tui_local *l = arg;
	struct oc_tui *t = l->tui;

	if (!ev->run) return;
	switch (ev->kind) {
	case OC_RUN_STARTED: oc_tui_activity(t, "thinking"); break;
	case OC_RUN_MODEL: take_model(t, ev->run); break;
	case OC_RUN_PROGRESS: oc_tui_activity(t, progress_text(ev->progress)); break;
	case OC_RUN_THINKING: oc_tui_thinking(&t->view, ev->delta); break;
	case OC_RUN_TEXT:
		oc_tui_activity(t, "answering");
		oc_tui_answer_more(&t->view, ev->run->run_id, ev->delta);
		break;
	case OC_RUN_TOOL_START:
		oc_tui_tool_start(&t->view, ev->call->id ? ev->call->id : "", ev->call->name,
				  ev->call->args);
		oc_tui_activity(t, "working");
		break;
	case OC_RUN_TOOL_END: on_tool_end(t, ev); break;
	case OC_RUN_NOTICE: oc_tui_note(&t->view, ev->text.p); break;
	case OC_RUN_DONE:
	case OC_RUN_ABORTED:
	case OC_RUN_FAILED: on_end(t, ev); break;
	default: break;
	}
	oc_tui_changed(t);
}

static void on_question(void *arg, const json_t *record, const char *decision, const char *by)
{
	struct oc_tui_local *l = arg;
	const char *id = oc_json_cstr(record, "id");
	const char *command = oc_json_cstr(json_object_get(record, "request"), "command");

	(void)by;
	if (!id) return;
	if (decision) {
		oc_tui_asked(l->tui, id);
		return;
	}
	char *text = oc_asprintf("The model wants to run: %s", command ? command : "a command");
	oc_tui_ask(l->tui, id, text);
	free(text);
}

/* ---- what the person does ---- */

struct message {
	struct oc_tui_local *local;
	char *text;
};

static void ask(void *arg)
{
	struct message *m = arg;
	struct oc_tui_local *l = m->local;
	struct oc_asked asked;
	struct oc_err e = { 0 };
	const struct oc_ask a = { .session_key = l->key,
				  .message = oc_str(m->text),
				  .thinking = oc_args_get(l->tui->args, "--thinking"),
				  .channel = "cli" };
	enum oc_rc rc = oc_sessions_ask_wait(l->sessions, &a, &asked, &e);

	if (rc && rc != OC_CANCELLED) {
		oc_tui_error(&l->tui->view, e.msg);
		l->tui->failed = true;
		if (!oc_sessions_active(l->sessions)) oc_tui_activity(l->tui, NULL);
	}
	free(m->text);
	free(m);
}

static void reset(void *arg)
{
	struct oc_tui_local *l = arg;
	struct oc_err e = { 0 };

	if (oc_sessions_reset_wait(l->sessions, l->key, "new", &e) == OC_OK)
		oc_tui_note(&l->tui->view, "A new conversation begins.");
	else
		oc_tui_error(&l->tui->view, e.msg);
	oc_tui_activity(l->tui, NULL);
}

static void send_text(struct oc_tui *t, const char *text)
{
	struct oc_str typed = oc_str_trim(oc_str(text));

	oc_tui_user(&t->view, oc_str(text));
	if (oc_str_eq(typed, OC_LIT("/new")) || oc_str_eq(typed, OC_LIT("/reset"))) {
		oc_scope_spawn(t->local->scope, reset, t->local);
		return;
	}
	struct message *m = oc_new(struct message);
	*m = (struct message){ t->local, oc_strdup(text) };
	oc_tui_activity(t, "thinking");
	oc_scope_spawn(t->local->scope, ask, m);
}

static void abort_runs(void *arg)
{
	struct oc_tui_local *l = arg;
	struct oc_strv aborted = { 0 };

	oc_sessions_abort_wait(l->sessions, l->key, NULL, false, "stop", &aborted);
	oc_strv_deinit(&aborted);
}

static void stop_run(struct oc_tui *t)
{
	oc_scope_spawn(t->local->scope, abort_runs, t->local);
}

static void ask_list(struct oc_tui *t, char what)
{
	oc_tui_list(t, what, json_array());
}

static void picked(struct oc_tui *t, char what, const json_t *item)
{
	(void)t, (void)what, (void)item;
}

static void decide(struct oc_tui *t, const char *id, const char *decision)
{
	enum oc_decision d = !strcmp(decision, "allow-once")	 ? OC_ALLOW_ONCE
			     : !strcmp(decision, "allow-always") ? OC_ALLOW_ALWAYS
								 : OC_DENY;
	struct oc_err e = { 0 };

	(void)!oc_approvals_resolve(t->local->approvals, id, d, "cli", &e);
}

/* ---- begin and end ---- */

static struct oc_snapshot *snapshot(void *arg)
{
	struct oc_tui_local *l = arg;

	return oc_snapshot_ref(l->snapshot);
}

enum oc_rc oc_tui_local_start_wait(struct oc_tui *t, struct oc_err *e)
{
	struct oc_tui_local *l = oc_new(struct oc_tui_local);
	struct oc_sessions_spec spec = { .snapshot = snapshot, .watch = on_event, .arg = l };
	enum oc_rc rc;

	t->local = l;
	l->tui = t;
	l->scope = oc_scope_new();
	rc = oc_snapshot_load(&l->snapshot, e);
	if (!rc) rc = oc_session_key_canonical(t->config, t->session, NULL, &l->key, e);
	if (!rc) rc = oc_store_open_wait(":memory:", &l->store, e);
	if (rc) return rc;
	l->approvals = t->interactive ? oc_approvals_new(on_question, l) : NULL;
	spec.store = l->store;
	spec.approvals = l->approvals;
	spec.mcp = l->mcp = oc_mcp_new(&l->snapshot->config);
	rc = oc_sessions_new_wait(&spec, &l->sessions, e);
	t->connected = true;
	return rc;
}

void oc_tui_local_stop_wait(struct oc_tui *t)
{
	struct oc_tui_local *l = t->local;

	if (!l) return;
	if (l->sessions) oc_sessions_drain_wait(l->sessions, DRAIN_MS);
	oc_scope_cancel(l->scope);
	oc_scope_join_wait(l->scope);
	oc_scope_free(l->scope);
	if (l->sessions) oc_sessions_free(l->sessions);
	oc_mcp_free_wait(l->mcp);
	if (l->approvals) oc_approvals_free(l->approvals);
	oc_store_close_wait(l->store);
	oc_snapshot_unref(l->snapshot);
	free(l->key);
	free(l);
	t->local = NULL;
}

const struct oc_tui_partner oc_tui_in_process = { .send = send_text,
						  .stop = stop_run,
						  .ask_list = ask_list,
						  .picked = picked,
						  .decide = decide };
