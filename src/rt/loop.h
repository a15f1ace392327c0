#ifndef OC_LOOP_H
#define OC_LOOP_H
/* For the files that put handles on the loop themselves: src/rt only, and net/ where libcurl asks
 * for sockets through rt/poll.h. */
#include <uv.h>
uv_loop_t *oc_loop(void);
#endif
