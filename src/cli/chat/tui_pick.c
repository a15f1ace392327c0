/* Choosing from a list: models, agents, sessions. Typing narrows it. */
#include <stdlib.h>

#include "base/visible.h"
#include "cli/chat/tui.h"

enum { SHOWN = 10, MAX_FILTER = 256 };

static const char *title(char what)
{
	return what == 'm' ? "Models" : what == 'a' ? "Agents" : "Sessions";
}

void oc_tui_pick_open(struct oc_tui *t, char what)
{
	oc_tui_pick_close(t);
	oc_buf_init(&t->pick.filter, MAX_FILTER);
	t->pick.what = what;
	t->partner->ask_list(t, what);
	oc_tui_changed(t);
}

void oc_tui_pick_close(struct oc_tui *t)
{
	json_decref(t->pick.items);
	oc_buf_deinit(&t->pick.filter);
	t->pick = (struct oc_tui_pick){ 0 };
	oc_tui_changed(t);
}

void oc_tui_list(struct oc_tui *t, char what, json_t *items)
{
	if (t->pick.what == what) {
		json_decref(t->pick.items);
		t->pick.items = items;
	} else
		json_decref(items);
	oc_tui_changed(t);
}

static bool matches(const struct oc_tui *t, const json_t *item)
{
	const char *filter = oc_buf_cstr(&t->pick.filter);

	return !*filter || oc_str_ihas(oc_json_str(item, "label"), filter) ||
	       oc_str_ihas(oc_json_str(item, "detail"), filter);
}

static const json_t *item_at(const struct oc_tui *t, size_t at, size_t *n)
{
	const json_t *item, *found = NULL;
	size_t i;

	*n = 0;
	json_array_foreach (t->pick.items, i, item)
		if (matches(t, item) && (*n)++ == at) found = item;
	return found;
}

static void choose(struct oc_tui *t)
{
	size_t n;
	const json_t *item = item_at(t, t->pick.at, &n);
	char what = t->pick.what;

	if (!item) return;
	json_t *copy = json_deep_copy(item);
	oc_tui_pick_close(t);
	t->partner->picked(t, what, copy);
	json_decref(copy);
}

void oc_tui_pick_key(struct oc_tui *t, const struct oc_term_press *p)
{
	size_t n;

	item_at(t, 0, &n);
	if (p->key == OC_TERM_ESCAPE || (p->key == OC_TERM_CTRL && strchr("cgdlp", p->letter))) {
		oc_tui_pick_close(t);
		return;
	}
	if (p->key == OC_TERM_ENTER) {
		choose(t);
		return;
	}
	if (p->key == OC_TERM_UP && t->pick.at > 0) t->pick.at--;
	if (p->key == OC_TERM_DOWN && t->pick.at + 1 < n) t->pick.at++;
	if (p->key == OC_TERM_TEXT) oc_buf_add(&t->pick.filter, p->text);
	if (p->key == OC_TERM_BACKSPACE && t->pick.filter.n)
		t->pick.filter.p[--t->pick.filter.n] = '\0';
	if (p->key == OC_TERM_TEXT || p->key == OC_TERM_BACKSPACE) t->pick.at = 0;
	oc_tui_changed(t);
}

static void add_item(const struct oc_tui *t, const json_t *item, bool chosen, struct oc_strv *live)
{
	bool colour = t->view.colour;
	struct oc_buf row;

	oc_buf_init(&row, 4096);
	oc_buf_adds(&row, chosen ? (colour ? "\033[1;36m› " : "> ") : "  ");
	oc_visible_add(&row, oc_json_str(item, "label"), 300);
	if (oc_json_str(item, "detail").n) {
		oc_buf_adds(&row, colour ? "\033[0;2m  " : "  ");
		oc_visible_add(&row, oc_json_str(item, "detail"), 300);
	}
	if (colour) oc_buf_adds(&row, "\033[0m");
	oc_strv_add(live, oc_buf_view(&row));
	oc_buf_deinit(&row);
}

void oc_tui_pick_rows(const struct oc_tui *t, struct oc_strv *live)
{
	size_t n, first = t->pick.at >= SHOWN ? t->pick.at - SHOWN + 1 : 0;

	if (!t->pick.what) return;
	item_at(t, 0, &n);
	oc_strv_addf(live, "%s%s: %s%s  (Enter takes, Esc leaves)", t->view.colour ? "\033[1m" : "",
		     title(t->pick.what), oc_buf_cstr(&t->pick.filter),
		     t->view.colour ? "\033[0m" : "");
	if (!t->pick.items) oc_strv_add(live, OC_LIT("  …"));
	for (size_t i = first; i < n && i < first + SHOWN; i++) {
		size_t ignored;
		add_item(t, item_at(t, i, &ignored), i == t->pick.at, live);
	}
	if (t->pick.items && !n) oc_strv_add(live, OC_LIT("  nothing fits"));
}
