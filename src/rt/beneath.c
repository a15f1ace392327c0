/* The one call of Linux that opens a path without following links on the way. */
#include "rt/beneath.h"

#include <errno.h>
#ifdef __linux__
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

int oc_open_folder_beneath(int root, const char *path)
{
#if defined(__linux__) && defined(SYS_openat2)
	struct open_how how = { .flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
				.resolve =
				    RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS };

	return (int)syscall(SYS_openat2, root, path, &how, sizeof how);
#else
	(void)root;
	(void)path;
	errno = ENOSYS;
	return -1;
#endif
}
