#ifndef OC_MEMORY_H
#define OC_MEMORY_H
#include <stdint.h>
/* How much memory this process holds, in bytes; 0 where the system does not tell. */
struct oc_memory {
	int64_t rss, heap_total, heap_used;
};
struct oc_memory oc_memory_now(void);
#endif
