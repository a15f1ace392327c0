/* What of a model's text is for people. */
#include "agent/session/delivery.h"

#include "base/limits.h"

static const struct oc_str opening = { "<final>", 7 }, closing = { "</final>", 8 };
static const char silence[] = "NO_REPLY";
enum { SILENCE_LETTERS = sizeof silence - 1, MAX_SILENCE_BYTES = 200 };

void oc_delivery_init(struct oc_delivery_gate *d, void (*text)(void *arg, struct oc_str delta),
		      void *arg)
{
	*d = (struct oc_delivery_gate){ .text = text, .arg = arg };
	oc_buf_init(&d->held, OC_MAX_REPLY_BYTES);
}

void oc_delivery_deinit(struct oc_delivery_gate *d)
{
	oc_buf_deinit(&d->held);
}

/* ---- silence ---- */

static char upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

/* How many letters of repeated NO_REPLY the text holds; SIZE_MAX when there is anything else. */
static size_t letters_of_silence(struct oc_str s)
{
	size_t n = 0;

	if (s.n > MAX_SILENCE_BYTES) return SIZE_MAX;
	for (size_t i = 0; i < s.n; i++) {
		char c = upper(s.p[i]);
		bool letter = (c >= 'A' && c <= 'Z') || c == '_';

		if ((unsigned char)c >= 0x80 || (c >= '0' && c <= '9')) return SIZE_MAX;
		/* Emphasis in Markdown may be written with the same character. */
		if (c == '_' && silence[n % SILENCE_LETTERS] != '_') continue;
		if (letter && c != silence[n++ % SILENCE_LETTERS]) return SIZE_MAX;
	}
	return n;
}

bool oc_delivery_is_silence(struct oc_str text)
{
	size_t n = letters_of_silence(text);

	return n && n != SIZE_MAX && n % SILENCE_LETTERS == 0;
}

static bool may_become_silence(struct oc_str text)
{
	return letters_of_silence(text) != SIZE_MAX;
}

/* ---- tags ---- */

/* s is the beginning of tag, and not the whole. */
static bool begins(struct oc_str tag, struct oc_str s)
{
	return s.n < tag.n && oc_str_istarts(tag, s);
}

/* A tag at the very beginning is taken off. False: it may still become one. */
static bool open_tag(struct oc_delivery_gate *d)
{
	struct oc_str s = oc_buf_view(&d->held), text = s;

	while (text.n && oc_is_space(*text.p)) text = oc_str_from(text, 1);
	if (begins(opening, text)) return false;
	if (!oc_str_istarts(text, opening)) return true;
	d->tagged = true;
	oc_buf_drop(&d->held, s.n - text.n + opening.n);
	return true;
}

static void drop_closing(struct oc_buf *text)
{
	size_t at;

	while ((at = oc_str_ifind(oc_buf_view(text), closing, 0)) != SIZE_MAX) {
		memmove(text->p + at, text->p + at + closing.n, text->n - at - closing.n);
		text->n -= closing.n;
		text->p[text->n] = '\0';
	}
}

/* Bytes at the end that may be the beginning of the closing tag. */
static size_t undecided(struct oc_str s)
{
	size_t n = s.n < closing.n ? s.n : closing.n - 1;

	while (n && !begins(closing, oc_str_from(s, s.n - n))) n--;
	return n;
}

/* ---- the stream ---- */

static void release(struct oc_delivery_gate *d, size_t n)
{
	if (!n) return;
	d->spoke = true;
	if (d->text) d->text(d->arg, oc_str_head(oc_buf_view(&d->held), n));
	oc_buf_drop(&d->held, n);
}

void oc_delivery_feed(struct oc_delivery_gate *d, struct oc_str delta)
{
	oc_buf_add(&d->held, delta);
	if (!d->spoke && !d->tagged && !open_tag(d)) return;
	if (d->tagged) drop_closing(&d->held);
	size_t ready = d->held.n - (d->tagged ? undecided(oc_buf_view(&d->held)) : 0);

	if (!d->spoke && may_become_silence(oc_str_head(oc_buf_view(&d->held), ready))) return;
	release(d, ready);
}

void oc_delivery_end(struct oc_delivery_gate *d)
{
	bool silent = !d->spoke && oc_delivery_is_silence(oc_buf_view(&d->held));

	if (!silent) release(d, d->held.n);
	oc_buf_clear(&d->held);
	d->spoke = d->tagged = false;
}

void oc_delivery_clean(struct oc_buf *text)
{
	struct oc_str s = oc_str_trim(oc_buf_view(text));

	if (!oc_str_istarts(s, opening)) return;
	oc_buf_drop(text, (size_t)(s.p - text->p) + opening.n);
	drop_closing(text);
}
