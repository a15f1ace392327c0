#ifndef OC_ERR_H
#define OC_ERR_H
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OC_MUST_USE	__attribute__((warn_unused_result))
#define OC_PRINTF(f, a) __attribute__((format(printf, f, a), nonnull(f)))
#define OC_NORETURN	__attribute__((noreturn))

/* A result code says what the caller may do next; the message says why. */
enum oc_rc {
	OC_OK = 0,
	OC_EOF = -2,
	OC_E_PROTO = -3,     /* peer sent something invalid: close, do not retry */
	OC_E_LIMIT = -4,     /* a configured bound was hit: do not retry */
	OC_E_DENIED = -5,    /* policy said no (auth, SSRF, approval) */
	OC_E_UPSTREAM = -6,  /* other side failed: fail-over may help */
	OC_E_SYS = -7,	     /* errno-style failure on our side */
	OC_CANCELLED = -8,   /* the scope was cancelled: undo and return, say nothing */
	OC_E_TIMEOUT = -9,   /* a deadline passed */
	OC_E_INPUT = -10,    /* what the person gave us is wrong: say where and how to mend it */
	OC_E_NOT_FOUND = -11 /* the named thing does not exist */
};

/* Fixed size, so reporting an error can never fail. Zeroed means "none".
 * Longer texts (a list of configuration problems) travel in a buffer of their own. */
struct oc_err {
	enum oc_rc rc;
	char msg[1020];
};

/* Sets e (may be NULL) and returns rc. A message that does not fit is cut at a character boundary.
 */
enum oc_rc oc_fail(struct oc_err *e, enum oc_rc rc, const char *fmt, ...) OC_PRINTF(3, 4);
/* Prefixes the message: "load config: line 4: expected ':'". Returns e->rc. */
enum oc_rc oc_wrap(struct oc_err *e, const char *fmt, ...) OC_PRINTF(2, 3);
#endif
