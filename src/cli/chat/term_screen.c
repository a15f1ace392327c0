/* Live rows at the bottom of a terminal. Every update is one write, so that nothing flickers. */
#include "cli/chat/term_screen.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/utf8.h"

enum { COLUMNS = 80, LINES = 24, MAX_WRITE = 1 << 26, NARROWEST = 10 };

void oc_term_screen_init(struct oc_term_screen *s, int fd)
{
	*s = (struct oc_term_screen){ .fd = fd, .columns = COLUMNS, .lines = LINES };
	oc_term_screen_measure(s);
}

bool oc_term_screen_measure(struct oc_term_screen *s)
{
	struct winsize w;
	size_t columns = s->columns, lines = s->lines;

	if (ioctl(s->fd, TIOCGWINSZ, &w) == 0 && w.ws_col > 0) {
		s->columns = w.ws_col < NARROWEST ? NARROWEST : w.ws_col;
		s->lines = w.ws_row > 0 ? w.ws_row : LINES;
	}
	return columns != s->columns || lines != s->lines;
}

/* ---- text with escape sequences ---- */

/* Length of the escape sequence at the front of s; 0 = none. */
static size_t sequence_length(struct oc_str s)
{
	if (s.n < 2 || s.p[0] != '\033' || s.p[1] != '[') return 0;
	for (size_t i = 2; i < s.n; i++)
		if (s.p[i] >= 0x40) return i + 1;
	return s.n;
}

static size_t shown_width(struct oc_str s)
{
	size_t width = 0;

	while (s.n) {
		uint32_t cp;
		size_t n = sequence_length(s);
		if (!n) {
			n = oc_utf8_next(s, &cp);
			width += oc_utf8_width(oc_str_head(s, n));
		}
		s = oc_str_from(s, n);
	}
	return width;
}

void oc_term_cut(struct oc_str row, size_t columns, struct oc_buf *out)
{
	size_t width = 0;
	bool styled = false;

	while (row.n) {
		uint32_t cp;
		size_t n = sequence_length(row);
		if (n) {
			styled = true;
		} else {
			n = oc_utf8_next(row, &cp);
			width += oc_utf8_width(oc_str_head(row, n));
			if (width > columns) break;
		}
		oc_buf_add(out, oc_str_head(row, n));
		row = oc_str_from(row, n);
	}
	if (styled && row.n) oc_buf_adds(out, "\033[0m");
}

/* ---- drawing ---- */

/* A narrower terminal has wrapped what we drew. */
static size_t drawn_lines(const struct oc_term_screen *s, size_t rows)
{
	size_t n = 0;

	for (size_t i = 0; i < rows && i < s->live.n; i++) {
		size_t w = shown_width(oc_str(s->live.v[i]));
		n += w > s->columns ? (w + s->columns - 1) / s->columns : 1;
	}
	return n;
}

static void erase(struct oc_term_screen *s, struct oc_buf *out)
{
	if (!s->live.n) return;
	size_t up = drawn_lines(s, s->cursor_row) + s->cursor_column / s->columns;
	oc_buf_addc(out, '\r');
	if (up) oc_buf_addf(out, "\033[%zuA", up);
	oc_buf_adds(out, "\033[J");
	oc_strv_deinit(&s->live);
	s->live = (struct oc_strv){ 0 };
}

static void place_cursor(struct oc_term_screen *s, struct oc_buf *out)
{
	size_t up = s->live.n - 1 - s->cursor_row;

	oc_buf_addc(out, '\r');
	if (up) oc_buf_addf(out, "\033[%zuA", up);
	if (s->cursor_column) oc_buf_addf(out, "\033[%zuC", s->cursor_column);
}

static void write_all(int fd, struct oc_str s)
{
	while (s.n) {
		ssize_t n = write(fd, s.p, s.n);
		if (n > 0)
			s = oc_str_from(s, (size_t)n);
		else if (errno == EAGAIN || errno == EWOULDBLOCK)
			poll(&(struct pollfd){ .fd = fd, .events = POLLOUT }, 1, 1000);
		else if (errno != EINTR)
			return;
	}
}

void oc_term_screen_draw(struct oc_term_screen *s, struct oc_str rows, struct oc_strv *live,
			 size_t cursor_row, size_t cursor_column)
{
	struct oc_buf out;

	oc_buf_init(&out, MAX_WRITE);
	oc_buf_adds(&out, "\033[?25l");
	erase(s, &out);
	oc_buf_add(&out, rows);
	s->live = *live;
	*live = (struct oc_strv){ 0 };
	s->cursor_row = cursor_row < s->live.n ? cursor_row : 0;
	s->cursor_column = cursor_column < s->columns ? cursor_column : s->columns - 1;
	for (size_t i = 0; i < s->live.n; i++)
		oc_buf_addf(&out, "%s%s", i ? "\n" : "", s->live.v[i]);
	if (s->live.n) place_cursor(s, &out);
	oc_buf_adds(&out, "\033[?25h");
	write_all(s->fd, oc_buf_view(&out));
	oc_buf_deinit(&out);
}

void oc_term_screen_deinit(struct oc_term_screen *s)
{
	struct oc_strv none = { 0 };

	oc_term_screen_draw(s, OC_LIT(""), &none, 0, 0);
	oc_strv_deinit(&s->live);
}
