/*
 * Which file a model means, and whether it may have it. Files of the workspace are free. Everything
 * else needs the person's word; so do the program's own files, because a written configuration
 * would be a way around every other rule.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/mem.h"
#include "tool/internal.h"

/* ---- paths as text ---- */

bool oc_path_is_within(const char *path, const char *folder)
{
	size_t n = strlen(folder);

	while (n > 1 && folder[n - 1] == '/') n--;
	if (n == 1) return true;
	return !strncmp(path, folder, n) && (path[n] == '\0' || path[n] == '/');
}

/* Absolute text of the path that the model wrote: no ".", "..", "//". Free with free(). */
static char *absolute(const char *base, struct oc_str path)
{
	const char *home = getenv("HOME");
	struct oc_buf joined;
	struct oc_strv parts = { 0 };

	oc_buf_init(&joined, 4 * OC_MAX_PATH_CHARS);
	if (home && path.n && path.p[0] == '~' && (path.n == 1 || path.p[1] == '/')) {
		oc_buf_adds(&joined, home);
		path = oc_str_from(path, 1);
	} else if (!oc_str_starts(path, OC_LIT("/")))
		oc_buf_addf(&joined, "%s/", base);
	oc_buf_add(&joined, path);

	for (struct oc_str rest = oc_buf_view(&joined); rest.n;) {
		size_t slash = oc_str_find(rest, OC_LIT("/"), 0);
		struct oc_str part = oc_str_head(rest, slash);

		if (oc_str_eq(part, OC_LIT(".."))) {
			if (parts.n) free(parts.v[--parts.n]);
		} else if (part.n && !oc_str_eq(part, OC_LIT(".")))
			oc_strv_add(&parts, part);
		rest = slash == SIZE_MAX ? OC_LIT("") : oc_str_from(rest, slash + 1);
	}
	char *tail = oc_strv_join(&parts, "/");
	char *out = oc_asprintf("/%s", tail);
	free(tail);
	oc_strv_deinit(&parts);
	oc_buf_deinit(&joined);
	return out;
}

/* ---- paths on disk ---- */

/* path with every link followed; what does not exist yet is appended as it is. NULL: a link to
 * nowhere, or a folder that cannot be entered (errno says which). */
static char *follow(const char *path)
{
	char *real = realpath(path, NULL);
	const char *slash;
	struct stat st;

	if (real || errno != ENOENT) return real;
	if (lstat(path, &st) == 0) return NULL; /* the link is there, its target is not */
	slash = strrchr(path, '/');
	if (!slash || slash == path) return oc_strdup(path);

	char *parent = oc_strndup(path, (size_t)(slash - path));
	char *real_parent = follow(parent);
	char *out = real_parent
			? oc_asprintf("%s%s", strcmp(real_parent, "/") ? real_parent : "", slash)
			: NULL;
	free(real_parent);
	free(parent);
	return out;
}

char *oc_path_real(const char *path)
{
	char *real = follow(path);

	return real ? real : oc_strdup(path);
}

static bool is_own_spill(const struct oc_tool_context *ctx, const char *state, const char *real)
{
	char *dir = oc_asprintf("%s/spill/%s", state, ctx->run_id ? ctx->run_id : "-");
	bool within = oc_path_is_within(real, dir);

	free(dir);
	return within;
}

/* A file of the program itself, which no workspace around it gives away. */
static bool is_own(const char *state, const char *root, const char *real)
{
	if (!state || !oc_path_is_within(real, state)) return false;
	return !(oc_path_is_within(root, state) && oc_path_is_within(real, root));
}

static enum oc_file_ruling rule(const struct oc_tool_context *ctx, const char *real,
				enum oc_access access, const char **why)
{
	char *root = oc_path_real(ctx->workspace);
	char *state = ctx->state_dir ? oc_path_real(ctx->state_dir) : NULL;
	const struct oc_file_facts facts = {
		.mode = ctx->exec_mode,
		.permission = ctx->permission,
		.write = access == OC_ACCESS_WRITE,
		.inside = oc_path_is_within(real, root),
		.own = is_own(state, root, real),
		.workspace_only = ctx->exec && ctx->exec->workspace_only,
		.tainted = ctx->tainted,
		.trust = ctx->trust,
	};
	bool spilled = state && access == OC_ACCESS_READ && is_own_spill(ctx, state, real);
	enum oc_file_ruling ruling = spilled ? OC_FILE_FREE : oc_file_rule(&facts, why);

	free(state);
	free(root);
	return ruling;
}

