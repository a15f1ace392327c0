/* Walking the places of memory, and reading what is there. */
#include "agent/memory/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/memory/chunk.h"
#include "agent/memory/terms.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "net/sha256.h"
#include "tool/place.h"

static const char *const top_files[] = { "MEMORY.md", "USER.md" };

static void file_deinit(struct oc_memory_file *f)
{
	free(f->text);
	free(f->real);
}

void oc_memory_files_deinit(struct oc_memory_files *l)
{
	for (size_t i = 0; i < l->n; i++) file_deinit(&l->v[i]);
	free(l->v);
	*l = (struct oc_memory_files){ 0 };
}

/* ---- what is memory ---- */

static bool is_within(const char *path, const char *folder)
{
	size_t n = strlen(folder);

	return !strcmp(folder, "/") || (!strncmp(path, folder, n) && (!path[n] || path[n] == '/'));
}

static bool is_note(const char *name)
{
	size_t n = strlen(name);

	return n > 3 && name[0] != '.' && !strcmp(name + n - 3, ".md");
}

/* "a/ ** /b" (without the spaces) also means a/b. */
static bool matches(const char *pattern, const char *path)
{
	const char *deep = pattern ? strstr(pattern, "**/") : NULL;

	if (!pattern || fnmatch(pattern, path, 0) == 0) return true;
	if (!deep) return false;
	char *flat = oc_asprintf("%.*s%s", (int)(deep - pattern), pattern, deep + 3);
	bool found = fnmatch(flat, path, FNM_PATHNAME) == 0;
	free(flat);
	return found;
}

/* ---- the walk ---- */

struct walk {
	struct oc_memory_files *out;
	const char *workspace; /* real; NULL = it does not exist */
	const char *root;      /* real: what may not be left */
	const char *pattern;
	struct oc_buf at; /* where it is */
};

static const char *shown(const struct walk *w, const char *path)
{
	if (!w->workspace || !is_within(path, w->workspace)) return path;
	path += strlen(w->workspace);
	while (*path == '/') path++;
	return path;
}

/* real NULL: path has no link in it. */
static void add(struct walk *w, struct oc_str path, const char *real, const struct stat *st)
{
	struct oc_memory_files *l = w->out;
	char *text;

	if (st->st_size > OC_MAX_NOTE_BYTES) {
		l->too_large++;
		return;
	}
	if (l->n >= OC_MEMORY_MAX_FILES) {
		l->too_many = true;
		return;
	}
	if (l->n == l->cap)
		l->v = oc_realloc_array(l->v, l->cap = l->cap ? l->cap * 2 : 64, sizeof *l->v);
	text = oc_strndup(path.p, path.n);
	l->v[l->n++] = (struct oc_memory_file){
		.path = shown(w, text),
		.text = text,
		.real = real ? oc_strdup(real) : NULL,
		.size = (int64_t)st->st_size,
		.changed_ns = (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec,
	};
}

/* A link to a file counts as long as it stays below the root; one to a folder does not. */
static void add_link(struct walk *w, struct oc_str path)
{
	char *real = realpath(path.p, NULL);
	struct stat st;

	if (real && is_within(real, w->root) && lstat(real, &st) == 0 && S_ISREG(st.st_mode))
		add(w, path, real, &st);
	free(real);
}

static void walk_folder(struct walk *w, int fd, unsigned depth);

/* w->at: the path of name, which lies in folder. */
static void look(struct walk *w, int folder, const char *name, unsigned depth)
{
	struct stat st;

	if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0) return;
	if (S_ISDIR(st.st_mode) && depth < OC_MEMORY_MAX_DEPTH) {
		int fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd >= 0) walk_folder(w, fd, depth + 1);
		return;
	}
	if (!is_note(name)) return;
	const char *below = oc_buf_cstr(&w->at) + strlen(w->root);
	while (*below == '/') below++;
	if (!matches(w->pattern, below)) return;
	if (S_ISREG(st.st_mode)) add(w, oc_buf_view(&w->at), NULL, &st);
	if (S_ISLNK(st.st_mode)) add_link(w, oc_buf_view(&w->at));
}

/* Takes fd, the folder at w->at. */
static void walk_folder(struct walk *w, int fd, unsigned depth)
{
	DIR *dir = fdopendir(fd);
	const struct dirent *entry;
	size_t n = w->at.n;

	if (!dir) {
		close(fd);
		return;
	}
	while (!w->out->too_many && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.') continue;
		oc_buf_addc(&w->at, '/');
		oc_buf_adds(&w->at, entry->d_name);
		if (!w->at.bad) look(w, dirfd(dir), entry->d_name, depth);
		w->at.bad = false;
		w->at.p[w->at.n = n] = '\0';
	}
	closedir(dir);
}

