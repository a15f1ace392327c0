/* `openclaw chat` (also `tui`): a conversation in the terminal; options, and what screen and
 * partner tell each other. */
#include "cli/chat/tui.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/visible.h"
#include "cli/gateway/gateway_commands.h"
#include "cli/gateway/rpc_command.h"
#include "cli/print.h"
#include "model/codec/reasoning.h"

enum { MAX_TEXT = 1 << 22 };

const struct oc_option oc_tui_options[] = {
	{ .name = "--session", .value = "<key>", .help = "Which conversation (main)" },
	{ .name = "--message", .short_name = 'm', .value = "<text>", .help = "Begin with this" },
	{ .name = "--thinking", .value = "<level>", .help = "off, minimal, low, medium, high …" },
	{ .name = "--deliver", .help = "Send answers to the conversation's channel as well" },
	{ .name = "--history-limit", .value = "<n>", .help = "Messages to show first (200)" },
	{ .name = "--local", .help = "Without a gateway; nothing is kept" },
	OC_RPC_ADDRESS_OPTIONS,
	{ 0 },
};

/* ---- what screen and partner tell each other ---- */

void oc_tui_quit(struct oc_tui *t, int exit_code)
{
	if (t->quit) return;
	t->quit = true;
	t->exit_code = exit_code;
	if (t->done) oc_wait_end(t->done, OC_OK);
	if (t->idle) oc_wait_end(t->idle, OC_OK);
}

void oc_tui_activity(struct oc_tui *t, const char *activity)
{
	if (activity && !t->activity) t->active_since_ms = oc_now_ms();
	t->activity = activity;
	if (!activity) oc_tui_answer_end(&t->view);
	if (!activity && t->idle) {
		struct oc_wait *w = t->idle;
		t->idle = NULL;
		oc_wait_end(w, OC_OK);
	}
	oc_tui_changed(t);
}

void oc_tui_ask(struct oc_tui *t, const char *id, const char *text)
{
	struct oc_buf shown;

	for (size_t i = 0; i < t->n_questions; i++)
		if (!strcmp(t->questions[i].id, id)) return;
	oc_buf_init(&shown, 1 << 16);
	oc_visible_add(&shown, oc_str(text), 4096);
	if (!t->interactive)
		fprintf(stderr, "%s\nNobody is asked here: it waits for another client.\n",
			oc_buf_cstr(&shown));
	t->questions = oc_realloc_array(t->questions, t->n_questions + 1, sizeof *t->questions);
	t->questions[t->n_questions++] =
	    (struct oc_tui_question){ oc_strdup(id), oc_buf_take(&shown) };
	oc_tui_changed(t);
}

void oc_tui_asked(struct oc_tui *t, const char *id)
{
	for (size_t i = 0; i < t->n_questions; i++) {
		struct oc_tui_question *q = &t->questions[i];
		if (strcmp(q->id, id) != 0) continue;
		free(q->id);
		free(q->text);
		memmove(q, q + 1, (--t->n_questions - i) * sizeof *q);
		oc_tui_changed(t);
		return;
	}
}

/* ---- commands of this program ---- */

static void cmd_quit(struct oc_tui *t)
{
	oc_tui_quit(t, 0);
}

static void cmd_models(struct oc_tui *t)
{
	oc_tui_pick_open(t, 'm');
}

static void cmd_agents(struct oc_tui *t)
{
	oc_tui_pick_open(t, 'a');
}

static void cmd_sessions(struct oc_tui *t)
{
	oc_tui_pick_open(t, 's');
}

static void cmd_keys(struct oc_tui *t)
{
	oc_tui_note(&t->view,
		    "Enter sends; Shift-Enter, Alt-Enter or a backslash before Enter begins a new "
		    "line. Esc stops the answer. Ctrl-L models, Ctrl-G agents, Ctrl-P sessions, "
		    "Ctrl-O results of tools, Ctrl-T reasoning, Ctrl-D leaves. /help lists the "
		    "commands of the gateway.");
}

