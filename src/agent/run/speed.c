/* Measured speeds of reading, by model. */
#include "agent/run/speed.h"

#include <stdio.h>

enum { KNOWN = 32, MIN_TOKENS = 1000 };
static const double NEW_SHARE = 0.3;

static struct {
	char key[256];
	double per_second;
} known[KNOWN];
static size_t next;

static size_t find(const char *key)
{
	size_t i = 0;

	while (i < KNOWN && strncmp(known[i].key, key, sizeof known[i].key - 1) != 0) i++;
	return i;
}

void oc_speed_note(const struct oc_selection *target, int64_t tokens, uint64_t ms)
{
	double seen = ms ? (double)tokens * 1000 / (double)ms : 0;
	size_t at = find(target->key);

	if (tokens < MIN_TOKENS || !ms) return;
	if (at == KNOWN) {
		at = next++ % KNOWN;
		snprintf(known[at].key, sizeof known[at].key, "%s", target->key);
		known[at].per_second = seen;
	}
	known[at].per_second += NEW_SHARE * (seen - known[at].per_second);
}

double oc_speed_of(const struct oc_selection *target)
{
	size_t at = find(target->key);

	return at < KNOWN ? known[at].per_second : 0;
}
