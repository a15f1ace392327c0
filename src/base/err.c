#include "err.h"

#include <stdio.h>
#include <string.h>

#include "utf8.h"

static void cut_at_character(char *s, size_t cap)
{
	s[oc_utf8_floor(s, strnlen(s, cap))] = '\0';
}

enum oc_rc oc_fail(struct oc_err *e, enum oc_rc rc, const char *fmt, ...)
{
	va_list ap;

	if (!e) return rc;
	e->rc = rc;
	va_start(ap, fmt);
	vsnprintf(e->msg, sizeof e->msg, fmt, ap);
	va_end(ap);
	cut_at_character(e->msg, sizeof e->msg);
	return rc;
}

enum oc_rc oc_wrap(struct oc_err *e, const char *fmt, ...)
{
	char prefix[sizeof e->msg];
	char whole[2 * sizeof e->msg + 2];
	va_list ap;

	if (!e) return OC_E_SYS;
	va_start(ap, fmt);
	vsnprintf(prefix, sizeof prefix, fmt, ap);
	va_end(ap);
	snprintf(whole, sizeof whole, "%s: %s", prefix, e->msg);
	memcpy(e->msg, whole, sizeof e->msg - 1);
	e->msg[sizeof e->msg - 1] = '\0';
	cut_at_character(e->msg, sizeof e->msg);
	return e->rc;
}
