#include "str.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "mem.h"

bool oc_str_eq(struct oc_str a, struct oc_str b)
{
	return a.n == b.n && (a.n == 0 || !memcmp(a.p, b.p, a.n));
}

bool oc_str_ieq(struct oc_str a, struct oc_str b)
{
	return a.n == b.n && (a.n == 0 || !strncasecmp(a.p, b.p, a.n));
}

bool oc_str_starts(struct oc_str s, struct oc_str prefix)
{
	return oc_str_eq(oc_str_head(s, prefix.n), prefix);
}

bool oc_str_istarts(struct oc_str s, struct oc_str prefix)
{
	return oc_str_ieq(oc_str_head(s, prefix.n), prefix);
}

bool oc_str_ends(struct oc_str s, struct oc_str suffix)
{
	return s.n >= suffix.n && oc_str_eq(oc_str_from(s, s.n - suffix.n), suffix);
}

size_t oc_str_find(struct oc_str s, struct oc_str needle, size_t from)
{
	if (from > s.n || needle.n > s.n - from) return SIZE_MAX;
	if (needle.n == 0) return from;
	const char *hit = memmem(s.p + from, s.n - from, needle.p, needle.n);
	return hit ? (size_t)(hit - s.p) : SIZE_MAX;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

size_t oc_str_ifind(struct oc_str s, struct oc_str needle, size_t from)
{
	char first = needle.n ? lower(needle.p[0]) : '\0';

	for (size_t i = from; i <= s.n && needle.n <= s.n - i; i++)
		if ((!needle.n || lower(s.p[i]) == first) &&
		    oc_str_istarts(oc_str_from(s, i), needle))
			return i;
	return SIZE_MAX;
}

bool oc_str_has(struct oc_str s, struct oc_str needle)
{
	return oc_str_find(s, needle, 0) != SIZE_MAX;
}

bool oc_str_ihas(struct oc_str s, const char *needle)
{
	return oc_str_ifind(s, oc_str(needle), 0) != SIZE_MAX;
}

bool oc_is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

struct oc_str oc_str_trim(struct oc_str s)
{
	while (s.n && oc_is_space(s.p[0])) s.p++, s.n--;
	while (s.n && oc_is_space(s.p[s.n - 1])) s.n--;
	return s;
}

struct oc_str oc_str_from(struct oc_str s, size_t at)
{
	return at < s.n ? (struct oc_str){ s.p + at, s.n - at } : (struct oc_str){ "", 0 };
}

struct oc_str oc_str_head(struct oc_str s, size_t n)
{
	return (struct oc_str){ s.p, n < s.n ? n : s.n };
}

bool oc_parse_int(struct oc_str s, int64_t min, int64_t max, int64_t *out)
{
	bool negative = s.n && s.p[0] == '-';
	size_t i = s.n && (s.p[0] == '-' || s.p[0] == '+');
	int64_t v = 0; /* counted downwards: INT64_MIN has no positive twin */

	if (i == s.n) return false;
	for (; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9') return false;
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_sub_overflow(v, s.p[i] - '0', &v))
			return false;
	}
	if (!negative && __builtin_sub_overflow((int64_t)0, v, &v)) return false;
	if (v < min || v > max) return false;
	*out = v;
	return true;
}

static void strv_push(struct oc_strv *l, char *owned)
{
	if (l->n + 2 > l->cap) {
		l->cap = l->cap ? 2 * l->cap : 8;
		l->v = oc_realloc_array(l->v, l->cap, sizeof *l->v);
	}
	l->v[l->n++] = owned;
	l->v[l->n] = NULL;
}

void oc_strv_add(struct oc_strv *l, struct oc_str s)
{
	strv_push(l, oc_strndup(s.p, s.n));
}

void oc_strv_addf(struct oc_strv *l, const char *fmt, ...)
{
	char *s = NULL;
	va_list ap;

	va_start(ap, fmt);
	int n = vasprintf(&s, fmt, ap);
	va_end(ap);
	if (n < 0) abort();
	strv_push(l, s);
}

bool oc_strv_has(const struct oc_strv *l, struct oc_str s)
{
	for (size_t i = 0; i < l->n; i++)
		if (oc_str_eq(oc_str(l->v[i]), s)) return true;
	return false;
}

void oc_strv_add_once(struct oc_strv *l, struct oc_str s)
{
	if (!oc_strv_has(l, s)) oc_strv_add(l, s);
}

char *oc_strv_join(const struct oc_strv *l, const char *sep)
{
	size_t total = 1, n_sep = strlen(sep);

	for (size_t i = 0; i < l->n; i++) total += strlen(l->v[i]) + n_sep;
	char *s = oc_alloc(total), *at = s;
	for (size_t i = 0; i < l->n; i++) {
		if (i) at = stpcpy(at, sep);
		at = stpcpy(at, l->v[i]);
	}
	return s;
}

static int by_code_point(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void oc_strv_sort(struct oc_strv *l)
{
	if (l->n > 1) qsort(l->v, l->n, sizeof *l->v, by_code_point);
}

void oc_strv_deinit(struct oc_strv *l)
{
	for (size_t i = 0; i < l->n; i++) free(l->v[i]);
	free(l->v);
	*l = (struct oc_strv){ 0 };
}
