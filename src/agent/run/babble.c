/* Finds endless repetition at the end of a text. */
#include "agent/run/babble.h"

static void append(struct oc_babble *b, struct oc_str s)
{
	if (s.n > OC_BABBLE_KEPT) s = oc_str_from(s, s.n - OC_BABBLE_KEPT);
	if (b->n + s.n > OC_BABBLE_KEPT) {
		size_t drop = b->n + s.n - OC_BABBLE_KEPT;

		memmove(b->tail, b->tail + drop, b->n - drop);
		b->n -= drop;
	}
	memcpy(b->tail + b->n, s.p, s.n);
	b->n += s.n;
}

/* The tail is one piece of this length, over and over. */
static bool repeats(const struct oc_babble *b, size_t unit)
{
	size_t need = unit * OC_BABBLE_REPEATS;

	if (need < OC_BABBLE_LENGTH) need = OC_BABBLE_LENGTH;
	if (b->n < need) return false;
	for (size_t i = b->n - need + unit; i < b->n; i++)
		if (b->tail[i] != b->tail[i - unit]) return false;
	return true;
}

bool oc_babble_feed(struct oc_babble *b, struct oc_str delta)
{
	while (delta.n) {
		struct oc_str part = oc_str_head(delta, OC_BABBLE_UNIT - b->unseen);

		append(b, part);
		b->unseen += part.n;
		delta = oc_str_from(delta, part.n);
		if (b->unseen < OC_BABBLE_UNIT) continue;
		b->unseen = 0;
		for (size_t unit = 1; unit <= OC_BABBLE_UNIT; unit++)
			if (repeats(b, unit)) return true;
	}
	return false;
}
