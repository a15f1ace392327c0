#ifndef OC_TOOL_PATCH_PARSE_H
#define OC_TOOL_PATCH_PARSE_H
#include "base/buf.h"
/*
 * The text that models write to change files (*** Begin Patch … *** End Patch), and its hunks on
 * the text of a file. Pure; everything borrows from the patch's text.
 */
struct oc_patch_line {
	char kind; /* ' ' stays, '-' goes, '+' comes */
	struct oc_str text;
};
struct oc_patch_hunk {
	struct oc_str place; /* behind "@@": a line above the hunk; may be empty */
	struct oc_patch_line *lines;
	size_t n;
	bool at_end; /* *** End of File */
};
enum oc_patch_kind { OC_PATCH_ADD, OC_PATCH_UPDATE, OC_PATCH_DELETE };
struct oc_patch_file {
	enum oc_patch_kind kind;
	struct oc_str path, move_to; /* move_to empty = stays */
	struct oc_patch_hunk *hunks; /* an added file has one, of '+' lines */
	size_t n;
};
struct oc_patch {
	struct oc_patch_file *files;
	size_t n;
};
/* OC_E_INPUT: e names the line. Deinit out in every case. */
OC_MUST_USE enum oc_rc oc_patch_parse(struct oc_str text, struct oc_patch *out, struct oc_err *e);
void oc_patch_deinit(struct oc_patch *p);
/* The text with the hunks of the file applied in order; line ends as the text has them.
 * OC_E_NOT_FOUND: e names the hunk and its first line that is not there. */
OC_MUST_USE enum oc_rc oc_patch_apply(const struct oc_patch_file *file, struct oc_str text,
				      struct oc_buf *out, struct oc_err *e);
#endif
