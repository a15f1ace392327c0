/* Texts of errors without keys and control characters, errors of our own making, and waiting times
 * in headers. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/utf8.h"
#include "model/codec/errors.h"

enum { MAX_MESSAGE_BYTES = 2000, MAX_CLEANED_BYTES = 16000 };

static bool key_char(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       c == '-' || c == '_' || c == ':' || c == '.' || c == '+' || c == '/' || c == '=';
}

/* Length of what looks like a key right after the prefix at the start of s; 0 when it does not. */
static size_t key_length(struct oc_str s, struct oc_str prefix)
{
	size_t n = prefix.n;

	if (!oc_str_istarts(s, prefix)) return 0;
	while (n < s.n && key_char(s.p[n])) n++;
	return n - prefix.n >= 8 ? n - prefix.n : 0;
}

static void add_redacted(struct oc_buf *out, struct oc_str s)
{
	static const struct oc_str prefixes[] = { { "sk-", 3 }, { "Bearer ", 7 } };
	bool inside_word = false;

	for (size_t i = 0; i < s.n; i++) {
		struct oc_str rest = oc_str_from(s, i);
		size_t skip = 0;

		for (size_t k = 0; k < 2 && !skip && !inside_word; k++) {
			skip = key_length(rest, prefixes[k]);
			if (skip) skip += prefixes[k].n;
			if (skip) oc_buf_addf(out, "%.*s[redacted]", OC_FMT(prefixes[k]));
		}
		if (skip) {
			i += skip - 1;
			continue;
		}
		inside_word = key_char(s.p[i]) && s.p[i] != '=' && s.p[i] != ':' && s.p[i] != '/';
		if ((unsigned char)s.p[i] >= 0x20 || s.p[i] == '\n' || s.p[i] == '\t')
			if (s.p[i] != 0x7f) oc_buf_addc(out, s.p[i]);
	}
}

char *oc_error_text(struct oc_str in)
{
	struct oc_buf clean, out;

	/* Cut before cleaning: what is cut off costs nothing. A key at the cut is caught as far as
	 * it goes. */
	oc_buf_init(&clean, MAX_CLEANED_BYTES);
	oc_buf_init(&out, MAX_CLEANED_BYTES);
	oc_utf8_clean(
	    oc_str_head(in,
			oc_utf8_floor(in.p, in.n < MAX_MESSAGE_BYTES ? in.n : MAX_MESSAGE_BYTES)),
	    &clean);
	add_redacted(&out, oc_buf_view(&clean));
	if (in.n > MAX_MESSAGE_BYTES) oc_buf_adds(&out, "…");
	oc_buf_deinit(&clean);
	return oc_buf_take(&out);
}

void oc_error_set(struct oc_call_error *e, enum oc_error_class class, int status, const char *fmt,
		  ...)
{
	char text[1000];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	oc_call_error_deinit(e);
	e->class = class;
	e->status = status;
	e->retryable = oc_error_class_retryable(class);
	e->message = oc_error_text(oc_str(text));
}

/* ---- Retry-After -------------------------------------------------------- */

/* Non-negative number of a sane size times scale, or -1. */
static int64_t scaled(const char *text, double scale)
{
	char *end;
	struct oc_str s = oc_str_trim(oc_str(text));

	if (s.n == 0 || s.n > 15 || s.p[0] < '0' || s.p[0] > '9') return -1;
	double v = strtod(s.p, &end);
	return end == s.p + s.n && v < 1e9 ? (int64_t)(v * scale) : -1;
}

/* Seconds since 1970 of an HTTP date in one of its three forms (RFC 9110 §5.6.7), or -1. */
static int64_t http_date(const char *text)
{
	static const char *const forms[] = { "%a, %d %b %Y %H:%M:%S GMT",
					     "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %d %H:%M:%S %Y" };

	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		struct tm tm = { 0 };
		const char *end = strptime(text, forms[i], &tm);

		if (end && *end == '\0') return timegm(&tm);
	}
	return -1;
}

int64_t oc_retry_after_ms(const char *ms, const char *after, const char *date)
{
	int64_t wait = ms ? scaled(ms, 1) : -1;

	if (wait >= 0 || !after) return wait;
	if ((wait = scaled(after, 1000)) >= 0 || !date) return wait;
	int64_t at = http_date(after), now = http_date(date);

	return at >= 0 && now >= 0 && at >= now ? (at - now) * 1000 : -1;
}
