#ifndef OC_WATCH_H
#define OC_WATCH_H
#include "base/err.h"
/*
 * Tells that a file may have changed: written, replaced by a rename, made or removed. The folder is
 * watched, because a replaced file is another one; where the system cannot tell (a network file
 * system, no more watches), the file is looked at once a second. fn runs on the loop, may be called
 * without a change and more than once for one: look at the content, and wait a little first.
 */
struct oc_watch;
typedef void oc_watch_fn(void *arg);
/* The folder of path must exist; otherwise the file is looked at until it does. */
struct oc_watch *oc_watch_new(const char *path, oc_watch_fn *fn, void *arg);
void oc_watch_free(struct oc_watch *w); /* accepts NULL; fn is not called any more */
#endif
