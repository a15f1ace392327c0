#ifndef OC_CLOCK_H
#define OC_CLOCK_H
#include <stdint.h>
/*
 * For tests: time that passes only when every task waits. Then it jumps to the next deadline, so a
 * 30-minute time-out is over in a moment. Only for code that waits on nothing but time and other
 * tasks.
 */
void oc_clock_make_virtual(uint64_t start_ms);
void oc_clock_make_real(void);
#endif
