/* What became of the user's files since the prompt was made. */
#include "agent/run/user_files.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/special.h"
#include "base/utf8.h"
#include "rt/file.h"

enum { MAX_FILE_BYTES = 262144 };

static const char *const names[OC_USER_FILES] = { "SOUL.md",   "IDENTITY.md", "USER.md",
						  "AGENTS.md", "TOOLS.md",    "MEMORY.md" };

/* ---- one file ---- */

static void stamp(const char *path, struct oc_known_file *f)
{
	struct stat st;

	f->size = -1;
	f->changed_ns = 0;
	f->inode = 0;
	if (stat(path, &st) != 0 || !S_ISREG(st.st_mode)) return;
	f->size = (int64_t)st.st_size;
	f->changed_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
	f->inode = (uint64_t)st.st_ino;
}

static void look(const char *workspace, const char *name, struct oc_known_file *f)
{
	char *path = oc_asprintf("%s/%s", workspace, name);
	struct oc_buf bytes, clean;
	struct oc_err e = { 0 };

	stamp(path, f);
	f->text = NULL;
	if (f->size >= 0 && oc_file_read(path, MAX_FILE_BYTES, &bytes, &e) == OC_OK) {
		oc_buf_init(&clean, 4 * MAX_FILE_BYTES);
		oc_utf8_clean(oc_buf_view(&bytes), &clean);
		f->text = oc_buf_take(&clean);
		oc_buf_deinit(&bytes);
	}
	free(path);
}

static bool is_as_known(const char *workspace, const char *name, const struct oc_known_file *f)
{
	char *path = oc_asprintf("%s/%s", workspace, name);
	struct oc_known_file now;

	stamp(path, &now);
	free(path);
	return now.size == f->size && now.changed_ns == f->changed_ns && now.inode == f->inode;
}

/* ---- what is different ---- */

static bool next_line(struct oc_str *rest, struct oc_str *line)
{
	size_t lf = oc_str_find(*rest, OC_LIT("\n"), 0);

	if (!rest->n) return false;
	*line = oc_str_trim(oc_str_head(*rest, lf));
	*rest = oc_str_from(*rest, lf == SIZE_MAX ? rest->n : lf + 1);
	return true;
}

static bool has_line(struct oc_str text, struct oc_str wanted)
{
	struct oc_str line;

	while (next_line(&text, &line))
		if (oc_str_eq(line, wanted)) return true;
	return false;
}

/* Lines of a that b lacks, each behind the sign. */
static void add_lines(struct oc_str a, struct oc_str b, char sign, struct oc_buf *out)
{
	struct oc_str line;

	while (next_line(&a, &line)) {
		if (!line.n || has_line(b, line)) continue;
		oc_buf_addf(out, "%s%c ", out->n ? " | " : "", sign);
		oc_buf_add(out, line);
	}
}

static void tell(const char *name, const char *before, const char *now, struct oc_buf *out)
{
	struct oc_str old = oc_str(before), new = oc_str(now);
	struct oc_buf lines;

	if (!now) {
		oc_buf_addf(out, "[file %s was removed]\n", name);
		return;
	}
	oc_buf_init(&lines, OC_MAX_REQUEST_BYTES);
	add_lines(new, old, '+', &lines);
	add_lines(old, new, '-', &lines);
	if (lines.n) {
		struct oc_str s = oc_buf_view(&lines);
		bool cut = s.n > OC_USER_FILE_TOLD;

		if (cut) s.n = oc_utf8_floor(s.p, OC_USER_FILE_TOLD);
		oc_buf_addf(out, "[file %s changed: ", name);
		oc_special_escape(s, out);
		oc_buf_adds(out, cut ? " ...]\n" : "]\n");
	}
	oc_buf_deinit(&lines);
}

/* ---- sessions ---- */

static void forget(struct oc_known_files *k)
{
	for (size_t i = 0; i < OC_USER_FILES; i++) free(k->files[i].text);
	free(k->session_id);
	*k = (struct oc_known_files){ 0 };
}

static struct oc_known_files *find(struct oc_user_files *u, const char *session_id)
{
	for (size_t i = 0; i < OC_USER_FILES_SESSIONS; i++)
		if (u->sessions[i].session_id && !strcmp(u->sessions[i].session_id, session_id))
			return &u->sessions[i];
	return NULL;
}

static struct oc_known_files *oldest(struct oc_user_files *u)
{
	struct oc_known_files *k = &u->sessions[0];

	for (size_t i = 1; i < OC_USER_FILES_SESSIONS; i++)
		if (u->sessions[i].used < k->used) k = &u->sessions[i];
	return k;
}

void oc_user_files_know(struct oc_user_files *u, const char *session_id, const char *workspace)
{
	struct oc_known_files *k = find(u, session_id);

	if (!k) k = oldest(u);
	forget(k);
	k->session_id = oc_strdup(session_id);
	k->used = ++u->uses;
	for (size_t i = 0; i < OC_USER_FILES; i++) look(workspace, names[i], &k->files[i]);
}

void oc_user_files_tell(struct oc_user_files *u, const char *session_id, const char *workspace,
			struct oc_buf *out)
{
	struct oc_known_files *k = find(u, session_id);

	if (!k) return;
	k->used = ++u->uses;
	for (size_t i = 0; i < OC_USER_FILES; i++) {
		struct oc_known_file now;

		if (is_as_known(workspace, names[i], &k->files[i])) continue;
		look(workspace, names[i], &now);
		if (now.text || k->files[i].text) tell(names[i], k->files[i].text, now.text, out);
		free(k->files[i].text);
		k->files[i] = now;
	}
}

void oc_user_files_deinit(struct oc_user_files *u)
{
	for (size_t i = 0; i < OC_USER_FILES_SESSIONS; i++) forget(&u->sessions[i]);
}
