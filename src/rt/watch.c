/*
 * Watched files: what the system tells, or a look now and then. libuv would be told of every write
 * to any file of the folder. The database is one of them: on Linux the kernel is asked for finished
 * writes alone, which a database that stays open never makes.
 */
#include "rt/watch.h"

#include <stdlib.h>
#include <string.h>
#ifdef __linux__
#include <sys/inotify.h>
#include <unistd.h>
#endif

#include "base/mem.h"
#include "rt/loop.h"
#include "rt/poll.h"

enum { LOOK_EVERY_MS = 1000 };

struct oc_watch {
	uv_fs_event_t event;
	uv_fs_poll_t poll;
	char *path;
	const char *name; /* in its folder; part of path */
	oc_watch_fn *fn;
	void *arg;
	int open_handles;
	struct oc_poll *told; /* by inotify; NULL = it is not used */
	int inotify;
};

/* ---- by the system ---- */

#ifdef __linux__
static void on_told(void *arg, int fd, int events)
{
	struct oc_watch *w = arg;
	_Alignas(struct inotify_event) char buf[4096];
	bool mine = false;
	ssize_t n;
	(void)events;

	while ((n = read(fd, buf, sizeof buf)) > 0) {
		for (const char *at = buf; at < buf + n;) {
			const struct inotify_event *e = (const void *)at;

			/* Without a name it may have been anything in the folder. */
			mine = mine || !e->len || !strcmp(e->name, w->name);
			at += sizeof *e + e->len;
		}
	}
	if (mine) w->fn(w->arg);
}

static bool start(struct oc_watch *w, const char *folder)
{
	const uint32_t what = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO |
			      IN_ATTRIB | IN_ONLYDIR;

	w->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (w->inotify < 0) return false;
	if (inotify_add_watch(w->inotify, folder, what) >= 0)
		w->told = oc_poll_new(w->inotify, on_told, w);
	if (w->told)
		oc_poll_set(w->told, OC_POLL_READ);
	else
		close(w->inotify);
	return w->told != NULL;
}

static void stop(struct oc_watch *w)
{
	if (!w->told) return;
	oc_poll_free(w->told);
	close(w->inotify);
}
#else
static void on_event(uv_fs_event_t *handle, const char *name, int events, int status)
{
	struct oc_watch *w = handle->data;
	(void)events;

	/* Without a name it may have been anything in the folder. */
	if (status == 0 && name && strcmp(name, w->name) != 0) return;
	w->fn(w->arg);
}

static bool start(struct oc_watch *w, const char *folder)
{
	return uv_fs_event_start(&w->event, on_event, folder, 0) == 0;
}

static void stop(struct oc_watch *w)
{
	(void)w; /* its handle is closed */
}
#endif

/* ---- by looking ---- */

static void on_look(uv_fs_poll_t *handle, int status, const uv_stat_t *before, const uv_stat_t *now)
{
	struct oc_watch *w = handle->data;
	(void)status, (void)before, (void)now;

	w->fn(w->arg);
}

static bool watch_folder(struct oc_watch *w)
{
	size_t n = w->name > w->path + 1 ? (size_t)(w->name - w->path) - 1 : 1;
	char *folder = w->name == w->path ? oc_strdup(".") : oc_strndup(w->path, n);
	bool ok = start(w, folder);

	free(folder);
	return ok;
}

struct oc_watch *oc_watch_new(const char *path, oc_watch_fn *fn, void *arg)
{
	struct oc_watch *w = oc_new(struct oc_watch);
	const char *slash;

	w->path = oc_strdup(path);
	slash = strrchr(w->path, '/');
	w->name = slash ? slash + 1 : w->path;
	w->fn = fn;
	w->arg = arg;
	w->event.data = w->poll.data = w;
	w->open_handles = 2;
	uv_fs_event_init(oc_loop(), &w->event);
	uv_fs_poll_init(oc_loop(), &w->poll);
	if (!watch_folder(w)) uv_fs_poll_start(&w->poll, on_look, path, LOOK_EVERY_MS);
	return w;
}

static void on_closed(uv_handle_t *handle)
{
	struct oc_watch *w = handle->data;

	if (--w->open_handles) return;
	free(w->path);
	free(w);
}

void oc_watch_free(struct oc_watch *w)
{
	if (!w) return;
	stop(w);
	uv_close((uv_handle_t *)&w->event, on_closed);
	uv_close((uv_handle_t *)&w->poll, on_closed);
}
