#ifndef OC_TERM_EDIT_H
#define OC_TERM_EDIT_H
#include "base/buf.h"
/* The text that a person is typing, with a cursor, and what was typed before. Pure. */
struct oc_term_edit {
	struct oc_buf text;
	size_t cursor; /* in bytes */
	struct oc_strv history;
	size_t at;    /* position in history; its length = the new text */
	char *draft;  /* the new text while history is shown; NULL */
	char *killed; /* by Ctrl-K, Ctrl-U, Ctrl-W; NULL */
};
void oc_term_edit_init(struct oc_term_edit *e, size_t max_text);
void oc_term_edit_deinit(struct oc_term_edit *e);
void oc_term_edit_set(struct oc_term_edit *e, struct oc_str text); /* cursor at the end */
void oc_term_edit_insert(struct oc_term_edit *e, struct oc_str text);
void oc_term_edit_backspace(struct oc_term_edit *e);
void oc_term_edit_delete(struct oc_term_edit *e);
void oc_term_edit_delete_word(struct oc_term_edit *e);
void oc_term_edit_kill_to_end(struct oc_term_edit *e);	 /* of the line */
void oc_term_edit_kill_to_start(struct oc_term_edit *e); /* of the line */
void oc_term_edit_yank(struct oc_term_edit *e);
void oc_term_edit_left(struct oc_term_edit *e);
void oc_term_edit_right(struct oc_term_edit *e);
void oc_term_edit_word_left(struct oc_term_edit *e);
void oc_term_edit_word_right(struct oc_term_edit *e);
void oc_term_edit_home(struct oc_term_edit *e); /* of the line */
void oc_term_edit_end(struct oc_term_edit *e);	/* of the line */
/* To the line above, else to what was typed before; and the other way. */
void oc_term_edit_up(struct oc_term_edit *e);
void oc_term_edit_down(struct oc_term_edit *e);
/* A backslash before the cursor at the end asks for another line: replaced, true. */
bool oc_term_edit_continue(struct oc_term_edit *e);
/* Hands the text over and remembers it; free with free(). */
char *oc_term_edit_take(struct oc_term_edit *e);

/* The text as rows of at most `columns` columns, the first behind `first`, the others behind `more`
 * (prefixes of the same width). Appends each row to rows; the cursor's place in *row and *column.
 */
void oc_term_edit_layout(const struct oc_term_edit *e, struct oc_str first, struct oc_str more,
			 size_t columns, struct oc_strv *rows, size_t *row, size_t *column);
#endif
