/* Looks the listening socket up in /proc/net, and then who has it open. */
#include "rt/port_owner.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LISTENING = 0x0A };

/* Inode of the socket in one table; 0 = not there. */
static unsigned long socket_in(const char *table, unsigned port)
{
	FILE *f = fopen(table, "re");
	char line[512];
	unsigned long found = 0;

	if (!f) return 0;
	while (!found && fgets(line, sizeof line, f)) {
		unsigned local, state;
		unsigned long inode;
		int n = sscanf(
		    line, " %*d: %*[0-9A-F]:%x %*[0-9A-F]:%*x %x %*x:%*x %*x:%*x %*x %*u %*u %lu",
		    &local, &state, &inode);
		if (n == 3 && local == port && state == LISTENING) found = inode;
	}
	fclose(f);
	return found;
}

static bool has_open(const char *pid, const char *link)
{
	char folder[64], target[64];
	bool found = false;

	snprintf(folder, sizeof folder, "/proc/%.20s/fd", pid);
	DIR *d = opendir(folder);
	struct dirent *one;
	while (d && !found && (one = readdir(d))) {
		ssize_t n = readlinkat(dirfd(d), one->d_name, target, sizeof target - 1);
		if (n < 0) continue;
		target[n] = '\0';
		found = !strcmp(target, link);
	}
	if (d) closedir(d);
	return found;
}

int oc_port_owner(unsigned port)
{
	unsigned long inode = socket_in("/proc/net/tcp", port);
	char link[64];
	int pid = 0;

	if (!inode) inode = socket_in("/proc/net/tcp6", port);
	if (!inode) return 0;
	snprintf(link, sizeof link, "socket:[%lu]", inode);
	DIR *d = opendir("/proc");
	struct dirent *one;
	while (d && !pid && (one = readdir(d))) {
		if (one->d_name[0] < '1' || one->d_name[0] > '9') continue;
		if (has_open(one->d_name, link)) pid = (int)strtol(one->d_name, NULL, 10);
	}
	if (d) closedir(d);
	return pid;
}
