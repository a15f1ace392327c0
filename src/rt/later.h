#ifndef OC_LATER_H
#define OC_LATER_H
#include <stdbool.h>
/*
 * Something to do once at the end of this turn of the loop, before it waits for I/O again: what
 * tasks and callbacks leave behind for one system call instead of many.
 */
struct oc_later {
	void (*fn)(void *arg); /* may leave more for later, but not itself */
	void *arg;
	struct oc_later *next; /* the rest is private */
	bool waits;
};
/* Nothing when l waits already. l stays where it is until then. */
void oc_later(struct oc_later *l);
void oc_later_cancel(struct oc_later *l);
#endif
