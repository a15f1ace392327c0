#ifndef OC_CLOCK_H
#define OC_CLOCK_H
#include <stdint.h>
/*
 * For tests: time that passes only when every task waits. Then it jumps to the next deadline, so a
 * 30-minute time-out is over in a moment. Only for code that waits on nothing but time, other tasks
 * and threads of ours (rt/worker.h, oc_work_wait).
 */
void oc_clock_make_virtual(uint64_t start_ms);
void oc_clock_make_real(void);
/* What the wall clock shows now; from here on it goes with virtual time. Again: somebody set it. */
void oc_clock_set_wall(int64_t wall_ms);
/* +1 while a thread works for a task, -1 after: virtual time stands still until it is done. */
void oc_clock_hold(int change);
#endif
