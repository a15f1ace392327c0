#include "mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static OC_NORETURN void out_of_memory(size_t size)
{
	fprintf(stderr, "openclaw: out of memory (%zu bytes)\n", size);
	abort();
}

void *oc_alloc(size_t size)
{
	void *p = calloc(1, size ? size : 1);
	if (!p) out_of_memory(size);
	return p;
}

void *oc_realloc_array(void *p, size_t n, size_t size)
{
	void *q = reallocarray(p, n ? n : 1, size ? size : 1);
	if (!q) out_of_memory(n);
	return q;
}

char *oc_strndup(const char *p, size_t n)
{
	char *s = oc_alloc(n + 1);
	if (n) memcpy(s, p, n);
	return s;
}

char *oc_strdup(const char *s)
{
	return oc_strndup(s, strlen(s));
}

char *oc_asprintf(const char *fmt, ...)
{
	char *s = NULL;
	va_list ap;

	va_start(ap, fmt);
	int n = vasprintf(&s, fmt, ap);
	va_end(ap);
	if (n < 0) out_of_memory(0);
	return s;
}

void oc_free_secret(char *s)
{
	if (!s) return;
	explicit_bzero(s, strlen(s));
	free(s);
}
