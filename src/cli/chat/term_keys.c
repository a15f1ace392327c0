/* Keys out of the bytes of a terminal. */
#include "cli/chat/term_keys.h"

#include "base/utf8.h"

enum { MAX_SEQUENCE = 64, ESC = 0x1B };

void oc_term_keys_init(struct oc_term_keys *k, size_t max_paste)
{
	*k = (struct oc_term_keys){ 0 };
	oc_buf_init(&k->held, MAX_SEQUENCE * 2);
	oc_buf_init(&k->paste, max_paste);
}

void oc_term_keys_deinit(struct oc_term_keys *k)
{
	oc_buf_deinit(&k->held);
	oc_buf_deinit(&k->paste);
}

static void press(enum oc_term_key key, oc_term_key_fn *fn, void *arg)
{
	const struct oc_term_press p = { .key = key };

	fn(arg, &p);
}

static void control(char letter, oc_term_key_fn *fn, void *arg)
{
	const struct oc_term_press p = { .key = OC_TERM_CTRL, .letter = letter };

	fn(arg, &p);
}

static void text(struct oc_str s, oc_term_key_fn *fn, void *arg)
{
	const struct oc_term_press p = { .key = OC_TERM_TEXT, .text = s };

	fn(arg, &p);
}

/* ---- control bytes ---- */

static void take_control(unsigned char c, oc_term_key_fn *fn, void *arg)
{
	if (c == '\r')
		press(OC_TERM_ENTER, fn, arg);
	else if (c == '\n')
		press(OC_TERM_NEWLINE, fn, arg);
	else if (c == '\t')
		press(OC_TERM_TAB, fn, arg);
	else if (c == 0x7F || c == 0x08)
		press(OC_TERM_BACKSPACE, fn, arg);
	else if (c >= 1 && c <= 26)
		control((char)('a' + c - 1), fn, arg);
}

/* ---- sequences ---- */

/* "13;2" → first 13, second 2. Sub-parameters behind a colon are passed over. */
static void read_numbers(struct oc_str s, int64_t out[3])
{
	size_t n = 0;

	out[0] = out[1] = out[2] = 0;
	while (s.n && n < 3) {
		size_t at = oc_str_find(s, OC_LIT(";"), 0);
		struct oc_str part = oc_str_head(s, at);
		part = oc_str_head(part, oc_str_find(part, OC_LIT(":"), 0));
		if (!oc_parse_int(part, 0, 1114111, &out[n])) out[n] = 0;
		n++;
		s = at == SIZE_MAX ? OC_LIT("") : oc_str_from(s, at + 1);
	}
}

/* A key by its code point and modifiers (1 + shift 1 + alt 2 + ctrl 4), in kitty's form. */
static void take_code(int64_t code, int64_t modifiers, oc_term_key_fn *fn, void *arg)
{
	int64_t bits = modifiers > 0 ? modifiers - 1 : 0;

	if (code == 13)
		press(bits & 7 ? OC_TERM_NEWLINE : OC_TERM_ENTER, fn, arg);
	else if (code == 27)
		press(OC_TERM_ESCAPE, fn, arg);
	else if (code == 9)
		press(bits & 1 ? OC_TERM_BACKTAB : OC_TERM_TAB, fn, arg);
	else if (code == 127)
		press(bits & 6 ? OC_TERM_DELETE_WORD : OC_TERM_BACKSPACE, fn, arg);
	else if ((bits & 4) && code >= 'a' && code <= 'z')
		take_control((unsigned char)(code - 'a' + 1), fn, arg);
}

static void take_tilde(const int64_t n[3], oc_term_key_fn *fn, void *arg)
{
	if (n[0] == 1 || n[0] == 7)
		press(OC_TERM_HOME, fn, arg);
	else if (n[0] == 4 || n[0] == 8)
		press(OC_TERM_END, fn, arg);
	else if (n[0] == 3)
		press(OC_TERM_DELETE, fn, arg);
	else if (n[0] == 27)
		take_code(n[2], n[1], fn, arg);
}

static void take_csi(struct oc_term_keys *k, struct oc_str params, char final, oc_term_key_fn *fn,
		     void *arg)
{
	static const struct {
		char final;
		enum oc_term_key plain, with_modifier;
	} rows[] = {
		{ 'A', OC_TERM_UP, OC_TERM_UP },
		{ 'B', OC_TERM_DOWN, OC_TERM_DOWN },
		{ 'C', OC_TERM_RIGHT, OC_TERM_WORD_RIGHT },
		{ 'D', OC_TERM_LEFT, OC_TERM_WORD_LEFT },
		{ 'H', OC_TERM_HOME, OC_TERM_HOME },
		{ 'F', OC_TERM_END, OC_TERM_END },
		{ 'Z', OC_TERM_BACKTAB, OC_TERM_BACKTAB },
	};
	int64_t n[3];

	read_numbers(params, n);
	if (final == '~' && n[0] == 200)
		k->pasting = true;
	else if (final == '~')
		take_tilde(n, fn, arg);
	else if (final == 'u')
		take_code(n[0], n[1], fn, arg);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (rows[i].final == final)
			press(n[1] > 2 ? rows[i].with_modifier : rows[i].plain, fn, arg);
}

