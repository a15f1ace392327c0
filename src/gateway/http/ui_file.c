/* Reads one file of the UI. Links are followed, and what lies outside of the root is not read. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/mem.h"
#include "gateway/http/ui.h"

/* Both absolute and free of links. */
static bool is_below(const char *root, const char *path)
{
	size_t n = strlen(root);

	return !strncmp(root, path, n) && (path[n] == '/' || !strcmp(root, "/"));
}

static bool read_all(int fd, const struct stat *st, struct oc_ui_file *f)
{
	char piece[65536];
	ssize_t n = 0;

	if (st->st_size > OC_MAX_UI_FILE_BYTES) return false;
	do {
		n = read(fd, piece, sizeof piece);
		if (n > 0) oc_buf_add(&f->bytes, (struct oc_str){ piece, (size_t)n });
	} while (n > 0 || (n < 0 && errno == EINTR));
	snprintf(f->etag, sizeof f->etag, "\"%llx-%llx%llx%s%s\"", (unsigned long long)st->st_size,
		 (unsigned long long)st->st_mtim.tv_sec, (unsigned long long)st->st_mtim.tv_nsec,
		 f->coding ? "-" : "", f->coding ? f->coding : "");
	return n == 0 && !f->bytes.bad;
}

static bool try_name(struct oc_ui_file *f, const char *root, const char *end, const char *coding)
{
	char *path = oc_asprintf("%s/%.*s%s", root, OC_FMT(f->path), end);
	char *real = realpath(path, NULL);
	bool inside = real && is_below(root, real);
	struct stat st;

	f->outside = f->outside || (real && !inside);
	int fd = inside ? open(real, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK) : -1;
	bool ok = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode);

	if (ok) {
		f->coding = coding;
		ok = read_all(fd, &st, f);
	}
	if (fd >= 0) close(fd);
	free(real);
	free(path);
	return ok;
}

void oc_ui_load(void *arg)
{
	struct oc_ui_file *f = arg;
	char *root = realpath(f->root, NULL);

	oc_buf_init(&f->bytes, OC_MAX_UI_FILE_BYTES);
	f->found =
	    root && ((f->br && try_name(f, root, ".br", "br")) ||
		     (f->gzip && try_name(f, root, ".gz", "gzip")) || try_name(f, root, "", NULL));
	free(root);
}
