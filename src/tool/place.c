/* Opens files beneath folders that are held open. */
#include "tool/place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/rand.h"
#include "rt/beneath.h"

static bool avoid_openat2;

void oc_place_avoid_openat2(bool avoid)
{
	avoid_openat2 = avoid;
}

/* ---- the folder ---- */

static int open_at_once(int root, const char *path)
{
	if (!avoid_openat2) return oc_open_folder_beneath(root, path);
	errno = ENOSYS;
	return -1;
}

static int enter(int folder, const char *name, bool create)
{
	enum { FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };
	int next = openat(folder, name, FLAGS);

	if (next >= 0 || errno != ENOENT || !create) return next;
	if (mkdirat(folder, name, 0755) != 0 && errno != EEXIST) return -1;
	return openat(folder, name, FLAGS);
}

static int open_stepwise(int root, const char *path, bool create)
{
	int at = dup(root);

	for (struct oc_str rest = oc_str(path); rest.n && at >= 0;) {
		size_t slash = oc_str_find(rest, OC_LIT("/"), 0);
		char *name = oc_strndup(rest.p, slash == SIZE_MAX ? rest.n : slash);
		int next = *name ? enter(at, name, create) : dup(at);
		int error = errno;

		close(at);
		free(name);
		errno = error;
		at = next;
		rest = slash == SIZE_MAX ? OC_LIT("") : oc_str_from(rest, slash + 1);
	}
	return at;
}

static int open_folder(const char *real, bool create)
{
	int root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd, error;

	if (root < 0) return -1;
	while (*real == '/') real++;
	fd = open_at_once(root, *real ? real : ".");
	/* EPERM: some containers know the call and forbid it. */
	if (fd < 0 && (errno == ENOSYS || errno == EPERM || (errno == ENOENT && create)))
		fd = open_stepwise(root, real, create);
	error = errno;
	close(root);
	errno = error;
	return fd;
}

static enum oc_rc say_closed(const char *real, int error, struct oc_err *e)
{
	if (error == ENOENT)
		return oc_fail(e, OC_E_NOT_FOUND, "the folder of %s does not exist", real);
	if (error == ELOOP || error == EXDEV)
		return oc_fail(e, OC_E_DENIED, "%s was replaced by a link while it was looked at",
			       real);
	return oc_fail(e, OC_E_SYS, "cannot open the folder of %s: %s", real, strerror(error));
}

enum oc_rc oc_place_open(const char *real, bool create, struct oc_place *out, struct oc_err *e)
{
	const char *slash = strrchr(real, '/');
	char *folder = oc_strndup(real, (size_t)(slash - real));
	int fd = open_folder(folder, create), error = errno;

	free(folder);
	if (fd < 0) return say_closed(real, error, e);
	*out = (struct oc_place){ .folder = fd,
				  .name = oc_strdup(slash[1] ? slash + 1 : "."),
				  .path = oc_strdup(real) };
	return OC_OK;
}

void oc_place_close(struct oc_place *p)
{
	if (p->path && p->folder >= 0) close(p->folder);
	free(p->name);
	free(p->path);
	*p = (struct oc_place){ .folder = -1 };
}

/* ---- the file ---- */

bool oc_place_stat(const struct oc_place *p, struct stat *out)
{
	return fstatat(p->folder, p->name, out, AT_SYMLINK_NOFOLLOW) == 0;
}

