/* The chat on a terminal: keys in, rows out. Below what was said stand, in this order, what is not
 * finished yet, a question or a list, the text that is being typed, and one line of status. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/visible.h"
#include "cli/chat/tui.h"
#include "cli/print.h"
#include "rt/poll.h"
#include "rt/tty.h"

enum { MAX_PASTE = 1 << 22, ESCAPE_MS = 50, TICK_MS = 1000, AGAIN_MS = 2000, SUGGESTIONS = 5 };

/* ---- what is shown ---- */

static void add_questions(const struct oc_tui *t, struct oc_strv *live)
{
	if (!t->n_questions) return;
	oc_strv_addf(live, "%s%s%s", t->view.colour ? "\033[33m" : "", t->questions[0].text,
		     t->view.colour ? "\033[0m" : "");
	oc_strv_add(live, OC_LIT("Allow it?  y once · a always · n no"));
}

/* The command that is being typed, without its slash; empty when it is none. */
static struct oc_str typed_command(const struct oc_tui *t)
{
	struct oc_str s = oc_buf_view(&t->edit.text);

	if (s.n < 1 || s.p[0] != '/' || memchr(s.p, ' ', s.n) || memchr(s.p, '\n', s.n))
		return OC_LIT("");
	return oc_str_from(s, 1);
}

static const char *command_name(const json_t *c)
{
	const char *name = oc_json_cstr(c, "name");

	return name ? name : "";
}

static void add_suggestion(const struct oc_tui *t, const char *name, const char *about,
			   struct oc_strv *live)
{
	struct oc_buf row;

	oc_buf_init(&row, 4096);
	oc_buf_adds(&row, t->view.colour ? "  \033[36m/" : "  /");
	oc_visible_add(&row, oc_str(name), 80);
	oc_buf_adds(&row, t->view.colour ? "\033[0m  " : "  ");
	oc_visible_add(&row, oc_str(about), 200);
	oc_strv_add(live, oc_buf_view(&row));
	oc_buf_deinit(&row);
}

static void add_suggestions(const struct oc_tui *t, struct oc_strv *live)
{
	struct oc_str typed = typed_command(t);
	const json_t *c;
	size_t i, n = 0;

	if (t->edit.text.n < 1 || t->edit.text.p[0] != '/' ||
	    memchr(t->edit.text.p, ' ', t->edit.text.n))
		return;
	json_array_foreach (t->commands, i, c) {
		const char *about = oc_json_cstr(c, "description");
		if (!oc_str_starts(oc_str(command_name(c)), typed)) continue;
		if (n++ == SUGGESTIONS) {
			oc_strv_add(live, OC_LIT("  …"));
			return;
		}
		add_suggestion(t, command_name(c), about, live);
	}
}

static void add_status(const struct oc_tui *t, struct oc_strv *live)
{
	bool colour = t->view.colour;
	struct oc_buf row;

	oc_buf_init(&row, 4096);
	if (colour) oc_buf_adds(&row, t->connected ? "\033[2m" : "\033[33m");
	if (t->activity)
		oc_buf_addf(&row, "%s %llus · Esc stops · ", t->activity,
			    (unsigned long long)((oc_now_ms() - t->active_since_ms) / 1000));
	if (!t->connected) oc_buf_adds(&row, "reconnecting · ");
	oc_visible_add(&row, oc_str(t->session), 120);
	if (t->model) {
		oc_buf_adds(&row, " · ");
		oc_visible_add(&row, oc_str(t->model), 120);
	}
	if (t->used_tokens && t->context_tokens)
		oc_buf_addf(&row, " · %lldk/%lldk", (long long)((t->used_tokens + 500) / 1000),
			    (long long)((t->context_tokens + 500) / 1000));
	if (colour) oc_buf_adds(&row, "\033[0m");
	oc_strv_add(live, oc_buf_view(&row));
	oc_buf_deinit(&row);
}

static void cut_rows(const struct oc_tui *t, struct oc_strv *live)
{
	for (size_t i = 0; i < live->n; i++) {
		struct oc_buf cut;
		oc_buf_init(&cut, 1 << 16);
		oc_term_cut(oc_str(live->v[i]), t->screen.columns - 1, &cut);
		free(live->v[i]);
		live->v[i] = oc_buf_take(&cut);
	}
}

/* Rows from the front go when there are more than lines; the cursor's row stays. */
static void fit(const struct oc_tui *t, struct oc_strv *live, size_t *cursor)
{
	size_t room = t->screen.lines > 2 ? t->screen.lines - 1 : 1;

	while (live->n > room && *cursor > 0) {
		free(live->v[0]);
		memmove(live->v, live->v + 1, live->n * sizeof *live->v);
		live->n--;
		(*cursor)--;
	}
	while (live->n > room) free(live->v[--live->n]);
}

