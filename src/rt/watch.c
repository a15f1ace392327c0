/* Watched files: inotify and its like through libuv, or a look now and then. */
#include "rt/watch.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "rt/loop.h"

enum { LOOK_EVERY_MS = 1000 };

struct oc_watch {
	uv_fs_event_t event;
	uv_fs_poll_t poll;
	char *path;
	const char *name; /* in its folder; part of path */
	oc_watch_fn *fn;
	void *arg;
	int open_handles;
};

static void on_event(uv_fs_event_t *handle, const char *name, int events, int status)
{
	struct oc_watch *w = handle->data;
	(void)events;

	/* Without a name it may have been anything in the folder. */
	if (status == 0 && name && strcmp(name, w->name) != 0) return;
	w->fn(w->arg);
}

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
	bool ok = uv_fs_event_start(&w->event, on_event, folder, 0) == 0;

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
	uv_close((uv_handle_t *)&w->event, on_closed);
	uv_close((uv_handle_t *)&w->poll, on_closed);
}
