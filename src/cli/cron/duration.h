#ifndef OC_DURATION_H
#define OC_DURATION_H
#include "base/str.h"
/* "90", "90s", "20m", "2h", "1d", "1h30m" in milliseconds; a bare number counts in bare_ms. False:
 * not a duration, or 0, or longer than 10 years. */
OC_MUST_USE bool oc_duration_parse(struct oc_str text, int64_t bare_ms, int64_t *out_ms);
#endif
