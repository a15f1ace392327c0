#ifndef OC_TERM_KEYS_H
#define OC_TERM_KEYS_H
#include "base/buf.h"
/*
 * Bytes of a terminal in raw mode as keys: UTF-8 text, control keys, the escape sequences of xterm
 * and its kin, kitty's CSI u form, bracketed paste. Pure; any split of the bytes gives the same
 * keys.
 */
enum oc_term_key {
	OC_TERM_TEXT, /* text: one character, or all of a paste */
	OC_TERM_ENTER,
	OC_TERM_NEWLINE, /* Shift-Enter, Alt-Enter, Ctrl-J */
	OC_TERM_ESCAPE,
	OC_TERM_TAB,
	OC_TERM_BACKTAB,
	OC_TERM_BACKSPACE,
	OC_TERM_DELETE,
	OC_TERM_DELETE_WORD, /* backwards */
	OC_TERM_LEFT,
	OC_TERM_RIGHT,
	OC_TERM_UP,
	OC_TERM_DOWN,
	OC_TERM_HOME,
	OC_TERM_END,
	OC_TERM_WORD_LEFT,
	OC_TERM_WORD_RIGHT,
	OC_TERM_CTRL, /* letter: 'a' to 'z' */
};
struct oc_term_press {
	enum oc_term_key key;
	char letter;
	struct oc_str text; /* borrowed until the callback returns */
};
typedef void oc_term_key_fn(void *arg, const struct oc_term_press *press);

struct oc_term_keys {
	struct oc_buf held; /* an unfinished sequence or character */
	struct oc_buf paste;
	bool pasting;
};
void oc_term_keys_init(struct oc_term_keys *k, size_t max_paste);
void oc_term_keys_deinit(struct oc_term_keys *k);
void oc_term_keys_feed(struct oc_term_keys *k, struct oc_str bytes, oc_term_key_fn *fn, void *arg);
/* An escape was the last byte: only time tells the key from the beginning of a sequence. */
bool oc_term_keys_undecided(const struct oc_term_keys *k);
void oc_term_keys_decide(struct oc_term_keys *k, oc_term_key_fn *fn, void *arg);
#endif
