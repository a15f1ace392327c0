/* A run on a terminal or in a pipe. */
#include "cli/agent/agent_show.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/visible.h"
#include "cli/print.h"
#include "rt/tty.h"

enum { MAX_HELD = 65536, MAX_SHOWN = 200 };

/* ---- the answer ---- */

static void alive(const struct oc_agent_show *s)
{
	if (s->alive) s->alive(s->alive_arg);
}

static void clear_progress(struct oc_agent_show *s)
{
	if (s->progress_shown) fputs("\r\033[K", stderr);
	s->progress_shown = false;
}

static size_t text_length(struct oc_str s)
{
	while (s.n && oc_is_space(s.p[s.n - 1])) s.n--;
	return s.n;
}

static void flush(struct oc_agent_show *s)
{
	if (fflush(stdout) != 0) s->broken = true;
}

static void on_text(void *arg, struct oc_str delta)
{
	struct oc_agent_show *s = arg;
	size_t n = text_length(delta);

	alive(s);
	if (s->quiet) return;
	if (n) {
		clear_progress(s);
		if (s->in_turn)
			oc_print_delta(oc_buf_view(&s->held));
		else
			while (n && oc_is_space(delta.p[0])) delta = oc_str_from(delta, 1), n--;
		oc_buf_clear(&s->held);
		oc_print_delta(oc_str_head(delta, n));
		s->in_turn = true;
	}
	oc_buf_add(&s->held, oc_str_from(delta, n));
	flush(s);
}

static void on_reasoning(void *arg, struct oc_str delta)
{
	(void)delta;
	alive(arg);
}

void oc_agent_show_end(struct oc_agent_show *s)
{
	clear_progress(s);
	if (s->in_turn) putchar('\n');
	s->in_turn = false;
	oc_buf_clear(&s->held);
	flush(s);
}

static void on_turn_end(void *arg, bool more)
{
	(void)more;
	oc_agent_show_end(arg);
}

/* ---- what happens ---- */

static void on_progress(void *arg, const struct oc_progress *p)
{
	struct oc_agent_show *s = arg;

	alive(s);
	if (!s->person || s->in_turn) return;
	if (p->phase == OC_PHASE_QUEUED)
		fprintf(stderr, "\rwaiting for the server: place %u\033[K", p->position);
	else if (p->phase == OC_PHASE_LOADING)
		fputs("\rloading the model\033[K", stderr);
	else if (oc_progress_percent(p) >= 0)
		fprintf(stderr, "\rreading the prompt: %d %%\033[K", oc_progress_percent(p));
	else
		return;
	s->progress_shown = true;
}

static void on_notice(void *arg, const char *text)
{
	struct oc_agent_show *s = arg;

	alive(s);
	clear_progress(s);
	oc_visible_printf(stderr, "note: %s\n", text);
}

/* The argument that tells most: what is read, written or run. */
static const char *gist(const struct oc_tool_call *call)
{
	static const char *const names[] = { "command", "path", "cmd", "file_path" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const char *v = oc_json_cstr(call->args, names[i]);
		if (v) return v;
	}
	return "";
}

static void on_tool_start(void *arg, const struct oc_tool_call *call)
{
	struct oc_agent_show *s = arg;
	struct oc_buf line;

	alive(s);
	if (!s->tool_lines) return;
	clear_progress(s);
	oc_buf_init(&line, 4096);
	oc_visible_add(&line, oc_str(call->name), 40);
	oc_buf_addc(&line, ' ');
	oc_visible_add(&line, oc_str(gist(call)), MAX_SHOWN);
	oc_visible_printf(stderr, "[%s]\n", oc_buf_cstr(&line));
	oc_buf_deinit(&line);
}

static void on_tool_end(void *arg, const struct oc_tool_call *call,
			const struct oc_tool_result *result)
{
	struct oc_agent_show *s = arg;
	struct oc_str text = oc_buf_view(&result->text);
	struct oc_buf line;

	(void)call;
	alive(s);
	if (!s->tool_lines || !result->is_error) return;
	oc_buf_init(&line, 4096);
	oc_visible_add(&line, oc_str_head(text, oc_str_find(text, OC_LIT("\n"), 0)), MAX_SHOWN);
	oc_visible_printf(stderr, "  %s\n", oc_buf_cstr(&line));
	oc_buf_deinit(&line);
}

/* ---- questions ---- */

static bool is_yes(struct oc_str s)
{
	s = oc_str_trim(s);
	return oc_str_ieq(s, OC_LIT("y")) || oc_str_ieq(s, OC_LIT("yes"));
}

static char *question(const struct oc_question *q)
{
	struct oc_buf text;

	oc_buf_init(&text, 1 << 20);
	if (!strcmp(q->tool, "exec")) {
		oc_buf_adds(&text, "\nThe model wants to run a command in ");
		/* it may have named the folder */
		oc_visible_add(&text, oc_str(q->workdir), 1 << 16);
		oc_buf_addf(&text, ":\n\n  %s\n", q->what);
	} else
		oc_buf_addf(&text, "\nThe model wants to %s a file:\n\n  %s\n", q->tool, q->what);
	if (q->why) {
		oc_buf_adds(&text, "\nYou are asked because ");
		oc_visible_add(&text, oc_str(q->why), 1 << 12);
		oc_buf_adds(&text, ".");
	}
	oc_buf_adds(&text, !strcmp(q->tool, "exec") ? "\nRun it? [y/N] " : "\nAllow it? [y/N] ");
	return oc_buf_take(&text);
}

enum oc_rc oc_agent_show_ask_wait(void *arg, const struct oc_question *q, struct oc_err *e)
{
	struct oc_agent_show *s = arg;
	char *prompt = question(q);
	struct oc_buf answer;
	enum oc_rc rc;
	bool yes;

	clear_progress(s);
	flush(s);
	oc_buf_init(&answer, 4096);
	rc = oc_tty_ask_wait(prompt, false, &answer);
	yes = rc == OC_OK && is_yes(oc_buf_view(&answer));
	oc_buf_deinit(&answer);
	free(prompt);
	alive(s);
	if (rc == OC_CANCELLED) return oc_fail(e, rc, "stopped");
	return yes ? OC_OK : oc_fail(e, OC_E_DENIED, "the user did not allow it");
}

void oc_agent_show_init(struct oc_agent_show *s, bool json, bool verbose)
{
	bool person = isatty(STDERR_FILENO);

	*s = (struct oc_agent_show){ .quiet = json,
				     .person = person,
				     .tool_lines = person || verbose };
	oc_buf_init(&s->held, MAX_HELD);
	s->sink = (struct oc_run_sink){ .text = on_text,
					.reasoning = on_reasoning,
					.turn_end = on_turn_end,
					.progress = on_progress,
					.tool_start = on_tool_start,
					.tool_end = on_tool_end,
					.notice = on_notice,
					.arg = s };
}

void oc_agent_show_deinit(struct oc_agent_show *s)
{
	oc_buf_deinit(&s->held);
}
