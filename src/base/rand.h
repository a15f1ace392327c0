#ifndef OC_RAND_H
#define OC_RAND_H
#include "err.h"
/* Randomness for ids and jitter. Tests seed it (OPENCLAW_TEST_SEED); otherwise the kernel does. */
void oc_rand_seed(uint64_t seed);
uint64_t oc_rand_u64(void);
/* Bytes for keys and tokens: always the kernel's, whatever was seeded. Ends the process when there
 * are none. */
void oc_rand_secret(uint8_t *out, size_t n);
/* Fills out with n characters of [a-z2-7] and a NUL; out holds n + 1. */
void oc_rand_id(char *out, size_t n);
enum { OC_ID_CHARS = 36 }; /* of a UUID */
/* A random UUID (RFC 9562, version 4) and a NUL. For names, not for secrets. */
void oc_uuid(char out[OC_ID_CHARS + 1]);
#endif
