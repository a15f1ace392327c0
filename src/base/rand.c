#include "rand.h"

#include <stdio.h>
#include <stdlib.h>
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

void oc_rand_secret(uint8_t *out, size_t n)
{
	enum { AT_ONCE = 256 }; /* what getentropy gives */

	for (size_t at = 0; at < n; at += AT_ONCE) {
		size_t left = n - at;
		if (getentropy(out + at, left < AT_ONCE ? left : AT_ONCE) != 0) abort();
	}
}

void oc_rand_id(char *out, size_t n)
{
	static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";

	for (size_t i = 0; i < n; i++) out[i] = alphabet[oc_rand_u64() & 31];
	out[n] = '\0';
}

void oc_uuid(char out[OC_ID_CHARS + 1])
{
	uint64_t a = oc_rand_u64(), b = oc_rand_u64();

	snprintf(out, OC_ID_CHARS + 1, "%08x-%04x-4%03x-%04x-%012llx", (unsigned)(a >> 32),
		 (unsigned)(a >> 16) & 0xFFFF, (unsigned)a & 0xFFF,
		 0x8000u | ((unsigned)(b >> 48) & 0x3FFF),
		 (unsigned long long)(b & 0xFFFFFFFFFFFFull));
}
