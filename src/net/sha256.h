#ifndef OC_SHA256_H
#define OC_SHA256_H
#include "base/str.h"
enum { OC_SHA256_HEX = 64 };
/* The hash in lower-case hexadecimal digits and a NUL. */
void oc_sha256_hex(struct oc_str in, char out[OC_SHA256_HEX + 1]);
/* Of what can still be read from fd; blocks. False, and out untouched, when that fails. */
OC_MUST_USE bool oc_sha256_file(int fd, char out[OC_SHA256_HEX + 1]);
/* HMAC-SHA-256 (RFC 2104) of in, in the same form. */
void oc_hmac_sha256_hex(struct oc_str key, struct oc_str in, char out[OC_SHA256_HEX + 1]);
#endif
