/*
 * apply_patch: several files at once. Every hunk is tried on the text of its file before the first
 * byte is written, so a patch that does not fit changes nothing.
 */
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "tool/internal.h"
#include "tool/patch_parse.h"

/* One file of the patch, ready to be written. */
struct change {
	const struct oc_patch_file *file;
	struct oc_place from, to; /* to: where the text goes; not open for a deletion */
	struct oc_buf text;
};
struct changes {
	struct oc_tool_context *ctx;
	struct change *v;
	size_t n;
};

static enum oc_rc open_wait(const struct changes *all, struct oc_str path, bool create,
			    struct oc_place *out, struct oc_err *e)
{
	return oc_workspace_open_wait(all->ctx, "apply_patch", path, OC_ACCESS_WRITE, create, out,
				      e);
}

static bool is_there(const struct oc_place *p)
{
	struct stat st;

	return oc_place_stat(p, &st);
}

static enum oc_rc prepare_new_wait(const struct changes *all, struct change *c, struct oc_err *e)
{
	enum oc_rc rc = open_wait(all, c->file->path, true, &c->to, e);

	if (rc) return rc;
	if (is_there(&c->to))
		return oc_fail(e, OC_E_INPUT, "%s exists already; use *** Update File:",
			       oc_workspace_show(all->ctx, c->to.path));
	return oc_patch_apply(c->file, OC_LIT(""), &c->text, e);
}

static enum oc_rc prepare_update_wait(const struct changes *all, struct change *c, struct oc_err *e)
{
	struct oc_str to = c->file->move_to.n ? c->file->move_to : c->file->path;
	struct oc_buf old;
	enum oc_rc rc = oc_place_read(&c->from, OC_MAX_TOOL_FILE_BYTES, &old, e);

	if (rc) return rc;
	rc = oc_patch_apply(c->file, oc_buf_view(&old), &c->text, e);
	oc_buf_deinit(&old);
	if (!rc) rc = open_wait(all, to, true, &c->to, e);
	if (!rc && c->file->move_to.n && is_there(&c->to))
		rc = oc_fail(e, OC_E_INPUT, "%s exists already",
			     oc_workspace_show(all->ctx, c->to.path));
	return rc;
}

static enum oc_rc prepare_wait(const struct changes *all, struct change *c, struct oc_err *e)
{
	struct stat st;
	enum oc_rc rc;

	oc_buf_init(&c->text, OC_MAX_TOOL_FILE_BYTES);
	if (c->file->kind == OC_PATCH_ADD) return prepare_new_wait(all, c, e);
	rc = open_wait(all, c->file->path, false, &c->from, e);
	if (rc) return rc;
	if (!oc_place_stat(&c->from, &st))
		return oc_fail(e, OC_E_NOT_FOUND, "no such file: %s",
			       oc_workspace_show(all->ctx, c->from.path));
	if (!S_ISREG(st.st_mode))
		return oc_fail(e, OC_E_INPUT, "%s is not a regular file",
			       oc_workspace_show(all->ctx, c->from.path));
	return c->file->kind == OC_PATCH_DELETE ? OC_OK : prepare_update_wait(all, c, e);
}

static enum oc_rc carry_out(const struct change *c, struct oc_err *e)
{
	enum oc_rc rc = OC_OK;

	if (c->file->kind != OC_PATCH_DELETE)
		rc = oc_place_write(&c->to, oc_buf_view(&c->text), NULL, e);
	if (!rc && (c->file->kind == OC_PATCH_DELETE || c->file->move_to.n))
		rc = oc_place_remove(&c->from, e);
	return rc;
}

static void add_done(const struct changes *all, const struct change *c, struct oc_buf *out)
{
	static const char *const verbs[] = { "added", "updated", "deleted" };
	const char *path = c->file->kind == OC_PATCH_ADD ? c->to.path : c->from.path;

	oc_buf_addf(out, "%s%s %s", out->n ? "\n" : "", verbs[c->file->kind],
		    oc_workspace_show(all->ctx, path));
	if (c->file->move_to.n)
		oc_buf_addf(out, ", now %s", oc_workspace_show(all->ctx, c->to.path));
}

/* A full disk in the middle of it: what was done is said. */
static void say_partial(const struct change *c, const struct oc_err *e, struct oc_tool_result *out)
{
	char *done = oc_strdup(oc_buf_cstr(&out->text));

	oc_tool_result_fail(out, "apply_patch: %.*s: %s", OC_FMT(c->file->path), e->msg);
	if (*done) oc_buf_addf(&out->text, "\nDone before that:\n%s", done);
	free(done);
}

static void carry_out_all(const struct changes *all, struct oc_tool_result *out)
{
	for (size_t i = 0; i < all->n; i++) {
		struct oc_err e = { 0 };

		if (carry_out(&all->v[i], &e) != OC_OK) {
			say_partial(&all->v[i], &e, out);
			return;
		}
		add_done(all, &all->v[i], &out->text);
	}
}

static enum oc_rc run_wait(struct oc_tool_context *ctx, const struct oc_patch *patch,
			   struct oc_tool_result *out, struct oc_err *e)
{
	struct changes all = { .ctx = ctx, .n = patch->n };
	enum oc_rc rc = OC_OK;

	all.v = oc_alloc(all.n * sizeof *all.v);
	for (size_t i = 0; i < all.n; i++)
		all.v[i] =
		    (struct change){ .file = &patch->files[i], .from.folder = -1, .to.folder = -1 };
	for (size_t i = 0; i < all.n && !rc; i++) {
		rc = prepare_wait(&all, &all.v[i], e);
		if (rc && rc != OC_CANCELLED) oc_wrap(e, "nothing was changed");
	}
	if (!rc) carry_out_all(&all, out);
	for (size_t i = 0; i < all.n; i++) {
		oc_place_close(&all.v[i].from);
		oc_place_close(&all.v[i].to);
		oc_buf_deinit(&all.v[i].text);
	}
	free(all.v);
	return rc;
}

enum oc_rc oc_tool_apply_patch_wait(struct oc_tool_context *ctx, const json_t *args,
				    struct oc_tool_result *out, struct oc_err *e)
{
	struct oc_patch patch;
	enum oc_rc rc = oc_patch_parse(oc_json_str(args, "input"), &patch, e);

	if (rc)
		oc_wrap(e, "nothing was changed");
	else
		rc = run_wait(ctx, &patch, out, e);
	oc_patch_deinit(&patch);
	return rc;
}