/* path: real. */
static void walk_place(struct walk *w, const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	oc_buf_clear(&w->at);
	if (strcmp(path, "/") != 0) oc_buf_adds(&w->at, path);
	if (fd >= 0) walk_folder(w, fd, 0);
}

static void walk_workspace(struct walk *w)
{
	char *folder = oc_asprintf("%s/memory", w->workspace);
	char *real = realpath(folder, NULL);
	struct stat st;

	w->root = w->workspace;
	for (size_t i = 0; i < sizeof top_files / sizeof *top_files; i++) {
		char *path = oc_asprintf("%s/%s", w->workspace, top_files[i]);

		if (lstat(path, &st) == 0 && S_ISREG(st.st_mode)) add(w, oc_str(path), NULL, &st);
		if (lstat(path, &st) == 0 && S_ISLNK(st.st_mode)) add_link(w, oc_str(path));
		free(path);
	}
	if (real && is_within(real, w->workspace)) walk_place(w, real);
	free(real);
	free(folder);
}

static void walk_extra(struct walk *w, const struct oc_memory_extra *extra)
{
	char *real = realpath(extra->path, NULL);
	struct stat st;

	if (real && lstat(real, &st) == 0) {
		w->root = real;
		w->pattern = extra->pattern;
		if (S_ISDIR(st.st_mode)) walk_place(w, real);
		if (S_ISREG(st.st_mode)) add(w, oc_str(real), NULL, &st);
		w->pattern = NULL;
	}
	free(real);
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct oc_memory_file *)a)->path,
		      ((const struct oc_memory_file *)b)->path);
}

/* Places may lie in each other. */
void oc_memory_files_sort(struct oc_memory_files *l)
{
	size_t n = 0;

	if (l->n) qsort(l->v, l->n, sizeof *l->v, by_path);
	for (size_t i = 0; i < l->n; i++) {
		if (n && !strcmp(l->v[n - 1].path, l->v[i].path))
			file_deinit(&l->v[i]);
		else
			l->v[n++] = l->v[i];
	}
	l->n = n;
}

/* ---- the mark ---- */

static uint64_t mix(uint64_t hash, const void *p, size_t n)
{
	for (const unsigned char *c = p; n > 0; n--) hash = (hash ^ *c++) * 1099511628211u;
	return hash;
}

/* A sum: the order in which a folder lists its files does not matter. */
static int64_t mark_of(const struct oc_memory_files *l, int64_t now_ns)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < l->n; i++) {
		const struct oc_memory_file *f = &l->v[i];
		uint64_t hash = mix(14695981039346656037u, f->path, strlen(f->path) + 1);

		if (now_ns - f->changed_ns <= OC_MEMORY_FRESH_NS) return 0;
		hash = mix(hash, &f->size, sizeof f->size);
		sum += mix(hash, &f->changed_ns, sizeof f->changed_ns);
	}
	return (int64_t)(sum >> 1);
}

void oc_memory_files_find(const struct oc_memory_places *p, int64_t now_ns,
			  struct oc_memory_files *out)
{
	char *workspace = realpath(p->workspace, NULL);
	struct walk w = { .out = out, .workspace = workspace };

	*out = (struct oc_memory_files){ 0 };
	oc_buf_init(&w.at, 2 * OC_MAX_PATH_CHARS);
	if (workspace) walk_workspace(&w);
	for (size_t i = 0; i < p->n_extra; i++) walk_extra(&w, &p->extra[i]);
	out->mark = mark_of(out, now_ns);
	oc_buf_deinit(&w.at);
	free(workspace);
}

/* ---- one file ---- */

static bool is_in_workspace(const char *workspace, const char *real)
{
	const char *below = real + strlen(workspace);

	if (!is_within(real, workspace)) return false;
	while (*below == '/') below++;
	for (size_t i = 0; i < sizeof top_files / sizeof *top_files; i++)
		if (!strcmp(below, top_files[i])) return true;
	return !strncmp(below, "memory/", 7) && is_note(strrchr(below, '/') + 1);
}

static bool is_in_extra(const struct oc_memory_extra *extra, const char *real)
{
	char *root = realpath(extra->path, NULL);
	const char *below;
	bool found = false;

	if (root && is_within(real, root)) {
		below = real + strlen(root);
		while (*below == '/') below++;
		found =
		    !*below || (is_note(strrchr(real, '/') + 1) && matches(extra->pattern, below));
	}
	free(root);
	return found;
}

static bool is_memory(const struct oc_memory_places *p, const char *workspace, const char *real)
{
	if (workspace && is_in_workspace(workspace, real)) return true;
	for (size_t i = 0; i < p->n_extra; i++)
		if (is_in_extra(&p->extra[i], real)) return true;
	return false;
}

