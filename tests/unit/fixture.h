#ifndef OC_FIXTURE_H
#define OC_FIXTURE_H
/* A private HOME for tests of configuration: a fresh folder, and no variable of the caller in
 * sight. */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "rt/file.h"

static char fixture_home[64];

static inline void home_path(const char *name, char *out, size_t n)
{
	snprintf(out, n, "%s/%s", fixture_home, name);
}

static inline void home_write(const char *name, const char *text)
{
	char path[512];
	struct oc_err e = { 0 };

	home_path(name, path, sizeof path);
	if (oc_file_write(path, oc_str(text), 0600, NULL, &e)) fail_msg("%s", e.msg);
}

/* NULL when there is no such file; free with free(). */
static inline char *home_read(const char *name)
{
	char path[512];
	struct oc_buf b;

	home_path(name, path, sizeof path);
	return oc_file_read(path, 1 << 22, &b, NULL) == OC_OK ? oc_buf_take(&b) : NULL;
}

static inline int remove_one(const char *path, const struct stat *st, int type, struct FTW *f)
{
	(void)st, (void)type, (void)f;
	return remove(path);
}

static inline int new_home(void **state)
{
	static const char *const names[] = { "OPENCLAW_HOME",
					     "OPENCLAW_STATE_DIR",
					     "OPENCLAW_CONFIG_PATH",
					     "OPENCLAW_AGENT_DIR",
					     "OPENCLAW_INCLUDE_ROOTS",
					     "OPENCLAW_NIX_MODE",
					     "OPENCLAW_CONFIG_READONLY",
					     "LM_API_TOKEN",
					     "USERPROFILE" };

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) unsetenv(names[i]);
	snprintf(fixture_home, sizeof fixture_home, "/tmp/oc-test-XXXXXX");
	if (!mkdtemp(fixture_home)) return 1;
	setenv("HOME", fixture_home, 1);
	return chdir(fixture_home);
}

static inline int drop_home(void **state)
{
	(void)state;
	if (chdir("/")) return 1;
	nftw(fixture_home, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return 0;
}
#endif
