/* Skills of the workspace, as the model is told of them. */
#include "agent/run/skills.h"

#include <dirent.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/special.h"
#include "base/utf8.h"
#include "rt/file.h"

enum { MAX_SKILLS = 150, MAX_SKILL_BYTES = 256000, ABOUT_BYTES = 100 };

static const char heading[] =
    "\n# Skills\nInstructions for kinds of work. Before you do such work, read skills/NAME/SKILL.md.\n";

/* ---- a file ---- */

static struct oc_str front_matter(struct oc_str text)
{
	static const struct oc_str fence = OC_LIT("---\n"), closing = OC_LIT("\n---");
	size_t end;

	if (!oc_str_starts(text, fence)) return OC_LIT("");
	end = oc_str_find(text, closing, fence.n - 1);
	return end == SIZE_MAX ? OC_LIT("")
			       : (struct oc_str){ text.p + fence.n, end + 1 - fence.n };
}

static struct oc_str unquoted(struct oc_str s)
{
	s = oc_str_trim(s);
	if (s.n >= 2 && (s.p[0] == '"' || s.p[0] == '\'') && s.p[s.n - 1] == s.p[0])
		return (struct oc_str){ s.p + 1, s.n - 2 };
	return s;
}

struct oc_str oc_skill_member(struct oc_str text, const char *member)
{
	struct oc_str rest = front_matter(text), wanted = oc_str(member);

	while (rest.n) {
		size_t lf = oc_str_find(rest, OC_LIT("\n"), 0);
		struct oc_str line = oc_str_head(rest, lf);

		rest = oc_str_from(rest, lf == SIZE_MAX ? rest.n : lf + 1);
		if (oc_str_starts(line, wanted) && line.n > wanted.n && line.p[wanted.n] == ':')
			return unquoted(oc_str_from(line, wanted.n + 1));
	}
	return OC_LIT("");
}

/* ---- the folder ---- */

static bool is_name(const char *s)
{
	if (!*s || *s == '.') return false;
	for (; *s; s++)
		if ((unsigned char)*s <= ' ' || *s == 0x7F || strchr("<>[]`|", *s)) return false;
	return true;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void find(const char *workspace, struct oc_strv *out)
{
	char *folder = oc_asprintf("%s/skills", workspace);
	DIR *d = opendir(folder);
	const struct dirent *entry;

	while (d && out->n < MAX_SKILLS && (entry = readdir(d))) {
		char *path = oc_asprintf("%s/%s/SKILL.md", folder, entry->d_name);

		if (is_name(entry->d_name) && oc_file_exists(path))
			oc_strv_add(out, oc_str(entry->d_name));
		free(path);
	}
	if (d) closedir(d);
	if (out->n) qsort(out->v, out->n, sizeof *out->v, by_name);
	free(folder);
}

static void add_about(const char *workspace, const char *name, struct oc_buf *out)
{
	char *path = oc_asprintf("%s/skills/%s/SKILL.md", workspace, name);
	struct oc_buf bytes, clean;
	struct oc_err e = { 0 };

	if (oc_file_read(path, MAX_SKILL_BYTES, &bytes, &e) == OC_OK) {
		oc_buf_init(&clean, 4 * MAX_SKILL_BYTES);
		oc_utf8_clean(oc_buf_view(&bytes), &clean);
		struct oc_str about = oc_skill_member(oc_buf_view(&clean), "description");

		if (about.n > ABOUT_BYTES) about.n = oc_utf8_floor(about.p, ABOUT_BYTES);
		if (about.n) oc_buf_adds(out, " — ");
		oc_special_escape(about, out);
		oc_buf_deinit(&clean);
		oc_buf_deinit(&bytes);
	}
	free(path);
}

static void add_all(const char *workspace, const struct oc_strv *names, struct oc_buf *out)
{
	for (size_t i = 0; i < names->n; i++) {
		oc_buf_addf(out, "- %s", names->v[i]);
		add_about(workspace, names->v[i], out);
		oc_buf_addc(out, '\n');
	}
}

static void add_names(const struct oc_strv *names, size_t max, struct oc_buf *out)
{
	for (size_t i = 0; i < names->n; i++) {
		if (out->n + strlen(names->v[i]) + 3 > max) break;
		oc_buf_addf(out, "%s%s", i ? ", " : "", names->v[i]);
	}
	oc_buf_addc(out, '\n');
}

void oc_skills_list(const char *workspace, size_t max_chars, bool names_only, struct oc_buf *out)
{
	struct oc_strv names = { 0 };
	struct oc_buf list;

	if (max_chars) find(workspace, &names);
	oc_buf_init(&list, OC_MAX_REQUEST_BYTES);
	if (!names_only) add_all(workspace, &names, &list);
	if (names_only || list.n > max_chars) {
		oc_buf_clear(&list);
		add_names(&names, max_chars, &list);
	}
	if (names.n) {
		oc_buf_adds(out, heading);
		oc_buf_add(out, oc_buf_view(&list));
	}
	oc_buf_deinit(&list);
	oc_strv_deinit(&names);
}
