/* write: creates or replaces a file, whole or not at all. */
#include <stdlib.h>
#include <sys/stat.h>

#include "rt/file.h"
#include "tool/internal.h"

/* The mode a file has, so that a script stays executable. */
static unsigned mode_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? st.st_mode & 0777 : 0644;
}

enum oc_rc oc_tool_write_wait(struct oc_tool_context *ctx, const json_t *args,
			      struct oc_tool_result *out, struct oc_err *e)
{
	struct oc_str content = oc_json_str(args, "content");
	struct stat st;
	bool written = false;
	char *path;
	enum oc_rc rc = oc_workspace_resolve_wait(ctx, "write", oc_json_str(args, "path"),
						  OC_ACCESS_WRITE, &path, e);
	if (rc) return rc;
	bool there = stat(path, &st) == 0;
	if (there && S_ISDIR(st.st_mode))
		rc = oc_fail(e, OC_E_INPUT, "%s is a folder", oc_workspace_show(ctx, path));
	else if (there && !S_ISREG(st.st_mode)) /* a pipe or device would be replaced by a file */
		rc = oc_fail(e, OC_E_INPUT, "%s is not a regular file",
			     oc_workspace_show(ctx, path));
	else
		rc = oc_file_write(path, content, mode_of(path), &written, e);
	if (!rc)
		oc_buf_addf(&out->text,
			    written ? "wrote %zu bytes to %s" : "unchanged: %zu bytes in %s",
			    content.n, oc_workspace_show(ctx, path));
	free(path);
	return rc;
}