static void take_ss3(char final, oc_term_key_fn *fn, void *arg)
{
	static const struct {
		char final;
		enum oc_term_key key;
	} rows[] = { { 'A', OC_TERM_UP },     { 'B', OC_TERM_DOWN }, { 'C', OC_TERM_RIGHT },
		     { 'D', OC_TERM_LEFT },   { 'H', OC_TERM_HOME }, { 'F', OC_TERM_END },
		     { 'M', OC_TERM_NEWLINE } };

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (rows[i].final == final) press(rows[i].key, fn, arg);
}

/* Escape and one more byte: Alt with a key. */
static void take_alt(char c, oc_term_key_fn *fn, void *arg)
{
	if (c == '\r' || c == '\n')
		press(OC_TERM_NEWLINE, fn, arg);
	else if (c == 0x7F || c == 0x08)
		press(OC_TERM_DELETE_WORD, fn, arg);
	else if (c == 'b')
		press(OC_TERM_WORD_LEFT, fn, arg);
	else if (c == 'f')
		press(OC_TERM_WORD_RIGHT, fn, arg);
	else { /* somebody pressed Escape and typed on */
		press(OC_TERM_ESCAPE, fn, arg);
		if ((unsigned char)c < ' ')
			take_control((unsigned char)c, fn, arg);
		else
			text((struct oc_str){ &c, 1 }, fn, arg);
	}
}

/* Bytes that held begins with and that make one key; 0 = more are needed. */
static size_t take_escape(struct oc_term_keys *k, struct oc_str s, oc_term_key_fn *fn, void *arg)
{
	if (s.n < 2) return 0;
	if (s.p[1] == ESC) {
		press(OC_TERM_ESCAPE, fn, arg);
		return 1;
	}
	if (s.p[1] == 'O') {
		if (s.n < 3) return 0;
		take_ss3(s.p[2], fn, arg);
		return 3;
	}
	if (s.p[1] != '[') {
		take_alt(s.p[1], fn, arg);
		return 2;
	}
	for (size_t i = 2; i < s.n; i++) {
		if ((unsigned char)s.p[i] < 0x40) continue;
		struct oc_str params = { s.p + 2, i - 2 };
		take_csi(k, params, s.p[i], fn, arg);
		return i + 1;
	}
	return s.n >= MAX_SEQUENCE ? s.n : 0; /* no terminal sends that: dropped */
}

static size_t utf8_length(unsigned char first)
{
	return first < 0x80   ? 1
	       : first < 0xC0 ? 1
	       : first < 0xE0 ? 2
	       : first < 0xF0 ? 3
	       : first < 0xF5 ? 4
			      : 1;
}

static size_t take_one(struct oc_term_keys *k, struct oc_str s, oc_term_key_fn *fn, void *arg)
{
	unsigned char c = (unsigned char)s.p[0];

	if (c == ESC) return take_escape(k, s, fn, arg);
	if (c < ' ' || c == 0x7F) {
		take_control(c, fn, arg);
		return 1;
	}
	size_t n = utf8_length(c);
	for (size_t i = 1; i < n && i < s.n; i++)
		if (((unsigned char)s.p[i] & 0xC0) != 0x80) return 1; /* cut short: dropped */
	if (s.n < n) return 0;
	struct oc_str one = oc_str_head(s, n);
	if (!oc_utf8_valid(one)) return 1;
	text(one, fn, arg);
	return n;
}

/* ---- paste ---- */

static const struct oc_str paste_end = { "\033[201~", 6 };

/* Line ends as terminals paste them become ours. */
static void end_paste(struct oc_term_keys *k, oc_term_key_fn *fn, void *arg)
{
	struct oc_buf clean;
	struct oc_str s = oc_buf_view(&k->paste);

	oc_buf_init(&clean, k->paste.max * 3);
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\r' && i + 1 < s.n && s.p[i + 1] == '\n') continue;
		oc_buf_addc(&clean, s.p[i] == '\r' ? '\n' : s.p[i]);
	}
	text(oc_buf_view(&clean), fn, arg);
	oc_buf_deinit(&clean);
	oc_buf_clear(&k->paste);
	k->pasting = false;
}

static void take_paste_byte(struct oc_term_keys *k, char c, oc_term_key_fn *fn, void *arg)
{
	oc_buf_addc(&k->paste, c);
	if (!oc_str_ends(oc_buf_view(&k->paste), paste_end)) return;
	k->paste.n -= paste_end.n;
	k->paste.p[k->paste.n] = '\0';
	end_paste(k, fn, arg);
}

void oc_term_keys_feed(struct oc_term_keys *k, struct oc_str bytes, oc_term_key_fn *fn, void *arg)
{
	for (size_t i = 0; i < bytes.n; i++) {
		if (k->pasting) {
			take_paste_byte(k, bytes.p[i], fn, arg);
			continue;
		}
		oc_buf_addc(&k->held, bytes.p[i]);
		while (k->held.n) {
			size_t taken = take_one(k, oc_buf_view(&k->held), fn, arg);
			if (!taken) break;
			oc_buf_drop(&k->held, taken);
		}
	}
}

bool oc_term_keys_undecided(const struct oc_term_keys *k)
{
	return !k->pasting && k->held.n > 0 && k->held.p[0] == ESC;
}

void oc_term_keys_decide(struct oc_term_keys *k, oc_term_key_fn *fn, void *arg)
{
	if (!oc_term_keys_undecided(k)) return;
	bool alone = k->held.n == 1;

	oc_buf_clear(&k->held);
	if (alone) press(OC_TERM_ESCAPE, fn, arg);
}
