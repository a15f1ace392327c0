#include "cli/print.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/visible.h"

static bool harmless(unsigned char c)
{
	return (c >= ' ' && c != 0x7F) || c == '\n' || c == '\t';
}

/* C1 controls are two bytes in UTF-8: C2 80 to C2 9F. */
static bool is_c1(struct oc_str s, size_t i)
{
	return (unsigned char)s.p[i] == 0xC2 && i + 1 < s.n && (unsigned char)s.p[i + 1] >= 0x80 &&
	       (unsigned char)s.p[i + 1] < 0xA0;
}

void oc_print_delta(struct oc_str text)
{
	if (!isatty(STDOUT_FILENO)) {
		fwrite(text.p, 1, text.n, stdout);
		return;
	}
	for (size_t i = 0; i < text.n; i++) {
		if (is_c1(text, i))
			i++;
		else if (harmless((unsigned char)text.p[i]))
			putchar(text.p[i]);
	}
}

void oc_print_text(struct oc_str text)
{
	while (text.n && text.p[text.n - 1] == '\n') text.n--;
	oc_print_delta(text);
	putchar('\n');
}

void oc_print_json(const json_t *v)
{
	char *text = oc_json_pretty(v);

	fputs(text, stdout);
	free(text);
}

void oc_print_warning(const char *text)
{
	oc_visible_printf(stderr, "warning: %s\n", text);
}

bool oc_print_colour(void)
{
	const char *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && !getenv("NO_COLOR") && term && strcmp(term, "dumb") != 0;
}