static void draw(struct oc_tui *t)
{
	struct oc_strv live = { 0 };
	size_t row = 0, column = 0, base;

	t->dirty = false;
	oc_tui_view_rest(&t->view, &live);
	add_questions(t, &live);
	oc_tui_pick_rows(t, &live);
	cut_rows(t, &live);
	oc_strv_add(&live, OC_LIT(""));
	base = live.n;
	oc_term_edit_layout(&t->edit, OC_LIT("> "), OC_LIT("  "), t->screen.columns - 1, &live,
			    &row, &column);
	row += base;
	struct oc_strv below = { 0 };
	add_suggestions(t, &below);
	add_status(t, &below);
	cut_rows(t, &below);
	for (size_t i = 0; i < below.n; i++) oc_strv_add(&live, oc_str(below.v[i]));
	oc_strv_deinit(&below);
	fit(t, &live, &row);
	oc_term_screen_draw(&t->screen, oc_buf_view(&t->view.rows), &live, row, column);
	oc_buf_clear(&t->view.rows);
}

static void arm(struct oc_tui *t)
{
	if (oc_term_keys_undecided(&t->keys))
		oc_timer_start(t->timer, ESCAPE_MS);
	else if (t->activity)
		oc_timer_start(t->timer, TICK_MS);
}

void oc_tui_changed(struct oc_tui *t)
{
	t->dirty = true;
	if (t->interactive && t->timer && !oc_term_keys_undecided(&t->keys))
		oc_timer_start(t->timer, 0); /* once, after all that happens now */
}

/* ---- keys ---- */

static void answer_question(struct oc_tui *t, const char *decision)
{
	t->partner->decide(t, t->questions[0].id, decision);
	oc_tui_asked(t, t->questions[0].id);
}

static bool question_key(struct oc_tui *t, const struct oc_term_press *p)
{
	if (!t->n_questions || t->edit.text.n || p->key != OC_TERM_TEXT || p->text.n != 1)
		return false;
	switch (p->text.p[0]) {
	case 'y': answer_question(t, "allow-once"); return true;
	case 'a': answer_question(t, "allow-always"); return true;
	case 'n': answer_question(t, "deny"); return true;
	default: return false;
	}
}

/* Completes to what all commands that fit have in common. */
static void complete(struct oc_tui *t)
{
	struct oc_str typed = typed_command(t), common = OC_LIT("");
	const json_t *c;
	size_t i, n = 0;
	struct oc_buf text;

	if (t->edit.text.n < 1 || t->edit.text.p[0] != '/') return;
	json_array_foreach (t->commands, i, c) {
		struct oc_str name = oc_str(command_name(c));
		if (!oc_str_starts(name, typed)) continue;
		if (!n++) common = name;
		while (!oc_str_starts(name, common)) common.n--;
	}
	if (!n) return;
	oc_buf_init(&text, 4096);
	oc_buf_addf(&text, "/%.*s%s", OC_FMT(common), n == 1 ? " " : "");
	oc_term_edit_set(&t->edit, oc_buf_view(&text));
	oc_buf_deinit(&text);
}

static void interrupt(struct oc_tui *t)
{
	uint64_t now = oc_now_ms();

	if (t->interrupted_ms && now - t->interrupted_ms < AGAIN_MS) {
		oc_tui_quit(t, 0);
		return;
	}
	t->interrupted_ms = now;
	if (t->edit.text.n)
		oc_term_edit_set(&t->edit, OC_LIT(""));
	else
		oc_tui_note(&t->view, "Ctrl-C once more leaves.");
}

static void toggle(struct oc_tui *t, bool *what, const char *on, const char *off)
{
	*what = !*what;
	oc_tui_note(&t->view, *what ? on : off);
}

static void control(struct oc_tui *t, char letter)
{
	switch (letter) {
	case 'a': oc_term_edit_home(&t->edit); break;
	case 'b': oc_term_edit_left(&t->edit); break;
	case 'c': interrupt(t); break;
	case 'd':
		if (t->edit.text.n)
			oc_term_edit_delete(&t->edit);
		else
			oc_tui_quit(t, 0);
		break;
	case 'e': oc_term_edit_end(&t->edit); break;
	case 'f': oc_term_edit_right(&t->edit); break;
	case 'g': oc_tui_pick_open(t, 'a'); break;
	case 'k': oc_term_edit_kill_to_end(&t->edit); break;
	case 'l': oc_tui_pick_open(t, 'm'); break;
	case 'o':
		toggle(t, &t->view.show_tools, "Results of tools are shown.",
		       "Results of tools are cut to one line.");
		break;
	case 'p': oc_tui_pick_open(t, 's'); break;
	case 't':
		toggle(t, &t->view.show_thinking, "Reasoning is shown.", "Reasoning is hidden.");
		break;
	case 'u': oc_term_edit_kill_to_start(&t->edit); break;
	case 'w': oc_term_edit_delete_word(&t->edit); break;
	case 'y': oc_term_edit_yank(&t->edit); break;
	default: break;
	}
}

static void enter(struct oc_tui *t)
{
	if (oc_term_edit_continue(&t->edit)) return;
	char *text = oc_term_edit_take(&t->edit);
	if (oc_str_trim(oc_str(text)).n) oc_tui_submit(t, text);
	free(text);
}

