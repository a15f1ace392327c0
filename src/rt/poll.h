#ifndef OC_POLL_H
#define OC_POLL_H
#include "base/err.h"
/* Descriptors and timers on the loop: for libraries that bring their own event machine (libcurl)
 * and for sockets of our own. */
enum {
	OC_POLL_READ = 1,
	OC_POLL_WRITE = 2,
	OC_POLL_HANGUP = 4, /* the peer ended its side, whatever is still unread */
	OC_POLL_ERROR = 8,  /* nothing but a broken connection, which comes as events 0 */
};
struct oc_poll;
typedef void oc_poll_fn(void *arg, int fd, int events); /* events 0 = error: let the library look */
/* NULL when the descriptor cannot be watched (a regular file). */
struct oc_poll *oc_poll_new(int fd, oc_poll_fn *fn, void *arg);
void oc_poll_set(struct oc_poll *p, int events);
void oc_poll_free(struct oc_poll *p); /* accepts NULL; does not close fd */

struct oc_timer;
typedef void oc_timer_fn(void *arg);
struct oc_timer *oc_timer_new(oc_timer_fn *fn, void *arg);
void oc_timer_start(struct oc_timer *t, uint64_t in_ms);
void oc_timer_stop(struct oc_timer *t);
void oc_timer_free(struct oc_timer *t); /* accepts NULL */
#endif
