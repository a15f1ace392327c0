/* Measured speeds, by model. */
#include "agent/run/speed.h"

#include <stdio.h>

enum { KNOWN = 32, MIN_READ = 1000, MIN_WRITTEN = 20 };
static const double NEW_SHARE = 0.3;

static struct known {
	char key[256];
	double read, written; /* tokens a second; 0 = not measured */
} known[KNOWN];
static size_t next;

static struct known *find(const char *key)
{
	size_t i = 0;

	while (i < KNOWN && strncmp(known[i].key, key, sizeof known[i].key - 1) != 0) i++;
	return i < KNOWN ? &known[i] : NULL;
}

static struct known *find_or_add(const char *key)
{
	struct known *k = find(key);

	if (k) return k;
	k = &known[next++ % KNOWN];
	*k = (struct known){ 0 };
	snprintf(k->key, sizeof k->key, "%s", key);
	return k;
}

static void mix(double *speed, int64_t tokens, uint64_t ms)
{
	double seen = (double)tokens * 1000 / (double)ms;

	*speed = *speed > 0 ? *speed + NEW_SHARE * (seen - *speed) : seen;
}

void oc_speed_note(const struct oc_selection *target, int64_t tokens, uint64_t ms)
{
	if (tokens >= MIN_READ && ms) mix(&find_or_add(target->key)->read, tokens, ms);
}

void oc_speed_note_writing(const struct oc_selection *target, int64_t tokens, uint64_t ms)
{
	if (tokens >= MIN_WRITTEN && ms) mix(&find_or_add(target->key)->written, tokens, ms);
}

double oc_speed_of(const struct oc_selection *target)
{
	const struct known *k = find(target->key);

	return k ? k->read : 0;
}

double oc_speed_of_writing(const struct oc_selection *target)
{
	const struct known *k = find(target->key);

	return k ? k->written : 0;
}
