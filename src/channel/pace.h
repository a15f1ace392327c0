#ifndef OC_CHANNEL_PACE_H
#define OC_CHANNEL_PACE_H
#include "base/err.h"
/* How fast a messenger lets us speak: at most `burst` messages in `window_ms`. Pure. */
enum { OC_PACE_MAX = 64 };
struct oc_pace {
	uint64_t at_ms[OC_PACE_MAX]; /* of the last messages, a ring */
	size_t n, next;
};
/* Milliseconds until one more is allowed; 0 = now. burst 0 = no bound. */
uint64_t oc_pace_delay(const struct oc_pace *p, uint32_t burst, uint32_t window_ms,
		       uint64_t now_ms);
void oc_pace_note(struct oc_pace *p, uint64_t now_ms);
#endif
