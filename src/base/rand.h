#ifndef OC_RAND_H
#define OC_RAND_H
#include "err.h"
/* Randomness for ids and jitter. Tests seed it (OPENCLAW_TEST_SEED); otherwise the kernel does. */
void oc_rand_seed(uint64_t seed);
uint64_t oc_rand_u64(void);
/* For secrets: n bytes of the kernel's randomness (of the seed when a test gave one). */
void oc_rand_bytes(void *out, size_t n);
/* Fills out with n characters of [a-z2-7] and a NUL; out holds n + 1. */
void oc_rand_id(char *out, size_t n);
#endif
