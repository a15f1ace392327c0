/* Small files: bounded reads, atomic writes, locks. */
#include "rt/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "rt/task.h"

static enum oc_rc fail_errno(struct oc_err *e, const char *what, const char *path)
{
	return oc_fail(e, errno == ENOENT ? OC_E_NOT_FOUND : OC_E_SYS, "cannot %s %s: %s", what,
		       path, strerror(errno));
}

static enum oc_rc read_fd(int fd, const char *path, size_t max_bytes, struct oc_buf *b,
			  struct oc_err *e)
{
	char chunk[65536];
	struct stat st;

	if (fstat(fd, &st) != 0) return fail_errno(e, "read", path);
	if (!S_ISREG(st.st_mode))
		return oc_fail(e, OC_E_SYS, "cannot read %s: not a regular file", path);
	if ((uintmax_t)st.st_size > max_bytes)
		return oc_fail(e, OC_E_LIMIT, "%s is larger than %zu bytes", path, max_bytes);
	for (;;) {
		ssize_t n = read(fd, chunk, sizeof chunk);
		if (n < 0 && errno == EINTR) continue;
		if (n < 0) return fail_errno(e, "read", path);
		if (n == 0) return OC_OK;
		oc_buf_add(b, (struct oc_str){ chunk, (size_t)n });
		if (b->bad)
			return oc_fail(e, OC_E_LIMIT, "%s is larger than %zu bytes", path,
				       max_bytes);
	}
}

enum oc_rc oc_file_read(const char *path, size_t max_bytes, struct oc_buf *out, struct oc_err *e)
{
	struct oc_buf b;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0) return fail_errno(e, "read", path);
	oc_buf_init(&b, max_bytes);
	enum oc_rc rc = read_fd(fd, path, max_bytes, &b, e);
	close(fd);
	if (rc == OC_OK)
		*out = b;
	else
		oc_buf_deinit(&b);
	return rc;
}

struct reading {
	const char *path;
	size_t max_bytes;
	struct oc_buf *out;
	struct oc_err *e;
	enum oc_rc rc;
};

static void read_file(void *arg)
{
	struct reading *r = arg;

	r->rc = oc_file_read(r->path, r->max_bytes, r->out, r->e);
}

enum oc_rc oc_file_read_wait(const char *path, size_t max_bytes, struct oc_buf *out,
			     struct oc_err *e)
{
	struct reading r = { path, max_bytes, out, e, OC_OK };

	oc_work_wait(read_file, &r);
	return r.rc;
}

bool oc_file_exists(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0;
}

enum oc_rc oc_mkdirs(const char *path, struct oc_err *e)
{
	char *part = oc_strdup(path);
	enum oc_rc rc = OC_OK;

	for (char *slash = strchr(part + 1, '/'); rc == OC_OK; slash = strchr(slash + 1, '/')) {
		if (slash) *slash = '\0';
		if (mkdir(part, 0700) != 0 && errno != EEXIST)
			rc = fail_errno(e, "create folder", part);
		if (!slash) break;
		*slash = '/';
	}
	free(part);
	return rc;
}

char *oc_folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash) return oc_strdup(".");
	return slash == path ? oc_strdup("/") : oc_strndup(path, (size_t)(slash - path));
}

static bool same_bytes(const char *path, struct oc_str bytes)
{
	struct oc_buf old;
	bool same = false;

	if (oc_file_read(path, bytes.n, &old, NULL) == OC_OK) {
		same = oc_str_eq(oc_buf_view(&old), bytes);
		oc_buf_deinit(&old);
	}
	return same;
}

static enum oc_rc write_fd(int fd, const char *path, struct oc_str bytes, struct oc_err *e)
{
	while (bytes.n) {
		ssize_t n = write(fd, bytes.p, bytes.n);
		if (n < 0 && errno == EINTR) continue;
		if (n < 0) return fail_errno(e, "write", path);
		bytes = oc_str_from(bytes, (size_t)n);
	}
	return fsync(fd) == 0 ? OC_OK : fail_errno(e, "write", path);
}

/* So that the rename itself survives a power cut. Some file systems refuse; the file is whole
 * either way. */
static void sync_folder(const char *folder)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0) return;
	(void)fsync(fd);
	close(fd);
}

static enum oc_rc replace(const char *path, const char *folder, struct oc_str bytes, unsigned mode,
			  struct oc_err *e)
{
	char *temp = oc_asprintf("%s.tmp-XXXXXX", path);
	int fd = mkostemp(temp, O_CLOEXEC);
	enum oc_rc rc;

	if (fd < 0) {
		rc = fail_errno(e, "write", path);
		free(temp);
		return rc;
	}
	rc = fchmod(fd, (mode_t)mode) == 0 ? write_fd(fd, path, bytes, e)
					   : fail_errno(e, "write", path);
	if (close(fd) != 0 && rc == OC_OK) rc = fail_errno(e, "write", path);
	if (rc == OC_OK && rename(temp, path) != 0) rc = fail_errno(e, "write", path);
	if (rc != OC_OK)
		unlink(temp);
	else
		sync_folder(folder);
	free(temp);
	return rc;
}

/* A device or a pipe must not turn into a file because somebody named it, least of all for root. */
static bool is_replaceable(const char *path, struct oc_err *e)
{
	struct stat st;

	if (stat(path, &st) != 0 || S_ISREG(st.st_mode)) return true;
	oc_fail(e, OC_E_SYS, "cannot write %s: not a regular file", path);
	return false;
}

enum oc_rc oc_file_write(const char *path, struct oc_str bytes, unsigned mode, bool *written,
			 struct oc_err *e)
{
	enum oc_rc rc = OC_OK;

	if (written) *written = false;
	if (same_bytes(path, bytes)) return OC_OK;
	/* A link stays a link: the file it names is replaced. */
	char *real = realpath(path, NULL);
	const char *target = real ? real : path;
	char *folder = oc_folder_of(target);
	rc = is_replaceable(target, e) ? oc_mkdirs(folder, e) : OC_E_SYS;
	if (rc == OC_OK) rc = replace(target, folder, bytes, mode, e);
	if (rc == OC_OK && written) *written = true;
	free(folder);
	free(real);
	return rc;
}

enum oc_rc oc_lock_take(struct oc_lock *l, const char *path, unsigned timeout_ms, struct oc_err *e)
{
	char *folder = oc_folder_of(path);
	enum oc_rc rc = oc_mkdirs(folder, e);

	free(folder);
	l->fd = -1;
	if (rc != OC_OK) return rc;
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0) return fail_errno(e, "open lock", path);
	for (unsigned waited = 0;; waited += 5) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0) break;
		if (errno != EWOULDBLOCK && errno != EINTR)
			rc = fail_errno(e, "lock", path);
		else if (waited >= timeout_ms)
			rc = oc_fail(e, OC_E_TIMEOUT, "another process holds %s", path);
		if (rc != OC_OK) {
			close(fd);
			return rc;
		}
		nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
	}
	l->fd = fd;
	return OC_OK;
}

void oc_lock_release(struct oc_lock *l)
{
	if (l->fd >= 0) close(l->fd);
	l->fd = -1;
}
