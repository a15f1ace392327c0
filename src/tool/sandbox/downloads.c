/* A list of paths in a file, and the walk that finds them. */
#include "tool/sandbox/downloads.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/mem.h"
#include "rt/file.h"
#include "rt/task.h"

enum {
	MAX_KEPT = 2000,
	MAX_BYTES = 4194304,
	MAX_DEPTH = 8,
	MAX_LOOKED_AT = 20000,
	MANY = 200, /* then the folders stand for them */
	LOCK_MS = 2000,
	CLOCK_GRAIN_MS = 20,
	MIN_NAME = 3,
};

/* ---- the list ---- */

static char *list_path(const char *state_dir)
{
	return oc_asprintf("%s/foreign-files", state_dir);
}

static void load(const char *path, struct oc_strv *out)
{
	struct oc_err e = { 0 };
	struct oc_buf bytes;
	struct oc_str rest;

	if (oc_file_read(path, MAX_BYTES, &bytes, &e) != OC_OK) return;
	rest = oc_buf_view(&bytes);
	while (rest.n) {
		size_t lf = oc_str_find(rest, OC_LIT("\n"), 0);
		struct oc_str line = oc_str_head(rest, lf);

		if (line.n) oc_strv_add(out, line);
		rest = oc_str_from(rest, lf == SIZE_MAX ? rest.n : lf + 1);
	}
	oc_buf_deinit(&bytes);
}

static void add_lines(struct oc_buf *text, const struct oc_strv *lines, const struct oc_strv *but)
{
	size_t n = lines->n < MAX_KEPT ? lines->n : MAX_KEPT;

	for (size_t i = 0; i < n; i++)
		if (!but || !oc_strv_has(but, oc_str(lines->v[i])))
			oc_buf_addf(text, "%s\n", lines->v[i]);
}

/* The new ones first. */
static void keep(const char *state_dir, const struct oc_strv *found)
{
	char *path = list_path(state_dir), *lock_path = oc_asprintf("%s.lock", path);
	struct oc_strv known = { 0 };
	struct oc_err e = { 0 };
	struct oc_lock lock;
	struct oc_buf text;
	enum oc_rc rc = oc_lock_take(&lock, lock_path, LOCK_MS, &e);

	oc_buf_init(&text, MAX_BYTES);
	if (!rc) {
		load(path, &known);
		add_lines(&text, found, NULL);
		if (known.n + found->n > MAX_KEPT) known.n = MAX_KEPT - found->n;
		add_lines(&text, &known, found);
		rc = oc_file_write(path, oc_buf_view(&text), 0600, NULL, &e);
		oc_lock_release(&lock);
	}
	if (rc) oc_log(OC_LOG_WARN, "tool", "what was downloaded is not remembered: %s", e.msg);
	oc_buf_deinit(&text);
	oc_strv_deinit(&known);
	free(lock_path);
	free(path);
}

/* ---- the walk ---- */

struct walk {
	const char *folder;
	int64_t since_ms;
	size_t looked_at;
	struct oc_strv found;
};

static bool is_newer(const struct walk *w, const struct stat *st)
{
	int64_t changed = (int64_t)st->st_ctim.tv_sec * 1000 + st->st_ctim.tv_nsec / 1000000;

	return changed >= w->since_ms;
}

static void visit(struct walk *w, const char *folder, unsigned depth)
{
	DIR *d = opendir(folder);
	const struct dirent *entry;

	while (d && w->looked_at < MAX_LOOKED_AT && (entry = readdir(d))) {
		struct stat st;
		char *path;

		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
		w->looked_at++;
		path = oc_asprintf("%s/%s", folder, entry->d_name);
		if (lstat(path, &st) == 0) {
			if (S_ISDIR(st.st_mode) && depth < MAX_DEPTH)
				visit(w, path, depth + 1);
			else if (S_ISREG(st.st_mode) && is_newer(w, &st) && !strchr(path, '\n'))
				oc_strv_add(&w->found, oc_str(path));
		}
		free(path);
	}
	if (d) closedir(d);
}

/* "folder/repo/a/b" → "folder/repo/" */
static void collapse(struct walk *w)
{
	size_t n = strlen(w->folder) + 1;
	struct oc_strv folders = { 0 };

	for (size_t i = 0; i < w->found.n; i++) {
		const char *slash = strchr(w->found.v[i] + n, '/');
		size_t end = slash ? (size_t)(slash - w->found.v[i]) + 1 : strlen(w->found.v[i]);

		oc_strv_add_once(&folders, (struct oc_str){ w->found.v[i], end });
	}
	oc_strv_deinit(&w->found);
	w->found = folders;
}

static void walk(void *arg)
{
	struct walk *w = arg;

	visit(w, w->folder, 0);
	if (w->found.n > MANY) collapse(w);
}

void oc_downloads_note_wait(const char *state_dir, const char *folder, int64_t since_ms)
{
	struct walk w = { .folder = folder, .since_ms = since_ms - CLOCK_GRAIN_MS };

	if (!state_dir) return;
	oc_work_wait(walk, &w);
	if (w.found.n) keep(state_dir, &w.found);
	oc_strv_deinit(&w.found);
}

/* ---- questions ---- */

static bool is_it(const char *known, const char *path)
{
	size_t n = strlen(known);

	return known[n - 1] == '/' ? !strncmp(path, known, n) : !strcmp(path, known);
}

bool oc_downloads_hold(const char *state_dir, const char *path)
{
	char *list = state_dir ? list_path(state_dir) : NULL;
	struct oc_strv known = { 0 };
	bool found = false;

	if (list) load(list, &known);
	for (size_t i = 0; i < known.n && !found; i++) found = is_it(known.v[i], path);
	oc_strv_deinit(&known);
	free(list);
	return found;
}

/* The last part of the path, without the slash of a folder. */
static struct oc_str name_of(const char *path)
{
	struct oc_str s = oc_str(path);
	size_t at;

	while (s.n && s.p[s.n - 1] == '/') s.n--;
	at = s.n;
	while (at && s.p[at - 1] != '/') at--;
	return oc_str_from(s, at);
}

bool oc_downloads_named(const char *state_dir, struct oc_str command)
{
	char *list = state_dir ? list_path(state_dir) : NULL;
	struct oc_strv known = { 0 };
	bool found = false;

	if (list) load(list, &known);
	for (size_t i = 0; i < known.n && !found; i++) {
		struct oc_str name = name_of(known.v[i]);

		found = name.n >= MIN_NAME && oc_str_has(command, name);
	}
	oc_strv_deinit(&known);
	free(list);
	return found;
}