static void edit_key(struct oc_tui *t, const struct oc_term_press *p)
{
	static void (*const moves[])(struct oc_term_edit * e) = {
		[OC_TERM_BACKSPACE] = oc_term_edit_backspace,
		[OC_TERM_DELETE] = oc_term_edit_delete,
		[OC_TERM_DELETE_WORD] = oc_term_edit_delete_word,
		[OC_TERM_LEFT] = oc_term_edit_left,
		[OC_TERM_RIGHT] = oc_term_edit_right,
		[OC_TERM_UP] = oc_term_edit_up,
		[OC_TERM_DOWN] = oc_term_edit_down,
		[OC_TERM_HOME] = oc_term_edit_home,
		[OC_TERM_END] = oc_term_edit_end,
		[OC_TERM_WORD_LEFT] = oc_term_edit_word_left,
		[OC_TERM_WORD_RIGHT] = oc_term_edit_word_right,
	};

	if (p->key < sizeof moves / sizeof *moves && moves[p->key]) moves[p->key](&t->edit);
}

static void on_key(void *arg, const struct oc_term_press *p)
{
	struct oc_tui *t = arg;

	if (t->quit) return;
	oc_tui_changed(t);
	if (t->pick.what) {
		oc_tui_pick_key(t, p);
		return;
	}
	if (question_key(t, p)) return;
	if (p->key == OC_TERM_TEXT)
		oc_term_edit_insert(&t->edit, p->text);
	else if (p->key == OC_TERM_ENTER)
		enter(t);
	else if (p->key == OC_TERM_NEWLINE)
		oc_term_edit_insert(&t->edit, OC_LIT("\n"));
	else if (p->key == OC_TERM_TAB)
		complete(t);
	else if (p->key == OC_TERM_ESCAPE && t->activity)
		t->partner->stop(t);
	else if (p->key == OC_TERM_CTRL)
		control(t, p->letter);
	else
		edit_key(t, p);
}

static void on_input(void *arg, int fd, int events)
{
	struct oc_tui *t = arg;
	char bytes[4096];
	ssize_t n = read(fd, bytes, sizeof bytes);

	(void)events;
	if (n <= 0) {
		oc_tui_quit(t, 0); /* the terminal is gone */
		return;
	}
	oc_term_keys_feed(&t->keys, (struct oc_str){ bytes, (size_t)n }, on_key, t);
	if (t->quit) return;
	if (oc_term_keys_undecided(&t->keys)) {
		if (t->dirty) draw(t);
		arm(t);
	}
}

static void on_timer(void *arg)
{
	struct oc_tui *t = arg;

	oc_term_keys_decide(&t->keys, on_key, t);
	if (t->quit) return;
	draw(t);
	arm(t);
}

static void on_resize(void *arg)
{
	struct oc_tui *t = arg;

	if (!oc_term_screen_measure(&t->screen)) return;
	oc_tui_view_resize(&t->view, t->screen.columns - 1);
	oc_tui_changed(t);
}

/* ---- begin and end ---- */

/* Terminals that tell Shift-Enter apart when they are asked to (kitty's keyboard protocol). Others
 * might show the request. */
static bool knows_kitty_keys(void)
{
	static const char *const names[] = { "kitty", "foot", "ghostty", "wezterm", "alacritty" };
	const char *term = getenv("TERM"), *program = getenv("TERM_PROGRAM");

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (oc_str_ihas(oc_str(term), names[i]) || oc_str_ihas(oc_str(program), names[i]))
			return true;
	return false;
}

static void write_text(const char *text)
{
	fputs(text, stdout);
	fflush(stdout);
}

enum oc_rc oc_tui_screen_wait(struct oc_tui *t, struct oc_err *e)
{
	struct oc_tty_mode *before = NULL;
	struct oc_wait done = { 0 };
	bool kitty = knows_kitty_keys();
	enum oc_rc rc = oc_tty_raw(&before, e);

	if (rc) return rc;
	oc_term_keys_init(&t->keys, MAX_PASTE);
	t->timer = oc_timer_new(on_timer, t);
	struct oc_poll *input = oc_poll_new(STDIN_FILENO, on_input, t);
	struct oc_tty_resize *resize = oc_tty_resize_new(on_resize, t);
	write_text(kitty ? "\033[?2004h\033[>1u" : "\033[?2004h");
	if (input) oc_poll_set(input, OC_POLL_READ);
	t->done = &done;
	if (!t->quit) {
		oc_tui_changed(t);
		rc = oc_wait_park(&done, OC_NO_DEADLINE); /* a person takes all the time there is */
	}
	t->done = NULL;
	oc_tui_answer_end(&t->view);
	oc_tty_resize_free(resize);
	oc_poll_free(input);
	oc_timer_free(t->timer);
	t->timer = NULL;
	struct oc_strv none = { 0 };
	oc_term_screen_draw(&t->screen, oc_buf_view(&t->view.rows), &none, 0, 0);
	oc_buf_clear(&t->view.rows);
	write_text(kitty ? "\033[<u\033[?2004l" : "\033[?2004l");
	oc_tty_restore(before);
	oc_term_keys_deinit(&t->keys);
	return rc;
}
