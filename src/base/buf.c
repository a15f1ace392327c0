#include "buf.h"

#include <stdio.h>
#include <stdlib.h>

#include "mem.h"

void oc_buf_init(struct oc_buf *b, size_t max)
{
	*b = (struct oc_buf){ .max = max };
}

void oc_buf_deinit(struct oc_buf *b)
{
	free(b->p);
	*b = (struct oc_buf){ .max = b->max };
}

static bool reserve(struct oc_buf *b, size_t more)
{
	if (b->bad || more > b->max || b->n > b->max - more) {
		b->bad = true;
		return false;
	}
	size_t need = b->n + more + 1;
	if (need <= b->cap) return true;
	size_t cap = b->cap ? b->cap : 64;
	while (cap < need) cap *= 2;
	b->p = oc_realloc_array(b->p, cap, 1);
	b->cap = cap;
	return true;
}

void oc_buf_add(struct oc_buf *b, struct oc_str s)
{
	if (!s.n || !reserve(b, s.n)) return;
	memcpy(b->p + b->n, s.p, s.n);
	b->n += s.n;
	b->p[b->n] = '\0';
}

void oc_buf_addc(struct oc_buf *b, char c)
{
	if (!reserve(b, 1)) return;
	b->p[b->n++] = c;
	b->p[b->n] = '\0';
}

void oc_buf_adds(struct oc_buf *b, const char *s)
{
	oc_buf_add(b, oc_str(s));
}

void oc_buf_addf(struct oc_buf *b, const char *fmt, ...)
{
	va_list ap, again;

	va_start(ap, fmt);
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, ap);
	if (n < 0)
		b->bad = true;
	else if (reserve(b, (size_t)n)) {
		vsnprintf(b->p + b->n, (size_t)n + 1, fmt, again);
		b->n += (size_t)n;
	}
	va_end(again);
	va_end(ap);
}

struct oc_str oc_buf_view(const struct oc_buf *b)
{
	return (struct oc_str){ b->p ? b->p : "", b->n };
}

const char *oc_buf_cstr(const struct oc_buf *b)
{
	return b->p ? b->p : "";
}

void oc_buf_clear(struct oc_buf *b)
{
	b->n = 0;
	b->bad = false;
	if (b->p) b->p[0] = '\0';
}

void oc_buf_drop(struct oc_buf *b, size_t n)
{
	if (n > b->n) n = b->n;
	if (!n) return;
	memmove(b->p, b->p + n, b->n - n + 1);
	b->n -= n;
}

char *oc_buf_take(struct oc_buf *b)
{
	char *p = b->p ? b->p : oc_alloc(1);

	*b = (struct oc_buf){ .max = b->max };
	return p;
}
