/* What the model is told of skills, and what it reads of them. */
#include <stdlib.h>

#include "agent/skill/front_matter.h"
#include "agent/skill/skills.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/special.h"
#include "base/utf8.h"
#include "rt/file.h"

enum { MAX_LISTED = 150, ABOUT_BYTES = 100 };

static const char heading[] =
    "\n# Skills\nInstructions for kinds of work. Before you do such work, "
    "read skill://NAME.\n";

/* ---- the list ---- */

static void add_lines(const struct oc_skills *s, struct oc_buf *out)
{
	size_t listed = 0;

	for (size_t i = 0; i < s->n && listed < MAX_LISTED; i++) {
		struct oc_buf about;

		if (!oc_skill_is_shown(&s->v[i])) continue;
		listed++;
		oc_buf_init(&about, 4 * ABOUT_BYTES);
		oc_skill_about(&s->v[i], ABOUT_BYTES, &about);
		oc_buf_adds(out, "- ");
		oc_special_escape(oc_str(s->v[i].found->name), out);
		if (about.n) oc_buf_adds(out, " — ");
		oc_special_escape(oc_buf_view(&about), out);
		oc_buf_addc(out, '\n');
		oc_buf_deinit(&about);
	}
}

static void add_names(const struct oc_skills *s, size_t max, struct oc_buf *out)
{
	for (size_t i = 0; i < s->n; i++) {
		const char *name = s->v[i].found->name;

		if (!oc_skill_is_shown(&s->v[i])) continue;
		if (out->n + strlen(name) + 3 > max) break;
		if (out->n) oc_buf_adds(out, ", ");
		oc_special_escape(oc_str(name), out);
	}
	oc_buf_addc(out, '\n');
}

static bool any_shown(const struct oc_skills *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (oc_skill_is_shown(&s->v[i])) return true;
	return false;
}

void oc_skills_list(const struct oc_skills *s, size_t max_chars, bool names_only,
		    struct oc_buf *out)
{
	struct oc_buf list;

	if (!max_chars || !any_shown(s)) return;
	oc_buf_init(&list, OC_MAX_REQUEST_BYTES);
	if (!names_only) add_lines(s, &list);
	if (names_only || list.n > max_chars) {
		oc_buf_clear(&list);
		add_names(s, max_chars, &list);
	}
	oc_buf_adds(out, heading);
	oc_buf_add(out, oc_buf_view(&list));
	oc_buf_deinit(&list);
}

/* ---- the text ---- */

/* The folder as the tools take it. */
static const char *shown_folder(const struct oc_skills *s, const struct oc_skill *skill)
{
	size_t n = strlen(s->workspace);
	const char *folder = skill->found->folder;

	return !strncmp(folder, s->workspace, n) && folder[n] == '/' ? folder + n + 1 : folder;
}

static void add_filled(struct oc_str body, const char *folder, struct oc_buf *out)
{
	static const struct oc_str name = OC_LIT("{baseDir}");
	size_t at;

	while ((at = oc_str_find(body, name, 0)) != SIZE_MAX) {
		oc_buf_add(out, oc_str_head(body, at));
		oc_buf_adds(out, folder);
		body = oc_str_from(body, at + name.n);
	}
	oc_buf_add(out, body);
}

static enum oc_rc read_clean(const char *path, struct oc_buf *out, struct oc_err *e)
{
	struct oc_buf bytes;
	enum oc_rc rc = oc_file_read(path, OC_MAX_SKILL_BYTES, &bytes, e);

	if (rc) return rc;
	oc_buf_init(out, 4 * OC_MAX_SKILL_BYTES);
	oc_utf8_clean(oc_buf_view(&bytes), out);
	oc_buf_deinit(&bytes);
	return OC_OK;
}

static enum oc_rc read_body(const struct oc_skills *s, const struct oc_skill *skill,
			    struct oc_buf *out, struct oc_err *e)
{
	struct oc_buf text;
	enum oc_rc rc = read_clean(skill->found->file, &text, e);

	if (rc) return rc;
	oc_buf_init(out, 16 * OC_MAX_SKILL_BYTES);
	add_filled(oc_front_matter_body(oc_buf_view(&text)), shown_folder(s, skill), out);
	oc_buf_deinit(&text);
	return OC_OK;
}

static enum oc_rc read_inner(const struct oc_skill *skill, struct oc_str inner, struct oc_buf *out,
			     struct oc_err *e)
{
	char *path = oc_asprintf("%s/%.*s", skill->found->folder, OC_FMT(inner));
	enum oc_rc rc;

	if (oc_skill_lies_in(path, skill->found->folder))
		rc = read_clean(path, out, e);
	else
		rc = oc_fail(e, OC_E_NOT_FOUND, "the skill %s has no file %.*s", skill->found->name,
			     OC_FMT(oc_str_head(inner, 200)));
	free(path);
	return rc;
}

static enum oc_rc say_unknown(const struct oc_skills *s, struct oc_str name, struct oc_err *e)
{
	struct oc_buf names;

	oc_buf_init(&names, 2000);
	add_names(s, 150, &names);
	oc_fail(e, OC_E_NOT_FOUND, "there is no skill %.*s; there are: %.*s",
		OC_FMT(oc_str_head(name, 60)), OC_FMT(oc_str_trim(oc_buf_view(&names))));
	oc_buf_deinit(&names);
	return OC_E_NOT_FOUND;
}

enum oc_rc oc_skills_read(const struct oc_skills *s, struct oc_str address, struct oc_buf *out,
			  struct oc_err *e)
{
	size_t slash = oc_str_find(address, OC_LIT("/"), 0);
	struct oc_str name = oc_str_head(address, slash);
	struct oc_str inner = oc_str_from(address, slash == SIZE_MAX ? address.n : slash + 1);
	const struct oc_skill *skill = oc_skills_get(s, name);

	if (!skill || skill->filtered || skill->disabled) return say_unknown(s, name, e);
	if (!skill->eligible) {
		struct oc_buf missing;

		oc_buf_init(&missing, 200);
		oc_skill_missing_text(skill, &missing);
		oc_fail(e, OC_E_DENIED, "the skill %s cannot be used here: %s is missing",
			skill->found->name, oc_buf_cstr(&missing));
		oc_buf_deinit(&missing);
		return OC_E_DENIED;
	}
	if (!inner.n || oc_str_eq(inner, OC_LIT("SKILL.md"))) return read_body(s, skill, out, e);
	return read_inner(skill, inner, out, e);
}
