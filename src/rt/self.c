/* Where the running program lies, for starting it again as a helper process. */
#include "rt/self.h"

#include <uv.h>

#include "base/limits.h"
#include "base/mem.h"

char *oc_self_path(void)
{
	char path[OC_MAX_PATH_CHARS];
	size_t n = sizeof path;

	return uv_exepath(path, &n) ? NULL : oc_strndup(path, n);
}
