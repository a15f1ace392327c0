#ifndef OC_WHEN_H
#define OC_WHEN_H
#include <stddef.h>
#include <stdint.h>
/* Times for a person. */
enum { OC_WHEN_CHARS = 40 };
/* "just now", "5m ago", "3h ago", "2d ago". */
void oc_age_text(int64_t ms, char *out, size_t size);
/* "in 5m", "in 3h". */
void oc_until_text(int64_t ms, char *out, size_t size);
/* Local time, "2026-11-21 18:04"; "-" for 0. */
void oc_when_text(int64_t wall_ms, char *out, size_t size);
#endif