enum oc_rc oc_memory_file_locate(const struct oc_memory_places *p, struct oc_str path, char **real,
				 struct oc_err *e)
{
	enum oc_rc rc = OC_OK;

	if (!path.n || path.n > OC_MAX_PATH_CHARS || memchr(path.p, '\0', path.n))
		return oc_fail(e, OC_E_INPUT, "path is empty, too long or holds a NUL character");
	char *workspace = realpath(p->workspace, NULL);
	char *named =
	    path.p[0] == '/'
		? oc_strndup(path.p, path.n)
		: oc_asprintf("%s/%.*s", workspace ? workspace : p->workspace, OC_FMT(path));
	char *found = realpath(named, NULL);
	int error = errno;

	if (!found && error == ENOENT)
		rc = oc_fail(e, OC_E_NOT_FOUND, "no such note: %.*s", OC_FMT(path));
	else if (!found || !is_memory(p, workspace, found))
		rc = oc_fail(e, OC_E_DENIED,
			     "%.*s is no note: only MEMORY.md, USER.md, memory/**.md and what "
			     "memory.search.extraPaths names can be read so",
			     OC_FMT(path));
	if (rc)
		free(found);
	else
		*real = found;
	free(named);
	free(workspace);
	return rc;
}

static enum oc_rc read_bytes(const char *real, struct oc_buf *out, struct oc_err *e)
{
	struct oc_place place;
	enum oc_rc rc = oc_place_open(real, false, &place, e);

	if (rc) return rc;
	rc = oc_place_read(&place, OC_MAX_NOTE_BYTES, out, e);
	oc_place_close(&place);
	return rc;
}

static void clean(struct oc_buf *bytes, struct oc_buf *out)
{
	for (size_t i = 0; i < bytes->n; i++)
		if (!bytes->p[i]) bytes->p[i] = ' ';
	oc_buf_init(out, 4 * (size_t)OC_MAX_NOTE_BYTES);
	oc_utf8_clean(oc_buf_view(bytes), out);
}

enum oc_rc oc_memory_file_text(const char *real, struct oc_buf *out, struct oc_err *e)
{
	struct oc_buf bytes;
	enum oc_rc rc = read_bytes(real, &bytes, e);

	if (rc) return rc;
	clean(&bytes, out);
	oc_buf_deinit(&bytes);
	return OC_OK;
}

/* ---- chunks ---- */

static char *copy_of(struct oc_str s)
{
	return oc_strndup(s.p, s.n);
}

static char *pairs_of(const struct oc_memory_piece *p)
{
	struct oc_buf pairs;

	oc_buf_init(&pairs, 8 * (p->text.n + p->heading.n) + 16);
	oc_memory_pairs(p->heading, &pairs);
	oc_memory_pairs(p->text, &pairs);
	char *text = oc_strdup(oc_buf_cstr(&pairs));
	oc_buf_deinit(&pairs);
	return text;
}

static char *hash_of(struct oc_str s)
{
	char hex[OC_SHA256_HEX + 1];

	oc_sha256_hex(s, hex);
	return oc_strdup(hex);
}

static void add_piece(void *arg, const struct oc_memory_piece *p)
{
	struct oc_memory_note *n = arg;
	struct oc_memory_chunk *c;
	char *whole = oc_asprintf("%.*s\n%.*s", OC_FMT(p->heading), OC_FMT(p->text));

	n->v = oc_realloc_array(n->v, n->n + 1, sizeof *n->v);
	c = &n->v[n->n++];
	*c = (struct oc_memory_chunk){ .first_line = p->first_line,
				       .last_line = p->last_line,
				       .heading = copy_of(p->heading),
				       .text = copy_of(p->text),
				       .pairs = pairs_of(p),
				       .hash = hash_of(oc_str(whole)) };
	free(whole);
}

enum oc_rc oc_memory_file_read(const struct oc_memory_file *f, const char *known_hash,
			       struct oc_memory_note *out, struct oc_err *e)
{
	struct oc_buf bytes, text;
	enum oc_rc rc = read_bytes(f->real ? f->real : f->text, &bytes, e);

	if (rc) return rc;
	*out = (struct oc_memory_note){ .path = oc_strdup(f->path),
					.hash = hash_of(oc_buf_view(&bytes)),
					.size = f->size,
					.changed_ns = f->changed_ns };
	out->same = known_hash && !strcmp(known_hash, out->hash);
	if (!out->same) {
		clean(&bytes, &text);
		oc_memory_chunk(oc_buf_view(&text), add_piece, out);
		oc_buf_deinit(&text);
	}
	oc_buf_deinit(&bytes);
	return OC_OK;
}
