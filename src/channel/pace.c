/* Remembers when the last messages went out. */
#include "channel/pace.h"

uint64_t oc_pace_delay(const struct oc_pace *p, uint32_t burst, uint32_t window_ms, uint64_t now_ms)
{
	size_t oldest;
	uint64_t free_at;

	if (!burst || burst > OC_PACE_MAX || p->n < burst) return 0;
	oldest = (p->next + OC_PACE_MAX - burst) % OC_PACE_MAX;
	free_at = p->at_ms[oldest] + window_ms;
	return free_at > now_ms ? free_at - now_ms : 0;
}

void oc_pace_note(struct oc_pace *p, uint64_t now_ms)
{
	p->at_ms[p->next] = now_ms;
	p->next = (p->next + 1) % OC_PACE_MAX;
	if (p->n < OC_PACE_MAX) p->n++;
}