int oc_place_open_folder(const struct oc_place *p)
{
	return openat(p->folder, p->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static enum oc_rc say(const struct oc_place *p, const char *verb, struct oc_err *e)
{
	if (errno == ENOENT) return oc_fail(e, OC_E_NOT_FOUND, "no such file: %s", p->path);
	if (errno == ELOOP)
		return oc_fail(e, OC_E_DENIED, "%s was replaced by a link while it was looked at",
			       p->path);
	return oc_fail(e, OC_E_SYS, "cannot %s %s: %s", verb, p->path, strerror(errno));
}

static enum oc_rc read_all(int fd, const struct oc_place *p, struct oc_buf *out, struct oc_err *e)
{
	char piece[16384];
	ssize_t n;

	while ((n = read(fd, piece, sizeof piece)) != 0) {
		if (n < 0 && errno == EINTR) continue;
		if (n < 0) return say(p, "read", e);
		oc_buf_add(out, (struct oc_str){ piece, (size_t)n });
		if (out->bad)
			return oc_fail(e, OC_E_LIMIT, "%s is larger than %zu bytes", p->path,
				       out->max);
	}
	return OC_OK;
}

enum oc_rc oc_place_read(const struct oc_place *p, size_t max_bytes, struct oc_buf *out,
			 struct oc_err *e)
{
	/* O_NONBLOCK: a pipe without a writer would keep us. */
	int fd =
	    openat(p->folder, p->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;
	struct oc_buf bytes;
	enum oc_rc rc;

	if (fd < 0) return say(p, "read", e);
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return oc_fail(e, OC_E_INPUT, "%s is not a regular file", p->path);
	}
	if ((uint64_t)st.st_size > max_bytes) {
		close(fd);
		return oc_fail(e, OC_E_LIMIT, "%s is larger than %zu bytes", p->path, max_bytes);
	}
	oc_buf_init(&bytes, max_bytes);
	rc = read_all(fd, p, &bytes, e);
	close(fd);
	if (rc)
		oc_buf_deinit(&bytes);
	else
		*out = bytes;
	return rc;
}

static bool is_same(const struct oc_place *p, const struct stat *st, struct oc_str bytes)
{
	struct oc_err ignored = { 0 };
	struct oc_buf now;
	bool same;

	if ((uint64_t)st->st_size != bytes.n) return false;
	if (oc_place_read(p, bytes.n, &now, &ignored) != OC_OK) return false;
	same = oc_str_eq(oc_buf_view(&now), bytes);
	oc_buf_deinit(&now);
	return same;
}

static bool write_all(int fd, struct oc_str bytes)
{
	while (bytes.n) {
		ssize_t n = write(fd, bytes.p, bytes.n);

		if (n < 0 && errno == EINTR) continue;
		if (n < 0) return false;
		bytes = oc_str_from(bytes, (size_t)n);
	}
	return true;
}

/* The bytes in a new file beside it, on disk. */
static bool put_beside(const struct oc_place *p, const char *name, struct oc_str bytes,
		       unsigned mode, bool exact)
{
	int fd =
	    openat(p->folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	bool ok =
	    fd >= 0 && write_all(fd, bytes) && (!exact || fchmod(fd, mode) == 0) && fsync(fd) == 0;
	int error = errno;

	if (fd >= 0) close(fd);
	if (!ok && fd >= 0) unlinkat(p->folder, name, 0);
	errno = error;
	return ok;
}

enum oc_rc oc_place_write(const struct oc_place *p, struct oc_str bytes, bool *written,
			  struct oc_err *e)
{
	char id[9], name[32];
	struct stat st;
	bool there = oc_place_stat(p, &st);

	if (written) *written = false;
	if (there && S_ISLNK(st.st_mode)) {
		errno = ELOOP;
		return say(p, "write", e);
	}
	if (there && !S_ISREG(st.st_mode)) /* a pipe or device would be replaced by a file */
		return oc_fail(e, OC_E_INPUT, "%s is not a regular file", p->path);
	if (there && is_same(p, &st, bytes)) return OC_OK;
	oc_rand_id(id, sizeof id - 1);
	snprintf(name, sizeof name, ".openclaw-%s.tmp", id);
	if (!put_beside(p, name, bytes, there ? st.st_mode & 0777 : 0644, there))
		return say(p, "write", e);
	if (renameat(p->folder, name, p->folder, p->name) != 0) {
		int error = errno;

		unlinkat(p->folder, name, 0);
		errno = error;
		return say(p, "write", e);
	}
	(void)fsync(p->folder);
	if (written) *written = true;
	return OC_OK;
}

enum oc_rc oc_place_remove(const struct oc_place *p, struct oc_err *e)
{
	if (unlinkat(p->folder, p->name, 0) != 0) return say(p, "remove", e);
	(void)fsync(p->folder);
	return OC_OK;
}
