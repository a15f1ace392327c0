#ifndef OC_BUF_H
#define OC_BUF_H
#include "str.h"

/* Owned, growable, always NUL-terminated, with a ceiling chosen at birth. */
struct oc_buf {
	char *p;
	size_t n, cap, max;
	bool bad; /* sticky: an append was refused; checked once, at the end */
};
void oc_buf_init(struct oc_buf *b, size_t max);
void oc_buf_deinit(struct oc_buf *b); /* accepts a zeroed struct */
void oc_buf_add(struct oc_buf *b, struct oc_str s);
void oc_buf_addc(struct oc_buf *b, char c);
void oc_buf_adds(struct oc_buf *b, const char *s);
void oc_buf_addf(struct oc_buf *b, const char *fmt, ...) OC_PRINTF(2, 3);
/* Borrowed until the next change; an empty buffer gives "". */
struct oc_str oc_buf_view(const struct oc_buf *b);
const char *oc_buf_cstr(const struct oc_buf *b);
void oc_buf_clear(struct oc_buf *b);	      /* keeps the memory, forgets bad */
void oc_buf_drop(struct oc_buf *b, size_t n); /* removes the first n bytes (all when fewer) */
/* Hands the bytes to the caller (free with free()); b is empty again. */
OC_MUST_USE char *oc_buf_take(struct oc_buf *b);
#endif
