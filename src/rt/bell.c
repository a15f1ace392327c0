/* Tasks that wait for the same thing. */
#include "rt/bell.h"

struct oc_bell_wait {
	struct oc_wait wait;
	struct oc_bell_wait *next;
};

void oc_bell_sure_wait(struct oc_bell *b)
{
	struct oc_bell_wait w = { .next = b->first };

	b->first = &w;
	(void)oc_wait_park_uncancellable(&w.wait, OC_NO_DEADLINE);
}

enum oc_rc oc_bell_wait(struct oc_bell *b, struct oc_deadline d)
{
	struct oc_bell_wait w = { .next = b->first }, **at = &b->first;
	enum oc_rc rc;

	b->first = &w;
	rc = oc_wait_park(&w.wait, d);
	while (*at && *at != &w) at = &(*at)->next;
	if (*at) *at = w.next;
	return rc;
}

void oc_bell_ring(struct oc_bell *b)
{
	struct oc_bell_wait *w = b->first;

	b->first = NULL;
	while (w) {
		struct oc_bell_wait *next = w->next;

		oc_wait_end(&w->wait, OC_OK);
		w = next;
	}
}
