#ifndef OC_MEM_H
#define OC_MEM_H
#include <stddef.h>

#include "err.h"
/*
 * Allocation that does not fail: a small allocation that the system refuses ends the process with
 * its size. Sizes that come from outside are bounded before they get here (limits.h).
 */
void *oc_alloc(size_t size) __attribute__((malloc, returns_nonnull)); /* zeroed */
void *oc_realloc_array(void *p, size_t n, size_t size) __attribute__((returns_nonnull));
char *oc_strdup(const char *s) __attribute__((malloc, returns_nonnull, nonnull));
char *oc_strndup(const char *p, size_t n) __attribute__((malloc, returns_nonnull));
char *oc_asprintf(const char *fmt, ...) OC_PRINTF(1, 2) __attribute__((malloc, returns_nonnull));
/* Overwrites what a secret left behind, then frees. Accepts NULL. */
void oc_free_secret(char *s);

#define oc_new(type) ((type *)oc_alloc(sizeof(type)))
#endif
