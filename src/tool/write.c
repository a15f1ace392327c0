/* write: creates or replaces a file, whole or not at all. */
#include <stdlib.h>

#include "tool/internal.h"

enum oc_rc oc_tool_write_wait(struct oc_tool_context *ctx, const json_t *args,
			      struct oc_tool_result *out, struct oc_err *e)
{
	struct oc_str content = oc_json_str(args, "content");
	struct oc_place place;
	struct stat st;
	bool written = false;
	enum oc_rc rc = oc_workspace_open_wait(ctx, "write", oc_json_str(args, "path"),
					       OC_ACCESS_WRITE, true, &place, e);
	if (rc) return rc;
	const char *shown = oc_workspace_show(ctx, place.path);
	if (oc_place_stat(&place, &st) && S_ISDIR(st.st_mode))
		rc = oc_fail(e, OC_E_INPUT, "%s is a folder", shown);
	else if (oc_place_stat(&place, &st) && !S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode))
		rc = oc_fail(e, OC_E_INPUT, "%s is not a regular file", shown);
	else
		rc = oc_place_write(&place, content, &written, e);
	if (!rc)
		oc_buf_addf(&out->text,
			    written ? "wrote %zu bytes to %s" : "unchanged: %zu bytes in %s",
			    content.n, shown);
	oc_place_close(&place);
	return rc;
}
