#include "rand.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

static uint64_t state;
static bool seeded;

void oc_rand_seed(uint64_t seed)
{
	state = seed;
	seeded = true;
}

static void seed_once(void)
{
	const char *fixed = getenv("OPENCLAW_TEST_SEED");

	if (fixed)
		state = strtoull(fixed, NULL, 10);
	else if (getentropy(&state, sizeof state) != 0)
		state = (uint64_t)time(NULL) ^ (uint64_t)(uintptr_t)&state;
	seeded = true;
}

/* splitmix64 (Steele, Lea, Flood 2014): short, and good enough for ids and jitter. */
uint64_t oc_rand_u64(void)
{
	if (!seeded) seed_once();
	uint64_t z = (state += 0x9E3779B97F4A7C15u);
	z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
	z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
	return z ^ (z >> 31);
}

/* Nothing that opens a door may come from the clock: without entropy the program ends. */
void oc_rand_bytes(void *out, size_t n)
{
	uint8_t *p = out;
	bool fixed = getenv("OPENCLAW_TEST_SEED") != NULL;

	while (n > 0) {
		uint64_t piece = fixed ? oc_rand_u64() : 0;
		size_t size = n < sizeof piece ? n : sizeof piece;

		if (!fixed && getentropy(&piece, sizeof piece) != 0) abort();
		memcpy(p, &piece, size);
		p += size;
		n -= size;
	}
}

void oc_rand_id(char *out, size_t n)
{
	static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";

	for (size_t i = 0; i < n; i++) out[i] = alphabet[oc_rand_u64() & 31];
	out[n] = '\0';
}
