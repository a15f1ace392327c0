/* A walk through the roots of skills. */
#include "agent/skill/skill_scan.h"

#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "agent/skill/front_matter.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "rt/file.h"

enum { MAX_NAME = 64, MAX_FOLDERS = 4000 };

struct walk {
	struct oc_skill_scan *scan;
	const struct oc_skill_root *root;
	size_t candidates, folders, taken;
};

/* ---- may it be read? ---- */

static bool is_below(const char *path, const char *folder)
{
	size_t n = strlen(folder);

	return !strncmp(path, folder, n) && (path[n] == '/' || (n && folder[n - 1] == '/'));
}

bool oc_skill_lies_in(const char *file, const char *folder)
{
	char *real = realpath(file, NULL), *home = realpath(folder, NULL);
	bool inside = real && home && is_below(real, home);

	free(real);
	free(home);
	return inside;
}

static bool is_trusted(const struct walk *w, const char *file)
{
	for (size_t i = 0; w->scan->trusted && i < w->scan->trusted->n; i++)
		if (oc_skill_lies_in(file, w->scan->trusted->v[i])) return true;
	return false;
}

static bool stays_inside(const struct walk *w, const char *file, const char *folder)
{
	if (oc_skill_lies_in(file, w->root->links ? folder : w->root->path)) return true;
	return is_trusted(w, file);
}

/* ---- a file ---- */

/* What a prompt and a command line can hold. */
static bool is_name(struct oc_str s)
{
	if (!s.n || s.n > MAX_NAME || s.p[0] == '.' || s.p[0] == '-') return false;
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7F ||
		    strchr("<>[]`|/\\\"'", s.p[i]))
			return false;
	return true;
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool is_known(const struct oc_skill_scan *s, struct oc_str name)
{
	for (size_t i = 0; i < s->n; i++)
		if (oc_str_eq(oc_str(s->v[i].name), name)) return true;
	return false;
}

static void complain(struct walk *w, const char *file, const char *why)
{
	oc_strv_addf(&w->scan->problems, "%s: %s", file, why);
}

static json_t *read_head(const char *file, struct oc_err *e)
{
	struct oc_buf bytes, clean;
	json_t *head;

	if (oc_file_read(file, OC_MAX_SKILL_BYTES, &bytes, e)) return NULL;
	oc_buf_init(&clean, 4 * OC_MAX_SKILL_BYTES);
	oc_utf8_clean(oc_buf_view(&bytes), &clean);
	head = oc_front_matter(oc_buf_view(&clean));
	oc_buf_deinit(&clean);
	oc_buf_deinit(&bytes);
	return head;
}

/* Takes head. */
static void take(struct walk *w, const char *folder, const char *file, json_t *head)
{
	struct oc_skill_scan *s = w->scan;
	struct oc_str name = oc_json_str(head, "name");

	if (!is_name(name)) name = oc_str(last_part(folder));
	if (!is_name(name)) complain(w, file, "its name is none");
	if (!is_name(name) || is_known(s, name)) {
		json_decref(head);
		return;
	}
	s->v = oc_realloc_array(s->v, s->n + 1, sizeof *s->v);
	s->v[s->n++] = (struct oc_skill_found){ .name = oc_strndup(name.p, name.n),
						.file = oc_strdup(file),
						.folder = oc_strdup(folder),
						.source = w->root->source,
						.head = head };
	w->taken++;
}

static void look_at(struct walk *w, const char *folder, const char *file)
{
	struct oc_err e = { 0 };
	json_t *head;

	w->candidates++;
	if (!stays_inside(w, file, folder)) {
		complain(w, file,
			 "a link leads out of its folder (skills.load.allowSymlinkTargets)");
		return;
	}
	head = read_head(file, &e);
	if (head)
		take(w, folder, file, head);
	else
		complain(w, file, e.msg);
}

/* ---- folders ---- */

static bool is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static void list_folders(const char *folder, struct oc_strv *out)
{
	DIR *d = opendir(folder);
	const struct dirent *entry;

	while (d && (entry = readdir(d)))
		if (entry->d_name[0] != '.' && strcmp(entry->d_name, "node_modules") != 0)
			oc_strv_add(out, oc_str(entry->d_name));
	if (d) closedir(d);
	oc_strv_sort(out);
}

static bool is_full(const struct walk *w)
{
	return w->candidates >= OC_SKILL_CANDIDATES || w->taken >= OC_SKILLS_OF_SOURCE ||
	       w->folders >= MAX_FOLDERS;
}

static void visit(struct walk *w, const char *folder, unsigned depth)
{
	char *file = oc_asprintf("%s/SKILL.md", folder);
	bool is_skill = oc_file_exists(file);
	struct oc_strv names = { 0 };

	w->folders++;
	if (is_skill) look_at(w, folder, file);
	free(file);
	if (is_skill || depth >= OC_SKILL_DEPTH) return;
	list_folders(folder, &names);
	for (size_t i = 0; i < names.n && !is_full(w); i++) {
		char *path = oc_asprintf("%s/%s", folder, names.v[i]);

		if (is_folder(path)) visit(w, path, depth + 1);
		free(path);
	}
	oc_strv_deinit(&names);
}

/* ---- all of them ---- */

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct oc_skill_found *)a)->name,
		      ((const struct oc_skill_found *)b)->name);
}

void oc_skill_scan(struct oc_skill_scan *s)
{
	for (size_t i = 0; i < s->n_roots; i++) {
		struct walk w = { .scan = s, .root = &s->roots[i] };

		visit(&w, s->roots[i].path, 0);
	}
	if (s->n) qsort(s->v, s->n, sizeof *s->v, by_name);
}

void oc_skill_scan_deinit(struct oc_skill_scan *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->v[i].name);
		free(s->v[i].file);
		free(s->v[i].folder);
		json_decref(s->v[i].head);
	}
	free(s->v);
	oc_strv_deinit(&s->problems);
	*s = (struct oc_skill_scan){ 0 };
}
