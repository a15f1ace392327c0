#ifndef OC_STALL_H
#define OC_STALL_H
#include <stddef.h>
#include <stdint.h>
/*
 * How long the loop was busy between two looks at its descriptors: what everybody else had to wait
 * because of one. Counted from oc_stalls_start on.
 */
enum { OC_STALL_BUCKETS = 8 };
extern const uint64_t oc_stall_bounds_us[OC_STALL_BUCKETS]; /* upper bounds, ascending */
struct oc_stalls {
	uint64_t n[OC_STALL_BUCKETS]; /* each turn in the first bucket that holds it */
	uint64_t count, sum_us, longest_us;
};
void oc_stalls_start(void); /* again does nothing */
struct oc_stalls oc_stalls_now(void);
/* Pure: counts one turn. */
void oc_stalls_add(struct oc_stalls *s, uint64_t us);
#endif
