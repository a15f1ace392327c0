#ifndef OC_TERM_SCREEN_H
#define OC_TERM_SCREEN_H
#include "base/buf.h"
/*
 * The bottom rows of a terminal that are drawn again and again, below text that stays (no alternate
 * screen: what was said remains in the scrollback). Writes to a terminal in raw mode.
 */
struct oc_term_screen {
	int fd;
	size_t columns, lines;
	struct oc_strv live; /* rows as drawn, each fits into a line */
	size_t cursor_row, cursor_column;
};
void oc_term_screen_init(struct oc_term_screen *s, int fd);
void oc_term_screen_deinit(struct oc_term_screen *s); /* clears the live rows */
/* Asks the terminal for its size. True: it changed. */
bool oc_term_screen_measure(struct oc_term_screen *s);
/* Writes rows (each with its line end) above the live ones and draws new live ones; rows may be
 * empty. live is taken over (empty afterwards). */
void oc_term_screen_draw(struct oc_term_screen *s, struct oc_str rows, struct oc_strv *live,
			 size_t cursor_row, size_t cursor_column);
/* What is left of row when it is cut to `columns`; escape sequences take none. Appends to out. */
void oc_term_cut(struct oc_str row, size_t columns, struct oc_buf *out);
#endif