static enum oc_rc ask_wait(struct oc_tool_context *ctx, const char *tool, const char *real,
			   const char *why, struct oc_err *e)
{
	struct oc_buf what;
	enum oc_rc rc;

	if (!ctx->approve_wait)
		return oc_fail(e, OC_E_DENIED,
			       "%s was not touched: %s (%s), and nobody is here to allow it", real,
			       why, ctx->workspace);
	oc_buf_init(&what, 8 * OC_MAX_PATH_CHARS);
	oc_visible_add(&what, oc_str(real), 4 * OC_MAX_PATH_CHARS);
	char *binding = oc_asprintf("%s %s", tool, real);
	const struct oc_question q = { .tool = tool,
				       .what = oc_buf_cstr(&what),
				       .workdir = ctx->workspace,
				       .why = why,
				       .binding = binding };
	rc = ctx->approve_wait(ctx->approve_arg, &q, e);
	free(binding);
	oc_buf_deinit(&what);
	return rc;
}

static enum oc_rc permit_wait(struct oc_tool_context *ctx, const char *tool, const char *named,
			      const char *real, enum oc_access access, struct oc_err *e)
{
	const char *why = NULL;
	enum oc_file_ruling ruling = rule(ctx, real, access, &why);
	bool led_out = access == OC_ACCESS_WRITE && oc_path_is_within(named, ctx->workspace) &&
		       strcmp(named, real) != 0;
	char *root = oc_path_real(ctx->workspace);

	led_out = led_out && !oc_path_is_within(real, root);
	free(root);
	if (ruling == OC_FILE_DENIED)
		return oc_fail(e, OC_E_DENIED, "%s was not touched: %s", real, why);
	if (led_out)
		return oc_fail(e, OC_E_DENIED, "%s leads outside the workspace, to %s", named,
			       real);
	return ruling == OC_FILE_FREE ? OC_OK : ask_wait(ctx, tool, real, why, e);
}

static enum oc_rc check_text(struct oc_str path, struct oc_err *e)
{
	if (!path.n) return oc_fail(e, OC_E_INPUT, "path is empty");
	if (memchr(path.p, '\0', path.n))
		return oc_fail(e, OC_E_INPUT, "path holds a NUL character");
	if (path.n > OC_MAX_PATH_CHARS)
		return oc_fail(e, OC_E_INPUT, "path is longer than %d bytes", OC_MAX_PATH_CHARS);
	return OC_OK;
}

enum oc_rc oc_workspace_locate(const struct oc_tool_context *ctx, struct oc_str path, char **out,
			       struct oc_err *e)
{
	enum oc_rc rc = check_text(path, e);
	char *named;

	if (rc) return rc;
	named = absolute(ctx->workspace, path);
	*out = follow(named);
	if (!*out)
		rc =
		    oc_fail(e, OC_E_NOT_FOUND, "%s cannot be followed: %s", named, strerror(errno));
	free(named);
	return rc;
}

enum oc_rc oc_workspace_resolve_wait(struct oc_tool_context *ctx, const char *tool,
				     struct oc_str path, enum oc_access access, char **out,
				     struct oc_err *e)
{
	enum oc_rc rc = check_text(path, e);
	char *named, *real;

	if (rc) return rc;
	named = absolute(ctx->workspace, path);
	real = follow(named);
	if (!real)
		rc =
		    oc_fail(e, OC_E_NOT_FOUND, "%s cannot be followed: %s", named, strerror(errno));
	else
		rc = permit_wait(ctx, tool, named, real, access, e);
	free(named);
	if (rc) {
		free(real);
		return rc;
	}
	*out = real;
	return OC_OK;
}

enum oc_rc oc_workspace_open_wait(struct oc_tool_context *ctx, const char *tool, struct oc_str path,
				  enum oc_access access, bool create, struct oc_place *out,
				  struct oc_err *e)
{
	char *real;
	enum oc_rc rc = oc_workspace_resolve_wait(ctx, tool, path, access, &real, e);

	*out = (struct oc_place){ .folder = -1 };
	if (rc) return rc;
	rc = oc_place_open(real, create, out, e);
	free(real);
	return rc;
}

const char *oc_workspace_show(const struct oc_tool_context *ctx, const char *path)
{
	char *root = oc_path_real(ctx->workspace);
	const char *shown = path;

	if (strcmp(root, "/") && oc_path_is_within(path, root)) {
		shown = path + strlen(root);
		while (*shown == '/') shown++;
		if (!*shown) shown = ".";
	}
	free(root);
	return shown;
}
