/* A reader for .env files. It never fails: what it does not understand it skips, line by line. */
#include "config/dotenv.h"

static bool is_name_char(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_' ||
	       c == '.' || c == '-';
}

static size_t skip_blanks(struct oc_str in, size_t at)
{
	while (at < in.n && (in.p[at] == ' ' || in.p[at] == '\t')) at++;
	return at;
}

static size_t line_end(struct oc_str in, size_t at)
{
	while (at < in.n && in.p[at] != '\n' && in.p[at] != '\r') at++;
	return at;
}

/* Position of the quote that ends the text begun at at, or SIZE_MAX. */
static size_t closing_quote(struct oc_str in, size_t at)
{
	char quote = in.p[at];

	for (size_t i = at + 1; i < in.n; i++) {
		if (in.p[i] == '\\')
			i++;
		else if (in.p[i] == quote)
			return i;
	}
	return SIZE_MAX;
}

static void add_double_quoted(struct oc_str text, struct oc_buf *out)
{
	for (size_t i = 0; i < text.n; i++) {
		char next = text.p[i] == '\\' && i + 1 < text.n ? text.p[i + 1] : '\0';
		bool known = next == 'n' || next == 'r' || next == '"' || next == '\\';

		i += known;
		oc_buf_addc(out, next == 'n' ? '\n' : next == 'r' ? '\r' : text.p[i]);
	}
}

/* Reads the value at at and returns where the next line begins or goes on. */
static size_t read_value(struct oc_str in, size_t at, struct oc_buf *out)
{
	char c = at < in.n ? in.p[at] : '\0';
	size_t end = c == '"' || c == '\'' || c == '`' ? closing_quote(in, at) : SIZE_MAX;

	if (end != SIZE_MAX) {
		struct oc_str text = { in.p + at + 1, end - at - 1 };
		if (c == '"')
			add_double_quoted(text, out);
		else
			oc_buf_add(out, text);
		return line_end(in, end);
	}
	end = line_end(in, at);
	struct oc_str line = { in.p + at, end - at };
	oc_buf_add(out, oc_str_trim(oc_str_head(line, oc_str_find(line, OC_LIT("#"), 0))));
	return end;
}

void oc_dotenv_parse(struct oc_str text, oc_dotenv_fn *fn, void *arg)
{
	size_t at = oc_str_starts(text, OC_LIT("\xEF\xBB\xBF")) ? 3 : 0;
	struct oc_buf value;

	oc_buf_init(&value, text.n);
	while (at < text.n) {
		at = skip_blanks(text, at);
		if (oc_str_starts(oc_str_from(text, at), OC_LIT("export ")))
			at = skip_blanks(text, at + 7);
		size_t start = at;
		while (at < text.n && is_name_char(text.p[at])) at++;
		struct oc_str name = { text.p + start, at - start };
		at = skip_blanks(text, at);
		if (name.n && at < text.n && text.p[at] == '=') {
			oc_buf_clear(&value);
			at = read_value(text, skip_blanks(text, at + 1), &value);
			fn(arg, name, oc_buf_view(&value));
		}
		at = line_end(text, at) + 1;
	}
	oc_buf_deinit(&value);
}