static const struct {
	const char *text;
	bool terminal; /* only there; otherwise the partner gets it */
	void (*run)(struct oc_tui *t);
} own_commands[] = {
	{ "/quit", false, cmd_quit },	     { "/exit", false, cmd_quit },
	{ "/sessions", true, cmd_sessions }, { "/agents", true, cmd_agents },
	{ "/pick", true, cmd_models },	     { "/keys", true, cmd_keys },
};

void oc_tui_submit(struct oc_tui *t, const char *text)
{
	struct oc_str typed = oc_str_trim(oc_str(text));

	for (size_t i = 0; i < sizeof own_commands / sizeof *own_commands; i++) {
		if (!oc_str_eq(typed, oc_str(own_commands[i].text))) continue;
		if (own_commands[i].terminal && !t->interactive) break;
		own_commands[i].run(t);
		return;
	}
	t->partner->send(t, text);
	oc_tui_changed(t);
}

/* ---- the command ---- */

static enum oc_rc check_options(const struct oc_args *a, struct oc_err *e)
{
	const char *thinking = oc_args_get(a, "--thinking");

	if (thinking && !oc_thinking_level_valid(oc_str(thinking)))
		return oc_fail(e, OC_E_INPUT, "unknown thinking level \"%.40s\" (%s)", thinking,
			       oc_thinking_levels);
	return OC_OK;
}

static void begin(struct oc_tui *t)
{
	const char *first = oc_args_get(t->args, "--message");

	if (t->interactive)
		oc_tui_note(&t->view, "OpenClaw chat · /keys tells the keys, Ctrl-D leaves");
	if (first && *first && t->interactive) oc_tui_submit(t, first);
}

static enum oc_rc talk_wait(struct oc_tui *t, struct oc_err *e)
{
	bool local = oc_args_has(t->args, "--local");
	enum oc_rc rc;

	t->partner = local ? &oc_tui_in_process : &oc_tui_gateway;
	rc = local ? oc_tui_local_start_wait(t, e) : oc_tui_gateway_start_wait(t, e);
	if (!rc) {
		begin(t);
		rc = t->interactive ? oc_tui_screen_wait(t, e) : oc_tui_lines_wait(t, e);
	} else if (rc == OC_E_UPSTREAM && !local) {
		struct oc_err why = *e;
		oc_fail(e, rc, "%s\nOr talk without a gateway: openclaw chat --local", why.msg);
	}
	return rc;
}

static void tui_init(struct oc_tui *t, const struct oc_args *a, struct oc_config *config)
{
	const char *session = oc_args_get(a, "--session");

	*t = (struct oc_tui){ .args = a, .config = config };
	t->interactive = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
	t->session = oc_strdup(session && *session ? session : "main");
	oc_tui_view_init(&t->view);
	t->view.colour = t->interactive && oc_print_colour();
	t->view.plain = !t->interactive;
	oc_term_screen_init(&t->screen, STDOUT_FILENO);
	oc_tui_view_resize(&t->view, t->screen.columns - 1);
	oc_term_edit_init(&t->edit, MAX_TEXT);
}

static void tui_deinit(struct oc_tui *t)
{
	oc_tui_view_deinit(&t->view);
	oc_strv_deinit(&t->screen.live);
	oc_term_edit_deinit(&t->edit);
	json_decref(t->pick.items);
	oc_buf_deinit(&t->pick.filter);
	while (t->n_questions) oc_tui_asked(t, t->questions[0].id);
	free(t->questions);
	free(t->session);
	free(t->model);
	json_decref(t->commands);
}

int oc_cmd_tui(struct oc_args *a)
{
	struct oc_config config;
	struct oc_err e = { 0 };
	struct oc_tui t;
	enum oc_rc rc = oc_config_load(&config, &e);

	tui_init(&t, a, &config);
	if (!rc) rc = check_options(a, &e);
	if (!rc) rc = talk_wait(&t, &e);
	oc_tui_gateway_stop_wait(&t);
	oc_tui_local_stop_wait(&t);
	int exit_code = rc ? oc_rpc_failed(rc, &e) : t.exit_code;
	tui_deinit(&t);
	oc_config_deinit(&config);
	return exit_code;
}
