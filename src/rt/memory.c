/* Memory of this process: resident pages from the kernel, the heap from the C library. */
#include "rt/memory.h"

#include <uv.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

struct oc_memory oc_memory_now(void)
{
	struct oc_memory m = { 0 };
	size_t rss = 0;

	if (uv_resident_set_memory(&rss) == 0) m.rss = (int64_t)rss;
#if defined(__GLIBC__) && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 33)
	struct mallinfo2 i = mallinfo2();
	m.heap_total = (int64_t)(i.arena + i.hblkhd);
	m.heap_used = (int64_t)(i.uordblks + i.hblkhd);
#endif
	return m;
}
