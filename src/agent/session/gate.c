/* Tasks that wait for each other. */
#include "agent/session/session.h"

struct oc_gate_wait {
	struct oc_wait wait;
	struct oc_gate_wait *next;
};

void oc_gate_enter_wait(struct oc_gate *g)
{
	struct oc_gate_wait w = { 0 }, **at = &g->first;

	if (!g->closed) {
		g->closed = true;
		return;
	}
	while (*at) at = &(*at)->next;
	*at = &w;
	(void)oc_wait_park_uncancellable(&w.wait, OC_NO_DEADLINE);
}

/* Stays closed for the one who waited longest. */
void oc_gate_leave(struct oc_gate *g)
{
	struct oc_gate_wait *next = g->first;

	if (!next) {
		g->closed = false;
		return;
	}
	g->first = next->next;
	oc_wait_end(&next->wait, OC_OK);
}
