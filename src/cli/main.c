#include <fcntl.h>
#include <unistd.h>

#include "cli/command.h"

/* A descriptor 0, 1 or 2 that was closed by our parent would be given to the next file we open, and
 * output would land in that file. */
static void fill_standard_descriptors(void)
{
	int fd;

	do fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO) close(fd);
}

int main(int argc, char **argv)
{
	fill_standard_descriptors();
	return oc_cli_main(argc, argv);
}
